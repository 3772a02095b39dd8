/** The certificate for HTTPS: the owner's, or one that the gateway makes at its first start and keeps. */
import { createPrivateKey, X509Certificate } from "node:crypto";
import { join } from "node:path";
import { NonEmpty, Type } from "../../schemas/primitives.ts";
import { checker } from "../../schemas/validate.ts";
import { replaceFile } from "../config/atomic_write.ts";
import { ownCertificatePath } from "../config/paths.ts";
import type { Config } from "../config/types.ts";
import type { Clock } from "../observe/clock.ts";
import { prepareStateDir } from "../storage/state_dir.ts";

export interface Certificate {
  /** PEM. */
  readonly cert: string;
  readonly key: string;
  /** SHA-256, upper-case hex with colons, as browsers show it. */
  readonly fingerprint: string;
  /** Made by the gateway: nobody vouches for it, so that browsers warn once. */
  readonly own: boolean;
  readonly expiresAtMs: number;
}

/** How long an own certificate is valid: the longest that all browsers take. */
const VALID_MS = 397 * 24 * 3_600_000;
/** An own certificate is replaced this long before its end. */
const RENEW_MS = 30 * 24 * 3_600_000;

export interface CertificateOptions {
  readonly tls: NonNullable<Config["gateway"]["tls"]>;
  readonly stateDir: string;
  /** Names and addresses by which clients call this host. */
  readonly hosts: readonly string[];
  readonly clock: Clock;
}

/** Throws a sentence when the files cannot be used, or when the owner's certificate has ended. */
export async function loadCertificate(options: CertificateOptions): Promise<Certificate> {
  const { tls: { certPath, keyPath }, clock } = options;
  if (certPath === undefined || keyPath === undefined) return await ownCertificate(options);
  const [cert, key] = [await readPem(certPath, "certPath"), await readPem(keyPath, "keyPath")];
  const certificate = describe(cert, key, false, certPath);
  mustBelong(certificate, keyPath);
  if (certificate.expiresAtMs <= clock.now()) {
    throw new Error(`Cannot use gateway.tls.certPath "${certPath}": the certificate has expired`);
  }
  return certificate;
}

async function ownCertificate({ stateDir, hosts, clock }: CertificateOptions): Promise<Certificate> {
  const [certPath, keyPath] = [ownCertificatePath(stateDir), join(stateDir, "tls", "key.pem")];
  const kept = await keptCertificate(certPath, keyPath);
  if (kept !== undefined && kept.expiresAtMs > clock.now() + RENEW_MS) return kept;
  const { cert, key } = await make(hosts, clock.now());
  await prepareStateDir(join(stateDir, "tls"));
  await replaceFile(keyPath, key);
  await replaceFile(certPath, cert);
  return describe(cert, key, true, certPath);
}

async function keptCertificate(certPath: string, keyPath: string): Promise<Certificate | undefined> {
  try {
    const kept = describe(await Deno.readTextFile(certPath), await Deno.readTextFile(keyPath), true, certPath);
    mustBelong(kept, keyPath);
    return kept;
  } catch {
    // Missing, damaged, or one of two that a crash kept from being replaced together: a new pair is made.
    return undefined;
  }
}

async function readPem(path: string, name: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    const why = error instanceof Deno.errors.NotFound
      ? "there is no such file"
      : error instanceof Error
      ? error.message
      : String(error);
    throw new Error(`Cannot read gateway.tls.${name} "${path}": ${why}`, { cause: error });
  }
}

function describe(cert: string, key: string, own: boolean, path: string): Certificate {
  try {
    const parsed = new X509Certificate(cert);
    return { cert, key, fingerprint: parsed.fingerprint256, own, expiresAtMs: Date.parse(parsed.validTo) };
  } catch (error) {
    throw new Error(`Cannot use the certificate "${path}": it is not a certificate in PEM form`, { cause: error });
  }
}

/** This runtime listens with any key at all, and then cuts every connection without a word. Nothing of the key is told. */
function mustBelong({ cert, key }: Certificate, keyPath: string): void {
  const refuse = (reason: string, cause?: unknown) =>
    new Error(`Cannot use the key "${keyPath}": ${reason}`, { cause });
  let belongs: boolean;
  try {
    belongs = new X509Certificate(cert).checkPrivateKey(createPrivateKey(key));
  } catch (error) {
    throw refuse("it is not a private key in PEM form without a password", error);
  }
  if (!belongs) throw refuse("it is not the key of the certificate");
}

const Made = checker(Type.Object({ private: NonEmpty, cert: NonEmpty }));

/** A key on P-256 and a certificate for `hosts`, signed by itself. */
async function make(hosts: readonly string[], now: number): Promise<{ readonly cert: string; readonly key: string }> {
  // Only a gateway that needs a certificate loads the library.
  const { generate } = await import("selfsigned");
  const made: unknown = await generate([{ name: "commonName", value: "OpenClaw gateway" }], {
    keyType: "ec",
    curve: "P-256",
    algorithm: "sha256",
    notBeforeDate: new Date(now - 3_600_000),
    notAfterDate: new Date(now + VALID_MS),
    extensions: [
      { name: "basicConstraints", cA: false },
      { name: "keyUsage", digitalSignature: true },
      { name: "extKeyUsage", serverAuth: true },
      { name: "subjectAltName", altNames: hosts.map(altName) },
    ],
  });
  const checked = Made(made);
  if (!checked.ok) throw new Error("Cannot make a certificate: the library has changed");
  return { cert: checked.value.cert, key: checked.value.private };
}

const isAddress = (host: string): boolean => host.includes(":") || /^\d{1,3}(\.\d{1,3}){3}$/u.test(host);
const altName = (host: string) => isAddress(host) ? { type: 7, ip: host } as const : { type: 2, value: host } as const;
