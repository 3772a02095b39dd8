/** Slack's answers and network faults in the contract's words. */
import { webApi } from "@slack/bolt";
import type { ChannelError } from "../../schemas/worker/channel.ts";
import { ProviderError } from "../runtime/provider.ts";

/** An answer that is not what the method's documentation says; nobody knows what became of the call. */
export class OddAnswer extends Error {
  constructor(readonly method: string, readonly reason: string) {
    super(`Slack's answer to ${method} cannot be read: ${reason}`);
    this.name = "OddAnswer";
  }
}

/** The socket was refused or closed for a reason that Slack named. */
export class SocketRefused extends Error {
  constructor(readonly reason: string) {
    super(`Slack closed the socket: ${reason}`);
    this.name = "SocketRefused";
  }
}

type Code = ChannelError["code"];

/** The token is void: the account cannot go on. */
const FATAL = new Set([
  "invalid_auth",
  "not_authed",
  "account_inactive",
  "token_revoked",
  "token_expired",
  "not_allowed_token_type",
  "user_removed_from_team",
  "team_disabled",
  "team_access_not_granted",
  "access_denied",
  "org_login_required",
]);

/** By Slack's own documentation parts of the call may have been carried out. */
const UNCERTAIN = new Set(["internal_error", "fatal_error"]);
const TRY_AGAIN = new Set(["service_unavailable", "request_timeout", "team_added_to_org", "accesslimited", "timeout"]);

const CODES: Readonly<Record<string, Code>> = {
  ratelimited: "rate_limited",
  rate_limited: "rate_limited",
  message_limit_exceeded: "rate_limited",
  msg_too_long: "too_large",
  msg_blocks_too_long: "too_large",
  file_upload_size_restricted: "too_large",
  storage_limit_reached: "too_large",
  missing_scope: "forbidden",
  not_in_channel: "forbidden",
  is_archived: "forbidden",
  restricted_action: "forbidden",
  ekm_access_denied: "forbidden",
  no_permission: "forbidden",
  cannot_dm_bot: "forbidden",
  cant_update_message: "forbidden",
  cant_delete_message: "forbidden",
  edit_window_closed: "forbidden",
  file_uploads_disabled: "forbidden",
  user_disabled: "forbidden",
  messages_tab_disabled: "forbidden",
  channel_not_found: "not_found",
  message_not_found: "not_found",
  user_not_found: "not_found",
  users_not_found: "not_found",
  thread_not_found: "not_found",
  file_not_found: "not_found",
  file_deleted: "not_found",
  unknown_method: "unsupported",
  method_not_supported_for_channel_type: "unsupported",
};

const WITHOUT_WAIT_S = 5;

/** Slack's own code of a refused call, such as `channel_not_found`; undefined for every other error. */
export function slackCode(error: unknown): string | undefined {
  const code: unknown = error instanceof webApi.WebAPIPlatformError ? error.data.error : undefined;
  return typeof code === "string" && /^[a-z0-9_]{1,64}$/u.test(code) ? code : undefined;
}

/** The contract's form of whatever a call threw. */
export function toProviderError(error: unknown): ProviderError {
  return error instanceof ProviderError ? error : new ProviderError(toChannelError(error));
}

export function toChannelError(error: unknown): ChannelError {
  if (error instanceof ProviderError) return error.error;
  if (error instanceof OddAnswer) {
    return { code: "platform", message: error.message, retryable: true, outcome: "unknown" };
  }
  if (error instanceof SocketRefused) {
    const { message, reason } = error;
    const code = reason === "too_many_websockets" ? "conflict" : "unreachable";
    return { code, message, retryable: true, outcome: "not_sent", platformCode: reason };
  }
  if (error instanceof webApi.WebAPIRateLimitedError) return limited(error.retryAfter, "429");
  if (error instanceof webApi.WebAPIPlatformError) return refused(error);
  if (error instanceof webApi.WebAPIHTTPError) return frontError(error.statusCode);
  return networkError(error instanceof webApi.WebAPIRequestError ? error.original : error);
}

const limited = (seconds: number, platformCode: string): ChannelError => ({
  code: "rate_limited",
  message: `Slack asks to wait ${seconds} s`,
  retryable: true,
  outcome: "not_sent",
  retryAfterMs: Math.max(0, Math.ceil(seconds * 1000)),
  platformCode,
});

/** An answer of the Web API itself. */
function refused(error: InstanceType<typeof webApi.WebAPIPlatformError>): ChannelError {
  const code = slackCode(error);
  if (code === undefined) {
    return { code: "platform", message: "Slack's front answered without JSON", retryable: true, outcome: "unknown" };
  }
  const { retryAfter } = error.data.response_metadata ?? {};
  if (CODES[code] === "rate_limited") return limited(retryAfter ?? WITHOUT_WAIT_S, code);
  const base = { message: sentenceOf(code, error.data), outcome: "not_sent" as const, platformCode: code };
  if (FATAL.has(code)) return { ...base, code: "unauthorized", retryable: false, fatal: true };
  if (UNCERTAIN.has(code)) return { ...base, code: "platform", retryable: true, outcome: "unknown" };
  if (TRY_AGAIN.has(code)) return { ...base, code: "platform", retryable: true };
  return { ...base, code: CODES[code] ?? "invalid", retryable: false };
}

function sentenceOf(code: string, data: unknown): string {
  const needed: unknown = typeof data === "object" && data !== null ? Reflect.get(data, "needed") : undefined;
  if (code === "missing_scope" && typeof needed === "string" && /^[\w:.,| -]{1,200}$/u.test(needed)) {
    return `The Slack app lacks the scope ${needed}: add it under OAuth & Permissions and install the app anew`;
  }
  return HINTS[code] ?? `Slack refused the call: ${code}`;
}

const HINTS: Readonly<Record<string, string>> = {
  not_in_channel: "The bot is not in this channel: invite it there with /invite (not_in_channel)",
  channel_not_found: "Slack does not know this conversation, or the bot is not in it (channel_not_found)",
  messages_tab_disabled: "Direct messages to the app are switched off: App Home, Messages Tab (messages_tab_disabled)",
};

/** Nobody knows how far the request got, but for the answers that say so. */
function frontError(status: number): ChannelError {
  const base = { message: `Slack's front answered ${status}`, platformCode: String(status) };
  if (status === 413) return { ...base, code: "too_large", retryable: false, outcome: "not_sent" };
  if (status === 404) return { ...base, code: "not_found", retryable: false, outcome: "not_sent" };
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
    return { code: "timeout", message: "Slack gave no answer in time", retryable: true, outcome: "unknown" };
  }
  if (neverConnected(cause)) {
    const message = "Slack cannot be reached: the connection could not be opened";
    return { code: "unreachable", message, retryable: true, outcome: "not_sent" };
  }
  const message = "The connection to Slack broke before the answer came";
  return { code: "unreachable", message, retryable: true, outcome: "unknown" };
}

/** The runtime says so in the text of the cause alone: the request has not left when the connection never stood. */
function neverConnected(error: unknown): boolean {
  if (!(error instanceof TypeError)) return false;
  const inner = error.cause instanceof Error ? error.cause.message : "";
  return inner.includes("client error (Connect)");
}

export const invalid = (message: string): ProviderError => failed("invalid", message);

export const failed = (code: Code, message: string): ProviderError =>
  new ProviderError({ code, message, retryable: false, outcome: "not_sent" });
