/** Messages at the test server: to the linked device until it says that they arrived, and from it to people. */
import { type BinaryNode, getBinaryNodeChildBuffer, proto } from "@whiskeysockets/baileys";
import { node } from "./link.ts";
import type { Bundle, Cipher } from "./peer.ts";
import { addressOf, childOf, childrenOf, type Group, lidOf, type Peer, type People, pnOf } from "./people.ts";

/** A message of the device as the receiver's phone shows it. */
export interface Sent {
  readonly id: string;
  readonly to: string;
  readonly type: string;
  readonly attrs: Readonly<Record<string, string>>;
  readonly message: proto.Message;
  /** Who could read it. */
  readonly readers: readonly string[];
}

export interface SayOptions {
  readonly id?: string;
  readonly group?: Group;
  readonly timestamp?: number;
  /** Leaves the ciphertext unreadable. */
  readonly broken?: boolean;
  /** The owner wrote it on the phone, to this person. */
  readonly recipient?: Peer;
}

export interface Traffic {
  readonly sent: readonly Sent[];
  /** Message ids that came more than once, with how often. The receiver's phone shows the first alone. */
  readonly repeated: ReadonlyMap<string, number>;
  /** Stanzas for the device that it has not said to have. */
  readonly undelivered: ReadonlyMap<string, BinaryNode>;
  /** Encrypts for the device; the stanza waits in `undelivered`. */
  say(from: Peer, message: proto.IMessage, options?: SayOptions): Promise<BinaryNode>;
  /** The device sent a message; the acknowledgement. Throws what the real server would refuse. */
  take(stanza: BinaryNode): Promise<BinaryNode>;
  /** The device says that a message arrived, or asks for it again; then the new stanza. */
  receipt(stanza: BinaryNode): Promise<BinaryNode | undefined>;
  /** Refuses the next messages with this code. */
  refuse(count: number, code: string): void;
}

const MAX_TEXT = 65_536;

