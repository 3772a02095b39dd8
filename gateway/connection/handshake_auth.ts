/** Checks what a client presents: shared secret, device token, one-use code; counts failures. */
import type { ConnectAuth, ConnectParams } from "../../schemas/connect.ts";
import type { Protocol } from "../../schemas/frame.ts";
import { missingScopes, type Role } from "../../schemas/scope.ts";
import type { LimitedPeer, LimitPurpose } from "../auth/rate_limit.ts";
import type { AuthMethod } from "./client.ts";
import type { HandshakeDeps } from "./handshake_deps.ts";
import { type AuthFailure, type Refusal, unauthorized } from "./handshake_refusal.ts";

export interface Claim {
  readonly auth: ConnectAuth;
  readonly client: ConnectParams["client"];
  readonly protocol: Protocol;
  readonly role: Role;
  readonly scopes: readonly string[];
  /** Set only after the proof of the device's key was checked. */
  readonly deviceId: string | undefined;
  readonly peer: LimitedPeer;
  readonly fromBrowser: boolean;
}

export interface Authenticated {
  readonly kind: "authenticated";
  readonly method: AuthMethod;
}

/** What came of one kind of credential. */
type Try =
  | { readonly kind: "absent" }
  | { readonly kind: "good"; readonly method: AuthMethod }
  | { readonly kind: "bad"; readonly reason: AuthFailure; readonly purpose: LimitPurpose | undefined }
  | { readonly kind: "locked"; readonly retryAfterMs: number };

const ABSENT: Try = { kind: "absent" };

/** The value that a client may have stored as its device token; clients of February send it as `auth.token`. */
export const presentedToken = (auth: ConnectAuth): string | undefined => auth.deviceToken || auth.token || undefined;

/**
 * One good credential is enough: the shared secret, else the device token, else a one-use code, which is used up only
 * when nothing else let the client in. A wrong secret counts as a failure even beside a good device token; else a device
 * with few scopes could guess the secret without end. A value that was recognised as the device's token is no guess.
 */
export function authenticate(deps: HandshakeDeps, claim: Claim): Authenticated | Refusal {
  const first = trySecret(deps, claim, undefined);
  if (first.kind === "good") return succeed(first.method);
  const token = tryDeviceToken(deps, claim);
  const known = token.kind === "good" || (token.kind === "bad" && token.reason === "scope_mismatch");
  const secret = known ? trySecret(deps, claim, presentedToken(claim.auth)) : first;
  if (token.kind === "good") {
    countFailures(deps, claim, [secret]);
    return succeed(token.method);
  }
  const code = tryCode(deps, claim);
  if (code.kind === "good") return succeed(code.method);
  return fail(deps, claim, [secret, code, token]);
}

const succeed = (method: AuthMethod): Authenticated => ({ kind: "authenticated", method });

/** `own`: the device's token, which is no guess at the secret. */
function trySecret(deps: HandshakeDeps, claim: Claim, own: string | undefined): Try {
  const { token, password } = claim.auth;
  if (deps.secret.mode === "none") return { kind: "good", method: "none" };
  if (!token && !password) return ABSENT;
  const purpose = claim.fromBrowser ? "browser-secret" : "shared-secret";
  const retryAfterMs = deps.limiter.lockedForMs(purpose, claim.peer);
  const isGuess = [token, password].some((value) => value && value !== own);
  if (retryAfterMs > 0) return isGuess ? { kind: "locked", retryAfterMs } : ABSENT;
  const result = deps.secret.check({ token: token ?? "", password: password ?? "" });
  if (!result.ok) {
    const counted = isGuess && !result.reason.endsWith("_missing_config");
    return { kind: "bad", reason: result.reason, purpose: counted ? purpose : undefined };
  }
  deps.limiter.succeeded(purpose, claim.peer);
  return { kind: "good", method: result.method };
}

function tryDeviceToken(deps: HandshakeDeps, claim: Claim): Try {
  const value = presentedToken(claim.auth);
  if (claim.deviceId === undefined || value === undefined) return ABSENT;
  const retryAfterMs = deps.limiter.lockedForMs("device-token", claim.peer);
  // A value in `auth.token` is first of all a try at the secret, and is counted and locked as one.
  const explicit = Boolean(claim.auth.deviceToken);
  if (retryAfterMs > 0) return explicit ? { kind: "locked", retryAfterMs } : ABSENT;
  const result = deps.deviceTokens.verify(claim.deviceId, claim.role, value);
  if (!result.ok) return explicit ? { kind: "bad", reason: "device_token_mismatch", purpose: "device-token" } : ABSENT;
  deps.limiter.succeeded("device-token", claim.peer);
  return missingScopes(new Set(result.scopes), claim.scopes).length > 0
    ? { kind: "bad", reason: "scope_mismatch", purpose: undefined }
    : { kind: "good", method: "device-token" };
}

/** A code lets one device of the role it was made for in; without a proved device it is not touched. */
function tryCode(deps: HandshakeDeps, claim: Claim): Try {
  if (!claim.auth.bootstrapToken || claim.deviceId === undefined) return ABSENT;
  const retryAfterMs = deps.limiter.lockedForMs("bootstrap-code", claim.peer);
  if (retryAfterMs > 0) return { kind: "locked", retryAfterMs };
  if (!deps.bootstrap.redeem(claim.auth.bootstrapToken, claim.role)) {
    return { kind: "bad", reason: "bootstrap_token_invalid", purpose: "bootstrap-code" };
  }
  deps.limiter.succeeded("bootstrap-code", claim.peer);
  return { kind: "good", method: "bootstrap-token" };
}

/** For a client that passed by its secret and needs an approval too: whether its code stands for that. */
export function redeemForApproval(deps: HandshakeDeps, claim: Claim): boolean {
  const result = tryCode(deps, claim);
  countFailures(deps, claim, [result]);
  return result.kind === "good";
}

function fail(deps: HandshakeDeps, claim: Claim, tries: readonly Try[]): Refusal {
  const { client } = claim;
  const delayMs = countFailures(deps, claim, tries);
  const bad = tries.filter((one) => one.kind === "bad").map(({ reason }) => reason);
  if (bad.includes("scope_mismatch")) return unauthorized("scope_mismatch", { client, delayMs });
  const locked = tries.find((one) => one.kind === "locked");
  if (locked) return unauthorized("rate_limited", { client, delayMs, retryAfterMs: locked.retryAfterMs });
  const reason = bad[0] ?? missingReason(deps);
  return unauthorized(reason, { client, delayMs, canRetryWithDeviceToken: canRetry(deps, claim, reason) });
}

/** Returns how long the answer is to be held back. */
function countFailures(deps: HandshakeDeps, claim: Claim, tries: readonly Try[]): number {
  const delays = tries.map((one) =>
    one.kind === "bad" && one.purpose !== undefined ? deps.limiter.failed(one.purpose, claim.peer) : 0
  );
  return Math.max(0, ...delays);
}

function missingReason(deps: HandshakeDeps): AuthFailure {
  const result = deps.secret.check({});
  return result.ok ? "token_missing" : result.reason;
}

/** Only a client of protocol 4 knows this hint, and it helps only when its token still stands and was not sent yet. */
function canRetry(deps: HandshakeDeps, claim: Claim, reason: AuthFailure): boolean {
  if (claim.protocol !== 4 || claim.deviceId === undefined || claim.auth.deviceToken) return false;
  if (reason !== "token_mismatch" && reason !== "password_mismatch") return false;
  const token = deps.pairing.get(claim.deviceId)?.tokens[claim.role];
  return token !== undefined && token.revokedAtMs === undefined;
}
