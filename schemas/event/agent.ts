/** Progress of an agent run: lifecycle, assistant, thinking, tool, error. */
import { Closed, Int0, JsonObject, NonEmpty, OneOf, Open, type Static, Timestamp, Type } from "../primitives.ts";
import { defineEvent } from "./define.ts";

/** `text` is cumulative within the current assistant message, `delta` the new part. */
export const TextData = Closed({ text: Type.String(), delta: Type.String() });
export const LifecycleData = Closed({
  phase: OneOf(["start", "end", "error"]),
  startedAt: Type.Optional(Timestamp),
  endedAt: Type.Optional(Timestamp),
  aborted: Type.Optional(Type.Boolean()),
  stopReason: Type.Optional(Type.String()),
  error: Type.Optional(Type.String()),
});
export const ToolData = Closed({
  phase: OneOf(["start", "result"]),
  name: NonEmpty,
  toolCallId: NonEmpty,
  args: Type.Optional(JsonObject),
  isError: Type.Optional(Type.Boolean()),
  /** Only at verbose level `full`; otherwise results stay out of events. */
  result: Type.Optional(Type.Unknown()),
  meta: Type.Optional(Type.String()),
});
export const ErrorData = Open({ reason: NonEmpty });

const Envelope = {
  runId: NonEmpty,
  /** Per run over all streams, from 1. */
  seq: Int0,
  ts: Timestamp,
  sessionKey: Type.Optional(NonEmpty),
  agentId: Type.Optional(NonEmpty),
};
export const AgentPayload = Type.Union([
  Closed({ ...Envelope, stream: Type.Literal("lifecycle"), data: LifecycleData }),
  Closed({ ...Envelope, stream: OneOf(["assistant", "thinking"]), data: TextData }),
  Closed({ ...Envelope, stream: Type.Literal("tool"), data: ToolData }),
  Closed({ ...Envelope, stream: Type.Literal("error"), data: ErrorData }),
]);
export type AgentPayload = Static<typeof AgentPayload>;

export const AgentEvent = defineEvent({
  name: "agent",
  access: "operator.read",
  payload: AgentPayload,
  delivery: "ordered",
  forSubscribedNodes: true,
  description: "Progress of an agent run",
});

/**
 * Tool progress has the same wire name but goes without a sequence number, and only to clients that announced
 * `tool-events` (observed in both generations).
 */
export const AgentToolEvent = defineEvent({
  name: "agent",
  access: "operator.read",
  payload: AgentPayload,
  delivery: "direct",
  cap: "tool-events",
  description: "Tool progress of an agent run, for clients with the capability tool-events",
});
