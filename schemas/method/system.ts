/** Health, status, presence, channels: what the gateway says about itself. */
import { Closed, Int0, JsonObject, NonEmpty, Nullable, Open, Type } from "../primitives.ts";
import { PresenceEntry } from "../event/presence.ts";

const Opt = Type.Optional;
const Text = Type.String();

export const HealthParams = Open({ probe: Opt(Type.Boolean()) });
export const HealthResult = Open({
  ok: Type.Boolean(),
  ts: Int0,
  channels: JsonObject,
  agents: Type.Array(JsonObject),
  sessions: JsonObject,
});

export const StatusParams = Open({});
export const StatusResult = Closed({
  /** Our own additions stand beside the protocol's keys; both generations ignore what they do not know. */
  gateway: Closed({
    version: NonEmpty,
    pid: Int0,
    uptimeMs: Int0,
    model: Closed({ provider: NonEmpty, model: NonEmpty, source: NonEmpty }),
    connections: Int0,
    activeRuns: Int0,
    devicesWaiting: Int0,
    configIssues: Type.Array(Closed({ path: Text, message: NonEmpty })),
    /** What a changed configuration file asks for that waits for a restart. */
    restartRequired: Type.Array(NonEmpty),
    configWarnings: Type.Array(Closed({ path: Text, message: NonEmpty })),
  }),
  heartbeat: Closed({
    defaultAgentId: NonEmpty,
    agents: Type.Array(
      Closed({ agentId: NonEmpty, enabled: Type.Boolean(), every: NonEmpty, everyMs: Nullable(Int0) }),
    ),
  }),
  channelSummary: Type.Array(Text),
  queuedSystemEvents: Type.Array(Text),
  sessions: Closed({
    paths: Type.Array(Text),
    count: Int0,
    defaults: Closed({ model: Nullable(Text), contextTokens: Nullable(Int0) }),
    recent: Type.Array(JsonObject),
    byAgent: Type.Array(Closed({ agentId: NonEmpty, path: Text, count: Int0, recent: Type.Array(JsonObject) })),
  }),
});

export const PresenceParams = Open({});
export const PresenceResult = Type.Array(PresenceEntry);

export const SystemEventParams = Open({
  text: Text,
  deviceId: Opt(Text),
  instanceId: Opt(Text),
  host: Opt(Text),
  ip: Opt(Text),
  mode: Opt(Text),
  version: Opt(Text),
  platform: Opt(Text),
  deviceFamily: Opt(Text),
  modelIdentifier: Opt(Text),
  lastInputSeconds: Opt(Type.Number({ minimum: 0 })),
  reason: Opt(Text),
  roles: Opt(Type.Array(Text)),
  scopes: Opt(Type.Array(Text)),
  tags: Opt(Type.Array(Text)),
});
export const OkResult = Closed({ ok: Type.Literal(true) });

export const LastHeartbeatParams = Open({});
export const LastHeartbeatResult = Nullable(JsonObject);
