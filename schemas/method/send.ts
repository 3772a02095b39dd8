/** Parameters and result of send (methods facts, section 4.1). */
import { Closed, NonEmpty, Open, Type } from "../primitives.ts";

const Opt = Type.Optional;

export const SendParams = Open({
  to: NonEmpty,
  message: Opt(Type.String()),
  mediaUrl: Opt(Type.String()),
  mediaUrls: Opt(Type.Array(Type.String())),
  channel: Opt(Type.String()),
  accountId: Opt(Type.String()),
  agentId: Opt(Type.String()),
  sessionKey: Opt(Type.String()),
  idempotencyKey: NonEmpty,
});
/** `conversationId` is the canonical session key. */
export const SendResult = Closed({
  runId: NonEmpty,
  messageId: NonEmpty,
  channel: NonEmpty,
  conversationId: NonEmpty,
});
