/** Parameters and results of agent and agent.wait (methods facts, sections 4.3 and 4.4). */
import { AttachmentInput, Usage } from "../message.ts";
import {
  Closed,
  Int0,
  JsonObject,
  NonEmpty,
  Nullable,
  OneOf,
  Open,
  type Static,
  Timestamp,
  Type,
} from "../primitives.ts";

const Opt = Type.Optional;
const Text = Type.String();

export const AgentParams = Open({
  message: NonEmpty,
  agentId: Opt(NonEmpty),
  to: Opt(Text),
  replyTo: Opt(Text),
  sessionId: Opt(Text),
  sessionKey: Opt(Text),
  thinking: Opt(Text),
  deliver: Opt(Type.Boolean()),
  attachments: Opt(Type.Array(AttachmentInput)),
  channel: Opt(Text),
  replyChannel: Opt(Text),
  accountId: Opt(Text),
  replyAccountId: Opt(Text),
  threadId: Opt(Text),
  groupId: Opt(Text),
  groupChannel: Opt(Text),
  groupSpace: Opt(Text),
  /** Seconds; 0 is the longest time allowed. */
  timeout: Opt(Int0),
  lane: Opt(Text),
  extraSystemPrompt: Opt(Text),
  inputProvenance: Opt(JsonObject),
  /** Becomes the run id. */
  idempotencyKey: NonEmpty,
  label: Opt(Type.String({ minLength: 1, maxLength: 64 })),
  spawnedBy: Opt(Text),
});
export type AgentParams = Static<typeof AgentParams>;

/** The first answer, and what a protocol 3 client gets for a repeat while the run goes on. */
export const AgentAccepted = Closed({
  runId: NonEmpty,
  sessionKey: NonEmpty,
  agentId: NonEmpty,
  status: Type.Literal("accepted"),
  acceptedAt: Timestamp,
});
export const AgentInFlight = Closed({
  runId: NonEmpty,
  status: Type.Literal("in_flight"),
  sessionKey: NonEmpty,
  agentId: NonEmpty,
});
/** The second answer. `summary` is `completed` or `aborted`; one payload an assistant message. */
export const AgentFinal = Closed({
  runId: NonEmpty,
  status: Type.Literal("ok"),
  summary: OneOf(["completed", "aborted"]),
  result: Closed({
    payloads: Type.Array(Closed({ text: Text, mediaUrl: Nullable(Text) })),
    meta: Closed({
      durationMs: Int0,
      agentMeta: Closed({ sessionId: Text, provider: Text, model: Text, usage: Opt(Usage) }),
      aborted: Type.Boolean(),
      stopReason: Opt(Text),
    }),
  }),
});
export type AgentFinal = Static<typeof AgentFinal>;
export const AgentResult = Type.Union([AgentAccepted, AgentInFlight, AgentFinal]);

export const AgentWaitParams = Open({ runId: NonEmpty, timeoutMs: Opt(Int0) });
export const AgentWaitResult = Closed({
  runId: NonEmpty,
  status: OneOf(["ok", "error", "timeout"]),
  startedAt: Opt(Timestamp),
  endedAt: Opt(Timestamp),
  error: Opt(Text),
});
