/** Discord's messages and reactions as events of the contract. Pure: nothing is asked of the platform here. */
import { type Chat, type Inbound, type InboundMessage, MAX_TEXT, type Sender } from "../../schemas/worker/content.ts";
import type { Directory } from "./directory.ts";
import { mediaOf } from "./inbound_media.ts";
import { spokenText } from "./inbound_text.ts";
import type { Member, Message, Reaction, User } from "./wire.ts";

export interface Known {
  readonly selfId: string | undefined;
  readonly directory: Pick<Directory, "channelName" | "roleName" | "isOwnRole">;
  /** Whether a message is one of ours; undefined when it is too old to know. */
  isOwn(messageId: string): true | undefined;
}

/** Ordinary messages, replies, answers to commands. Everything else is a notice of the platform. */
const SPOKEN_TYPES = new Set([0, 19, 20, 23]);
const MEMBER_JOINED = 7;

/** Undefined: nothing that anybody would want; `dropped` says why. */
export function messageEvent(message: Message, chat: Chat, known: Known): Inbound | { readonly dropped: string } {
  const sender = senderOf(message.author, message.member, message.webhook_id, known.selfId);
  const timestamp = timeOf(message.timestamp, message.id);
  const base = { dedupeKey: message.id, chat, sender, timestamp };
  const type = message.type ?? 0;
  if (type === MEMBER_JOINED) return { ...base, kind: "note", text: `${sender.name ?? sender.id} joined the server` };
  if (!SPOKEN_TYPES.has(type)) return { dropped: `system message ${type}` };
  const text = spokenText(message, message.guild_id, known.directory);
  const media = mediaOf(filesOf(message), message.flags);
  if (text === "" && media.length === 0) return { dropped: "empty" };
  return {
    ...base,
    kind: "message",
    messageId: message.id,
    text,
    ...mentions(message, chat, known),
    ...replyOf(message, known),
    media,
  };
}

/** An edit by a person. Discord also sends updates when it has looked at a link. */
export function editEvent(message: Message, chat: Chat, known: Known): Inbound | { readonly dropped: string } {
  const edited = message.edited_timestamp;
  if (edited === undefined || edited === null) return { dropped: "no edit of a person" };
  const event = messageEvent(message, chat, known);
  if ("dropped" in event || event.kind !== "message") return event;
  const at = timeOf(edited, message.id);
  return { ...event, dedupeKey: `edit:${message.id}:${at}`, timestamp: at, edited: true };
}

export function reactionEvent(
  reaction: Reaction,
  { added, key, chat }: { readonly added: boolean; readonly key: string; readonly chat: Chat },
  known: Known,
): Inbound | { readonly dropped: string } {
  const { user_id: id, member, message_id: messageId, message_author_id: author, emoji } = reaction;
  const sender = senderOf(member?.user ?? { id }, member, undefined, known.selfId);
  const name = emoji.name ?? "";
  if (name === "") return { dropped: "a reaction without a name" };
  const onOwnMessage = author === undefined ? known.isOwn(messageId) : author === known.selfId;
  return {
    kind: "reaction",
    dedupeKey: `reaction:${key}`,
    chat,
    sender,
    timestamp: Date.now(),
    messageId,
    emoji: emoji.id === undefined || emoji.id === null ? name : `${name}:${emoji.id}`,
    added,
    ...(onOwnMessage === undefined ? {} : { onOwnMessage }),
  };
}

export function senderOf(
  user: User,
  member: Member | undefined,
  webhookId: string | undefined,
  selfId: string | undefined,
): Sender {
  const name = member?.nick ?? user.global_name ?? user.username;
  const legacy = user.discriminator !== undefined && !/^0*$/u.test(user.discriminator);
  const username = user.username === undefined || webhookId !== undefined
    ? undefined
    : legacy
    ? `${user.username}#${user.discriminator}`
    : user.username;
  return {
    id: user.id,
    // Names that people give themselves are no proof of anything; the user name is unique, but a webhook's is not.
    aliases: [`user:${user.id}`, ...(username === undefined || username === "" ? [] : [username])],
    ...(name === undefined || name === "" ? {} : { name }),
    ...(user.bot === true || webhookId !== undefined ? { isBot: true } : {}),
    ...(user.id === selfId ? { isSelf: true } : {}),
  };
}

/** In a direct chat every word is for us. `@everyone` and `@here` address others too and nobody in particular. */
function mentions(
  message: Message,
  chat: Chat,
  { selfId, directory }: Known,
): Pick<InboundMessage, "mentioned" | "mentionsOthers"> {
  if (chat.kind === "direct") return { mentioned: true };
  const users = message.mentions ?? [];
  const roles = message.mention_roles ?? [];
  const byName = users.some(({ id }) => id === selfId) && isWritten(message, selfId);
  const byRole = roles.some((role) => directory.isOwnRole(message.guild_id, role));
  const others = users.some(({ id }) => id !== selfId && isWritten(message, id)) || message.mention_everyone === true ||
    roles.some((role) => !directory.isOwnRole(message.guild_id, role));
  return { mentioned: byName || byRole, ...(others ? { mentionsOthers: true } : {}) };
}

/** The list also holds whoever a reply answers to; that is no mention in the words. */
const isWritten = (message: Message, id: string | undefined): boolean =>
  message.referenced_message?.author?.id !== id || new RegExp(`<@!?${id}>`, "u").test(message.content ?? "");

function replyOf(message: Message, { selfId, directory }: Known): Pick<InboundMessage, "replyTo"> {
  const messageId = message.message_reference?.message_id;
  // A forward has a reference too, and answers nothing.
  if (messageId === undefined || message.message_reference?.type === 1) return {};
  const quoted = message.referenced_message ?? undefined;
  const text = quoted === undefined ? "" : spokenText(quoted, message.guild_id, directory).slice(0, MAX_TEXT);
  return {
    replyTo: {
      messageId,
      ...(text === "" ? {} : { text }),
      ...(quoted?.author === undefined ? {} : { fromSelf: quoted.author.id === selfId }),
    },
  };
}

const filesOf = ({ attachments = [], message_snapshots: snapshots = [] }: Message) => [
  ...attachments,
  ...snapshots.flatMap(({ message }) => message?.attachments ?? []),
];

/** The written time, else the one that every id holds. */
export function timeOf(written: string | undefined, id: string): number {
  const time = written === undefined ? NaN : Date.parse(written);
  if (Number.isFinite(time) && time >= 0) return Math.round(time);
  return /^\d{15,20}$/u.test(id) ? Number((BigInt(id) >> 22n) + 1_420_070_400_000n) : Date.now();
}
