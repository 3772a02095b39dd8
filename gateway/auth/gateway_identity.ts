/** The gateway's own Ed25519 identity: made once, kept in the state file. Clients may pin its public key. */
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync } from "node:crypto";
import type { Db } from "../storage/db.ts";

const KEY = "gateway.identity";

export interface GatewayIdentity {
  /** Lower-case hex of the SHA-256 of the raw public key, as for every device. */
  readonly deviceId: string;
  /** base64url, raw 32 bytes. */
  readonly publicKey: string;
}

/** Reads the identity, or makes it at the first start. The private key stays in the 0600 state file. */
export function gatewayIdentity(db: Db): GatewayIdentity {
  const publicKey = db.transaction(() => {
    const stored = db.get("SELECT value FROM kv WHERE key = ?", KEY)?.["value"];
    const pem = typeof stored === "string" ? stored : newKey();
    if (pem !== stored) db.run("INSERT OR REPLACE INTO kv (key, value) VALUES (?, ?)", KEY, pem);
    return String(createPublicKey(createPrivateKey(pem)).export({ format: "jwk" }).x);
  });
  const raw = Uint8Array.fromBase64(publicKey, { alphabet: "base64url" });
  return { deviceId: createHash("sha256").update(raw).digest("hex"), publicKey };
}

const newKey = (): string =>
  generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }).toString();
