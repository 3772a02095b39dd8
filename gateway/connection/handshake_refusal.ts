/**
 * Every way the handshake says no: literal texts, codes, structured details and the next step (handshake facts, 4 and 6).
 * Details are sent to both generations: clients of protocol 3 ignore them, those of protocol 4 decide by them.
 */
import { CLOSE, closeReason } from "../../schemas/close_code.ts";
import type { ConnectParams } from "../../schemas/connect.ts";
import type { ErrorCode, ErrorShape } from "../../schemas/error.ts";
import type { ProofFailure } from "../auth/device_identity.ts";
import type { SecretReason } from "../auth/shared_secret.ts";

export interface Refusal {
  readonly kind: "refused";
  readonly error: ErrorShape;
  readonly close: { readonly code: number; readonly reason: string };
  /** How long the socket holds the answer back. */
  readonly delayMs: number;
}

interface RefusalOptions {
  readonly code?: ErrorCode;
  readonly details?: Readonly<Record<string, unknown>>;
  readonly retryAfterMs?: number;
  readonly delayMs?: number;
  readonly close?: { readonly code: number; readonly reason: string };
}

/** A refusal with close 1008 and the message as its reason, unless told otherwise. */
export function refuse(message: string, options: RefusalOptions = {}): Refusal {
  const { code = "INVALID_REQUEST", details, retryAfterMs, delayMs = 0, close } = options;
  return {
    kind: "refused",
    error: {
      code,
      message,
      ...(details === undefined ? {} : { details }),
      ...(retryAfterMs === undefined ? {} : { retryable: true, retryAfterMs }),
    },
    close: close ?? { code: CLOSE.refused.code, reason: closeReason(message) },
    delayMs,
  };
}

export const invalidParams = (errors: string): Refusal =>
  refuse(`invalid connect params: ${errors}`, {
    details: { code: "INVALID_CONNECT_PARAMS", remediationHint: "Correct the named fields; the client may be too old" },
  });

/**
 * The details of both generations in one: a node host of September falls back to protocol 3 when it reads that 3 is
 * expected, so that is said only to a client that is older than 4.
 */
export function protocolMismatch({ minProtocol, maxProtocol }: ConnectParams): Refusal {
  return refuse("protocol mismatch", {
    details: {
      code: "PROTOCOL_MISMATCH",
      clientMinProtocol: minProtocol,
      clientMaxProtocol: maxProtocol,
      expectedProtocol: maxProtocol < 4 ? 3 : 4,
      minimumProbeProtocol: 3,
      remediationHint: "Update the client, or the gateway if it is the older one: it speaks protocols 3 and 4",
    },
    close: CLOSE.protocolMismatch,
  });
}

export const invalidRole = (): Refusal =>
  refuse("invalid role", { details: { code: "INVALID_ROLE", remediationHint: "Connect as operator or node" } });

export const originRefused = (reason: string): Refusal =>
  refuse(
    "origin not allowed (open the Control UI from the gateway host or allow it in gateway.controlUi.allowedOrigins)",
    {
      details: {
        code: "CONTROL_UI_ORIGIN_NOT_ALLOWED",
        reason,
        recommendedNextStep: "review_auth_configuration",
        remediationHint: reason === "host-unknown"
          ? "Open the page by an address the gateway listens on, or set gateway.publicUrl to the address you use"
          : "Open the page from the gateway itself, or add its exact origin to gateway.controlUi.allowedOrigins",
      },
    },
  );

export const browserDeviceRequired = (): Refusal =>
  refuse("control ui requires HTTPS or localhost (secure context)", {
    details: {
      code: "CONTROL_UI_DEVICE_IDENTITY_REQUIRED",
      remediationHint: "Open the page over HTTPS or on localhost: browsers keep device keys only there",
    },
  });

export const deviceRequired = (): Refusal =>
  refuse("device identity required", {
    code: "NOT_PAIRED",
    details: {
      code: "DEVICE_IDENTITY_REQUIRED",
      remediationHint: "Send the gateway token or password, or connect with a device identity",
    },
  });

/** Rows 10 to 15 of the validation order. */
export type DeviceFailure = ProofFailure | "device-id-mismatch" | "device-public-key";

const DEVICE_FAILURES: Readonly<Record<DeviceFailure, readonly [message: string, code: string, hint: string]>> = {
  "device-id-mismatch": [
    "device identity mismatch",
    "DEVICE_AUTH_DEVICE_ID_MISMATCH",
    "Remove the client's identity file; it makes a new one",
  ],
  "device-signature-stale": [
    "device signature expired",
    "DEVICE_AUTH_SIGNATURE_EXPIRED",
    "Set the clock of the client's machine and connect again",
  ],
  "device-nonce-missing": [
    "device nonce required",
    "DEVICE_AUTH_NONCE_REQUIRED",
    "Wait for connect.challenge and sign its nonce; update the client if it does not",
  ],
  "device-nonce-mismatch": [
    "device nonce mismatch",
    "DEVICE_AUTH_NONCE_MISMATCH",
    "Sign the nonce of this socket's own connect.challenge",
  ],
  "device-signature": [
    "device signature invalid",
    "DEVICE_AUTH_SIGNATURE_INVALID",
    "Sign exactly the fields that are sent, with the key that belongs to the device id",
  ],
  "device-public-key": [
    "device public key invalid",
    "DEVICE_AUTH_PUBLIC_KEY_INVALID",
    "Send the raw 32 bytes of the Ed25519 public key as base64url",
  ],
};

