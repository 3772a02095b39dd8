/** The chat view of a run: deltas, then exactly one of final, aborted, error. */
import { Closed, Int0, NonEmpty, OneOf, type Static, Type } from "../primitives.ts";
import { Message } from "../message.ts";
import { defineEvent } from "./define.ts";

export const ERROR_KINDS = ["refusal", "timeout", "rate_limit", "context_length", "unknown"] as const;

const Envelope = { runId: NonEmpty, sessionKey: NonEmpty, agentId: Type.Optional(NonEmpty), seq: Int0 };
export const ChatPayload = Type.Union([
  Closed({
    ...Envelope,
    state: Type.Literal("delta"),
    deltaText: Type.String(),
    replace: Type.Optional(Type.Boolean()),
    message: Message,
  }),
  Closed({
    ...Envelope,
    state: Type.Literal("final"),
    stopReason: Type.Optional(Type.String()),
    message: Type.Optional(Message),
  }),
  Closed({
    ...Envelope,
    state: Type.Literal("aborted"),
    stopReason: OneOf(["rpc", "stop", "timeout"]),
    message: Type.Optional(Message),
  }),
  Closed({
    ...Envelope,
    state: Type.Literal("error"),
    errorMessage: NonEmpty,
    errorKind: Type.Optional(OneOf(ERROR_KINDS)),
  }),
]);
export type ChatPayload = Static<typeof ChatPayload>;

export const ChatEvent = defineEvent({
  name: "chat",
  access: "operator.read",
  payload: ChatPayload,
  delivery: "ordered",
  forSubscribedNodes: true,
  droppableWhen: (payload) => payload.state === "delta",
  description: "The chat view of a run; a delta carries the whole text so far",
});
