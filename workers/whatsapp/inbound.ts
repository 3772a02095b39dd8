/** A WhatsApp message as the rest of the gateway sees it, or the reason why it does not see it. */
import type { proto, WAMessage } from "@whiskeysockets/baileys";
import type { Chat, Inbound, InboundMessage, MediaRef, Sender } from "../../schemas/worker/content.ts";
import { type Content, contextOf, fileOf, textOf } from "./content.ts";
import {
  bareJid,
  GROUP,
  isGroupJid,
  parseJid,
  type Person,
  personAliases,
  personId,
  personOf,
  samePerson,
} from "./identity.ts";
import type { Baileys } from "./library.ts";
import { attachmentRef } from "./media_in.ts";

export interface InboundParts {
  readonly library: Baileys;
  /** The account's own person. */
  readonly self: () => Person;
  /** The number behind a hidden id, as far as known. */
  readonly numberOfLid: (lid: string) => Promise<string | undefined>;
  readonly groupTitle: (jid: string) => Promise<string | undefined>;
  /** Whether a message is one of ours. */
  readonly isOwnMessage: (id: string) => boolean;
}

/** `routine`: nobody misses it. Everything else that is skipped is told in the log. */
export type Read = { readonly event: Inbound } | { readonly skipped: string; readonly routine?: true };

type Origin = Pick<InboundMessage, "dedupeKey" | "chat" | "sender" | "timestamp">;
type Key = WAMessage["key"];

/** Messages of one chat come in order; the caller reads one after the other. */
export async function readMessage(parts: InboundParts, message: WAMessage): Promise<Read> {
  const { key } = message;
  const server = parseJid(key.remoteJid)?.server;
  if (!key.id || server === undefined || server === "broadcast" || server === "newsletter") {
    return { skipped: "status or broadcast", routine: true };
  }
  if (message.messageStubType && !message.message) return await readStub(parts, message);
  const content = parts.library.normalizeMessageContent(message.message);
  if (!content) return { skipped: "empty", routine: true };
  if (parts.isOwnMessage(key.id)) return { skipped: "sent by this device", routine: true };
  const origin = await originOf(parts, message);
  if (typeof origin === "string") return skip(origin);
  if (content.reactionMessage) return readReaction(parts, origin, content.reactionMessage);
  if (content.protocolMessage) return readProtocol(parts, origin, content.protocolMessage);
  return readContent(parts, origin, key.id, content);
}

const OWNER_ELSEWHERE = "written by the owner on another device";
const skip = (reason: string): Read =>
  reason === OWNER_ELSEWHERE ? { skipped: reason, routine: true } : { skipped: reason };

function readContent(parts: InboundParts, origin: Origin, id: string, content: Content): Read {
  const text = textOf(content);
  const file = fileOf(content);
  if (content.pollUpdateMessage || content.senderKeyDistributionMessage && Object.keys(content).length === 1) {
    return { skipped: "poll vote or keys", routine: true };
  }
  if (text === "" && !file) return { skipped: `nothing to read (${Object.keys(content)[0] ?? "empty"})` };
  const media = file?.mediaKey && (file.directPath ?? file.url) !== undefined ? [mediaRef(origin, id, file)] : [];
  return { event: { ...origin, kind: "message", messageId: id, text, media, ...relations(parts, content, text) } };
}

function mediaRef(origin: Origin, id: string, file: NonNullable<ReturnType<typeof fileOf>>): MediaRef {
  const [chat = "", participant = ""] = origin.dedupeKey.split("|");
  const ref = attachmentRef({
    type: file.type,
    key: new Uint8Array(file.mediaKey ?? []).toBase64(),
    mime: file.mimeType,
    ...file.directPath === undefined ? {} : { path: file.directPath },
    ...file.url === undefined ? {} : { url: file.url },
    ...file.sha256 === undefined ? {} : { sha256: new Uint8Array(file.sha256).toBase64() },
    ...file.fileName === undefined ? {} : { name: file.fileName },
    from: { chat, id, fromMe: origin.sender.isSelf === true, ...participant === "" ? {} : { participant } },
  });
  return {
    ref,
    kind: file.kind,
    mimeType: file.mimeType,
    ...file.fileName === undefined ? {} : { fileName: file.fileName },
    ...file.bytes === undefined ? {} : { bytes: file.bytes },
  };
}

/** Whom the message names, and what it answers. */
function relations(
  parts: InboundParts,
  content: Content,
  text: string,
): Pick<InboundMessage, "mentioned" | "mentionsOthers" | "replyTo"> {
  const context = contextOf(content);
  const self = parts.self();
  const named = (context?.mentionedJid ?? []).map((jid) => personOf(jid));
  const byNumber = self.number !== undefined && digitsIn(text).includes(self.number.slice(1));
  const mentioned = byNumber || named.some((person) => samePerson(person, self));
  const mentionsOthers = named.some((person) => !samePerson(person, self));
  return { mentioned, ...mentionsOthers ? { mentionsOthers } : {}, ...replyTo(parts, context) };
}

/** Numbers written in a text, without their spaces and signs. */
const digitsIn = (text: string): string[] =>
  [...text.matchAll(/[+@]?\d[\d\s().-]{5,18}\d/gu)].map(([number]) => number.replaceAll(/\D/gu, ""));

function replyTo(parts: InboundParts, context: proto.IContextInfo | undefined): Pick<InboundMessage, "replyTo"> {
  if (!context?.stanzaId) return {};
  const quoted = parts.library.normalizeMessageContent(context.quotedMessage ?? undefined);
  const text = quoted ? textOf(quoted) : "";
  const fromSelf = parts.isOwnMessage(context.stanzaId) || samePerson(personOf(context.participant), parts.self());
  return { replyTo: { messageId: context.stanzaId, fromSelf, ...text === "" ? {} : { text } } };
}

