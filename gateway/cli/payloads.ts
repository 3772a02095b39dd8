/**
 * What the CLI reads of each answer, and no more: everything optional that another version of the gateway may lack, so
 * that a newer or older one can still be asked. The full contracts stand in schemas/method.
 */
import { type Static, type TSchema, Type } from "../../schemas/primitives.ts";
import { checker } from "../../schemas/validate.ts";
import { CliError } from "./exit.ts";

const Opt = Type.Optional;
const Text = Type.String();
const Num = Type.Number();
const Unknowns = Type.Record(Text, Type.Unknown());
const Issue = Type.Object({ path: Text, message: Text });
const NumOrNull = Opt(Type.Union([Num, Type.Null()]));
const TextOrNull = Opt(Type.Union([Text, Type.Null()]));

/** The answer of `method` as `schema` describes it. Throws a CliError when it has another form. */
export function read<S extends TSchema>(method: string, schema: S, payload: unknown): Static<S> {
  const checked = checker(schema)(payload);
  if (checked.ok) return checked.value;
  throw new CliError("failed", `Cannot read the answer of ${method}: ${checked.error}`, [
    "The gateway may be of another version; the answer as it came: openclaw call " + method,
  ], payload);
}

export const SessionRow = Type.Object({
  key: Text,
  kind: Opt(Text),
  label: TextOrNull,
  displayName: TextOrNull,
  derivedTitle: TextOrNull,
  lastMessagePreview: TextOrNull,
  updatedAt: NumOrNull,
  sessionId: Opt(Text),
  totalTokens: NumOrNull,
  contextTokens: NumOrNull,
  model: TextOrNull,
  modelProvider: TextOrNull,
  thinkingLevel: TextOrNull,
  channel: TextOrNull,
  hasActiveRun: Opt(Type.Boolean()),
});
export type SessionRow = Static<typeof SessionRow>;

export const Health = Type.Object({
  ok: Opt(Type.Boolean()),
  durationMs: Opt(Num),
  channels: Opt(Type.Record(Text, Unknowns)),
  channelLabels: Opt(Type.Record(Text, Text)),
  agents: Opt(Type.Array(Type.Object({ agentId: Text, name: Opt(Text), isDefault: Opt(Type.Boolean()) }))),
  defaultAgentId: Opt(Text),
  sessions: Opt(Type.Object({ count: Opt(Num) })),
});

export const Status = Type.Object({
  gateway: Opt(Type.Object({
    version: Opt(Text),
    pid: Opt(Num),
    uptimeMs: Opt(Num),
    model: Opt(Type.Object({ provider: Text, model: Text, source: Opt(Text) })),
    connections: Opt(Num),
    activeRuns: Opt(Num),
    devicesWaiting: Opt(Num),
    configIssues: Opt(Type.Array(Issue)),
    restartRequired: Opt(Type.Array(Type.String())),
    configWarnings: Opt(Type.Array(Issue)),
  })),
  channelSummary: Opt(Type.Array(Text)),
  sessions: Opt(Type.Object({
    count: Opt(Num),
    defaults: Opt(Type.Object({ model: TextOrNull, contextTokens: NumOrNull })),
    recent: Opt(Type.Array(SessionRow)),
  })),
});
export type Status = Static<typeof Status>;

export const Presence = Type.Array(Type.Object({
  host: Opt(Text),
  ip: Opt(Text),
  version: Opt(Text),
  platform: Opt(Text),
  mode: Opt(Text),
  reason: Opt(Text),
  roles: Opt(Type.Array(Text)),
  deviceId: Opt(Text),
  ts: Num,
}));

export const Channels = Type.Object({
  channelOrder: Opt(Type.Array(Text)),
  channelLabels: Opt(Type.Record(Text, Text)),
  channels: Opt(Type.Record(Text, Unknowns)),
});

export const SessionsList = Type.Object({
  sessions: Type.Array(SessionRow),
  totalCount: Opt(Num),
  hasMore: Opt(Type.Boolean()),
});
export const SessionDescribe = Type.Object({ session: Type.Union([SessionRow, Type.Null()]) });
export const SessionChange = Type.Object({ key: Text, deleted: Opt(Type.Boolean()) });

