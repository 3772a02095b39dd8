/**
 * The configuration file, with OpenClaw's key names. Every part is optional; unknown keys cost a warning, an invalid part
 * is disabled and shown in `status` (gateway/config/load.ts). A secret is a string, `${ENV_NAME}` or `file:<path>`.
 */
import { Int0, JsonObject, NonEmpty, OneOf, Open, type Static, Type } from "./primitives.ts";
import { MODEL_APIS } from "./worker/agent.ts";

const Opt = Type.Optional;
const Bool = Type.Boolean();
/** A secret or a reference to one. */
export const SecretInput = Type.String({ minLength: 1, description: "A secret, ${ENV_NAME}, or file:<path>" });

export const GatewayConfig = Open({
  mode: Opt(OneOf(["local", "remote"])),
  port: Opt(Type.Integer({ minimum: 1, maximum: 65535 })),
  bind: Opt(OneOf(["loopback", "lan", "tailnet", "auto", "custom"])),
  customBindHost: Opt(NonEmpty),
  publicUrl: Opt(NonEmpty),
  auth: Opt(Open({
    mode: Opt(OneOf(["none", "token", "password"])),
    token: Opt(SecretInput),
    password: Opt(SecretInput),
  })),
  trustedProxies: Opt(Type.Array(NonEmpty)),
  controlUi: Opt(Open({ enabled: Opt(Bool), allowedOrigins: Opt(Type.Array(NonEmpty)) })),
  pairing: Opt(Open({ localRoles: Opt(OneOf(["silent", "ask"])) })),
  remote: Opt(Open({ url: Opt(NonEmpty), token: Opt(SecretInput), password: Opt(SecretInput) })),
  /** HTTPS on both ports. Without paths the gateway makes a certificate at its first start. */
  tls: Opt(Open({
    enabled: Opt(Bool),
    autoGenerate: Opt(Bool),
    certPath: Opt(NonEmpty),
    keyPath: Opt(NonEmpty),
  })),
  /** Commands of nodes beyond the usual ones, by name, and commands that are never on. */
  nodes: Opt(Open({ allowCommands: Opt(Type.Array(NonEmpty)), denyCommands: Opt(Type.Array(NonEmpty)) })),
});
export type GatewayConfig = Static<typeof GatewayConfig>;

/** The second port, for pages that agents write: another origin than the gateway's. */
export const CanvasHostConfig = Open({
  enabled: Opt(Bool),
  port: Opt(Type.Integer({ minimum: 1, maximum: 65535 })),
  root: Opt(NonEmpty),
  liveReload: Opt(Bool),
});

/** Read by `openclaw node run` on the machine that it runs on; the gateway itself has no use for it. */
export const NodeHostConfig = Open({
  displayName: Opt(Type.String({ minLength: 1, maxLength: 128 })),
  /** Folders whose files may be listed and read from afar. */
  allowDirs: Opt(Type.Array(NonEmpty, { maxItems: 64 })),
  /** Programs that may be run, by name or path, beside those of exec-approvals.json. */
  programs: Opt(Type.Array(NonEmpty, { maxItems: 256 })),
});
export type NodeHostConfig = Static<typeof NodeHostConfig>;

/** Where a person is asked before a command runs, beside WebChat and the CLI. */
export const ApprovalsConfig = Open({
  exec: Opt(Open({
    enabled: Opt(Bool),
    /** `session`: the chat that the run came from; `targets`: the chats listed; default `session`. */
    mode: Opt(OneOf(["session", "targets", "both"])),
    targets: Opt(Type.Array(Open({ channel: NonEmpty, to: NonEmpty, accountId: Opt(NonEmpty) }), { maxItems: 16 })),
  })),
});

export const ModelEntry = Open({
  id: NonEmpty,
  name: Opt(NonEmpty),
  contextWindow: Opt(Type.Integer({ minimum: 1 })),
  maxTokens: Opt(Type.Integer({ minimum: 1 })),
  reasoning: Opt(Bool),
  input: Opt(Type.Array(OneOf(["text", "image"]))),
});
export const ModelProvider = Open({
  baseUrl: Opt(NonEmpty),
  apiKey: Opt(SecretInput),
  api: Opt(OneOf([...MODEL_APIS, "openai-responses"] as const)),
  headers: Opt(Type.Record(Type.String(), SecretInput)),
  models: Opt(Type.Array(ModelEntry)),
});
export const ModelsConfig = Open({ providers: Opt(Type.Record(NonEmpty, ModelProvider)) });
export type ModelsConfig = Static<typeof ModelsConfig>;