export function deviceRefused(reason: DeviceFailure): Refusal {
  const [message, code, remediationHint] = DEVICE_FAILURES[reason];
  return refuse(message, { details: { code, reason, remediationHint } });
}

/** Everything that can be wrong with what a client presents. */
export type AuthFailure =
  | SecretReason
  | "device_token_mismatch"
  | "bootstrap_token_invalid"
  | "scope_mismatch"
  | "rate_limited";

const AUTH_CODES: Readonly<Record<AuthFailure, string>> = {
  token_missing: "AUTH_TOKEN_MISSING",
  token_mismatch: "AUTH_TOKEN_MISMATCH",
  token_missing_config: "AUTH_TOKEN_NOT_CONFIGURED",
  password_missing: "AUTH_PASSWORD_MISSING",
  password_mismatch: "AUTH_PASSWORD_MISMATCH",
  password_missing_config: "AUTH_PASSWORD_NOT_CONFIGURED",
  device_token_mismatch: "AUTH_DEVICE_TOKEN_MISMATCH",
  bootstrap_token_invalid: "AUTH_BOOTSTRAP_TOKEN_INVALID",
  scope_mismatch: "AUTH_SCOPE_MISMATCH",
  rate_limited: "AUTH_RATE_LIMITED",
};

export interface AuthRefusalOptions {
  readonly client: ConnectParams["client"];
  readonly delayMs?: number;
  readonly retryAfterMs?: number;
  /** The device is known and did not show its stored token yet; one retry with it can help. */
  readonly canRetryWithDeviceToken?: boolean;
}

/** An `unauthorized: …` refusal. Clients of February show the text as it is. */
export function unauthorized(reason: AuthFailure, options: AuthRefusalOptions): Refusal {
  const { delayMs = 0, retryAfterMs, canRetryWithDeviceToken = false } = options;
  return refuse(`unauthorized: ${authText(reason, options.client)}`, {
    details: {
      code: AUTH_CODES[reason],
      authReason: reason,
      ...(canRetryWithDeviceToken ? { canRetryWithDeviceToken } : {}),
      recommendedNextStep: canRetryWithDeviceToken ? "retry_with_device_token" : nextStep(reason),
      remediationHint: authHelp(reason),
    },
    delayMs,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}

function authText(reason: AuthFailure, client: ConnectParams["client"]): string {
  switch (reason) {
    case "token_missing":
      return `gateway token missing (${tokenHint(client)})`;
    case "token_mismatch":
      return `gateway token mismatch (${tokenHint(client)})`;
    case "token_missing_config":
      return "gateway token not configured on gateway (set gateway.auth.token)";
    case "password_missing":
      return `gateway password missing (${passwordHint(client)})`;
    case "password_mismatch":
      return `gateway password mismatch (${passwordHint(client)})`;
    case "password_missing_config":
      return "gateway password not configured on gateway (set gateway.auth.password)";
    case "device_token_mismatch":
      return "device token mismatch (connect with the gateway token or password to get a new one)";
    case "bootstrap_token_invalid":
      return "one-use code invalid, used or expired (ask the gateway for a new link)";
    case "scope_mismatch":
      return "device token does not cover the requested scopes";
    case "rate_limited":
      return "too many failed attempts (wait, then try again)";
  }
}

const isBrowserUi = ({ id, mode }: ConnectParams["client"]): boolean =>
  id === "openclaw-control-ui" || id === "webchat-ui" || mode === "webchat";

function tokenHint(client: ConnectParams["client"]): string {
  if (client.mode === "cli") return "set gateway.remote.token to match gateway.auth.token";
  return isBrowserUi(client)
    ? "open the dashboard URL and paste the token in Control UI settings"
    : "provide gateway auth token";
}

function passwordHint(client: ConnectParams["client"]): string {
  if (client.mode === "cli") return "set gateway.remote.password to match gateway.auth.password";
  return isBrowserUi(client) ? "enter the password in Control UI settings" : "provide gateway auth password";
}

function nextStep(reason: AuthFailure): string {
  if (reason === "rate_limited") return "wait_then_retry";
  if (reason.endsWith("_missing_config")) return "review_auth_configuration";
  return reason.endsWith("_missing") ? "update_auth_configuration" : "update_auth_credentials";
}

function authHelp(reason: AuthFailure): string {
  if (reason === "rate_limited") return "Wait retryAfterMs milliseconds, then try again with the right credential";
  if (reason === "bootstrap_token_invalid") {
    return "Ask the gateway for a new one: openclaw nodes code for a node; for a browser restart it or sign in with its token";
  }
  if (reason === "scope_mismatch") return "Ask for fewer scopes, or connect with the gateway token to ask for more";
  if (reason === "device_token_mismatch") return "Forget the stored device token and connect with the gateway token";
  if (reason.endsWith("_missing_config")) return "Set gateway.auth.token or gateway.auth.password on the gateway";
  return "The secret is gateway.auth.token or gateway.auth.password of the gateway's openclaw.json";
}
