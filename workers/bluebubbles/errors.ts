/** The server's answers and network faults in the contract's words. Texts of the network hold the password and stay here. */
import type { ChannelError } from "../../schemas/worker/channel.ts";
import { ProviderError } from "../runtime/provider.ts";

const failure = (error: ChannelError): ProviderError => new ProviderError(error);

export const invalid = (message: string): ProviderError =>
  failure({ code: "invalid", message, retryable: false, outcome: "not_sent" });
export const unsupported = (message: string): ProviderError =>
  failure({ code: "unsupported", message, retryable: false, outcome: "not_sent" });
export const tooLarge = (message: string): ProviderError =>
  failure({ code: "too_large", message, retryable: false, outcome: "not_sent" });
export const oddAnswer = (what: string): ProviderError =>
  failure({
    code: "platform",
    message: `The BlueBubbles server's answer to ${what} cannot be read`,
    retryable: false,
    outcome: "unknown",
  });

export interface Answered {
  readonly what: string;
  readonly status: number;
  /** The server's own words; empty when it is not the server that spoke. */
  readonly reason: string;
  readonly retryAfterMs: number | undefined;
}

/** An answer that is no success. A 5xx of the server may come after the message has left. */
export function refused({ what, status, reason, retryAfterMs }: Answered): ProviderError {
  const said = reason === "" ? `status ${status}` : reason.slice(0, 300);
  const base = {
    message: `The BlueBubbles server refused ${what}: ${said}`,
    platformCode: String(status),
    retryable: false,
    outcome: "not_sent" as const,
  };
  if (status === 401) {
    const message = "The BlueBubbles server does not accept the password";
    return failure({ ...base, message, code: "unauthorized", fatal: true });
  }
  if (status === 429) {
    return failure({ ...base, code: "rate_limited", retryable: true, retryAfterMs: retryAfterMs ?? 5_000 });
  }
  if (status === 503) return failure({ ...base, code: "platform", retryable: true });
  if (status >= 500) return failure({ ...base, code: "platform", retryable: true, outcome: "unknown" });
  if (status >= 300 && status < 400) {
    const message = "The BlueBubbles server sent us elsewhere: set its final address as channels.bluebubbles.serverUrl";
    return failure({ ...base, message, code: "invalid" });
  }
  // A request with this key is already under way there: nobody knows yet what becomes of it.
  if (/already (?:queued|being sent)/iu.test(reason)) {
    return failure({ ...base, code: "conflict", retryable: true, outcome: "unknown" });
  }
  if (status === 404) return failure({ ...base, code: "not_found" });
  if (status === 403) return failure({ ...base, code: "forbidden" });
  if (status === 413) return failure({ ...base, code: "too_large" });
  return failure({ ...base, code: /does not exist|not found/iu.test(reason) ? "not_found" : "invalid" });
}

/** What `fetch` threw; its text holds the address with the password, so only its kind is used. */
export function networkError(error: unknown): ProviderError {
  if (error instanceof ProviderError) return error;
  if (error instanceof Deno.errors.NotCapable) {
    const message = "This worker may not reach that address: restart the gateway with the flags of its configuration";
    return failure({ code: "forbidden", message, retryable: false, outcome: "not_sent" });
  }
  const name = error instanceof Error ? error.name : "";
  if (name === "AbortError" || name === "TimeoutError") {
    const message = "The BlueBubbles server gave no answer in time";
    return failure({ code: "timeout", message, retryable: true, outcome: "unknown" });
  }
  const inner = error instanceof TypeError && error.cause instanceof Error ? error.cause.message : "";
  if (inner.includes("client error (Connect)")) {
    const message = "The BlueBubbles server cannot be reached: is it running, and is its address right?";
    return failure({ code: "unreachable", message, retryable: true, outcome: "not_sent" });
  }
  const message = "The connection to the BlueBubbles server broke before the answer came";
  return failure({ code: "unreachable", message, retryable: true, outcome: "unknown" });
}
