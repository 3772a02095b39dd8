/** What people say on a platform and what we say back, without anything of the platform: the neutral message. */
import { Bytes, Closed, Int0, JsonObject, NonEmpty, OneOf, type Static, Timestamp, Type } from "../primitives.ts";

/** Most bytes of one attachment that may cross a worker border, whatever an account allows. */
export const MAX_MEDIA_BYTES = 64 * 1024 * 1024;
/** Longest text of one message, in UTF-16 units; longer ones are cut by the worker before they cross the border. */
export const MAX_TEXT = 100_000;

const Opt = Type.Optional;
const Text = Type.String({ maxLength: MAX_TEXT });

export const ChatKind = OneOf(["direct", "group", "channel"]);
export type ChatKind = Static<typeof ChatKind>;

/** Where something was said. `id` is the platform's own and is what a reply is addressed to. */
export const Chat = Closed({
  id: NonEmpty,
  kind: ChatKind,
  title: Opt(Type.String()),
  /** Thread or topic within the chat; replies go back into it. */
  threadId: Opt(NonEmpty),
  /** The chat that a thread hangs on, when the platform gives threads ids of their own. */
  parentId: Opt(NonEmpty),
  parentTitle: Opt(Type.String()),
  guildId: Opt(NonEmpty),
  /** What people call that server: configurations may name it so. */
  guildName: Opt(Type.String()),
  teamId: Opt(NonEmpty),
});
export type Chat = Static<typeof Chat>;

/** Who said it. `id` is what allow lists hold; `aliases` are other forms of the same person (username, number, lid). */
export const Sender = Closed({
  id: NonEmpty,
  aliases: Opt(Type.Array(NonEmpty, { maxItems: 8 })),
  name: Opt(Type.String()),
  isBot: Opt(Type.Boolean()),
  /** The account's own person or number: a message that the owner wrote on another device. */
  isSelf: Opt(Type.Boolean()),
});
export type Sender = Static<typeof Sender>;

export const MediaKind = OneOf(["image", "audio", "voice", "video", "document", "sticker"]);
/** An attachment that the worker can fetch on demand (`media.fetch`) for as long as it lives. */
export const MediaRef = Closed({
  ref: NonEmpty,
  kind: MediaKind,
  mimeType: NonEmpty,
  fileName: Opt(Type.String()),
  bytes: Opt(Int0),
});
export type MediaRef = Static<typeof MediaRef>;

const Origin = {
  /** Unique within the account for all time; the inbox refuses a second one. Such as update_id, event_id, message id. */
  dedupeKey: NonEmpty,
  chat: Chat,
  sender: Sender,
  /** When the platform says that it happened. */
  timestamp: Timestamp,
};

/** Something that happened on the platform. */
export const Inbound = Type.Union([
  Closed({
    ...Origin,
    kind: Type.Literal("message"),
    messageId: NonEmpty,
    text: Text,
    /** Whether the bot was addressed by the platform's own means; absent: the platform cannot tell. */
    mentioned: Opt(Type.Boolean()),
    /** Other people or bots were addressed. */
    mentionsOthers: Opt(Type.Boolean()),
    replyTo: Opt(Closed({ messageId: NonEmpty, text: Opt(Text), fromSelf: Opt(Type.Boolean()) })),
    media: Type.Array(MediaRef, { maxItems: 32 }),
    /** A native command of the platform, without its slash; `text` then holds `/name args`. */
    nativeCommand: Opt(Type.Boolean()),
    /** The message replaces an earlier one of the same id. */
    edited: Opt(Type.Boolean()),
    /** Answers go to this short-lived handle instead of the chat, such as a slash command's. */
    replyHandle: Opt(NonEmpty),
  }),
  Closed({
    ...Origin,
    kind: Type.Literal("reaction"),
    messageId: NonEmpty,
    emoji: NonEmpty,
    added: Type.Boolean(),
    onOwnMessage: Opt(Type.Boolean()),
  }),
  /** A button was pressed; `data` is what we put on it. */
  Closed({ ...Origin, kind: Type.Literal("button"), messageId: NonEmpty, data: NonEmpty, replyHandle: Opt(NonEmpty) }),
  /** Joins, leaves, deletions, renames, group migration: a note for the session, never a prompt. */
  Closed({ ...Origin, kind: Type.Literal("note"), text: NonEmpty, migratedTo: Opt(NonEmpty) }),
]);
export type Inbound = Static<typeof Inbound>;
export type InboundMessage = Extract<Inbound, { kind: "message" }>;

/** Where something is sent to. */
export const Target = Closed({
  chatId: NonEmpty,
  kind: Opt(ChatKind),
  threadId: Opt(NonEmpty),
  replyToId: Opt(NonEmpty),
  replyHandle: Opt(NonEmpty),
});
export type Target = Static<typeof Target>;

export const Button = Closed({
  label: NonEmpty,
  /** Comes back in a `button` event; at most 64 bytes, the smallest limit of the platforms. */
  data: Type.String({ minLength: 1, maxLength: 64 }),
  style: Opt(OneOf(["primary", "danger"])),
});

/** One message to be sent; main has already cut the text to the manifest's `maxText`. */
export const Outbound = Closed({
  target: Target,
  /** Markdown; the worker turns it into the platform's own form. */
  text: Opt(Text),
  media: Opt(Closed({
    kind: MediaKind,
    mimeType: NonEmpty,
    fileName: Opt(NonEmpty),
    data: Bytes(MAX_MEDIA_BYTES),
  })),
  buttons: Opt(Type.Array(Type.Array(Button, { maxItems: 8 }), { maxItems: 8 })),
  silent: Opt(Type.Boolean()),
  linkPreview: Opt(Type.Boolean()),
  /** The same for every attempt: the platform's own idempotency key is derived from it where there is one. */
  idempotencyKey: NonEmpty,
  /** An earlier attempt with this key has an unknown outcome: where the platform forgets keys, look before sending. */
  repeat: Opt(Type.Boolean()),
});
export type Outbound = Static<typeof Outbound>;

export const Poll = Closed({
  target: Target,
  question: NonEmpty,
  options: Type.Array(NonEmpty, { minItems: 2, maxItems: 12 }),
  maxSelections: Opt(Type.Integer({ minimum: 1, maximum: 12 })),
  durationHours: Opt(Type.Integer({ minimum: 1 })),
  idempotencyKey: NonEmpty,
});
export type Poll = Static<typeof Poll>;

/** What the platform answered to a send. */
export const Receipt = Closed({
  /** At least one; several when the platform needed several messages. */
  messageIds: Type.Array(NonEmpty, { minItems: 1 }),
  chatId: NonEmpty,
  at: Timestamp,
  extra: Opt(JsonObject),
});
export type Receipt = Static<typeof Receipt>;
