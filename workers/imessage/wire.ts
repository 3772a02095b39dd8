/** What imsg says: only the keys that are used here; newer versions send more. */
import { Open, type Static, Type } from "../../schemas/primitives.ts";

const Opt = Type.Optional;
const Id = Type.Union([Type.String(), Type.Number()]);
const MaybeText = Opt(Type.Union([Type.String(), Type.Null()]));

export const Answer = Open({
  id: Id,
  result: Opt(Type.Unknown()),
  error: Opt(Open({ code: Opt(Type.Number()), message: Opt(Type.String()), data: Opt(Type.Unknown()) })),
});
export const Notification = Open({ method: Type.String(), params: Opt(Type.Unknown()) });

export const Attachment = Open({
  original_path: MaybeText,
  filename: MaybeText,
  transfer_name: MaybeText,
  mime_type: MaybeText,
});

export const Message = Open({
  id: Opt(Type.Integer()),
  guid: MaybeText,
  chat_id: Opt(Type.Union([Type.Integer(), Type.Null()])),
  sender: MaybeText,
  is_from_me: Opt(Type.Boolean()),
  text: MaybeText,
  created_at: Opt(Type.Union([Type.String(), Type.Number(), Type.Null()])),
  attachments: Opt(Type.Union([Type.Array(Attachment), Type.Null()])),
  chat_identifier: MaybeText,
  chat_guid: MaybeText,
  chat_name: MaybeText,
  is_group: Opt(Type.Boolean()),
  is_reaction: Opt(Type.Boolean()),
  reply_to_guid: MaybeText,
});
export type Message = Static<typeof Message>;

/** Params of the `message` notification. */
export const MessageParams = Open({ message: Message });
export const ErrorParams = Open({ message: Opt(Type.String()), error: Opt(Open({ message: Opt(Type.String()) })) });
export const ChatsResult = Open({ chats: Type.Array(Type.Unknown()) });
export const SendResult = Open({
  ok: Opt(Type.Boolean()),
  guid: MaybeText,
  message_guid: MaybeText,
  id: Opt(Type.Union([Id, Type.Null()])),
});
