/** Texts to imsg. It has no idempotency key, so a lost answer is an unknown outcome. */
import { checker } from "../../schemas/validate.ts";
import type { Outbound, Receipt } from "../../schemas/worker/content.ts";
import { toPlainText } from "../runtime/plain_text.ts";
import { ProviderError } from "../runtime/provider.ts";
import type { Echoes } from "./echo.ts";
import { ImsgRefusal, invalid, toProviderError } from "./errors.ts";
import type { Rpc } from "./rpc.ts";
import type { Settings } from "./settings.ts";
import { placeOf } from "./target.ts";
import { SendResult } from "./wire.ts";

const SEND_MS = 60_000;
const MAX_SENT = 512;
const checkResult = checker(SendResult);

export interface SenderDeps {
  readonly settings: Settings;
  readonly echoes: Echoes;
  /** Undefined while the program is not ready. */
  readonly rpc: () => Rpc | undefined;
  /** A send got no answer: the program may be stuck. */
  readonly onSilence: () => void;
}

export type Send = (message: Outbound, signal: AbortSignal) => Promise<Receipt>;

export function createSender({ settings, echoes, rpc, onSilence }: SenderDeps): Send {
  /** What was sent under a key: main asks again when it lost our answer. */
  const sent = new Map<string, Receipt>();

  return async (message, signal) => {
    const known = sent.get(message.idempotencyKey);
    if (known) return known;
    if (message.media) throw unsupported("Attachments cannot be sent over imsg in this version");
    const text = toPlainText(message.text ?? "");
    if (text.trim() === "") throw invalid("Cannot send: there is no text");
    const { params, name } = placeOf(message.target, settings);
    const way = rpc();
    if (!way) {
      const why = "imsg is not ready";
      throw new ProviderError({ code: "unreachable", message: why, retryable: true, outcome: "not_sent" });
    }
    const takeBack = echoes.expect(name, text);
    try {
      const result = checkResult(await way.call("send", { ...params, text }, SEND_MS, signal));
      if (result.ok && result.value.ok === false) throw new ImsgRefusal(undefined, "the message was not sent");
      const receipt: Receipt = {
        messageIds: [result.ok ? idOf(result.value) ?? ownId(message) : ownId(message)],
        chatId: message.target.chatId,
        at: Date.now(),
      };
      sent.set(message.idempotencyKey, receipt);
      for (const oldest of sent.keys()) {
        if (sent.size <= MAX_SENT) break;
        sent.delete(oldest);
      }
      return receipt;
    } catch (thrown) {
      const error = toProviderError(thrown);
      // What perhaps was sent may still come back.
      if (error.error.outcome === "not_sent") takeBack();
      if (error.error.code === "timeout") onSilence();
      throw error;
    }
  };
}

/** imsg does not always say which message it became. */
const ownId = ({ idempotencyKey }: Outbound): string => `sent:${idempotencyKey}`;

function idOf({ guid, message_guid, id }: { guid?: string | null; message_guid?: string | null; id?: unknown }) {
  const found = [guid, message_guid, typeof id === "number" || typeof id === "string" ? String(id) : undefined];
  return found.find((value): value is string => typeof value === "string" && value !== "");
}

const unsupported = (message: string): ProviderError =>
  new ProviderError({ code: "unsupported", message, retryable: false, outcome: "not_sent" });
