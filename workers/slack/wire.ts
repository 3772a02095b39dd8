/** Slack's payloads as far as this provider reads them. Everything else in them is let through unread. */
import { Open, type Static, Type } from "../../schemas/primitives.ts";

const Opt = Type.Optional;
const Str = Type.String();
const Id = Type.String({ minLength: 1, maxLength: 128 });
const Ts = Type.String({ pattern: "^\\d{1,12}\\.\\d{1,9}$" });
const Null = <T extends Parameters<typeof Type.Union>[0][number]>(type: T) => Opt(Type.Union([type, Type.Null()]));

export const SlackFile = Open({
  id: Id,
  name: Null(Str),
  mimetype: Opt(Str),
  size: Opt(Type.Number()),
  mode: Opt(Str),
  subtype: Opt(Str),
  url_private: Opt(Str),
  url_private_download: Opt(Str),
});
export type SlackFile = Static<typeof SlackFile>;

const Attachment = Open({ text: Opt(Str), fallback: Opt(Str), is_share: Opt(Type.Boolean()), title: Opt(Str) });

/** What a message says, wherever it stands. */
const body = {
  ts: Opt(Ts),
  user: Opt(Id),
  bot_id: Null(Id),
  username: Opt(Str),
  text: Null(Str),
  thread_ts: Opt(Ts),
  parent_user_id: Opt(Id),
  files: Opt(Type.Array(SlackFile)),
  attachments: Opt(Type.Array(Attachment)),
  edited: Opt(Open({ user: Opt(Id), ts: Opt(Ts) })),
};
export const SlackBody = Open(body);
export type SlackBody = Static<typeof SlackBody>;

export const MessageEvent = Open({
  ...body,
  ts: Ts,
  channel: Id,
  channel_type: Opt(Str),
  subtype: Opt(Str),
  hidden: Opt(Type.Boolean()),
  message: Opt(SlackBody),
  previous_message: Opt(SlackBody),
  deleted_ts: Opt(Ts),
  name: Opt(Str),
  old_name: Opt(Str),
  topic: Opt(Str),
  purpose: Opt(Str),
});
export type MessageEvent = Static<typeof MessageEvent>;

export const ReactionEvent = Open({
  type: Str,
  user: Id,
  reaction: Id,
  item_user: Opt(Id),
  item: Open({ type: Str, channel: Opt(Id), ts: Opt(Ts) }),
  event_ts: Opt(Str),
});
export type ReactionEvent = Static<typeof ReactionEvent>;

export const PinEvent = Open({
  type: Str,
  user: Opt(Id),
  channel_id: Id,
  item: Opt(Open({ message: Opt(SlackBody) })),
  event_ts: Opt(Str),
});
export type PinEvent = Static<typeof PinEvent>;

export const MemberEvent = Open({
  type: Str,
  user: Id,
  channel: Id,
  inviter: Opt(Id),
  event_ts: Opt(Str),
});
export type MemberEvent = Static<typeof MemberEvent>;

export const RenameEvent = Open({ channel: Open({ id: Id, name: Str }) });

/** The outer form of every event. */
export const EventCallback = Open({
  type: Type.Literal("event_callback"),
  team_id: Opt(Id),
  event_id: Id,
  event_time: Opt(Type.Number()),
  event: Open({ type: Str }),
});
export type EventCallback = Static<typeof EventCallback>;

export const SlashCommand = Open({
  command: Type.String({ pattern: "^/" }),
  text: Opt(Str),
  user_id: Id,
  user_name: Opt(Str),
  channel_id: Id,
  channel_name: Opt(Str),
  team_id: Opt(Id),
  trigger_id: Id,
  response_url: Str,
});
export type SlashCommand = Static<typeof SlashCommand>;

export const BlockActions = Open({
  type: Type.Literal("block_actions"),
  user: Open({ id: Id, username: Opt(Str), name: Opt(Str) }),
  team: Null(Open({ id: Id })),
  channel: Opt(Open({ id: Id, name: Opt(Str) })),
  message: Opt(SlackBody),
  container: Opt(Open({ message_ts: Opt(Ts), channel_id: Opt(Id), thread_ts: Opt(Ts) })),
  actions: Type.Array(Open({ action_id: Str, value: Opt(Str), action_ts: Opt(Str) }), { minItems: 1 }),
});
export type BlockActions = Static<typeof BlockActions>;

/** Answers of the Web API. */
export const Done = Open({});
export const AuthTest = Open({
  user_id: Id,
  bot_id: Opt(Id),
  user: Opt(Str),
  team: Opt(Str),
  team_id: Opt(Id),
  url: Opt(Str),
  response_metadata: Opt(Open({ scopes: Opt(Type.Array(Str)) })),
});
export type AuthTest = Static<typeof AuthTest>;
export const Posted = Open({ ts: Ts, channel: Id });
export const Opened = Open({ channel: Open({ id: Id }) });
export const ChannelInfo = Open({
  channel: Open({
    id: Id,
    name: Opt(Str),
    is_im: Opt(Type.Boolean()),
    is_mpim: Opt(Type.Boolean()),
  }),
});
export const UserInfo = Open({
  user: Open({
    id: Id,
    name: Opt(Str),
    real_name: Opt(Str),
    is_bot: Opt(Type.Boolean()),
    profile: Opt(Open({ display_name: Opt(Str), real_name: Opt(Str) })),
  }),
});
export const UploadUrl = Open({ upload_url: Str, file_id: Id });
const Shares = Type.Record(Type.String(), Type.Array(Open({ ts: Ts })));
export const FileInfo = Open({
  file: Open({
    ...SlackFile.properties,
    shares: Opt(Open({ public: Opt(Shares), private: Opt(Shares) })),
  }),
});
export type FileInfo = Static<typeof FileInfo>;
export const History = Open({
  messages: Type.Array(Open({
    ts: Ts,
    metadata: Opt(Open({ event_type: Opt(Str), event_payload: Opt(Open({ key: Opt(Str) })) })),
  })),
  has_more: Opt(Type.Boolean()),
  response_metadata: Opt(Open({ next_cursor: Opt(Str) })),
});
