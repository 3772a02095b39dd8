/** The daemon's envelopes as events of the contract. Pure: nothing is asked of the daemon here. */
import { type Chat, type Inbound, type InboundMessage, MAX_TEXT, type Sender } from "../../schemas/worker/content.ts";
import {
  directChat,
  groupChat,
  messageIdOf,
  type Person,
  personId,
  personOf,
  samePerson,
  type Self,
  senderOf,
} from "./identity.ts";
import { mediaOf } from "./inbound_media.ts";
import { spokenText } from "./inbound_text.ts";
import type { Settings } from "./settings.ts";
import type { DataMessage, Envelope } from "./wire.ts";

export interface Known {
  readonly self: Self;
  readonly settings: Pick<Settings, "ignoreAttachments" | "ignoreStories">;
}

/** A delivery or read mark of one of our messages, by its timestamp. */
export interface Mark {
  readonly by: string;
  readonly timestamp: number;
  readonly mark: "delivered" | "read";
  readonly at: number;
}

export type Reading =
  | { readonly kind: "event"; readonly event: Inbound }
  | { readonly kind: "marks"; readonly marks: readonly Mark[] }
  /** Not for us; `routine` happens all the time and is no news. */
  | { readonly kind: "dropped"; readonly reason: string; readonly routine: boolean };

const dropped = (reason: string, routine = false): Reading => ({ kind: "dropped", reason, routine });
const whole = (timestamp: number): number => Math.max(0, Math.trunc(timestamp));

export function readEnvelope(envelope: Envelope, known: Known): Reading {
  const { self } = known;
  const person = personFrom(envelope.source, envelope.sourceNumber, envelope.sourceUuid);
  const isSelf = samePerson(person, self);
  const sender = isSelf
    ? senderOf({ ...person, ...self }, envelope.sourceName, true)
    : senderOf(person, envelope.sourceName, false);
  if (!sender) return dropped("it has no sender");
  const base = { known, sender, timestamp: whole(envelope.timestamp) };
  const { dataMessage, editMessage, syncMessage, receiptMessage, storyMessage } = envelope;
  const direct = directChat(sender.id, envelope.sourceName);
  if (dataMessage) return readData({ ...base, data: dataMessage, peer: direct });
  if (editMessage) {
    const { dataMessage: data, targetSentTimestamp: edited } = editMessage;
    return readData({ ...base, data, peer: direct, edited });
  }
  if (syncMessage) return readSync(syncMessage, base);
  if (receiptMessage) return readReceipt(receiptMessage, sender.id, base.timestamp);
  if (storyMessage) return readStory(storyMessage, direct, base);
  if (envelope.typingMessage !== undefined) return dropped("somebody types", true);
  return dropped(envelope.callMessage === undefined ? "there is nothing in it that is read here" : "it is a call");
}

/** Old daemons fill the first form alone, which is either. */
function personFrom(either: string | undefined, number: string | undefined, uuid: string | undefined): Person {
  return {
    number: personOf(number).number ?? personOf(either).number,
    uuid: personOf(uuid).uuid ?? personOf(either).uuid,
  };
}

interface Said {
  readonly known: Known;
  readonly sender: Sender;
  readonly timestamp: number;
}

/** What the owner wrote on another device, or what is only the devices' own affair. */
function readSync({ sentMessage }: NonNullable<Envelope["syncMessage"]>, base: Said): Reading {
  if (!sentMessage) return dropped("the account's own devices talk to each other", true);
  const { destination, destinationNumber, destinationUuid, editMessage, ...data } = sentMessage;
  const peer = personFrom(destination, destinationNumber, destinationUuid);
  const { self } = base.known;
  const inner = editMessage?.dataMessage ?? data;
  const id = samePerson(peer, self) ? self.id : personId(peer);
  if (id === undefined && !inner.groupInfo) return dropped("an own message without anybody it was sent to", true);
  // It is the owner, whatever the daemon says of the source.
  const sender: Sender = { ...base.sender, id: self.id, isSelf: true };
  const said = { ...base, sender, data: inner, peer: directChat(id ?? "", undefined) };
  return readData(editMessage ? { ...said, edited: editMessage.targetSentTimestamp } : said);
}

interface SaidData extends Said {
  readonly data: DataMessage;
  /** The private chat, when there is no group. */
  readonly peer: Chat;
  /** The timestamp of the message that this one replaces. */
  readonly edited?: number;
}

