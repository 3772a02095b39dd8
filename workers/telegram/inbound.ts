/** Telegram's updates as events of the contract. Pure: nothing is asked of the platform here. */
import { type Inbound, type InboundMessage, MAX_TEXT } from "../../schemas/worker/content.ts";
import { mediaOf } from "./inbound_media.ts";
import { sameName, spokenText } from "./inbound_text.ts";
import { serviceNote } from "./notes.ts";
import { chatOf, senderOf } from "./people.ts";
import type { Me, Reaction, TelegramBody, TelegramMessage, Update } from "./wire.ts";

export interface Known {
  readonly me: Me;
  readonly commands: ReadonlySet<string>;
  /** Whether the message is one of ours; undefined when it is too old to know. */
  isOwn(chatId: number, messageId: number): true | undefined;
}

/** The events of one update; none when it is nothing that anybody would want. Keys are unique for all time. */
export function eventsOf(update: Update, known: Known): Inbound[] {
  const key = `update:${update.update_id}`;
  const fresh = update.message ?? update.channel_post;
  const edited = update.edited_message ?? update.edited_channel_post;
  if (fresh) return one(messageEvent(key, fresh, known, false));
  if (edited) return one(messageEvent(key, edited, known, true));
  if (update.callback_query) return one(buttonEvent(key, update.callback_query, known));
  if (update.message_reaction) return reactionEvents(key, update.message_reaction, known);
  if (update.my_chat_member) return one(memberEvent(key, update.my_chat_member, known));
  return [];
}

const one = (event: Inbound | undefined): Inbound[] => event === undefined ? [] : [event];
const millis = (seconds: number): number => Math.max(0, Math.round(seconds * 1000));

function messageEvent(
  updateKey: string,
  message: TelegramMessage,
  known: Known,
  edited: boolean,
): Inbound | undefined {
  const sender = senderOf(message.from, message.sender_chat, known.me.id);
  if (!sender) return undefined;
  const base = {
    // The number alone may come again: after a quiet week Telegram draws a new one.
    dedupeKey: `${updateKey}:${message.chat.id}:${message.message_id}`,
    chat: chatOf(message),
    sender,
    timestamp: millis(message.date),
  };
  const note = serviceNote(message, known.me.id);
  if (note) return edited ? undefined : { ...base, kind: "note", ...note };
  const { text, command } = spokenText(message, known.me, known.commands);
  const media = mediaOf(message);
  if (text === "" && media.length === 0) return undefined;
  return {
    ...base,
    kind: "message",
    messageId: String(message.message_id),
    text: text.slice(0, MAX_TEXT),
    ...mentions(message, known.me, command),
    ...replyOf(message, known.me.id),
    media,
    ...(command ? { nativeCommand: true } : {}),
    ...(edited ? { edited: true } : {}),
  };
}

/** In a private chat every word is for us. */
function mentions(
  message: TelegramBody,
  me: Me,
  command: boolean,
): Pick<InboundMessage, "mentioned" | "mentionsOthers"> {
  if (message.chat.type === "private") return { mentioned: true };
  const text = message.text ?? message.caption ?? "";
  let mentioned = false;
  let others = false;
  for (const { type, offset, length, user } of message.entities ?? message.caption_entities ?? []) {
    const word = text.slice(offset, offset + length);
    if (type === "mention") sameName(word.slice(1), me.username) ? mentioned = true : others = true;
    else if (type === "text_mention") user?.id === me.id ? mentioned = true : others = true;
    else if (type === "bot_command" && word.includes("@")) {
      sameName(word.slice(word.indexOf("@") + 1), me.username) ? mentioned = true : others = true;
    }
  }
  return { mentioned: mentioned || command, ...(others ? { mentionsOthers: true } : {}) };
}

/** In a topic every message that answers nothing "answers" the notice that opened the topic. */
function replyOf(message: TelegramMessage, meId: number): Pick<InboundMessage, "replyTo"> {
  const replied = message.reply_to_message;
  if (!replied || replied.forum_topic_created !== undefined) return {};
  const text = message.quote?.text ?? replied.text ?? replied.caption;
  return {
    replyTo: {
      messageId: String(replied.message_id),
      ...(text === undefined ? {} : { text: text.slice(0, MAX_TEXT) }),
      fromSelf: replied.from?.id === meId,
    },
  };
}

function buttonEvent(
  key: string,
  { from, message, data }: NonNullable<Update["callback_query"]>,
  known: Known,
): Inbound | undefined {
  const sender = senderOf(from, undefined, known.me.id);
  if (!message || !data || !sender) return undefined;
  return {
    kind: "button",
    dedupeKey: `${key}:${message.chat.id}:${message.message_id}`,
    chat: chatOf(message),
    sender,
    timestamp: Date.now(),
    messageId: String(message.message_id),
    data,
  };
}

function reactionEvents(
  key: string,
  { chat, message_id, date, user, actor_chat, old_reaction, new_reaction }: NonNullable<Update["message_reaction"]>,
  known: Known,
): Inbound[] {
  const sender = senderOf(user, actor_chat, known.me.id);
  if (!sender) return [];
  const [before, after] = [old_reaction.map(emojiOf), new_reaction.map(emojiOf)];
  const changes = [
    ...after.filter((emoji) => !before.includes(emoji)).map((emoji) => ({ emoji, added: true })),
    ...before.filter((emoji) => !after.includes(emoji)).map((emoji) => ({ emoji, added: false })),
  ];
  const onOwnMessage = known.isOwn(chat.id, message_id);
  return changes.map(({ emoji, added }, index) => ({
    kind: "reaction",
    dedupeKey: `${key}:${chat.id}:${message_id}:${index}`,
    chat: chatOf({ chat }),
    sender,
    timestamp: millis(date),
    messageId: String(message_id),
    emoji,
    added,
    ...(onOwnMessage === undefined ? {} : { onOwnMessage }),
  }));
}

const emojiOf = ({ type, emoji, custom_emoji_id: custom }: Reaction): string =>
  type === "emoji" && emoji ? emoji : type === "paid" ? "⭐" : `custom:${custom ?? "unknown"}`;

function memberEvent(
  key: string,
  { chat, from, date, new_chat_member }: NonNullable<Update["my_chat_member"]>,
  known: Known,
): Inbound | undefined {
  const sender = senderOf(from, undefined, known.me.id);
  if (!sender) return undefined;
  const text = MEMBER_NOTES[new_chat_member.status] ?? `The bot's rights were changed (${new_chat_member.status})`;
  return {
    kind: "note",
    dedupeKey: `${key}:${chat.id}:member`,
    chat: chatOf({ chat }),
    sender,
    timestamp: millis(date),
    text,
  };
}

const MEMBER_NOTES: Readonly<Record<string, string>> = {
  member: "The bot was added",
  administrator: "The bot was made an administrator",
  left: "The bot was removed",
  kicked: "The bot was blocked or removed",
};
