/**
 * What makes a repeated send safe. Slack documents errors about `client_msg_id` but not that it drops a second message with
 * the same one, so each message also carries its key as metadata, and a repeat looks for it before anything is sent.
 */
import { checker } from "../../schemas/validate.ts";
import { ProviderError } from "../runtime/provider.ts";
import type { Api } from "./api.ts";
import { toProviderError } from "./errors.ts";
import type { Address } from "./target.ts";
import { History } from "./wire.ts";

const checkHistory = checker(History);

const EVENT_TYPE = "openclaw_message";
/** Below the time for which the manifest calls repeats safe, with room for clocks that differ. */
const LOOK_BACK_S = 65 * 60;
const PAGE = 100;
/** In a conversation with more messages than this nobody can say that it is not there. */
const MAX_PAGES = 5;

/** The arguments that mark a message. */
export const markOf = async (key: string): Promise<Record<string, unknown>> => ({
  client_msg_id: await uuidOf(key),
  metadata: { event_type: EVENT_TYPE, event_payload: { key } },
});

/** The same for the same key, in the form that Slack's own clients send. */
async function uuidOf(key: string): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(`openclaw:${key}`)));
  const hex = [...digest.subarray(0, 16)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const variant = ((Number.parseInt(hex.slice(16, 17), 16) & 0x3) | 0x8).toString(16);
  return [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`, `${variant}${hex.slice(17, 20)}`, hex.slice(20)]
    .join("-");
}

/**
 * The message with this key, when an earlier attempt has sent it. Throws with outcome `unknown` when that cannot be found
 * out: then nothing must be sent.
 */
export async function findSent(
  api: Api,
  { channel, threadTs }: Address,
  key: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const method = threadTs === undefined ? "conversations.history" : "conversations.replies";
  const oldest = (Date.now() / 1000 - LOOK_BACK_S).toFixed(6);
  let cursor = "";
  try {
    for (let page = 0; page < MAX_PAGES; page++) {
      const answer = await api.call(
        method,
        {
          channel,
          oldest,
          limit: PAGE,
          include_all_metadata: true,
          ...(threadTs === undefined ? {} : { ts: threadTs }),
          ...(cursor === "" ? {} : { cursor }),
        },
        checkHistory,
        { signal },
      );
      const found = answer.messages.find(({ metadata }) =>
        metadata?.event_type === EVENT_TYPE && metadata.event_payload?.key === key
      );
      if (found) return found.ts;
      cursor = answer.response_metadata?.next_cursor ?? "";
      if (cursor === "") return undefined;
    }
  } catch (error) {
    throw unknown(toProviderError(error));
  }
  throw unknown(
    new ProviderError({
      code: "platform",
      message: `Cannot find out whether the message was sent: more than ${MAX_PAGES * PAGE} others are there`,
      retryable: false,
      outcome: "unknown",
    }),
  );
}

const unknown = ({ error }: ProviderError): ProviderError => new ProviderError({ ...error, outcome: "unknown" });
