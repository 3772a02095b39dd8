/** Telegram's answers and network faults in the contract's words. Texts of the network hold the token and stay here. */
import { GrammyError, HttpError } from "grammy/web";
import type { ChannelError } from "../../schemas/worker/channel.ts";
import { ProviderError } from "../runtime/provider.ts";

/** An answer that is not the Bot API's JSON: a proxy or the front of a broken service spoke. */
export class NotTheApi extends Error {
  constructor(readonly status: number) {
    super(`Telegram's front answered ${status} without JSON`);
    this.name = "NotTheApi";
  }
}

/** An answer in JSON that does not say what it has to. */
export class OddAnswer extends Error {
  constructor(readonly method: string, readonly reason: string) {
    super(`Telegram's answer to ${method} cannot be read: ${reason}`);
    this.name = "OddAnswer";
  }
}

/** `migrate_to_chat_id` of an error: the group has become a supergroup with another id. */
export const migratedTo = (error: unknown): number | undefined =>
  error instanceof GrammyError ? error.parameters.migrate_to_chat_id : undefined;

/** Telegram's description of a refused request, lower case; empty for every other error. */
export const descriptionOf = (error: unknown): string =>
  error instanceof GrammyError ? String(error.description ?? "").toLowerCase() : "";

export const isParseError = (error: unknown): boolean => descriptionOf(error).includes("can't parse entities");

/** The contract's form of whatever a call threw. */
export function toProviderError(error: unknown): ProviderError {
  return error instanceof ProviderError ? error : new ProviderError(toChannelError(error));
}

export function toChannelError(error: unknown): ChannelError {
  if (error instanceof ProviderError) return error.error;
  if (error instanceof GrammyError) return refused(error);
  const cause = error instanceof HttpError ? error.error : error;
  if (cause instanceof NotTheApi) return frontError(cause);
  if (cause instanceof OddAnswer) {
    return { code: "platform", message: cause.message, retryable: false, outcome: "unknown" };
  }
  return networkError(cause);
}

/** An answer of the Bot API itself: the request was not carried out. */
function refused(error: GrammyError): ChannelError {
  const code: unknown = error.error_code;
  const description = String(error.description ?? "no description");
  const base = {
    message: `Telegram refused ${error.method}: ${description}`,
    outcome: "not_sent" as const,
    ...(typeof code === "number" ? { platformCode: String(code) } : {}),
  };
  if (typeof code !== "number") return { ...base, code: "platform", retryable: false };
  // 404 is what a malformed token gets: it stands in the path.
  if (code === 401 || (code === 404 && description.toLowerCase() === "not found")) {
    return { ...base, code: "unauthorized", retryable: false, fatal: true };
  }
  if (code === 429 || code === 420) {
    const seconds = error.parameters.retry_after ?? 5;
    return { ...base, code: "rate_limited", retryable: true, retryAfterMs: Math.max(0, Math.ceil(seconds * 1000)) };
  }
  if (code >= 500) return { ...base, code: "platform", retryable: true };
  return { ...base, code: clientCode(code, description.toLowerCase()), retryable: code === 409 };
}

function clientCode(code: number, description: string): ChannelError["code"] {
  if (code === 403) return "forbidden";
  if (code === 409) return "conflict";
  if (code === 413 || /too (?:long|big|large)/u.test(description)) return "too_large";
  if (code === 404 || /not found|chat_id_invalid|peer_id_invalid/u.test(description)) return "not_found";
  if (/not enough rights|have no rights|can't be|forbidden/u.test(description)) return "forbidden";
  return "invalid";
}

/** 503 is said before the request is passed on; of every other answer nobody knows how far the request got. */
function frontError({ status, message }: NotTheApi): ChannelError {
  const base = { message, platformCode: String(status) };
  if (status === 413) return { ...base, code: "too_large", retryable: false, outcome: "not_sent" };
  if (status === 429) {
    return { ...base, code: "rate_limited", retryable: true, outcome: "not_sent", retryAfterMs: 5000 };
  }
  if (status === 503) return { ...base, code: "platform", retryable: true, outcome: "not_sent" };
  return { ...base, code: "platform", retryable: status >= 500, outcome: "unknown" };
}

function networkError(cause: unknown): ChannelError {
  if (cause instanceof Deno.errors.NotCapable) {
    const message = "This worker may not reach that address: restart the gateway with the flags of its configuration";
    return { code: "forbidden", message, retryable: false, outcome: "not_sent" };
  }
  const name = cause instanceof Error ? cause.name : "";
  if (name === "AbortError" || name === "TimeoutError") {
    return { code: "timeout", message: "Telegram gave no answer in time", retryable: true, outcome: "unknown" };
  }
  if (neverConnected(cause)) {
    const message = "Telegram cannot be reached: the connection could not be opened";
    return { code: "unreachable", message, retryable: true, outcome: "not_sent" };
  }
  const message = "The connection to Telegram broke before the answer came";
  return { code: "unreachable", message, retryable: true, outcome: "unknown" };
}

/** The runtime says so in the text of the cause alone: the request has not left when the connection never stood. */
function neverConnected(error: unknown): boolean {
  if (!(error instanceof TypeError)) return false;
  const inner = error.cause instanceof Error ? error.cause.message : "";
  return inner.includes("client error (Connect)");
}