export function createTraffic(people: People): Traffic {
  const sent: Sent[] = [];
  const repeated = new Map<string, number>();
  const undelivered = new Map<string, BinaryNode>();
  const said = new Map<
    string,
    { readonly from: Peer; readonly message: proto.IMessage; readonly options: SayOptions }
  >();
  let refusals = { count: 0, code: "479" };
  let next = 0;

  function device(): { readonly jid: string; readonly bundle: () => Bundle } {
    const { companion, owner } = people;
    if (!companion) throw new Error("no device is linked");
    return {
      jid: pnOf(owner, companion.number),
      bundle() {
        if (!companion.bundle) throw new Error("the device has not uploaded its keys");
        return { ...companion.bundle, preKey: companion.preKeys.shift() };
      },
    };
  }

  async function encrypt(from: Peer, message: proto.IMessage, fresh = false): Promise<Cipher> {
    const { jid, bundle } = device();
    if (fresh || !await from.device.knows(jid)) await from.device.begin(jid, bundle());
    return await from.device.encrypt(jid, message);
  }

  const enc = ({ type, ciphertext }: Cipher, options: SayOptions, more: Record<string, string> = {}): BinaryNode => {
    const content = Buffer.from(ciphertext);
    // Behind the head, in the body: what is read before decryption stays whole.
    if (options.broken) content[content.length - 12] = (content[content.length - 12] ?? 0) ^ 0xff;
    return node("enc", { v: "2", type, ...more }, content);
  };

  async function sayTo(
    from: Peer,
    message: proto.IMessage,
    options: SayOptions,
    id: string,
    count = 0,
  ): Promise<BinaryNode> {
    const t = String(Math.floor((options.timestamp ?? Date.now()) / 1000));
    const base = { id, t, type: kindOf(message), notify: from.name };
    const retry: Record<string, string> = count === 0 ? {} : { count: String(count) };
    if (options.group) {
      const { group } = options;
      const own = group.addressing === "lid" ? lidOf(from) : pnOf(from);
      const { cipher, distribution } = await from.device.encryptGroup(group.jid, own, message);
      const key = { groupId: group.jid, axolotlSenderKeyDistributionMessage: distribution };
      const carrier = await encrypt(from, { senderKeyDistributionMessage: key }, count > 0);
      const alternative: Record<string, string> = group.addressing === "lid"
        ? { participant_pn: pnOf(from) }
        : { participant_lid: lidOf(from) };
      const attrs = { ...base, from: group.jid, participant: own, addressing_mode: group.addressing, ...alternative };
      return node("message", attrs, [enc(carrier, { ...options, broken: false }, retry), enc(cipher, options, retry)]);
    }
    const own = from === people.owner;
    const words = own ? { deviceSentMessage: { destinationJid: pnOf(options.recipient ?? from), message } } : message;
    const cipher = await encrypt(from, words, count > 0);
    const alternative: Record<string, string> = from.addressing === "lid"
      ? { sender_pn: pnOf(from) }
      : { sender_lid: lidOf(from) };
    const recipient: Record<string, string> = own ? { recipient: pnOf(options.recipient ?? from) } : alternative;
    return node("message", { ...base, from: addressOf(from), ...recipient }, [enc(cipher, options, retry)]);
  }

  async function read(jid: string, cipher: Cipher): Promise<proto.Message> {
    const peer = people.find(jid);
    if (!peer) throw new Error(`a message for nobody: ${jid}`);
    const message = await peer.device.decrypt(device().jid, cipher);
    return message.deviceSentMessage?.message ? proto.Message.fromObject(message.deviceSentMessage.message) : message;
  }

  async function takeGroup(group: Group, stanza: BinaryNode): Promise<{ message: proto.Message; readers: string[] }> {
    const skmsg = childrenOf(stanza).find(({ tag, attrs }) => tag === "enc" && attrs["type"] === "skmsg");
    if (!skmsg) throw new Error("a message to a group has no group ciphertext");
    await readParticipants(stanza);
    let message: proto.Message | undefined;
    const readers: string[] = [];
    for (const peer of group.members) {
      const text = await peer.device.decryptGroup(group.jid, device().jid, cipherOf(skmsg).ciphertext);
      message = text;
      readers.push(peer.number);
    }
    if (!message) throw new Error("nobody is in the group");
    return { message, readers };
  }

  async function readParticipants(
    stanza: BinaryNode,
  ): Promise<{ message: proto.Message | undefined; readers: string[] }> {
    let message: proto.Message | undefined;
    const readers: string[] = [];
    for (const to of childrenOf(childOf(stanza, "participants"))) {
      const jid = to.attrs["jid"] ?? "";
      // The library sends its own sender key to itself as well; the server has nobody to give it to.
      if (people.isCompanion(jid)) continue;
      const content = childOf(to, "enc");
      if (!content) throw new Error("a participant without ciphertext");
      const cipher = cipherOf(content);
      if (cipher.type === "pkmsg" && !childOf(stanza, "device-identity")) {
        throw new Error("a first message without the device's identity");
      }
      message = await read(jid, cipher);
      readers.push(people.find(jid)?.number ?? jid);
    }
    return { message, readers };
  }

  return {
    sent,
    repeated,
    undelivered,
    refuse: (count, code) => refusals = { count, code },
    async say(from, message, options = {}) {
      const id = options.id ?? `IN${String(++next).padStart(6, "0")}`;
      const stanza = await sayTo(from, message, options, id);
      undelivered.set(id, stanza);
      said.set(id, { from, message, options });
      return stanza;
    },
    async take(stanza) {
      const { id, to, type } = stanza.attrs;
      if (!id || !to || !type) throw new Error("a message without id, receiver or type");
      const ack: Record<string, string> = { id, class: "message", from: to, t: String(Math.floor(Date.now() / 1000)) };
      if (refusals.count > 0) {
        refusals.count--;
        return node("ack", { ...ack, error: refusals.code });
      }
      const group = people.findGroup(to);
      if (!group && !people.find(to)) return node("ack", { ...ack, error: "404" });
      const { message, readers } = group ? await takeGroup(group, stanza) : await readParticipants(stanza);
      if (!message) return node("ack", { ...ack, error: "479" });
      if (kindOf(message) !== type) throw new Error(`a ${kindOf(message)} message that says it is ${type}`);
      if (textOf(message).length > MAX_TEXT) return node("ack", { ...ack, error: "479" });
      if (sent.some((item) => item.id === id)) repeated.set(id, (repeated.get(id) ?? 1) + 1);
      else sent.push({ id, to, type, attrs: stanza.attrs, message, readers });
      return node("ack", ack);
    },
    async receipt(stanza) {
      const { id = "", type } = stanza.attrs;
      const items = childrenOf(childOf(stanza, "list")).map(({ attrs }) => attrs["id"] ?? "");
      if (type !== "retry") {
        for (const one of [id, ...items]) undelivered.delete(one);
        return undefined;
      }
      const original = said.get(id);
      if (!original) throw new Error(`asked again for an unknown message: ${id}`);
      readRetryKeys(people, stanza);
      const count = Number(childOf(stanza, "retry")?.attrs["count"] ?? 1);
      const again = await sayTo(original.from, original.message, { ...original.options, broken: false }, id, count);
      undelivered.set(id, again);
      return again;
    },
  };
}

/** A device that asks again may bring new keys. */
function readRetryKeys(people: People, stanza: BinaryNode): void {
  const key = childOf(stanza, "keys") && childOf(childOf(stanza, "keys") ?? stanza, "key");
  const id = key && getBinaryNodeChildBuffer(key, "id");
  const value = key && getBinaryNodeChildBuffer(key, "value");
  if (id instanceof Uint8Array && value instanceof Uint8Array) {
    people.companion?.preKeys.unshift({ id: Buffer.from(id).readUIntBE(0, 3), key: value });
  }
}

function cipherOf(enc: BinaryNode): Cipher {
  const { type, v } = enc.attrs;
  if (v !== "2" || (type !== "pkmsg" && type !== "msg" && type !== "skmsg") || !(enc.content instanceof Uint8Array)) {
    throw new Error("a malformed ciphertext");
  }
  return { type, ciphertext: enc.content };
}

function kindOf(message: proto.IMessage): string {
  if (message.reactionMessage) return "reaction";
  if (message.pollCreationMessage || message.pollCreationMessageV3) return "poll";
  const { imageMessage, videoMessage, audioMessage, documentMessage, stickerMessage, contactMessage } = message;
  if (imageMessage || videoMessage || audioMessage || documentMessage || stickerMessage || contactMessage) {
    return "media";
  }
  return "text";
}

/** The words of a message, also of an edit. */
export function textOf(message: proto.IMessage): string {
  const edited = message.protocolMessage?.editedMessage;
  if (edited) return textOf(edited);
  return message.conversation || message.extendedTextMessage?.text || message.imageMessage?.caption ||
    message.videoMessage?.caption || message.documentMessage?.caption || "";
}