const ModelRef = Type.Union([NonEmpty, Open({ primary: Opt(NonEmpty), fallbacks: Opt(Type.Array(NonEmpty)) })]);
export const AgentDefaults = Open({
  model: Opt(ModelRef),
  workspace: Opt(NonEmpty),
  maxConcurrent: Opt(Type.Integer({ minimum: 1, maximum: 64 })),
  timeoutSeconds: Opt(Type.Integer({ minimum: 1 })),
  thinkingDefault: Opt(NonEmpty),
  verboseDefault: Opt(NonEmpty),
  systemPrompt: Opt(Type.String()),
  userTimezone: Opt(NonEmpty),
});
export const AgentEntry = Open({
  id: NonEmpty,
  default: Opt(Bool),
  name: Opt(NonEmpty),
  workspace: Opt(NonEmpty),
  model: Opt(ModelRef),
  systemPrompt: Opt(Type.String()),
  identity: Opt(Open({
    name: Opt(Type.String()),
    theme: Opt(Type.String()),
    emoji: Opt(Type.String()),
    avatar: Opt(Type.String()),
  })),
  groupChat: Opt(Open({ mentionPatterns: Opt(Type.Array(NonEmpty)), historyLimit: Opt(Int0) })),
});
export const AgentsConfig = Open({ defaults: Opt(AgentDefaults), list: Opt(Type.Array(AgentEntry)) });
export type AgentsConfig = Static<typeof AgentsConfig>;

export const ResetRule = Open({
  mode: Opt(OneOf(["daily", "idle"])),
  atHour: Opt(Type.Integer({ minimum: 0, maximum: 23 })),
  idleMinutes: Opt(Type.Integer({ minimum: 1 })),
});
export const SessionConfig = Open({
  scope: Opt(OneOf(["per-sender", "global"])),
  mainKey: Opt(NonEmpty),
  dmScope: Opt(OneOf(["main", "per-peer", "per-channel-peer", "per-account-channel-peer"])),
  identityLinks: Opt(Type.Record(Type.String(), Type.Array(Type.String()))),
  idleMinutes: Opt(Type.Integer({ minimum: 1 })),
  reset: Opt(ResetRule),
  resetByType: Opt(Type.Record(Type.String(), ResetRule)),
  resetByChannel: Opt(Type.Record(Type.String(), ResetRule)),
  resetTriggers: Opt(Type.Array(NonEmpty)),
  sendPolicy: Opt(Open({
    default: Opt(OneOf(["allow", "deny"])),
    rules: Opt(Type.Array(Open({
      action: OneOf(["allow", "deny"]),
      match: Opt(Open({ channel: Opt(NonEmpty), chatType: Opt(NonEmpty), keyPrefix: Opt(NonEmpty) })),
    }))),
  })),
});
export type SessionConfig = Static<typeof SessionConfig>;

export const QUEUE_MODES = ["collect", "followup", "steer", "steer-backlog", "interrupt", "queue"] as const;
export const MessagesConfig = Open({
  queue: Opt(Open({
    mode: Opt(OneOf(QUEUE_MODES)),
    byChannel: Opt(Type.Record(Type.String(), OneOf(QUEUE_MODES))),
    debounceMs: Opt(Int0),
    debounceMsByChannel: Opt(Type.Record(Type.String(), Int0)),
    cap: Opt(Type.Integer({ minimum: 1 })),
    drop: Opt(OneOf(["summarize", "old", "new"])),
  })),
  groupChat: Opt(Open({ mentionPatterns: Opt(Type.Array(NonEmpty)), historyLimit: Opt(Int0) })),
  inbound: Opt(Open({ debounceMs: Opt(Int0), byChannel: Opt(Type.Record(Type.String(), Int0)) })),
  ackReaction: Opt(Type.String()),
  ackReactionScope: Opt(OneOf(["group-mentions", "group-all", "direct", "all", "off"])),
  removeAckAfterReply: Opt(Bool),
  responsePrefix: Opt(Type.String()),
});
export type MessagesConfig = Static<typeof MessagesConfig>;

export const LoggingConfig = Open({
  level: Opt(OneOf(["debug", "info", "warn", "error", "trace", "fatal", "silent"])),
  format: Opt(OneOf(["text", "json"])),
});

export const DM_POLICIES = ["pairing", "allowlist", "open", "disabled"] as const;
export const GROUP_POLICIES = ["allowlist", "open", "disabled"] as const;
/** Ids of people and chats; platforms with numbers as ids may write numbers. */
const IdList = Type.Array(Type.Union([NonEmpty, Type.Number()]));
const DeliveryOf = Open({
  unknown: Opt(OneOf(["hold", "resend"])),
  ttlMinutes: Opt(Type.Number({ exclusiveMinimum: 0 })),
});

