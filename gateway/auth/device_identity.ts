/** Device identity: the id that follows from an Ed25519 key, and the proof that the client holds the key. */
import { Buffer } from "node:buffer";
import { createHash, createPublicKey, type KeyObject, verify } from "node:crypto";

/** `node:crypto` is used because it is synchronous and half the price of WebCrypto here: 16 µs to import, 54 to verify. */
const SPKI_PREFIX = Buffer.from("302a300506032b6570032100", "hex");
const RAW_KEY_BYTES = 32;
const SIGNATURE_BYTES = 64;
const BASE64 = /^[A-Za-z0-9_+/-]+={0,2}$/u;

export interface DeviceKey {
  /** Lowercase hex of the SHA-256 of the raw key. */
  readonly deviceId: string;
  /** base64url of the raw 32 bytes, without padding: the one form that is stored. */
  readonly publicKey: string;
  readonly key: KeyObject;
}

/** Reads a public key: base64url (or base64) of the raw 32 bytes, or PEM. Undefined when it is no Ed25519 key. */
export function readDeviceKey(text: string): DeviceKey | undefined {
  try {
    const raw = text.includes("BEGIN") ? rawFromPem(text) : rawFromBase64(text);
    if (raw?.length !== RAW_KEY_BYTES) return undefined;
    return {
      deviceId: createHash("sha256").update(raw).digest("hex"),
      publicKey: raw.toString("base64url"),
      key: createPublicKey({ key: Buffer.concat([SPKI_PREFIX, raw]), format: "der", type: "spki" }),
    };
  } catch {
    return undefined;
  }
}

function rawFromPem(pem: string): Buffer | undefined {
  const key = createPublicKey(pem);
  if (key.asymmetricKeyType !== "ed25519") return undefined;
  const { x } = key.export({ format: "jwk" });
  return x === undefined ? undefined : Buffer.from(x, "base64url");
}

function rawFromBase64(text: string): Buffer | undefined {
  // Buffer skips what is not base64; without this check many texts would name one device.
  return BASE64.test(text) ? Buffer.from(text, "base64") : undefined;
}

export type SignatureVersion = "v1" | "v2" | "v3";

/** What a client signs. `token`: the first that was sent of token, deviceToken, bootstrapToken; else empty. */
export interface SignedFields {
  readonly deviceId: string;
  readonly clientId: string;
  readonly clientMode: string;
  readonly role: string;
  readonly scopes: readonly string[];
  readonly signedAt: number;
  readonly token: string;
  readonly nonce: string;
  readonly platform: string | undefined;
  readonly deviceFamily: string | undefined;
}

/** The signed string of a version (handshake facts, section 7). */
export function signaturePayload(version: SignatureVersion, f: SignedFields): string {
  const base = [version, f.deviceId, f.clientId, f.clientMode, f.role, f.scopes.join(","), f.signedAt, f.token];
  if (version === "v1") return base.join("|");
  if (version === "v2") return [...base, f.nonce].join("|");
  return [...base, f.nonce, asciiLower(f.platform), asciiLower(f.deviceFamily)].join("|");
}

const asciiLower = (value: string | undefined): string =>
  (value ?? "").trim().replaceAll(/[A-Z]/gu, (letter) => letter.toLowerCase());

/** What decides whether a proof is good, beside the signed fields. */
export interface ProofContext {
  readonly protocol: 3 | 4;
  readonly local: boolean;
  /** The nonce of this socket's challenge. */
  readonly challengeNonce: string;
  readonly now: number;
}

export interface DeviceProof {
  readonly signature: string;
  readonly nonce: string | undefined;
  readonly fields: Omit<SignedFields, "nonce" | "deviceId">;
}

export type ProofFailure =
  | "device-signature-stale"
  | "device-nonce-missing"
  | "device-nonce-mismatch"
  | "device-signature";

/** Clients of protocol 3 sign by their own clock, those of protocol 4 sign the challenge's time. */
const SKEW_MS = { 3: 600_000, 4: 120_000 } as const;

/**
 * Checks a proof: time, nonce, signature, in the order of handshake facts, section 4 (rows 11 to 14). Undefined: good.
 * The nonce is what makes a proof worthless on any other socket, so only a local client of protocol 3 may leave it out.
 */
export function checkProof(device: DeviceKey, proof: DeviceProof, context: ProofContext): ProofFailure | undefined {
  if (Math.abs(context.now - proof.fields.signedAt) > SKEW_MS[context.protocol]) return "device-signature-stale";
  const nonce = proof.nonce?.trim() ?? "";
  if (nonce === "" && (context.protocol === 4 || !context.local)) return "device-nonce-missing";
  if (nonce !== "" && nonce !== context.challengeNonce) return "device-nonce-mismatch";
  const fields = { ...proof.fields, deviceId: device.deviceId, nonce };
  const good = versionsFor(context.protocol, nonce).some((version) =>
    verifies(device.key, signaturePayload(version, fields), proof.signature)
  );
  return good ? undefined : "device-signature";
}

/**
 * Which versions are tried. Without a nonce only v1, with one never v1: v1 leaves the nonce unsigned. A protocol 4 node
 * host that falls back to protocol 3 still signs v3, so both are tried; the likelier goes first.
 */
function versionsFor(protocol: 3 | 4, nonce: string): readonly SignatureVersion[] {
  if (nonce === "") return ["v1"];
  return protocol === 4 ? ["v3", "v2"] : ["v2", "v3"];
}

function verifies(key: KeyObject, payload: string, signature: string): boolean {
  if (!BASE64.test(signature)) return false;
  const bytes = Buffer.from(signature, "base64");
  return bytes.length === SIGNATURE_BYTES && verify(null, Buffer.from(payload, "utf8"), key, bytes);
}
