/** What this provider reads of signal-cli's events and answers. Open: signal-cli adds keys with every version. */
import { Open, type Static, Type } from "../../schemas/primitives.ts";

const Opt = Type.Optional;
const Str = Type.String();
const Num = Type.Number();
const Bool = Type.Boolean();

const Mention = Open({ name: Opt(Str), number: Opt(Str), uuid: Opt(Str), start: Num, length: Num });
export type Mention = Static<typeof Mention>;

const Attachment = Open({
  contentType: Opt(Str),
  filename: Opt(Str),
  id: Opt(Str),
  size: Opt(Num),
  caption: Opt(Str),
  voiceNote: Opt(Bool),
});
export type Attachment = Static<typeof Attachment>;

const Quote = Open({ id: Num, author: Opt(Str), authorNumber: Opt(Str), authorUuid: Opt(Str), text: Opt(Str) });

const Reaction = Open({
  emoji: Str,
  targetAuthor: Opt(Str),
  targetAuthorNumber: Opt(Str),
  targetAuthorUuid: Opt(Str),
  targetSentTimestamp: Num,
  isRemove: Opt(Bool),
});

const Contact = Open({
  name: Opt(Open({ display: Opt(Str), given: Opt(Str), family: Opt(Str) })),
  phone: Opt(Type.Array(Open({ value: Opt(Str) }))),
});

const GroupInfo = Open({ groupId: Str, groupName: Opt(Str), type: Opt(Str) });

const Data = {
  timestamp: Opt(Num),
  message: Opt(Str),
  isExpirationUpdate: Opt(Bool),
  viewOnce: Opt(Bool),
  reaction: Opt(Reaction),
  quote: Opt(Quote),
  mentions: Opt(Type.Array(Mention)),
  attachments: Opt(Type.Array(Attachment)),
  sticker: Opt(Open({ packId: Opt(Str), stickerId: Opt(Num) })),
  remoteDelete: Opt(Open({ timestamp: Num })),
  contacts: Opt(Type.Array(Contact)),
  payment: Opt(Open({ note: Opt(Str) })),
  groupInfo: Opt(GroupInfo),
  storyContext: Opt(Open({ authorNumber: Opt(Str), authorUuid: Opt(Str), sentTimestamp: Num })),
};
export const DataMessage = Open(Data);
export type DataMessage = Static<typeof DataMessage>;

const EditMessage = Open({ targetSentTimestamp: Num, dataMessage: DataMessage });

export const Envelope = Open({
  source: Opt(Str),
  sourceNumber: Opt(Str),
  sourceUuid: Opt(Str),
  sourceName: Opt(Str),
  sourceDevice: Opt(Num),
  timestamp: Num,
  dataMessage: Opt(DataMessage),
  editMessage: Opt(EditMessage),
  storyMessage: Opt(Open({
    groupId: Opt(Str),
    fileAttachment: Opt(Attachment),
    textAttachment: Opt(Open({ text: Opt(Str) })),
  })),
  syncMessage: Opt(Open({
    sentMessage: Opt(Open({
      ...Data,
      destination: Opt(Str),
      destinationNumber: Opt(Str),
      destinationUuid: Opt(Str),
      editMessage: Opt(EditMessage),
    })),
  })),
  receiptMessage: Opt(Open({
    when: Opt(Num),
    isDelivery: Opt(Bool),
    isRead: Opt(Bool),
    isViewed: Opt(Bool),
    timestamps: Opt(Type.Array(Num)),
  })),
  typingMessage: Opt(Type.Unknown()),
  callMessage: Opt(Type.Unknown()),
});
export type Envelope = Static<typeof Envelope>;

const Received = {
  envelope: Opt(Envelope),
  account: Opt(Str),
  exception: Opt(Open({ message: Opt(Str), type: Opt(Str) })),
};
/** An event; under receive mode "manual" it is wrapped in the answer of a subscription. */
export const ReceiveEvent = Open({ ...Received, subscription: Opt(Num), result: Opt(Open(Received)) });
export type ReceiveEvent = Static<typeof ReceiveEvent>;

export const RpcAnswer = Open({
  result: Opt(Type.Unknown()),
  error: Opt(Open({ code: Num, message: Opt(Str), data: Opt(Type.Unknown()) })),
});

const SendResult = Open({
  recipientAddress: Opt(Open({ uuid: Opt(Str), number: Opt(Str) })),
  type: Str,
  token: Opt(Str),
  retryAfterSeconds: Opt(Num),
});
export type SendResult = Static<typeof SendResult>;
export const Sent = Open({ timestamp: Type.Integer({ minimum: 1 }), results: Opt(Type.Array(SendResult)) });
/** `data` of an error of a send. */
export const FailedSend = Open({ response: Open({ results: Type.Array(SendResult) }) });
export const Version = Open({ version: Str });
export const Accounts = Type.Array(Open({ number: Opt(Str), aci: Opt(Str) }));
export const LinkStarted = Open({ deviceLinkUri: Type.String({ minLength: 1 }) });
export const LinkFinished = Open({ number: Opt(Str), aci: Opt(Str) });
export const Fetched = Open({ data: Str });

/** JSON without its nulls: signal-cli writes them for whatever is not there. Throws for what is no JSON. */
export const parseJson = (text: string): unknown =>
  JSON.parse(text, (_key, value: unknown) => value === null ? undefined : value);
