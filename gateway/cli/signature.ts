/** The device proof of the handshake: which text is signed, and the signature over it (handshake facts, section 7). */
import { toBase64Url } from "../observe/clock.ts";

export interface SignedFields {
  readonly deviceId: string;
  readonly clientId: string;
  readonly clientMode: string;
  readonly role: string;
  readonly scopes: readonly string[];
  readonly signedAtMs: number;
  /** The first of auth.token, auth.deviceToken, auth.bootstrapToken; empty when none is sent. Never a password. */
  readonly token: string;
  readonly nonce: string;
  readonly platform: string;
  readonly deviceFamily: string;
}

/** The text of signature version 3: fields joined by `|`, platform and family trimmed with ASCII letters lower-cased. */
export function signedText(fields: SignedFields): string {
  return [
    "v3",
    fields.deviceId,
    fields.clientId,
    fields.clientMode,
    fields.role,
    fields.scopes.join(","),
    String(fields.signedAtMs),
    fields.token,
    fields.nonce,
    lowerAscii(fields.platform),
    lowerAscii(fields.deviceFamily),
  ].join("|");
}

/** Only ASCII letters: `toLowerCase` would change others, and the gateway would then see another text. */
const lowerAscii = (text: string): string => text.trim().replaceAll(/[A-Z]/gu, (letter) => letter.toLowerCase());

/** base64url without padding of the Ed25519 signature over the UTF-8 bytes of `text`. */
export async function sign(privateKey: CryptoKey, text: string): Promise<string> {
  const signature = await crypto.subtle.sign("Ed25519", privateKey, new TextEncoder().encode(text));
  return toBase64Url(new Uint8Array(signature));
}
