/** A secret as a digest, to tell whether it changed; the digest goes nowhere but into comparisons. */
import { createHash } from "node:crypto";
import type { Secret } from "../secrets/secret.ts";

/** Hex SHA-256 of the secret. Never logged or sent: a short secret could be guessed from it. */
export const digestOfSecret = (secret: Secret): string => digestOf(secret.reveal());

export const digestOf = (text: string): string => createHash("sha256").update(text).digest("hex");