function readData(said: SaidData): Reading {
  const { data, sender, known } = said;
  const chat = data.groupInfo ? groupChat(data.groupInfo.groupId, data.groupInfo.groupName) : said.peer;
  const timestamp = whole(data.timestamp ?? said.timestamp);
  const origin = { dedupeKey: dedupeKey(sender, timestamp), chat, sender, timestamp };
  if (data.reaction) {
    const { emoji, targetAuthor, targetAuthorNumber, targetAuthorUuid, targetSentTimestamp, isRemove } = data.reaction;
    if (emoji === "") return dropped("a reaction without a sign");
    const author = personFrom(targetAuthor, targetAuthorNumber, targetAuthorUuid);
    const onOwnMessage = samePerson(author, known.self);
    const id = onOwnMessage ? known.self.id : personId(author) ?? "unknown";
    const messageId = messageIdOf(whole(targetSentTimestamp), id);
    const event: Inbound = { ...origin, kind: "reaction", messageId, emoji, added: isRemove !== true, onOwnMessage };
    return { kind: "event", event };
  }
  const note = noteOf(data);
  if (note !== undefined) return { kind: "event", event: { ...origin, kind: "note", text: note } };
  return readMessage(said, origin);
}

function readMessage(said: SaidData, origin: Pick<Inbound, "dedupeKey" | "chat" | "sender" | "timestamp">): Reading {
  const { data, known: { self, settings } } = said;
  const { chat, sender, timestamp } = origin;
  const { text, mentions } = spokenText(data, self, chat.kind === "direct");
  const media = settings.ignoreAttachments ? [] : mediaOf(data.attachments ?? [], chat);
  const hidden = settings.ignoreAttachments && (data.attachments ?? []).length > 0 ? "[An attachment]" : "";
  const written = [text, hidden].filter((part) => part !== "").join("\n");
  if (written === "" && media.length === 0) return dropped("it has neither text nor a file");
  const event: InboundMessage = {
    ...origin,
    kind: "message",
    messageId: messageIdOf(said.edited === undefined ? timestamp : whole(said.edited), sender.id),
    text: written.slice(0, MAX_TEXT),
    ...mentions,
    ...replyOf(data, self),
    media,
    ...(said.edited === undefined ? {} : { edited: true }),
  };
  return { kind: "event", event };
}

function replyOf({ quote, storyContext }: DataMessage, self: Self): Pick<InboundMessage, "replyTo"> {
  const named = quote ?? storyContext;
  if (!named) return {};
  const author = personFrom(quote?.author, named.authorNumber, named.authorUuid);
  const fromSelf = samePerson(author, self);
  const at = whole(quote?.id ?? storyContext?.sentTimestamp ?? 0);
  const text = quote?.text;
  return {
    replyTo: {
      messageId: messageIdOf(at, fromSelf ? self.id : personId(author) ?? "unknown"),
      ...(text === undefined ? {} : { text: text.slice(0, MAX_TEXT) }),
      fromSelf,
    },
  };
}

/** Changes of the chat that nobody wrote. */
function noteOf({ remoteDelete, isExpirationUpdate, groupInfo, message, attachments = [] }: DataMessage) {
  if (remoteDelete) return `A message was deleted (sent at ${new Date(whole(remoteDelete.timestamp)).toISOString()})`;
  if (isExpirationUpdate === true) return "The time after which messages disappear was changed";
  if (message !== undefined || attachments.length > 0) return undefined;
  if (groupInfo?.type === "UPDATE") return "The group was changed";
  return groupInfo?.type === "QUIT" ? "Somebody left the group" : undefined;
}

function readReceipt(
  { timestamps = [], isRead, isViewed, isDelivery, when }: NonNullable<Envelope["receiptMessage"]>,
  by: string,
  at: number,
): Reading {
  const mark = isRead === true || isViewed === true ? "read" : isDelivery === true ? "delivered" : undefined;
  if (mark === undefined || timestamps.length === 0) return dropped("a receipt that says nothing");
  const marks = timestamps.map((
    timestamp,
  ) => ({ by, timestamp: whole(timestamp), mark, at: whole(when ?? at) } as const));
  return { kind: "marks", marks };
}

function readStory(
  { groupId, textAttachment, fileAttachment }: NonNullable<Envelope["storyMessage"]>,
  direct: Chat,
  base: Said,
): Reading {
  if (base.known.settings.ignoreStories) return dropped("it is a story, and ignoreStories is on");
  const data: DataMessage = {
    message: ["[Story]", textAttachment?.text ?? ""].join(" ").trim(),
    ...(fileAttachment ? { attachments: [fileAttachment] } : {}),
    ...(groupId === undefined ? {} : { groupInfo: { groupId } }),
  };
  return readData({ ...base, data, peer: direct });
}

/** The account id stays when the number changes, so it goes first. */
const dedupeKey = ({ id, aliases = [] }: Sender, timestamp: number): string =>
  `${[id, ...aliases].find((form) => form.startsWith("uuid:")) ?? id}:${timestamp}`;
