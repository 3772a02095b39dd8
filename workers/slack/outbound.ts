/** Sends: one call of the contract as one or two of Slack's, never twice. */
import { checker } from "../../schemas/validate.ts";
import type { Outbound, Receipt } from "../../schemas/worker/content.ts";
import { ProviderError } from "../runtime/provider.ts";
import type { Api } from "./api.ts";
import { blocksOf } from "./blocks.ts";
import { failed, invalid, toProviderError } from "./errors.ts";
import { toMrkdwn } from "./format.ts";
import { type Handle, readHandle } from "./handles.ts";
import type { Memory } from "./memory.ts";
import { findSent, markOf } from "./repeat.ts";
import { respond } from "./respond.ts";
import type { Settings } from "./settings.ts";
import { type Address, millisOf, type Resolve } from "./target.ts";
import { upload, type UploadDeps } from "./upload.ts";
import { Posted } from "./wire.ts";

const checkPosted = checker(Posted);

export interface OutboundDeps extends UploadDeps {
  readonly api: Api;
  readonly settings: Settings;
  readonly memory: Memory;
  readonly resolve: Resolve;
}

export type Send = (message: Outbound, signal: AbortSignal) => Promise<Receipt>;

export function createSend(deps: OutboundDeps): Send {
  const { memory } = deps;

  /** Sends what of the parts is not sent yet. */
  async function once(key: string, part: string, work: () => Promise<string>): Promise<string> {
    const parts = memory.parts(key);
    const done = parts.get(part) ?? await work();
    parts.set(part, done);
    return done;
  }

  async function toChat(message: Outbound, text: string, signal: AbortSignal): Promise<Receipt> {
    const { media, idempotencyKey: key, repeat = false } = message;
    const address = await deps.resolve(message.target, signal);
    const withButtons = (message.buttons ?? []).some((row) => row.length > 0);
    const caption = media && !withButtons ? text : "";
    const sent: string[] = [];
    // The first call with a conversation's name or a person learns the conversation's id.
    let channel = address.channel;
    // Before the call: an answer to it may come in before Slack's own answer to us.
    memory.spoke(channel, address.threadTs);
    if (media) {
      const job = { media, caption, address, key, repeat };
      sent.push(await once(key, "media", () => upload(deps, job, signal)));
    }
    if (text !== caption || withButtons) {
      sent.push(
        await once(key, "text", async () => {
          const posted = await post(deps, message, text, address, signal);
          channel = posted.channel;
          return posted.ts;
        }),
      );
    }
    if (channel !== address.channel) memory.spoke(channel, address.threadTs);
    const last = sent.at(-1) ?? "";
    return { messageIds: sent, chatId: channel, at: /^\d+\.\d+$/u.test(last) ? millisOf(last) : Date.now() };
  }

  return async (message, signal) => {
    const text = toMrkdwn(message.text ?? "");
    if (!message.media && text === "") throw invalid("Cannot send the message: it has neither text nor a file");
    try {
      const handle = readHandle(message.target.replyHandle);
      const address = handle && handleFor(handle, message);
      return address ? await respond(deps, message, text, address, signal) : await toChat(message, text, signal);
    } catch (error) {
      throw toProviderError(error);
    }
  };
}

/** A file cannot go to a handle. An answer to a command is for one person: it never goes to a whole channel instead. */
function handleFor(handle: Handle, { media, target, repeat }: Outbound): Handle | undefined {
  if (media) return undefined;
  if (handle.expiresAt > Date.now()) {
    if (repeat !== true) return handle;
    const message = "Cannot find out whether the answer to the command was shown: Slack keeps no record of it";
    throw new ProviderError({ code: "platform", message, retryable: false, outcome: "unknown" });
  }
  if (target.kind === "direct") return undefined;
  throw failed("not_found", "Slack takes answers to a command for thirty minutes only, and they are over");
}

async function post(
  { api, settings }: OutboundDeps,
  message: Outbound,
  text: string,
  address: Address,
  signal: AbortSignal,
): Promise<{ readonly ts: string; readonly channel: string }> {
  const { idempotencyKey: key, repeat } = message;
  if (repeat === true) {
    const ts = await findSent(api, address, key, signal);
    if (ts !== undefined) return { ts, channel: address.channel };
  }
  const preview = message.linkPreview ?? settings.linkPreview;
  const blocks = blocksOf(text, message);
  return await api.call(
    "chat.postMessage",
    {
      channel: address.channel,
      text: text === "" ? message.text ?? " " : text,
      ...(address.threadTs === undefined ? {} : { thread_ts: address.threadTs }),
      ...(blocks === undefined ? {} : { blocks }),
      unfurl_links: preview,
      unfurl_media: preview,
      // "@channel" as plain text stays plain text.
      link_names: false,
      ...await markOf(key),
    },
    checkPosted,
    { signal },
  );
}
