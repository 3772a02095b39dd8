/** What a refused connect means for the person in front of the page: the code decides, never the text. */
import { fields, number, word } from "./read.ts";

export type AuthUsed = "token" | "deviceToken" | "code" | "none";
/** Why a secret is asked for. `first`: nothing was offered yet. */
export type AskReason = "first" | "wrong" | "code" | "revoked";
export type BlockReason = "insecure" | "old" | "origin" | "protocol" | "device" | "other";

export type Refusal =
  | { readonly next: "pairing"; readonly requestId: string }
  | { readonly next: "dropDeviceToken" }
  | { readonly next: "ask"; readonly reason: AskReason }
  | { readonly next: "blocked"; readonly reason: BlockReason; readonly message: string }
  | { readonly next: "retry"; readonly afterMs: number | undefined; readonly limited: boolean };

export interface WireError {
  readonly code: string;
  readonly message: string;
  readonly details: unknown;
  readonly retryAfterMs: number | undefined;
}

export function wireError(value: unknown): WireError {
  const error = fields(value);
  return {
    code: word(error["code"]) ?? "UNAVAILABLE",
    message: word(error["message"]) ?? "The gateway gave no reason",
    details: error["details"],
    retryAfterMs: number(error["retryAfterMs"]),
  };
}

const MISSING = new Set(["AUTH_REQUIRED", "AUTH_TOKEN_MISSING", "AUTH_PASSWORD_MISSING"]);
/** The form of a request id that a client may show in a command to copy (handshake facts, 6.2). */
const REQUEST_ID = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/;

/** What to do next. `used` is what this connect offered. */
export function readRefusal(error: WireError, used: AuthUsed): Refusal {
  const details = fields(error.details);
  const code = word(details["code"]) ?? "";
  const requestId = word(details["requestId"]) ?? "";
  if (error.code === "NOT_PAIRED" && REQUEST_ID.test(requestId)) return { next: "pairing", requestId };
  if (code === "AUTH_RATE_LIMITED") return { next: "retry", afterMs: error.retryAfterMs ?? 30_000, limited: true };
  if (code === "CONTROL_UI_ORIGIN_NOT_ALLOWED") return blocked("origin", error);
  if (code === "PROTOCOL_MISMATCH" || code === "CLIENT_VERSION_MISMATCH") return blocked("protocol", error);
  if (code.startsWith("DEVICE_AUTH_")) return blocked("device", error);
  if (code.startsWith("AUTH_")) return readAuth(code, used);
  if (error.code === "UNAVAILABLE") return { next: "retry", afterMs: error.retryAfterMs, limited: false };
  return blocked("other", error);
}

function readAuth(code: string, used: AuthUsed): Refusal {
  // A device token can be revoked at any time; another credential may still open the door.
  if (used === "deviceToken") return { next: "dropDeviceToken" };
  if (used === "code") return { next: "ask", reason: "code" };
  return { next: "ask", reason: used === "none" || MISSING.has(code) ? "first" : "wrong" };
}

const blocked = (reason: BlockReason, error: WireError): Refusal => ({
  next: "blocked",
  reason,
  message: error.message,
});
