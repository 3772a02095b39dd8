/** What this provider reads of Discord's API and gateway. Open: Discord adds keys every few weeks. */
import { Nullable, Open, type Static, Type } from "../../schemas/primitives.ts";

const Opt = Type.Optional;
const Str = Type.String();
const Num = Type.Number();
const Bool = Type.Boolean();
/** Snowflakes are numbers of 64 bits, written as text. */
const Id = Type.String({ minLength: 1, maxLength: 32 });
const MaybeStr = Opt(Nullable(Str));

export const User = Open({
  id: Id,
  username: Opt(Str),
  global_name: MaybeStr,
  discriminator: Opt(Str),
  bot: Opt(Bool),
});
export type User = Static<typeof User>;

export const Member = Open({ nick: MaybeStr, roles: Opt(Type.Array(Id)), user: Opt(User) });
export type Member = Static<typeof Member>;

const Attachment = Open({
  id: Opt(Id),
  url: Str,
  filename: Opt(Str),
  size: Opt(Num),
  content_type: MaybeStr,
});
export type Attachment = Static<typeof Attachment>;

/** The words and files of a message, also of one that was forwarded. */
const Body = {
  content: Opt(Str),
  attachments: Opt(Type.Array(Attachment)),
  embeds: Opt(Type.Array(Open({ title: MaybeStr, description: MaybeStr, url: MaybeStr }))),
  sticker_items: Opt(Type.Array(Open({ name: Str }))),
  mentions: Opt(Type.Array(User)),
  mention_roles: Opt(Type.Array(Id)),
};
export const Quoted = Open({ ...Body, id: Opt(Id), author: Opt(User) });

export const Message = Open({
  ...Body,
  id: Id,
  channel_id: Id,
  guild_id: Opt(Id),
  type: Opt(Num),
  author: User,
  member: Opt(Member),
  webhook_id: Opt(Id),
  timestamp: Opt(Str),
  edited_timestamp: MaybeStr,
  mention_everyone: Opt(Bool),
  flags: Opt(Num),
  message_reference: Opt(Open({ message_id: Opt(Id), type: Opt(Num) })),
  referenced_message: Opt(Nullable(Quoted)),
  message_snapshots: Opt(Type.Array(Open({ message: Opt(Quoted) }))),
  poll: Opt(Open({
    question: Open({ text: Opt(Str) }),
    answers: Opt(Type.Array(Open({ poll_media: Open({ text: Opt(Str) }) }))),
  })),
});
export type Message = Static<typeof Message>;

export const Messages = Type.Array(Message);

export const Channel = Open({
  id: Id,
  type: Num,
  name: MaybeStr,
  guild_id: Opt(Id),
  parent_id: Opt(Nullable(Id)),
  recipients: Opt(Type.Array(User)),
});
export type Channel = Static<typeof Channel>;

const Role = Open({ id: Id, name: Opt(Str), tags: Opt(Open({ bot_id: Opt(Id) })) });

/** An unavailable guild has an id alone. */
export const Guild = Open({
  id: Id,
  name: Opt(Str),
  channels: Opt(Type.Array(Channel)),
  threads: Opt(Type.Array(Channel)),
  roles: Opt(Type.Array(Role)),
  members: Opt(Type.Array(Member)),
});
export type Guild = Static<typeof Guild>;

export const Ready = Open({ user: User, application: Opt(Open({ id: Id, flags: Opt(Num) })) });

export const MemberUpdate = Open({ guild_id: Id, user: User, roles: Type.Array(Id) });
export const RoleChange = Open({ guild_id: Id, role: Role });

export const Reaction = Open({
  user_id: Id,
  channel_id: Id,
  message_id: Id,
  guild_id: Opt(Id),
  member: Opt(Member),
  message_author_id: Opt(Id),
  emoji: Open({ id: Opt(Nullable(Id)), name: MaybeStr }),
});
export type Reaction = Static<typeof Reaction>;

export const MessageDelete = Open({ id: Id, channel_id: Id, guild_id: Opt(Id) });

/** Options nest where a command has sub-commands. */
const CommandOption = Type.Recursive((This) =>
  Open({
    name: Str,
    value: Opt(Type.Union([Str, Num, Bool])),
    options: Opt(Type.Array(This)),
  })
);
export type CommandOption = Static<typeof CommandOption>;

export const Interaction = Open({
  id: Id,
  application_id: Id,
  type: Num,
  token: Str,
  guild_id: Opt(Id),
  channel_id: Opt(Id),
  channel: Opt(Channel),
  member: Opt(Member),
  user: Opt(User),
  message: Opt(Message),
  data: Opt(Open({
    name: Opt(Str),
    options: Opt(Type.Array(CommandOption)),
    custom_id: Opt(Str),
    values: Opt(Type.Array(Str)),
  })),
});
export type Interaction = Static<typeof Interaction>;

/** What a sent message is answered with. */
export const SentMessage = Open({ id: Id, channel_id: Id, timestamp: Opt(Str), flags: Opt(Num), content: Opt(Str) });
export const OpenedChannel = Open({ id: Id });
export const Application = Open({ id: Id, flags: Opt(Num) });

export const CHANNEL_DM = 1;
export const CHANNEL_GROUP_DM = 3;
const THREAD_TYPES = new Set([10, 11, 12]);
export const isThread = ({ type }: Pick<Channel, "type">): boolean => THREAD_TYPES.has(type);
