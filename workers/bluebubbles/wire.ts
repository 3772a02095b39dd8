/** What a BlueBubbles server says: only the keys that are used here; versions differ in the others. */
import { Open, type Static, Type } from "../../schemas/primitives.ts";

const Opt = Type.Optional;
const Maybe = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) => Opt(Type.Union([schema, Type.Null()]));
const MaybeText = Maybe(Type.String());
const MaybeNumber = Maybe(Type.Number());

export const Attachment = Open({
  guid: Type.String({ minLength: 1 }),
  transferName: MaybeText,
  mimeType: MaybeText,
  totalBytes: MaybeNumber,
  isSticker: Maybe(Type.Boolean()),
  hideAttachment: Maybe(Type.Boolean()),
});
export type Attachment = Static<typeof Attachment>;

export const Chat = Open({ guid: Type.String({ minLength: 1 }), displayName: MaybeText });

export const Message = Open({
  guid: Type.String({ minLength: 1 }),
  text: MaybeText,
  handle: Maybe(Open({ address: MaybeText })),
  isFromMe: Maybe(Type.Boolean()),
  dateCreated: MaybeNumber,
  dateEdited: MaybeNumber,
  dateRetracted: MaybeNumber,
  dateRead: MaybeNumber,
  dateDelivered: MaybeNumber,
  error: MaybeNumber,
  chatGuid: MaybeText,
  chats: Maybe(Type.Array(Chat)),
  attachments: Maybe(Type.Array(Attachment)),
  associatedMessageGuid: MaybeText,
  associatedMessageType: Maybe(Type.Union([Type.String(), Type.Number()])),
  associatedMessageEmoji: MaybeText,
  threadOriginatorGuid: MaybeText,
  itemType: MaybeNumber,
  groupTitle: MaybeText,
});
export type Message = Static<typeof Message>;

/** The body of a webhook. */
export const Hook = Open({ type: Type.String(), data: Opt(Type.Unknown()) });

export const ServerInfo = Open({
  os_version: MaybeText,
  server_version: MaybeText,
  private_api: Maybe(Type.Boolean()),
  helper_connected: Maybe(Type.Boolean()),
  detected_imessage: MaybeText,
});
export type ServerInfo = Static<typeof ServerInfo>;

/** Every answer: the wanted thing in `data`, or an error. */
export const Envelope = Open({
  status: Opt(Type.Number()),
  message: MaybeText,
  data: Opt(Type.Unknown()),
  error: Maybe(Open({ type: MaybeText, message: MaybeText })),
});
export const SentMessage = Open({ guid: Type.String({ minLength: 1 }) });
export const SentChat = Open({ guid: Type.String({ minLength: 1 }), messages: Maybe(Type.Array(SentMessage)) });
export const Messages = Type.Array(Type.Unknown());
export const Chats = Type.Array(Chat);
