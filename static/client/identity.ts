/** Who this browser is: an Ed25519 key that cannot leave it, and the device token that the gateway gave it. */
import { isFields, word } from "./read.ts";
import { base64url, hex } from "./signature.ts";
import { openVault, type Vault } from "./vault.ts";

export interface Identity {
  /** Lower-case hex SHA-256 of the raw public key. */
  readonly deviceId: string;
  readonly publicKey: string;
  sign(text: string): Promise<string>;
}

/** Where the client keeps what it must remember between visits. */
export interface Safe {
  identity(): Promise<Identity>;
  token(): Promise<string | undefined>;
  saveToken(token: string): Promise<void>;
  /** Drops this token, and no newer one that another tab may have stored meanwhile. */
  dropToken(token: string): Promise<void>;
  /** Forgets key and token: the next visit is a first visit. */
  forget(): Promise<void>;
}

/** Why a browser cannot hold a device key. */
export class NoKeyError extends Error {
  constructor(readonly reason: "insecure" | "old") {
    super(`Cannot make a device key: ${reason === "insecure" ? "the page is not in a secure context" : "no Ed25519"}`);
  }
}

const isKeyPair = (value: unknown): value is CryptoKeyPair =>
  isFields(value) && value["privateKey"] instanceof CryptoKey && value["publicKey"] instanceof CryptoKey;

async function keyPair(vault: Vault): Promise<CryptoKeyPair> {
  const kept = await vault.get("key");
  if (isKeyPair(kept)) return kept;
  let made: unknown;
  try {
    made = await crypto.subtle.generateKey({ name: "Ed25519" }, false, ["sign", "verify"]);
  } catch {
    throw new NoKeyError("old");
  }
  await vault.add("key", made).catch(() => undefined);
  const stored = await vault.get("key");
  if (isKeyPair(stored)) return stored;
  throw new NoKeyError("old");
}

async function load(vault: Vault): Promise<Identity> {
  // Plain http on a LAN address: the browser hides crypto.subtle from such pages.
  if (!globalThis.isSecureContext || !globalThis.crypto?.subtle) throw new NoKeyError("insecure");
  const pair = await keyPair(vault);
  const raw = new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey));
  return {
    deviceId: hex(new Uint8Array(await crypto.subtle.digest("SHA-256", raw))),
    publicKey: base64url(raw),
    sign: async (text) => {
      const bytes = await crypto.subtle.sign("Ed25519", pair.privateKey, new TextEncoder().encode(text));
      return base64url(new Uint8Array(bytes));
    },
  };
}

/**
 * The safe of a page in this browser; `name` is its database. The token is useless without the key: each connect signs
 * the gateway's challenge.
 */
export function browserSafe(name: string): Safe {
  const vault = openVault(name);
  let identity: Promise<Identity> | undefined;
  return {
    identity: () => identity ??= load(vault),
    token: async () => word(await vault.get("token")),
    saveToken: async (token) => void await vault.put("token", token),
    dropToken: async (token) => {
      if (await vault.get("token") === token) await vault.remove("token");
    },
    forget: async () => {
      await vault.remove("token");
      await vault.remove("key");
    },
  };
}
