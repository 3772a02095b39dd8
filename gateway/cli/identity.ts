/**
 * The identity of this machine as a client: `<state>/identity/device.json`, in the official clients' format, so that
 * they and this CLI are one device to the gateway (handshake facts, section 7).
 */
import { join } from "node:path";
import { type Static, Type } from "../../schemas/primitives.ts";
import { checker } from "../../schemas/validate.ts";
import { toBase64Url } from "../observe/clock.ts";
import { CliError } from "./exit.ts";
import { createPrivate, readIfPresent } from "./files.ts";

const DeviceFile = Type.Object({
  version: Type.Literal(1),
  deviceId: Type.String({ pattern: "^[0-9a-f]{64}$" }),
  publicKeyPem: Type.String(),
  privateKeyPem: Type.String(),
  createdAtMs: Type.Number(),
});
const checkDeviceFile = checker(DeviceFile);

export interface Identity {
  /** Lower-case hex of the SHA-256 of the raw public key. */
  readonly deviceId: string;
  /** base64url of the raw 32 bytes. */
  readonly publicKey: string;
  readonly privateKey: CryptoKey;
}

export const identityPath = (stateDir: string): string => join(stateDir, "identity", "device.json");
/** Our headless node is a device of its own, so that removing it from the gateway leaves this machine's CLI alone. */
export const nodeIdentityPath = (stateDir: string): string => join(stateDir, "identity", "node.json");

/**
 * The identity of the state directory, made at the first use. A file that cannot be used is an error and stays as it
 * is: writing a new one would silently turn this machine into a stranger to every gateway that approved it.
 */
export async function loadIdentity(
  stateDir: string,
  now: number,
  path: string = identityPath(stateDir),
): Promise<Identity> {
  const text = await readIfPresent(path);
  if (text !== undefined) return await parseIdentity(path, text);
  const fresh = await newIdentityText(now);
  if (await createPrivate(path, fresh)) return await parseIdentity(path, fresh);
  return await parseIdentity(path, await readIfPresent(path) ?? "");
}

async function parseIdentity(path: string, text: string): Promise<Identity> {
  const unusable = (reason: string) =>
    new CliError("usage", `Cannot use the device identity "${path}": ${reason}`, [
      "Restore the file, or move it away to get a new identity, which gateways then have to approve again",
    ]);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw unusable("it is not valid JSON");
  }
  const checked = checkDeviceFile(value);
  if (!checked.ok) throw unusable(checked.error);
  try {
    return await importKeys(checked.value);
  } catch (error) {
    throw unusable(error instanceof MismatchError ? error.message : "its keys cannot be read");
  }
}

class MismatchError extends Error {}

async function importKeys(file: Static<typeof DeviceFile>): Promise<Identity> {
  const publicKey = await crypto.subtle.importKey("spki", fromPem(file.publicKeyPem), "Ed25519", true, ["verify"]);
  const privateKey = await crypto.subtle.importKey("pkcs8", fromPem(file.privateKeyPem), "Ed25519", false, ["sign"]);
  const raw = new Uint8Array(await crypto.subtle.exportKey("raw", publicKey));
  const deviceId = await deviceIdOf(raw);
  if (deviceId !== file.deviceId) throw new MismatchError("deviceId does not belong to its public key");
  const probe = new TextEncoder().encode("openclaw");
  const signature = await crypto.subtle.sign("Ed25519", privateKey, probe);
  if (!await crypto.subtle.verify("Ed25519", publicKey, signature, probe)) {
    throw new MismatchError("its private key does not belong to its public key");
  }
  return { deviceId, publicKey: toBase64Url(raw), privateKey };
}

const deviceIdOf = async (raw: Uint8Array<ArrayBuffer>): Promise<string> =>
  new Uint8Array(await crypto.subtle.digest("SHA-256", raw)).toHex();

/** Keys as PEM (SPKI and PKCS #8), which is what Node writes and the official clients read. */
async function newIdentityText(now: number): Promise<string> {
  const pair = await crypto.subtle.generateKey("Ed25519", true, ["sign", "verify"]);
  if (!("privateKey" in pair)) throw new CliError("failed", "Cannot make a device identity: no key pair was generated");
  const file: Static<typeof DeviceFile> = {
    version: 1,
    deviceId: await deviceIdOf(new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey))),
    publicKeyPem: toPem("PUBLIC KEY", await crypto.subtle.exportKey("spki", pair.publicKey)),
    privateKeyPem: toPem("PRIVATE KEY", await crypto.subtle.exportKey("pkcs8", pair.privateKey)),
    createdAtMs: now,
  };
  return `${JSON.stringify(file, null, 2)}\n`;
}

const toPem = (label: string, der: ArrayBuffer): string =>
  `-----BEGIN ${label}-----\n${new Uint8Array(der).toBase64()}\n-----END ${label}-----\n`;

function fromPem(pem: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.fromBase64(pem.replaceAll(/-----[A-Z ]+-----|\s/gu, ""));
}
