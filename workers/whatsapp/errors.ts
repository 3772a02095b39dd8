/** Failures of operations in the contract's form. */
import type { ChannelError } from "../../schemas/worker/channel.ts";
import { ProviderError } from "../runtime/provider.ts";
import { codeOf } from "./close_codes.ts";

export const notConnected = (): ProviderError =>
  new ProviderError({
    code: "unreachable",
    message: "WhatsApp is not connected",
    retryable: true,
    outcome: "not_sent",
  });

export const connectionLost = (): ProviderError =>
  new ProviderError({
    code: "unreachable",
    message: "The connection to WhatsApp was lost before the message was confirmed",
    retryable: true,
    outcome: "unknown",
  });

export const invalid = (message: string): ProviderError =>
  new ProviderError({ code: "invalid", message, retryable: false, outcome: "not_sent" });

/** The answer of WhatsApp to a message that it did not take. */
export function refusedMessage(code: string): ProviderError {
  const base = { platformCode: code, outcome: "not_sent" as const };
  switch (code) {
    case "463":
      return new ProviderError({
        ...base,
        code: "forbidden",
        message: "WhatsApp does not let this number start new chats at the moment: it is restricted",
        retryable: false,
      });
    case "429":
      return new ProviderError({
        ...base,
        code: "rate_limited",
        message: "WhatsApp wants fewer messages",
        retryable: true,
      });
    case "500":
    case "503":
      return new ProviderError({ ...base, code: "platform", message: `WhatsApp failed (${code})`, retryable: true });
    default:
      return new ProviderError({
        ...base,
        code: "platform",
        message: `WhatsApp refused the message (${code})`,
        retryable: false,
      });
  }
}

/**
 * What the library threw while it sent. It encrypts, sends and commits in one step, so that nobody can tell whether the
 * message left; the message id makes a second one safe.
 */
export function sendFailure(error: unknown): ProviderError {
  if (error instanceof ProviderError) return error;
  const code = codeOf(error);
  const text = error instanceof Error ? error.message : String(error);
  const lost = code === 428 || code === 408 || /connection closed|timed out/iu.test(text);
  const shape: Pick<ChannelError, "code" | "retryable"> = lost
    ? { code: "unreachable", retryable: true }
    : code >= 500
    ? { code: "platform", retryable: true }
    : { code: code === 404 ? "not_found" : "platform", retryable: false };
  return new ProviderError({ ...shape, message: `WhatsApp: ${text}`, outcome: "unknown", platformCode: String(code) });
}
