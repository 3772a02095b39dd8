/** The library, loaded after the bootstrap's shims and with its signature check repaired. */
import { EventEmitter } from "node:events";

export type Baileys = typeof import("@whiskeysockets/baileys");

/** What `relayMessage` and the protocol need to know of a connection; the library's own type. */
export type Socket = ReturnType<Baileys["makeWASocket"]>;

/**
 * In 7.0.0-rc14 `Curve.verify` ignores the answer of libsignal and accepts every signature: the certificate of the
 * server and the account's signature at pairing. The repaired one returns the answer.
 */
export async function loadLibrary(): Promise<Baileys> {
  // Handlers of the library are async and reject when the connection ends under them. Captured, a rejection becomes the
  // socket's `error`, which ends the connection; uncaught, it would end this worker.
  EventEmitter.captureRejections = true;
  const [library, { verifySignature }] = await Promise.all([
    import("@whiskeysockets/baileys"),
    import("libsignal/src/curve.js"),
  ]);
  const { Curve, generateSignalPubKey } = library;
  Curve.verify = (publicKey, message, signature) => {
    try {
      return verifySignature(generateSignalPubKey(publicKey), message, signature);
    } catch {
      return false;
    }
  };
  return library;
}
