/** Parameters and results of send and poll (methods facts, sections 4.1 and 4.2). */
import { Closed, Int0, NonEmpty, OneOf, Open, Type } from "../primitives.ts";

const Opt = Type.Optional;

/** Where it goes: `to` is a session (channel webchat) or the platform's id of a chat, with or without `<channel>:`. */
const Where = {
  to: NonEmpty,
  channel: Opt(Type.String()),
  accountId: Opt(Type.String()),
  threadId: Opt(Type.String()),
  idempotencyKey: NonEmpty,
};

export const SendParams = Open({
  ...Where,
  message: Opt(Type.String()),
  mediaUrl: Opt(Type.String()),
  mediaUrls: Opt(Type.Array(Type.String(), { maxItems: 10 })),
  agentId: Opt(Type.String()),
  sessionKey: Opt(Type.String()),
  replyToId: Opt(Type.String()),
  silent: Opt(Type.Boolean()),
  /** Says what would be sent, and sends nothing. */
  dryRun: Opt(Type.Boolean()),
});

export const PollParams = Open({
  ...Where,
  question: NonEmpty,
  options: Type.Array(NonEmpty, { minItems: 2, maxItems: 12 }),
  maxSelections: Opt(Type.Integer({ minimum: 1, maximum: 12 })),
  durationHours: Opt(Type.Integer({ minimum: 1 })),
});

/**
 * `status` is the truth at the time of the answer: `queued` when the platform has not answered yet, `unknown` when its
 * answer was lost, `dry_run` when nothing was sent. `messageId` is the platform's, or the transcript's for WebChat.
 * `deliveryId` is what `message.explain` and `outbox.*` take.
 */
const Sent = {
  runId: NonEmpty,
  messageId: Opt(NonEmpty),
  messageIds: Opt(Type.Array(NonEmpty)),
  channel: NonEmpty,
  accountId: Opt(NonEmpty),
  chatId: Opt(NonEmpty),
  status: Opt(OneOf(["queued", "sent", "unknown", "dry_run"])),
  deliveryId: Opt(NonEmpty),
};

/** `conversationId` is the canonical session key that shows the message. */
export const SendResult = Closed({
  ...Sent,
  conversationId: Opt(NonEmpty),
  /** Of a dry run: the messages as they would be cut, and how many attachments. */
  parts: Opt(Type.Array(Closed({ text: Opt(Type.String()), media: Int0 }))),
});
export const PollResult = Closed({ ...Sent, pollId: Opt(NonEmpty) });
