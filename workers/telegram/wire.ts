/** What this provider reads of Telegram's Bot API. Open: Telegram adds keys every few weeks. */
import { Open, type Static, Type } from "../../schemas/primitives.ts";

const Opt = Type.Optional;
const Str = Type.String();
const Id = Type.Integer();

export const User = Open({
  id: Id,
  is_bot: Opt(Type.Boolean()),
  first_name: Opt(Str),
  last_name: Opt(Str),
  username: Opt(Str),
});
export type User = Static<typeof User>;

/** The answer to getMe. */
export const Me = Type.Composite([
  User,
  Open({
    can_join_groups: Opt(Type.Boolean()),
    can_read_all_group_messages: Opt(Type.Boolean()),
  }),
]);
export type Me = Static<typeof Me>;

export const TelegramChat = Open({
  id: Id,
  type: Type.Union([
    Type.Literal("private"),
    Type.Literal("group"),
    Type.Literal("supergroup"),
    Type.Literal("channel"),
  ]),
  title: Opt(Str),
  username: Opt(Str),
  first_name: Opt(Str),
  last_name: Opt(Str),
  is_forum: Opt(Type.Boolean()),
});
export type TelegramChat = Static<typeof TelegramChat>;

export const Entity = Open({
  type: Str,
  offset: Type.Integer({ minimum: 0 }),
  length: Type.Integer({ minimum: 0 }),
  url: Opt(Str),
  user: Opt(User),
});
export type Entity = Static<typeof Entity>;

const File = { file_id: Str, file_size: Opt(Type.Number()), mime_type: Opt(Str), file_name: Opt(Str) };
const FileOf = Open(File);
const Place = Open({
  latitude: Type.Number(),
  longitude: Type.Number(),
  horizontal_accuracy: Opt(Type.Number()),
  live_period: Opt(Type.Number()),
});

const Origin = Open({
  type: Str,
  sender_user: Opt(User),
  sender_user_name: Opt(Str),
  sender_chat: Opt(TelegramChat),
  chat: Opt(TelegramChat),
});

const Body = {
  message_id: Id,
  date: Type.Number(),
  chat: TelegramChat,
  from: Opt(User),
  sender_chat: Opt(TelegramChat),
  message_thread_id: Opt(Id),
  is_topic_message: Opt(Type.Boolean()),
  text: Opt(Str),
  entities: Opt(Type.Array(Entity)),
  caption: Opt(Str),
  caption_entities: Opt(Type.Array(Entity)),
  forward_origin: Opt(Origin),
  quote: Opt(Open({ text: Str })),
  photo: Opt(Type.Array(Open({ ...File, width: Type.Number(), height: Type.Number() }))),
  voice: Opt(FileOf),
  audio: Opt(Open({ ...File, title: Opt(Str), performer: Opt(Str) })),
  video: Opt(FileOf),
  video_note: Opt(FileOf),
  animation: Opt(FileOf),
  document: Opt(FileOf),
  sticker: Opt(
    Open({ ...File, emoji: Opt(Str), is_animated: Opt(Type.Boolean()), is_video: Opt(Type.Boolean()) }),
  ),
  location: Opt(Place),
  venue: Opt(Open({ location: Place, title: Str, address: Str })),
  contact: Opt(Open({ phone_number: Str, first_name: Str, last_name: Opt(Str) })),
  poll: Opt(Open({ id: Str, question: Str, options: Type.Array(Open({ text: Str })) })),
  dice: Opt(Open({ emoji: Str, value: Type.Number() })),
  new_chat_members: Opt(Type.Array(User)),
  left_chat_member: Opt(User),
  new_chat_title: Opt(Str),
  migrate_to_chat_id: Opt(Id),
  migrate_from_chat_id: Opt(Id),
  pinned_message: Opt(Type.Unknown()),
  forum_topic_created: Opt(Open({ name: Str })),
  forum_topic_edited: Opt(Open({ name: Opt(Str) })),
  forum_topic_closed: Opt(Type.Unknown()),
  forum_topic_reopened: Opt(Type.Unknown()),
};

const Replied = Open(Body);
export const TelegramMessage = Open({ ...Body, reply_to_message: Opt(Replied) });
export type TelegramMessage = Static<typeof TelegramMessage>;
/** A message without what it answers to. */
export type TelegramBody = Static<typeof Replied>;

const Reaction = Open({ type: Str, emoji: Opt(Str), custom_emoji_id: Opt(Str) });
export type Reaction = Static<typeof Reaction>;

export const Update = Open({
  update_id: Id,
  message: Opt(TelegramMessage),
  edited_message: Opt(TelegramMessage),
  channel_post: Opt(TelegramMessage),
  edited_channel_post: Opt(TelegramMessage),
  callback_query: Opt(Open({
    id: Str,
    from: User,
    data: Opt(Str),
    message: Opt(Open({
      message_id: Id,
      chat: TelegramChat,
      message_thread_id: Opt(Id),
      is_topic_message: Opt(Type.Boolean()),
    })),
  })),
  message_reaction: Opt(Open({
    chat: TelegramChat,
    message_id: Id,
    date: Type.Number(),
    user: Opt(User),
    actor_chat: Opt(TelegramChat),
    old_reaction: Type.Array(Reaction),
    new_reaction: Type.Array(Reaction),
  })),
  my_chat_member: Opt(Open({
    chat: TelegramChat,
    from: User,
    date: Type.Number(),
    new_chat_member: Open({ status: Str }),
  })),
});
export type Update = Static<typeof Update>;

/** Asked for by name: reactions are not sent otherwise. */
export const ALLOWED_UPDATES = [
  "message",
  "edited_message",
  "channel_post",
  "edited_channel_post",
  "callback_query",
  "message_reaction",
  "my_chat_member",
] as const;

/** What every update has; enough to acknowledge one that cannot be read. */
export const Numbered = Open({ update_id: Id });
/** What a send answers. */
export const Sent = Open({
  message_id: Id,
  date: Opt(Type.Number()),
  chat: Open({ id: Id }),
  poll: Opt(Open({ id: Str })),
});
export type Sent = Static<typeof Sent>;
export const FileInfo = Open({ file_path: Opt(Str), file_size: Opt(Type.Number()) });
export const WebhookInfo = Open({
  url: Str,
  pending_update_count: Opt(Type.Number()),
  last_error_date: Opt(Type.Number()),
  last_error_message: Opt(Str),
});
