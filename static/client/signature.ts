/** What a device signs at connect, and the two encodings that go with it (protocol 4, signature version 3). */

export interface SignedFields {
  readonly deviceId: string;
  readonly clientId: string;
  readonly clientMode: string;
  readonly role: string;
  readonly scopes: readonly string[];
  /** The challenge's `ts`, not our clock: a wrong clock must not lock a browser out. */
  readonly signedAt: number;
  /** The first present of token, device token, bootstrap token; empty when there is none. */
  readonly secret: string;
  readonly nonce: string;
  readonly platform: string;
  /** Empty when the client names none. */
  readonly deviceFamily: string;
}

/** The exact text to sign; the field order is the protocol's. */
export function signedText(f: SignedFields): string {
  const scopes = f.scopes.join(",");
  const head = ["v3", f.deviceId, f.clientId, f.clientMode, f.role, scopes, String(f.signedAt)];
  return [...head, f.secret, f.nonce, lower(f.platform), lower(f.deviceFamily)].join("|");
}

/** Trimmed, ASCII letters made small and no others, whatever the language of the browser. */
const lower = (text: string): string => text.trim().replace(/[A-Z]/g, (letter) => letter.toLowerCase());

/** base64url without padding. */
export function base64url(bytes: Uint8Array): string {
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

export const hex = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
