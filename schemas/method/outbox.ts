/** Parameters and results of outbox.*, message.explain and message.refusals. */
import { Closed, Int0, JsonObject, NonEmpty, OneOf, Open, Timestamp, Type } from "../primitives.ts";

const Opt = Type.Optional;

const STATES = ["queued", "attempting", "sent", "failed", "unknown", "expired", "dropped"] as const;

/** One platform message. `preview` is its beginning; `groupId` joins the parts of one delivery. */
export const OutboxMessage = Closed({
  id: NonEmpty,
  class: OneOf(["reply", "send", "notice"]),
  channel: NonEmpty,
  accountId: NonEmpty,
  chatId: NonEmpty,
  groupId: NonEmpty,
  part: Int0,
  state: OneOf(STATES),
  attempts: Int0,
  nextAttemptAt: Timestamp,
  expiresAt: Timestamp,
  messageIds: Type.Array(NonEmpty),
  error: Opt(Type.String()),
  /** It may stand in the chat twice. */
  possibleDuplicate: Type.Boolean(),
  preview: Type.String(),
  createdAt: Timestamp,
  updatedAt: Timestamp,
});

/** The latest first. Without a state: all of them. */
export const OutboxListParams = Open({
  state: Opt(OneOf(STATES)),
  channel: Opt(Type.String()),
  limit: Opt(Type.Integer({ minimum: 1, maximum: 500 })),
});
export const OutboxListResult = Closed({ messages: Type.Array(OutboxMessage) });

/** `id` of one row; later parts that were stopped with it follow. */
export const OutboxChangeParams = Open({ id: NonEmpty });
export const OutboxChangeResult = Closed({ message: OutboxMessage });

/** An id of the inbox, the outbox, a run, or the platform's own of a message that came in or went out. */
export const MessageExplainParams = Open({ id: NonEmpty });
export const MessageExplainResult = Closed({
  id: NonEmpty,
  steps: Type.Array(Closed({ at: Timestamp, step: NonEmpty, detail: JsonObject, subject: Opt(NonEmpty) })),
});

export const MessageRefusalsParams = Open({
  channel: Opt(Type.String()),
  limit: Opt(Type.Integer({ minimum: 1, maximum: 200 })),
});
/** How often messages were refused and why, and the last ones. */
export const MessageRefusalsResult = Closed({
  counts: Type.Array(
    Closed({ channel: NonEmpty, accountId: NonEmpty, reason: NonEmpty, count: Int0, lastAt: Timestamp }),
  ),
  latest: Type.Array(Closed({
    id: NonEmpty,
    channel: NonEmpty,
    accountId: NonEmpty,
    chatId: NonEmpty,
    senderId: NonEmpty,
    senderName: Opt(Type.String()),
    reason: Opt(NonEmpty),
    at: Timestamp,
  })),
});
