/**
 * One device of a person at the test server: the other end of the encryption. Built on the client library's own Signal
 * repository, so a fault that both ends share does not show here.
 */
import {
  addTransactionCapability,
  type BinaryNode,
  BufferJSON,
  Curve,
  DEFAULT_CONNECTION_CONFIG,
  encodeBigEndian,
  encodeWAMessage,
  generateSignalPubKey,
  getBinaryNodeChild,
  getBinaryNodeChildBuffer,
  getBinaryNodeChildUInt,
  initAuthCreds,
  proto,
  type SignalKeyStore,
  unpadRandomMax16,
} from "@whiskeysockets/baileys";
import "./quiet_signal.ts";
import { silentLogger } from "./silent_logger.ts";

/** What a device published for others to begin a session with. */
export interface Bundle {
  readonly registrationId: number;
  readonly identity: Uint8Array;
  readonly signed: { readonly id: number; readonly key: Uint8Array; readonly signature: Uint8Array };
  readonly preKey: { readonly id: number; readonly key: Uint8Array } | undefined;
}

export interface Cipher {
  readonly type: "pkmsg" | "msg" | "skmsg";
  readonly ciphertext: Uint8Array;
}

export interface Device {
  readonly identity: { readonly public: Uint8Array; readonly private: Uint8Array };
  /** Its own bundle, with a pre-key that nobody else gets. */
  bundle(): Promise<Bundle>;
  /** Begins a session with the device of `jid`; an older one is replaced. */
  begin(jid: string, bundle: Bundle): Promise<void>;
  knows(jid: string): Promise<boolean>;
  encrypt(jid: string, message: proto.IMessage): Promise<Cipher>;
  /** Throws when the ciphertext is not for it, or was read before. */
  decrypt(jid: string, cipher: Cipher): Promise<proto.Message>;
  encryptGroup(
    group: string,
    own: string,
    message: proto.IMessage,
  ): Promise<{ cipher: Cipher; distribution: Uint8Array }>;
  decryptGroup(group: string, author: string, ciphertext: Uint8Array): Promise<proto.Message>;
}

export function createDevice(): Device {
  const creds = initAuthCreds();
  const keys = addTransactionCapability(memoryStore(), silentLogger, { maxCommitRetries: 1, delayBetweenTriesMs: 1 });
  const repository = DEFAULT_CONNECTION_CONFIG.makeSignalRepository({ creds, keys }, silentLogger);
  let preKeys = 0;

  const plain = (bytes: Uint8Array): proto.Message => proto.Message.decode(unpadRandomMax16(bytes));

  return {
    identity: creds.signedIdentityKey,
    async bundle() {
      const id = ++preKeys;
      const pair = Curve.generateKeyPair();
      await keys.set({ "pre-key": { [id]: pair } });
      const { signedPreKey } = creds;
      return {
        registrationId: creds.registrationId,
        identity: creds.signedIdentityKey.public,
        signed: { id: signedPreKey.keyId, key: signedPreKey.keyPair.public, signature: signedPreKey.signature },
        preKey: { id, key: pair.public },
      };
    },
    async begin(jid, { registrationId, identity, signed, preKey }) {
      await repository.deleteSession([jid]);
      await repository.injectE2ESession({
        jid,
        session: {
          registrationId,
          identityKey: generateSignalPubKey(identity),
          signedPreKey: {
            keyId: signed.id,
            publicKey: generateSignalPubKey(signed.key),
            signature: signed.signature,
          },
          preKey: { keyId: preKey?.id ?? 0, publicKey: generateSignalPubKey(preKey?.key ?? signed.key) },
        },
      });
    },
    knows: async (jid) => (await repository.validateSession(jid)).exists,
    async encrypt(jid, message) {
      const { type, ciphertext } = await repository.encryptMessage({ jid, data: encodeWAMessage(message) });
      return { type, ciphertext };
    },
    async decrypt(jid, { type, ciphertext }) {
      if (type === "skmsg") throw new Error("a group's ciphertext needs the group");
      const message = plain(await repository.decryptMessage({ jid, type, ciphertext }));
      const item = message.senderKeyDistributionMessage;
      if (item) await repository.processSenderKeyDistributionMessage({ authorJid: jid, item });
      return message;
    },
    async encryptGroup(group, own, message) {
      const sealed = await repository.encryptGroupMessage({ group, meId: own, data: encodeWAMessage(message) });
      return {
        cipher: { type: "skmsg", ciphertext: sealed.ciphertext },
        distribution: sealed.senderKeyDistributionMessage,
      };
    },
    decryptGroup: async (group, author, msg) =>
      plain(await repository.decryptGroupMessage({ group, authorJid: author, msg })),
  };
}

/** Rebuilt from text, as a disk would give it back: nothing of a session may live in an object. */
function memoryStore(): SignalKeyStore {
  const rows = new Map<string, string>();
  return {
    get: (type, ids) =>
      Object.fromEntries(ids.flatMap((id) => {
        const text = rows.get(`${type}|${id}`);
        return text === undefined ? [] : [[id, JSON.parse(text, BufferJSON.reviver)]];
      })),
    set(data) {
      for (const [type, ids] of Object.entries(data)) {
        for (const [id, value] of Object.entries(ids ?? {})) {
          if (value === null) rows.delete(`${type}|${id}`);
          else rows.set(`${type}|${id}`, JSON.stringify(value, BufferJSON.replacer));
        }
      }
    },
  };
}

/** The `user` node that a client gets when it asks for the keys of `jid`. */
export function bundleNode(jid: string, { registrationId, identity, signed, preKey }: Bundle): BinaryNode {
  const key = (tag: string, id: number, value: Uint8Array, rest: BinaryNode[] = []): BinaryNode => ({
    tag,
    attrs: {},
    content: [
      { tag: "id", attrs: {}, content: encodeBigEndian(id, 3) },
      { tag: "value", attrs: {}, content: value },
      ...rest,
    ],
  });
  return {
    tag: "user",
    attrs: { jid },
    content: [
      { tag: "registration", attrs: {}, content: encodeBigEndian(registrationId) },
      { tag: "type", attrs: {}, content: new Uint8Array([5]) },
      { tag: "identity", attrs: {}, content: identity },
      key("skey", signed.id, signed.key, [{ tag: "signature", attrs: {}, content: signed.signature }]),
      ...preKey ? [key("key", preKey.id, preKey.key)] : [],
    ],
  };
}

/** A pre-key or signed key out of a client's upload. Throws when a part is missing. */
export function readKey(
  node: BinaryNode,
): { id: number; key: Uint8Array; signature: Uint8Array | undefined } {
  const id = getBinaryNodeChildUInt(node, "id", 3);
  const key = getBinaryNodeChildBuffer(node, "value");
  if (id === undefined || !(key instanceof Uint8Array) || key.length !== 32) throw new Error("a key is malformed");
  const signature = getBinaryNodeChild(node, "signature") ? getBinaryNodeChildBuffer(node, "signature") : undefined;
  return { id, key, signature: signature instanceof Uint8Array ? signature : undefined };
}
