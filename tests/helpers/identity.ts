/** A device identity for tests, and the three signature forms of the handshake facts, section 7. */
import { createHash, generateKeyPairSync, type KeyObject, sign } from "node:crypto";

export interface Identity {
  /** Hex SHA-256 of the raw public key. */
  readonly id: string;
  /** base64url, raw 32 bytes. */
  readonly publicKey: string;
  readonly publicKeyPem: string;
  readonly privateKeyPem: string;
  readonly privateKey: KeyObject;
}

export function makeIdentity(): Identity {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const raw = publicKey.export({ type: "spki", format: "der" }).subarray(-32);
  return {
    id: createHash("sha256").update(raw).digest("hex"),
    publicKey: raw.toString("base64url"),
    publicKeyPem: publicKey.export({ type: "spki", format: "pem" }).toString(),
    privateKeyPem: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    privateKey,
  };
}

export type SignatureVersion = "v1" | "v2" | "v3";

export interface SignedFields {
  readonly clientId: string;
  readonly clientMode: string;
  readonly role: string;
  readonly scopes: readonly string[];
  readonly signedAt: number;
  readonly token: string;
  readonly nonce: string;
  readonly platform: string;
  readonly deviceFamily: string;
}

/** The string that the device signs. */
export function signedText(version: SignatureVersion, deviceId: string, fields: SignedFields): string {
  const parts = [version, deviceId, fields.clientId, fields.clientMode, fields.role, fields.scopes.join(",")];
  parts.push(String(fields.signedAt), fields.token);
  if (version !== "v1") parts.push(fields.nonce);
  if (version === "v3") parts.push(asciiLower(fields.platform.trim()), asciiLower(fields.deviceFamily.trim()));
  return parts.join("|");
}

/** base64url Ed25519 signature of `signedText`. */
export function signFields(version: SignatureVersion, identity: Identity, fields: SignedFields): string {
  return sign(null, new TextEncoder().encode(signedText(version, identity.id, fields)), identity.privateKey)
    .toString("base64url");
}

const asciiLower = (text: string): string => text.replaceAll(/[A-Z]/gu, (letter) => letter.toLowerCase());