/** Keys that main itself uses of every account, whatever its platform; the platform's own stand in its manifest. */
export const ChannelCommon = Open({
  enabled: Opt(Bool),
  name: Opt(NonEmpty),
  isolation: Opt(OneOf(["worker", "process"])),
  dmPolicy: Opt(OneOf(DM_POLICIES)),
  allowFrom: Opt(IdList),
  groupPolicy: Opt(OneOf(GROUP_POLICIES)),
  groupAllowFrom: Opt(IdList),
  groups: Opt(Type.Record(Type.String(), JsonObject)),
  dm: Opt(Open({ policy: Opt(OneOf(DM_POLICIES)), allowFrom: Opt(IdList), enabled: Opt(Bool) })),
  requireMention: Opt(Bool),
  historyLimit: Opt(Int0),
  dmHistoryLimit: Opt(Int0),
  textChunkLimit: Opt(Type.Integer({ minimum: 1 })),
  chunkMode: Opt(OneOf(["length", "newline"])),
  maxLinesPerMessage: Opt(Type.Integer({ minimum: 1 })),
  blockStreaming: Opt(Bool),
  streamMode: Opt(NonEmpty),
  typing: Opt(Bool),
  retry: Opt(Open({
    attempts: Opt(Type.Integer({ minimum: 1 })),
    minDelayMs: Opt(Int0),
    maxDelayMs: Opt(Int0),
    jitter: Opt(Type.Number({ minimum: 0, maximum: 1 })),
  })),
  mediaMaxMb: Opt(Type.Number({ exclusiveMinimum: 0 })),
  replyToMode: Opt(OneOf(["off", "first", "all"])),
  responsePrefix: Opt(Type.String()),
  debounceMs: Opt(Int0),
  sendReadReceipts: Opt(Bool),
  configWrites: Opt(Bool),
  heartbeat: Opt(JsonObject),
  delivery: Opt(DeliveryOf),
});
export type ChannelCommon = Static<typeof ChannelCommon>;

/** A change of these keys alone does not restart an account: main reads them at each message. */
export const LIVE_CHANNEL_KEYS: readonly string[] = [
  "name",
  "dmPolicy",
  "allowFrom",
  "groupPolicy",
  "groupAllowFrom",
  "groups",
  "guilds",
  "channels",
  "dm",
  "requireMention",
  "historyLimit",
  "dmHistoryLimit",
  "textChunkLimit",
  "chunkMode",
  "blockStreaming",
  "maxLinesPerMessage",
  "typing",
  "responsePrefix",
  "ackReaction",
  "debounceMs",
  "configWrites",
  "heartbeat",
  "delivery",
];

/** `channels.defaults`: what every channel uses that says nothing itself. */
export const ChannelDefaults = Open({ groupPolicy: Opt(OneOf(GROUP_POLICIES)), heartbeat: Opt(JsonObject) });

export const BindingEntry = Open({
  agentId: NonEmpty,
  match: Open({
    channel: NonEmpty,
    accountId: Opt(NonEmpty),
    peer: Opt(Open({ kind: OneOf(["direct", "dm", "group", "channel"]), id: Type.Union([NonEmpty, Type.Number()]) })),
    guildId: Opt(NonEmpty),
    teamId: Opt(NonEmpty),
  }),
});

/** Parts that follow the file while the gateway runs; `messages` without its queue. */
export const LIVE_PARTS: readonly string[] = ["channels", "bindings", "messages", "delivery", "commands", "approvals"];

/** The parts of the file. Each is checked by itself, so that one bad part does not take the others down. */
export const CONFIG_PARTS = {
  gateway: GatewayConfig,
  canvasHost: CanvasHostConfig,
  agents: AgentsConfig,
  models: ModelsConfig,
  session: SessionConfig,
  messages: MessagesConfig,
  logging: LoggingConfig,
  channels: Type.Record(Type.String(), Type.Unknown()),
  bindings: Type.Array(BindingEntry),
  delivery: DeliveryOf,
  approvals: ApprovalsConfig,
  commands: Open({
    useAccessGroups: Opt(Bool),
    ownerAllowFrom: Opt(Type.Array(Type.Union([Type.String(), Type.Number()]))),
    native: Opt(Type.Unknown()),
    text: Opt(Bool),
  }),
} as const;
export type ConfigPart = keyof typeof CONFIG_PARTS;

/** Top-level keys of OpenClaw that this gateway knows of and does not use: no warning for them. */
export const KNOWN_UNUSED_PARTS = [
  "$schema",
  "meta",
  "env",
  "wizard",
  "diagnostics",
  "update",
  "browser",
  "ui",
  "auth",
  "nodeHost",
  "audio",
  "broadcast",
  "media",
  "web",
  "cron",
  "hooks",
  "discovery",
  "talk",
  "memory",
  "skills",
  "plugins",
  "tools",
] as const;

export const ConfigFile = Type.Partial(Type.Object(CONFIG_PARTS));
export type ConfigFile = Static<typeof ConfigFile>;
