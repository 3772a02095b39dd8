/** Changes of sessions and their transcripts, for clients that subscribed. */
import { Closed, Int0, NonEmpty, OneOf, Open, Timestamp, Type } from "../primitives.ts";
import { Message } from "../message.ts";
import { defineEvent } from "./define.ts";

export const SessionsChangedEvent = defineEvent({
  name: "sessions.changed",
  access: "operator.read",
  payload: Open({
    sessionKey: Type.Optional(NonEmpty),
    reason: OneOf(["create", "patch", "reset", "delete", "message", "run"]),
    ts: Timestamp,
  }),
  delivery: "droppable",
  description: "A session was made, changed, reset, deleted or used; sent after sessions.subscribe",
});

export const SessionMessageEvent = defineEvent({
  name: "session.message",
  access: "operator.read",
  payload: Closed({
    sessionKey: NonEmpty,
    message: Message,
    messageId: NonEmpty,
    messageSeq: Int0,
  }),
  delivery: "ordered",
  description: "A message was appended to a transcript; sent after sessions.messages.subscribe",
});
