/**
 * The server's half of the Noise XX handshake and the frames after it. Our own code on the exported helpers of the client
 * library: both sides share codec and cryptography, so a fault that both have does not show here.
 */
import {
  aesDecryptGCM,
  aesEncryptGCM,
  type BinaryNode,
  Curve,
  decodeBinaryNode,
  encodeBinaryNode,
  hkdf,
  NOISE_MODE,
  NOISE_WA_HEADER,
  proto,
  sha256,
} from "@whiskeysockets/baileys";

interface KeyPair {
  readonly public: Uint8Array;
  readonly private: Uint8Array;
}

const EMPTY = Buffer.alloc(0);
const INTRO = Buffer.from(NOISE_WA_HEADER);

const iv = (counter: number): Uint8Array => {
  const bytes = new Uint8Array(12);
  new DataView(bytes.buffer).setUint32(8, counter);
  return bytes;
};

/** A certificate chain like WhatsApp's: the root signs the intermediate, the intermediate signs the leaf. */
export function certificates(root: KeyPair, leafKey: Uint8Array): Uint8Array {
  const { Details } = proto.CertChain.NoiseCertificate;
  const intermediate = Curve.generateKeyPair();
  const middle = Details.encode({ serial: 1, issuerSerial: 0, key: intermediate.public }).finish();
  const leaf = Details.encode({ serial: 2, issuerSerial: 1, key: leafKey }).finish();
  return proto.CertChain.encode({
    intermediate: { details: middle, signature: Curve.sign(root.private, middle) },
    leaf: { details: leaf, signature: Curve.sign(intermediate.private, leaf) },
  }).finish();
}

/** Splits bytes into frames; refuses a stream that does not begin with the protocol's intro. */
export function createFrames(onFrame: (frame: Buffer) => void): { push(data: Uint8Array): void } {
  let bytes = Buffer.alloc(0);
  let greeted = false;
  return {
    push(data) {
      bytes = Buffer.concat([bytes, data]);
      if (!greeted) {
        if (bytes.length < INTRO.length) return;
        if (!bytes.subarray(0, INTRO.length).equals(INTRO)) throw new Error("the intro is missing");
        bytes = bytes.subarray(INTRO.length);
        greeted = true;
      }
      while (bytes.length >= 3) {
        const size = bytes.readUIntBE(0, 3);
        if (bytes.length < size + 3) return;
        const frame = bytes.subarray(3, size + 3);
        bytes = bytes.subarray(size + 3);
        onFrame(frame);
      }
    },
  };
}

export const frame = (data: Uint8Array): Buffer => {
  const head = Buffer.alloc(3);
  head.writeUIntBE(data.byteLength, 0, 3);
  return Buffer.concat([head, data]);
};

export interface Responder {
  /** Takes the client's hello and gives the server's. */
  hello(data: Uint8Array): Uint8Array;
  /** Takes the client's finish: who it says it is. */
  finish(data: Uint8Array): { readonly clientKey: Uint8Array; readonly payload: proto.ClientPayload };
  encrypt(node: BinaryNode): Uint8Array;
  decrypt(data: Uint8Array): Promise<BinaryNode>;
}

/** Throws on everything that does not decrypt. */
export function createResponder(root: KeyPair): Responder {
  const ephemeral = Curve.generateKeyPair();
  const fixed = Curve.generateKeyPair();
  let hash: Buffer = Buffer.from(NOISE_MODE);
  let salt: Uint8Array = hash;
  let key: Uint8Array = hash;
  let counter = 0;
  let reads = 0;
  let writes = 0;
  let readKey: Uint8Array = EMPTY;
  let writeKey: Uint8Array = EMPTY;

  const mixHash = (data: Uint8Array): void => void (hash = sha256(Buffer.concat([hash, data])));
  const derive = (data: Uint8Array): [Uint8Array, Uint8Array] => {
    const bytes = hkdf(Buffer.from(data), 64, { salt: Buffer.from(salt), info: "" });
    return [bytes.subarray(0, 32), bytes.subarray(32)];
  };
  const mixKey = (data: Uint8Array): void => {
    [salt, key] = derive(data);
    counter = 0;
  };
  const seal = (plain: Uint8Array): Uint8Array => {
    const sealed = aesEncryptGCM(plain, key, iv(counter++), hash);
    mixHash(sealed);
    return sealed;
  };
  const open = (sealed: Uint8Array): Uint8Array => {
    const plain = aesDecryptGCM(sealed, key, iv(counter++), hash);
    mixHash(sealed);
    return plain;
  };

  mixHash(INTRO);
  return {
    hello(data) {
      const theirs = proto.HandshakeMessage.decode(data).clientHello?.ephemeral;
      if (theirs?.length !== 32) throw new Error("the hello has no key");
      mixHash(theirs);
      mixHash(ephemeral.public);
      mixKey(Curve.sharedKey(ephemeral.private, theirs));
      const sealedKey = seal(fixed.public);
      mixKey(Curve.sharedKey(fixed.private, theirs));
      const payload = seal(certificates(root, fixed.public));
      return proto.HandshakeMessage.encode({
        serverHello: { ephemeral: ephemeral.public, static: sealedKey, payload },
      }).finish();
    },
    finish(data) {
      const { clientFinish } = proto.HandshakeMessage.decode(data);
      if (!clientFinish?.static || !clientFinish.payload) throw new Error("the finish is incomplete");
      const clientKey = open(clientFinish.static);
      mixKey(Curve.sharedKey(ephemeral.private, clientKey));
      const payload = proto.ClientPayload.decode(open(clientFinish.payload));
      [readKey, writeKey] = derive(EMPTY);
      return { clientKey, payload };
    },
    encrypt: (node) => aesEncryptGCM(encodeBinaryNode(node), writeKey, iv(writes++), EMPTY),
    decrypt: (data) => decodeBinaryNode(aesDecryptGCM(data, readKey, iv(reads++), EMPTY)),
  };
}
