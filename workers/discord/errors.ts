/** Discord's answers and network faults in the contract's words. */
import { DiscordAPIError, HTTPError, RateLimitError } from "discord.js";
import type { ChannelError } from "../../schemas/worker/channel.ts";
import { ProviderError } from "../runtime/provider.ts";

/** Discord's own codes that a person or the retry policy has to tell apart. */
const CODES: Readonly<Record<number, ChannelError["code"]>> = {
  10003: "not_found", // unknown channel
  10008: "not_found", // unknown message
  10013: "not_found", // unknown user
  10015: "not_found", // unknown webhook: an interaction that is over
  10062: "not_found", // unknown interaction
  20028: "rate_limited", // the channel's write limit
  40005: "too_large",
  50001: "forbidden", // missing access
  50007: "forbidden", // this person takes no messages of the bot
  50013: "forbidden", // missing permissions
  50027: "not_found", // an interaction's token that has expired
  50278: "forbidden", // no server in common with this person
};

export function toProviderError(error: unknown, sent = true): ProviderError {
  return error instanceof ProviderError ? error : new ProviderError(toChannelError(error, sent));
}

/** `sent`: whether the request may have left this host when it failed without an answer. */
export function toChannelError(error: unknown, sent = true): ChannelError {
  if (error instanceof ProviderError) return error.error;
  if (error instanceof RateLimitError) return rateLimited(Math.max(error.retryAfter, error.timeToReset), error.global);
  if (error instanceof DiscordAPIError) return refused(error);
  if (error instanceof HTTPError) return serverFault(error.status);
  return networkError(error, sent);
}

export const rateLimited = (waitMs: number, global: boolean): ChannelError => ({
  code: "rate_limited",
  message: `Discord asks to wait ${Math.ceil(waitMs / 100) / 10} s${global ? " with everything" : ""}`,
  retryable: true,
  outcome: "not_sent",
  retryAfterMs: Math.max(0, Math.ceil(waitMs)),
  platformCode: "429",
});

/** An answer of the API itself: the request was not carried out. */
function refused(error: DiscordAPIError): ChannelError {
  const { status, code } = error;
  const base = {
    message: `Discord refused ${error.method} (${status}): ${error.message}`,
    outcome: "not_sent" as const,
    platformCode: String(code || status),
  };
  if (status === 401 && code !== 50027) return { ...base, code: "unauthorized", retryable: false, fatal: true };
  const known = typeof code === "number" ? CODES[code] : undefined;
  if (known === "rate_limited") return { ...base, code: known, retryable: true, retryAfterMs: 5_000 };
  if (known !== undefined) return { ...base, code: known, retryable: false };
  if (status === 403) return { ...base, code: "forbidden", retryable: false };
  if (status === 404) return { ...base, code: "not_found", retryable: false };
  if (status === 413) return { ...base, code: "too_large", retryable: false };
  return { ...base, code: "invalid", retryable: false };
}

/** Of an answer in 5xx nobody knows how far the request got; 503 is said before it is passed on. */
const serverFault = (status: number): ChannelError => ({
  code: "platform",
  message: `Discord's servers answered ${status}`,
  retryable: true,
  outcome: status === 503 ? "not_sent" : "unknown",
  platformCode: String(status),
});

function networkError(cause: unknown, sent: boolean): ChannelError {
  const outcome = sent ? "unknown" as const : "not_sent" as const;
  if (cause instanceof Deno.errors.NotCapable) {
    const message = "This worker may not reach that address: restart the gateway with the flags of its configuration";
    return { code: "forbidden", message, retryable: false, outcome: "not_sent" };
  }
  const { name, message: text } = cause instanceof Error ? cause : { name: "", message: String(cause) };
  // The library forgets the token after a 401.
  if (text.startsWith("Expected token to be set")) {
    const message = "Discord does not take the bot token any more";
    return { code: "unauthorized", message, retryable: false, fatal: true, outcome: "not_sent", platformCode: "401" };
  }
  if (name === "AbortError" || name === "TimeoutError") {
    return { code: "timeout", message: "Discord gave no answer in time", retryable: true, outcome };
  }
  if (!(cause instanceof TypeError)) {
    return { code: "platform", message: `Discord's answer cannot be used: ${text}`, retryable: false, outcome };
  }
  const inner = cause.cause instanceof Error ? cause.cause.message : "";
  if (inner.includes("client error (Connect)")) {
    const message = "Discord cannot be reached: the connection could not be opened";
    return { code: "unreachable", message, retryable: true, outcome: "not_sent" };
  }
  return {
    code: "unreachable",
    message: "The connection to Discord broke before the answer came",
    retryable: true,
    outcome,
  };
}

/** A refusal of our own, before anything was sent. */
export const invalid = (message: string): ProviderError =>
  new ProviderError({ code: "invalid", message, retryable: false, outcome: "not_sent" });

/** The thing that a call was about is not there any more. */
export const discordGone = (error: unknown): boolean =>
  error instanceof ProviderError && error.error.code === "not_found";