function readReaction(parts: InboundParts, origin: Origin, reaction: proto.Message.IReactionMessage): Read {
  const messageId = reaction.key?.id;
  // Taking a reaction away comes without saying which one.
  if (!messageId || !reaction.text) return { skipped: "a reaction was taken away", routine: true };
  const onOwnMessage = reaction.key?.fromMe === true || parts.isOwnMessage(messageId);
  return { event: { ...origin, kind: "reaction", messageId, emoji: reaction.text, added: true, onOwnMessage } };
}

function readProtocol(parts: InboundParts, origin: Origin, message: proto.Message.IProtocolMessage): Read {
  const { Type } = parts.library.proto.Message.ProtocolMessage;
  const id = message.key?.id;
  if (message.type === Type.REVOKE && id) {
    return { event: { ...origin, kind: "note", text: `deleted the message ${id}` } };
  }
  if (message.type === Type.MESSAGE_EDIT && id) {
    const content = parts.library.normalizeMessageContent(message.editedMessage ?? undefined);
    if (!content) return { skipped: "an edit without content" };
    const read = readContent(parts, origin, id, content);
    return "event" in read && read.event.kind === "message" ? { event: { ...read.event, edited: true } } : read;
  }
  return { skipped: "protocol", routine: true };
}

/** The origin, or why the message is nobody's business. */
async function originOf(parts: InboundParts, message: WAMessage): Promise<Origin | string> {
  const { key } = message;
  const self = parts.self();
  const group = isGroupJid(key.remoteJid);
  const peer = await resolve(parts, personOf(key.remoteJid, key.remoteJidAlt));
  if (key.fromMe) {
    // What the owner says to others on the phone is private, and an answer there would be sent in the owner's name.
    if (group || !samePerson(peer, self)) return OWNER_ELSEWHERE;
    return { ...stamps(message), chat: directChat(self), sender: { ...senderOf(self, message), isSelf: true } };
  }
  if (!group) {
    if (personId(peer) === undefined) return "no sender";
    return { ...stamps(message), chat: directChat(peer), sender: senderOf(peer, message) };
  }
  const person = await resolve(parts, personOf(key.participant, key.participantAlt));
  if (personId(person) === undefined) return "no sender";
  const chat = await groupChat(parts, key);
  return { ...stamps(message), chat, sender: senderOf(person, message) };
}

async function resolve(parts: InboundParts, person: Person): Promise<Person> {
  if (person.number !== undefined || person.lid === undefined) return person;
  const self = parts.self();
  if (samePerson(person, self)) return self;
  return { ...person, number: await parts.numberOfLid(person.lid) };
}

const directChat = (person: Person): Chat => ({ id: personId(person) ?? "", kind: "direct" });

async function groupChat(parts: InboundParts, key: Key): Promise<Chat> {
  const id = bareJid(key.remoteJid) ?? `unknown@${GROUP}`;
  const title = await parts.groupTitle(id);
  return { id, kind: "group", ...title === undefined ? {} : { title } };
}

function senderOf(person: Person, { pushName }: WAMessage): Sender {
  const aliases = personAliases(person);
  return {
    id: personId(person) ?? "",
    ...aliases.length === 0 ? {} : { aliases },
    ...pushName ? { name: pushName } : {},
  };
}

function stamps({ key, messageTimestamp }: WAMessage): Pick<Origin, "dedupeKey" | "timestamp"> {
  const seconds = typeof messageTimestamp === "number" ? messageTimestamp : messageTimestamp?.toNumber() ?? 0;
  return {
    dedupeKey: [bareJid(key.remoteJid), bareJid(key.participant) ?? "", key.id].join("|"),
    timestamp: Math.max(0, Math.floor(seconds * 1000)),
  };
}

/** Events of a group that the app shows as a line between the messages. */
async function readStub(parts: InboundParts, message: WAMessage): Promise<Read> {
  const { StubType } = parts.library.proto.WebMessageInfo;
  if (message.messageStubType === StubType.CIPHERTEXT) return { skipped: "could not be decrypted; asked for it again" };
  const words = stubText(StubType[message.messageStubType ?? 0] ?? "", message.messageStubParameters);
  if (words === undefined || !isGroupJid(message.key.remoteJid) || message.key.fromMe) {
    return { skipped: "stub", routine: true };
  }
  const origin = await originOf(parts, message);
  return typeof origin === "string" ? skip(origin) : { event: { ...origin, kind: "note", text: words } };
}

function stubText(name: string, parameters: unknown): string | undefined {
  const list: unknown[] = Array.isArray(parameters) ? parameters : [];
  const people = list.map((item) => {
    const jid = typeof item === "string" ? /[\w:]+@[a-z.]+/u.exec(item)?.[0] : undefined;
    return personId(personOf(jid)) ?? "somebody";
  }).join(", ");
  switch (name) {
    case "GROUP_PARTICIPANT_ADD":
    case "GROUP_PARTICIPANT_INVITE":
      return `joined the group: ${people}`;
    case "GROUP_PARTICIPANT_LEAVE":
    case "GROUP_PARTICIPANT_REMOVE":
      return `left the group: ${people}`;
    case "GROUP_CHANGE_SUBJECT":
      return `renamed the group to ${String(list[0] ?? "")}`;
    default:
      return undefined;
  }
}
