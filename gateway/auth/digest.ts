/** SHA-256 digests of secrets, and their comparison in constant time. */
import { createHash, timingSafeEqual } from "node:crypto";

/** The SHA-256 of a secret's UTF-8 bytes. */
export function digest(secret: string): Uint8Array {
  return createHash("sha256").update(secret, "utf8").digest();
}

/** The same as lowercase hex, for storage. */
export function digestHex(secret: string): string {
  return createHash("sha256").update(secret, "utf8").digest("hex");
}

/**
 * Whether two digests are equal, in constant time. Digests, not the secrets themselves, are compared: they have one
 * length, so that the time tells nothing about the length of the secret either.
 */
export function sameDigest(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}