export const PendingDevice = Type.Object({
  requestId: Text,
  deviceId: Text,
  displayName: Opt(Text),
  platform: Opt(Text),
  clientId: Opt(Text),
  role: Opt(Text),
  roles: Opt(Type.Array(Text)),
  scopes: Opt(Type.Array(Text)),
  remoteIp: Opt(Text),
  isRepair: Opt(Type.Boolean()),
  ts: Opt(Num),
});
const DeviceToken = Type.Object({
  role: Opt(Text),
  scopes: Opt(Type.Array(Text)),
  revokedAtMs: Opt(Num),
  lastUsedAtMs: Opt(Num),
});
export const PairedDevice = Type.Object({
  deviceId: Text,
  displayName: Opt(Text),
  platform: Opt(Text),
  clientId: Opt(Text),
  role: Opt(Text),
  roles: Opt(Type.Array(Text)),
  scopes: Opt(Type.Array(Text)),
  remoteIp: Opt(Text),
  /** A map by role in one generation, a list in the other. */
  tokens: Opt(Type.Union([Type.Array(DeviceToken), Type.Record(Text, DeviceToken)])),
  approvedAtMs: Opt(Num),
  lastSeenAtMs: Opt(Num),
  connected: Opt(Type.Boolean()),
});
export type PendingDevice = Static<typeof PendingDevice>;
export type PairedDevice = Static<typeof PairedDevice>;
export const DeviceList = Type.Object({ pending: Type.Array(PendingDevice), paired: Type.Array(PairedDevice) });
export const DeviceRotated = Type.Object({
  deviceId: Opt(Text),
  role: Opt(Text),
  token: Opt(Text),
  scopes: Opt(Type.Array(Text)),
  rotatedAtMs: Opt(Num),
});

export const Models = Type.Object({
  models: Type.Array(Type.Object({
    id: Text,
    name: Opt(Text),
    provider: Text,
    contextWindow: Opt(Num),
    reasoning: Opt(Type.Boolean()),
    input: Opt(Type.Array(Text)),
  })),
});

export const ConfigGet = Type.Object({
  path: Opt(Text),
  exists: Opt(Type.Boolean()),
  valid: Opt(Type.Boolean()),
  parsed: Opt(Type.Unknown()),
  config: Opt(Type.Unknown()),
  issues: Opt(Type.Array(Issue)),
  warnings: Opt(Type.Array(Issue)),
});

const Part = Type.Object({ type: Opt(Text), text: Opt(Text), name: Opt(Text) });
export const ChatMessage = Type.Object({
  role: Text,
  content: Opt(Type.Union([Text, Type.Array(Part)])),
  timestamp: Opt(Num),
  errorMessage: Opt(Text),
  toolName: Opt(Text),
});
export type ChatMessage = Static<typeof ChatMessage>;
export const ChatHistory = Type.Object({
  sessionKey: Opt(Text),
  messages: Type.Array(ChatMessage),
  hasMore: Opt(Type.Boolean()),
  sessionInfo: Opt(Type.Object({ key: Opt(Text) })),
  inFlight: Opt(Type.Array(Type.Object({ runId: Text, text: Opt(Text) }))),
});
export const ChatStarted = Type.Object({
  runId: Opt(Text),
  status: Opt(Text),
  aborted: Opt(Type.Boolean()),
  runIds: Opt(Type.Array(Text)),
});

export const AgentFinal = Type.Object({
  runId: Opt(Text),
  status: Opt(Text),
  summary: Opt(Text),
  result: Opt(Type.Object({
    payloads: Opt(Type.Array(Type.Object({ text: Opt(Text) }))),
    meta: Opt(Type.Object({
      durationMs: Opt(Num),
      aborted: Opt(Type.Boolean()),
      agentMeta: Opt(Type.Object({ model: Opt(Text), provider: Opt(Text) })),
    })),
  })),
});

export const AgentEventPayload = Type.Object({
  runId: Text,
  stream: Text,
  sessionKey: Opt(Text),
  data: Type.Object({
    text: Opt(Text),
    delta: Opt(Text),
    phase: Opt(Text),
    name: Opt(Text),
    toolCallId: Opt(Text),
    isError: Opt(Type.Boolean()),
    meta: Opt(Text),
    args: Opt(Type.Unknown()),
    error: Opt(Text),
  }),
});
export type AgentEventPayload = Static<typeof AgentEventPayload>;
export const ChatEventPayload = Type.Object({
  runId: Text,
  sessionKey: Text,
  state: Text,
  message: Opt(ChatMessage),
  stopReason: Opt(Text),
  errorMessage: Opt(Text),
});
export type ChatEventPayload = Static<typeof ChatEventPayload>;

/** The text of a message; tool calls and thinking are left out. */
export function messageText(message: ChatMessage | undefined): string {
  const content = message?.content;
  if (content === undefined) return "";
  if (typeof content === "string") return content;
  return content.filter((part) => part.type === "text").map((part) => part.text ?? "").join("");
}
