/** The owner's phone at the test server: agrees to new devices, by their QR code or by a code typed in. */
import { randomBytes } from "node:crypto";
import {
  aesDecryptCTR,
  aesDecryptGCM,
  aesEncryptCTR,
  type BinaryNode,
  Curve,
  derivePairingCodeKey,
  generateSignalPubKey,
  getBinaryNodeChild,
  getBinaryNodeChildBuffer,
  hkdf,
  hmacSign,
  proto,
} from "@whiskeysockets/baileys";
import { verifySignature } from "libsignal/src/curve.js";
import { node } from "./link.ts";

const ACCOUNT_PREFIX = Buffer.from([6, 0]);
const DEVICE_PREFIX = Buffer.from([6, 1]);

interface KeyPair {
  readonly public: Uint8Array;
  readonly private: Uint8Array;
}

/** What a device that wants to be linked has told. */
export interface Candidate {
  readonly identity: Uint8Array;
  readonly advSecret: Uint8Array;
}

/** The QR code of this version is a link with its parts behind the `#`. */
export function readQr(text: string): { readonly ref: string; readonly noiseKey: string } & Candidate {
  const [ref, noiseKey, identity, secret, platform] = text.slice(text.indexOf("#") + 1).split(",");
  if (!ref || !noiseKey || !identity || !secret || platform === undefined) {
    throw new Error("Cannot read the QR code: a part is missing");
  }
  const advSecret = Buffer.from(secret, "base64");
  if (advSecret.length !== 32) throw new Error("Cannot read the QR code: the secret is malformed");
  return { ref, noiseKey, identity: Buffer.from(identity, "base64"), advSecret };
}

/** The `pair-success` for a device, signed by the account. */
export function pairSuccess(
  account: KeyPair,
  device: Candidate,
  address: { readonly id: string; readonly jid: string; readonly lid: string; readonly keyIndex: number },
): BinaryNode {
  const details = proto.ADVDeviceIdentity.encode({
    rawId: 1,
    timestamp: Math.floor(Date.now() / 1000),
    keyIndex: address.keyIndex,
  }).finish();
  const signed = proto.ADVSignedDeviceIdentity.encode({
    details,
    accountSignatureKey: account.public,
    accountSignature: Curve.sign(account.private, Buffer.concat([ACCOUNT_PREFIX, details, device.identity])),
  }).finish();
  const sealed = proto.ADVSignedDeviceIdentityHMAC.encode({
    details: signed,
    hmac: hmacSign(Buffer.from(signed), Buffer.from(device.advSecret)),
  }).finish();
  return node("iq", { id: address.id, from: "s.whatsapp.net", type: "set" }, [
    node("pair-success", {}, [
      node("device-identity", {}, sealed),
      node("platform", { name: "android" }),
      node("device", { jid: address.jid, lid: address.lid }),
    ]),
  ]);
}

/** Refuses a device that did not sign what the account signed. */
export function checkDeviceSignature(account: KeyPair, device: Candidate, answer: BinaryNode): void {
  const signNode = getBinaryNodeChild(answer, "pair-device-sign");
  const bytes = signNode && getBinaryNodeChildBuffer(signNode, "device-identity");
  if (!(bytes instanceof Uint8Array)) throw new Error("the device did not sign its identity");
  const { details, deviceSignature } = proto.ADVSignedDeviceIdentity.decode(bytes);
  const text = Buffer.concat([DEVICE_PREFIX, details ?? Buffer.alloc(0), device.identity, account.public]);
  const key = Buffer.from(generateSignalPubKey(device.identity));
  if (!deviceSignature || !verifySignature(key, text, deviceSignature)) {
    throw new Error("the device's signature is wrong");
  }
}

/** A code login in progress, from the phone's side. */
export interface CodeLogin {
  readonly ref: Uint8Array;
  /** The person typed the code; the notification for the device. */
  enter(code: string): Promise<BinaryNode>;
  /** The device answered; throws when its code was another one. */
  finish(request: BinaryNode): Candidate;
}

export function beginCodeLogin(account: KeyPair, hello: BinaryNode): CodeLogin {
  const wrapped = bytesOf(hello, "link_code_pairing_wrapped_companion_ephemeral_pub");
  if (wrapped.length !== 80) throw new Error("the device's wrapped key is malformed");
  const ref = randomBytes(16);
  const ephemeral = Curve.generateKeyPair();
  let shared: Uint8Array | undefined;
  return {
    ref,
    async enter(code) {
      const key = await derivePairingCodeKey(code, Buffer.from(wrapped.subarray(0, 32)));
      const theirs = aesDecryptCTR(wrapped.subarray(48), key, wrapped.subarray(32, 48));
      shared = Curve.sharedKey(ephemeral.private, theirs);
      const [salt, iv] = [randomBytes(32), randomBytes(16)];
      const own = aesEncryptCTR(ephemeral.public, await derivePairingCodeKey(code, salt), iv);
      return node("notification", { id: "code-1", from: "s.whatsapp.net", type: "link_code_companion_reg" }, [
        node("link_code_companion_reg", { stage: "primary_hello" }, [
          node("link_code_pairing_wrapped_primary_ephemeral_pub", {}, Buffer.concat([salt, iv, own])),
          node("primary_identity_pub", {}, account.public),
          node("link_code_pairing_ref", {}, ref),
        ]),
      ]);
    },
    finish(request) {
      const bundle = bytesOf(request, "link_code_pairing_wrapped_key_bundle");
      const identity = bytesOf(request, "companion_identity_public");
      if (!shared || !Buffer.from(bytesOf(request, "link_code_pairing_ref")).equals(ref)) {
        throw new Error("the device answered before the code was typed");
      }
      const info = "link_code_pairing_key_bundle_encryption_key";
      const key = hkdf(Buffer.from(shared), 32, { salt: Buffer.from(bundle.subarray(0, 32)), info });
      const parts = aesDecryptGCM(bundle.subarray(44), key, bundle.subarray(32, 44), Buffer.alloc(0));
      if (!parts.subarray(0, 32).equals(identity) || !parts.subarray(32, 64).equals(account.public)) {
        throw new Error("the device's key bundle is for somebody else");
      }
      const secret = Buffer.concat([shared, Curve.sharedKey(account.private, identity), parts.subarray(64)]);
      return { identity, advSecret: hkdf(secret, 32, { info: "adv_secret" }) };
    },
  };
}

function bytesOf(parent: BinaryNode, tag: string): Uint8Array {
  const bytes = getBinaryNodeChildBuffer(parent, tag);
  if (!(bytes instanceof Uint8Array)) throw new Error(`${tag} is missing`);
  return Buffer.from(bytes);
}
