/** The daemon's refusals and network faults in the contract's words. */
import type { ChannelError } from "../../schemas/worker/channel.ts";
import { checker } from "../../schemas/validate.ts";
import { ProviderError } from "../runtime/provider.ts";
import { FailedSend, type SendResult } from "./wire.ts";

const checkFailed = checker(FailedSend);

/** Methods that change nothing which anybody would see twice. */
const HARMLESS = new Set([
  "check",
  "version",
  "listAccounts",
  "subscribeReceive",
  "unsubscribeReceive",
  "getAttachment",
  "startLink",
  "sendTyping",
  "sendReceipt",
]);

const unsure = (method: string): ChannelError["outcome"] => HARMLESS.has(method) ? "not_sent" : "unknown";
const failed = (error: ChannelError): ProviderError => new ProviderError(error);

export const invalid = (message: string): ProviderError =>
  failed({ code: "invalid", message, retryable: false, outcome: "not_sent" });

export const toChannelError = (error: unknown): ChannelError =>
  error instanceof ProviderError ? error.error : {
    code: "internal",
    message: error instanceof Error ? `${error.name}: ${error.message}` : String(error),
    retryable: true,
    outcome: "unknown",
  };

/** The account is unknown to the daemon, or Signal has thrown it out. */
export const isLoggedOut = (error: ChannelError): boolean => error.code === "unauthorized";

export const oddAnswer = (method: string, reason: string): ProviderError =>
  failed({
    code: "platform",
    message: `The daemon's answer to ${method} cannot be read: ${reason}`,
    retryable: false,
    outcome: unsure(method),
  });

/** An HTTP answer without a JSON-RPC error in it. */
export function httpError(method: string, status: number): ProviderError {
  const base = { platformCode: String(status) };
  if (status === 404 || (status >= 300 && status < 400)) {
    const message = `There is no signal-cli daemon at this address (${status})`;
    return failed({ ...base, code: "unreachable", message, retryable: true, outcome: "not_sent" });
  }
  if (status === 413) {
    const message = "The message is larger than the daemon takes";
    return failed({ ...base, code: "too_large", message, retryable: false, outcome: "not_sent" });
  }
  if (status === 429 || status === 503) {
    const message = `The daemon is busy (${status})`;
    return failed({
      ...base,
      code: "rate_limited",
      message,
      retryable: true,
      outcome: "not_sent",
      retryAfterMs: 5_000,
    });
  }
  const message = `The daemon answered ${method} with ${status}`;
  if (status < 500) return failed({ ...base, code: "invalid", message, retryable: false, outcome: "not_sent" });
  return failed({ ...base, code: "platform", message, retryable: true, outcome: unsure(method) });
}

interface RpcFault {
  readonly code: number;
  readonly message?: string;
  readonly data?: unknown;
}

/** A JSON-RPC error. Negative one-digit codes are signal-cli's own, -32xxx those of the protocol. */
export function rpcError(method: string, fault: RpcFault): ProviderError {
  const said = fault.message ?? "no reason given";
  const base = { message: `signal-cli refused ${method}: ${said}`, platformCode: String(fault.code) };
  if (/account does not exist|valid account parameter|authorization failed|is not registered locally/iu.test(said)) {
    return failed({ ...base, code: "unauthorized", retryable: false, outcome: "not_sent" });
  }
  const data = checkFailed(fault.data);
  const result = data.ok ? data.value.response.results.find(({ type }) => type !== "SUCCESS") : undefined;
  if (result) return resultError(base, result, method);
  switch (fault.code) {
    case -4:
      return untrusted(base);
    case -5:
      return failed({ ...base, code: "rate_limited", retryable: true, outcome: "not_sent", retryAfterMs: 60_000 });
    case -3:
      return failed({ ...base, code: "unreachable", retryable: true, outcome: unsure(method) });
    case -32601:
      return failed({ ...base, code: "unsupported", retryable: false, outcome: "not_sent" });
    case -32603:
      return internal(base, said, method);
    default:
      return failed({ ...base, code: userCode(said), retryable: false, outcome: "not_sent" });
  }
}

type Base = Pick<ChannelError, "message" | "platformCode">;

/** `-1` and the protocol's own refusals: the request was looked at and not carried out. */
function userCode(said: string): ChannelError["code"] {
  if (/not registered|unregistered|unknown|not f(?:ou|i)nd/iu.test(said)) return "not_found";
  if (/not a (?:group )?member|not allowed|only admins/iu.test(said)) return "forbidden";
  if (/too (?:long|big|large)/iu.test(said)) return "too_large";
  return "invalid";
}

function internal(base: Base, said: string, method: string): ProviderError {
  if (/attachment ?invalid/iu.test(said)) {
    return failed({ ...base, code: "invalid", retryable: false, outcome: "not_sent" });
  }
  return failed({ ...base, code: "platform", retryable: true, outcome: unsure(method) });
}

const untrusted = (base: Base): ProviderError =>
  failed({
    ...base,
    code: "forbidden",
    message: `${base.message}. The safety number has changed: check it, then run signal-cli trust for this person`,
    retryable: false,
    outcome: "not_sent",
  });

/** Nobody got the message; the result of the first person says why. */
function resultError(base: Base, { type, token, retryAfterSeconds }: SendResult, method: string): ProviderError {
  const platformCode = type;
  switch (type) {
    case "UNREGISTERED_FAILURE":
      return failed({ ...base, platformCode, code: "not_found", retryable: false, outcome: "not_sent" });
    case "IDENTITY_FAILURE":
      return untrusted({ ...base, platformCode });
    case "RATE_LIMIT_FAILURE": {
      const proof = token === undefined
        ? ""
        : ". Signal wants proof of a person: solve the captcha with signal-cli submitRateLimitChallenge, or wait";
      const retryAfterMs = Math.max(0, Math.ceil((retryAfterSeconds ?? 60) * 1000));
      const message = `${base.message}${proof}`;
      return failed({
        message,
        platformCode,
        code: "rate_limited",
        retryable: true,
        outcome: "not_sent",
        retryAfterMs,
      });
    }
    default:
      // A network failure between the daemon and Signal: the answer may have been lost, not the message.
      return failed({ ...base, platformCode, code: "unreachable", retryable: true, outcome: unsure(method) });
  }
}

/** What `fetch` throws. */
export function networkError(cause: unknown, method: string): ProviderError {
  if (cause instanceof Deno.errors.NotCapable) {
    const message = "This worker may not reach that address: restart the gateway with the flags of its configuration";
    return failed({ code: "forbidden", message, retryable: false, outcome: "not_sent" });
  }
  const name = cause instanceof Error ? cause.name : "";
  if (name === "AbortError" || name === "TimeoutError") {
    const message = `The signal-cli daemon gave no answer to ${method} in time`;
    return failed({ code: "timeout", message, retryable: true, outcome: unsure(method) });
  }
  if (neverConnected(cause)) {
    const message = "The signal-cli daemon cannot be reached: the connection could not be opened";
    return failed({ code: "unreachable", message, retryable: true, outcome: "not_sent" });
  }
  const message = "The connection to the signal-cli daemon broke before the answer came";
  return failed({ code: "unreachable", message, retryable: true, outcome: unsure(method) });
}

/** The runtime says so in the text of the cause alone: the request has not left when the connection never stood. */
function neverConnected(error: unknown): boolean {
  if (!(error instanceof TypeError)) return false;
  const inner = error.cause instanceof Error ? error.cause.message : "";
  return inner.includes("client error (Connect)");
}

export const unsupported = (message: string): ProviderError =>
  failed({ code: "unsupported", message, retryable: false, outcome: "not_sent" });
