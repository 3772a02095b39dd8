/** Parameters and results of the read-only `chat.*` methods and chat.inject (methods facts, section 6). */
import { AssistantMessage, Message, SystemMessage, ToolResultMessage, UserMessage } from "../message.ts";
import { Closed, Int0, NonEmpty, OneOf, Open, type Static, Timestamp, Type } from "../primitives.ts";
import { CommandView } from "./commands.ts";
import { ModelView } from "./models.ts";
import { SessionDefaultsView, SessionRow } from "./session_row.ts";

const Opt = Type.Optional;

/** Where the message stands in its transcript. Both generations keep this key free for the gateway's own facts. */
const Meta = Open({ id: NonEmpty, seq: Int0, cut: Opt(Type.Boolean()), runId: Opt(NonEmpty) });
const WithMeta = { __openclaw: Meta };

/** The wire's name for the sum is `totalTokens`; costs are zero, because the gateway knows no prices. */
export const UsageView = Closed({
  input: Int0,
  output: Int0,
  cacheRead: Int0,
  cacheWrite: Int0,
  totalTokens: Int0,
  cost: Closed({
    input: Type.Number(),
    output: Type.Number(),
    cacheRead: Type.Number(),
    cacheWrite: Type.Number(),
    total: Type.Number(),
  }),
});
export type UsageView = Static<typeof UsageView>;

/** A transcript message as history shows it. */
export const HistoryMessage = Type.Union([
  Closed({ ...UserMessage.properties, ...WithMeta }),
  Closed({ ...AssistantMessage.properties, ...WithMeta, usage: Opt(UsageView) }),
  Closed({ ...ToolResultMessage.properties, ...WithMeta }),
  Closed({ ...SystemMessage.properties, ...WithMeta }),
]);
export type HistoryMessage = Static<typeof HistoryMessage>;

/** A run that is queued or running, so that a page that loads in mid-answer can show it. Ours, additive. */
export const InFlightRun = Closed({
  runId: NonEmpty,
  state: OneOf(["queued", "running"]),
  /** What the model said so far. */
  text: Type.String(),
  seq: Int0,
  startedAt: Opt(Timestamp),
  message: Opt(Message),
});
export type InFlightRun = Static<typeof InFlightRun>;

/** Older messages: `beforeSeq` or the `cursor` of the last answer; `offset` counts from the newest. */
export const ChatHistoryParams = Open({
  sessionKey: NonEmpty,
  agentId: Opt(Type.String()),
  limit: Opt(Type.Integer({ minimum: 1, maximum: 1000 })),
  beforeSeq: Opt(Type.Integer({ minimum: 1 })),
  offset: Opt(Int0),
  cursor: Opt(Type.String({ maxLength: 512 })),
});
export type ChatHistoryParams = Static<typeof ChatHistoryParams>;
export const ChatHistoryResult = Closed({
  sessionKey: NonEmpty,
  sessionId: Opt(NonEmpty),
  messages: Type.Array(HistoryMessage),
  thinkingLevel: NonEmpty,
  verboseLevel: Opt(NonEmpty),
  hasMore: Type.Boolean(),
  totalMessages: Int0,
  /** Ask for what is older with this; present only when hasMore. */
  cursor: Opt(NonEmpty),
  pendingInputs: Closed({ items: Type.Array(Type.Unknown()), total: Int0 }),
  defaults: SessionDefaultsView,
  sessionInfo: SessionRow,
  inFlight: Type.Array(InFlightRun),
});
export type ChatHistoryResult = Static<typeof ChatHistoryResult>;

export const ChatMetadataParams = Open({ sessionKey: Opt(Type.String()), agentId: Opt(Type.String()) });
export const ChatMetadataResult = Closed({ models: Type.Array(ModelView), commands: Type.Array(CommandView) });

export const ChatInjectParams = Open({
  sessionKey: NonEmpty,
  agentId: Opt(Type.String()),
  message: NonEmpty,
  label: Opt(Type.String({ maxLength: 100 })),
});
export const ChatInjectResult = Closed({ ok: Type.Literal(true), messageId: NonEmpty });
