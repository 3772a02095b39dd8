/** The handshake: challenge, connect parameters, hello-ok. */
import { StateVersion } from "./frame.ts";
import { Closed, Int0, JsonObject, NonEmpty, OneOf, Open, type Static, Timestamp, Type } from "./primitives.ts";
import { PresenceEntry } from "./event/presence.ts";

/** Client ids of both generations; others are refused, as the official gateways do. */
export const CLIENT_IDS = [
  "webchat-ui",
  "openclaw-control-ui",
  "webchat",
  "cli",
  "gateway-client",
  "openclaw-macos",
  "openclaw-ios",
  "openclaw-android",
  "node-host",
  "test",
  "fingerprint",
  "openclaw-probe",
  "openclaw-tui",
  "openclaw-linux",
  "openclaw-watchos",
  "openclaw-browser-copilot",
  "openclaw-worker",
] as const;
export const CLIENT_MODES = ["webchat", "cli", "ui", "backend", "node", "probe", "test", "worker"] as const;

export const ConnectClient = Open({
  id: OneOf(CLIENT_IDS),
  displayName: Type.Optional(NonEmpty),
  version: NonEmpty,
  platform: NonEmpty,
  deviceFamily: Type.Optional(NonEmpty),
  modelIdentifier: Type.Optional(NonEmpty),
  mode: OneOf(CLIENT_MODES),
  instanceId: Type.Optional(NonEmpty),
  buildId: Type.Optional(Type.String({ maxLength: 96 })),
  timeZone: Type.Optional(Type.String({ maxLength: 64 })),
});
export type ConnectClient = Static<typeof ConnectClient>;

export const ConnectDevice = Open({
  id: NonEmpty,
  publicKey: NonEmpty,
  signature: NonEmpty,
  signedAt: Int0,
  nonce: Type.Optional(Type.String()),
});
export type ConnectDevice = Static<typeof ConnectDevice>;

export const ConnectAuth = Open({
  token: Type.Optional(Type.String()),
  password: Type.Optional(Type.String()),
  deviceToken: Type.Optional(Type.String()),
  bootstrapToken: Type.Optional(Type.String()),
});
export type ConnectAuth = Static<typeof ConnectAuth>;

export const ConnectParams = Open({
  minProtocol: Type.Integer({ minimum: 1 }),
  maxProtocol: Type.Integer({ minimum: 1 }),
  client: ConnectClient,
  caps: Type.Optional(Type.Array(NonEmpty, { maxItems: 64 })),
  commands: Type.Optional(Type.Array(NonEmpty, { maxItems: 256 })),
  permissions: Type.Optional(Type.Record(Type.String({ minLength: 1 }), Type.Boolean())),
  pathEnv: Type.Optional(Type.String()),
  role: Type.Optional(NonEmpty),
  scopes: Type.Optional(Type.Array(NonEmpty, { maxItems: 64 })),
  device: Type.Optional(ConnectDevice),
  auth: Type.Optional(ConnectAuth),
  locale: Type.Optional(Type.String()),
  userAgent: Type.Optional(Type.String()),
});
export type ConnectParams = Static<typeof ConnectParams>;

export const SessionDefaults = Closed({
  defaultAgentId: NonEmpty,
  mainKey: NonEmpty,
  mainSessionKey: NonEmpty,
  scope: OneOf(["per-sender", "global"]),
});

export const Snapshot = Closed({
  presence: Type.Array(PresenceEntry),
  health: JsonObject,
  stateVersion: StateVersion,
  uptimeMs: Int0,
  configPath: NonEmpty,
  stateDir: NonEmpty,
  sessionDefaults: SessionDefaults,
  authMode: Type.Optional(OneOf(["none", "token", "password"])),
});
export type Snapshot = Static<typeof Snapshot>;

export const Policy = Closed({
  maxPayload: Int0,
  maxBufferedBytes: Int0,
  tickIntervalMs: Int0,
  attachments: Type.Optional(Closed({ maxBytes: Int0, maxImageBytes: Int0 })),
});

/** hello-ok. `server.host`, `canvasHostUrl` are for protocol 3 alone; `auth.method`, `authMode` for protocol 4 alone. */
export const HelloOk = Closed({
  type: Type.Literal("hello-ok"),
  protocol: OneOf3or4(),
  server: Closed({
    version: NonEmpty,
    host: Type.Optional(NonEmpty),
    bootId: Type.Optional(NonEmpty),
    controlUiBuildSource: Type.Optional(Type.Literal("configured")),
    connId: NonEmpty,
  }),
  features: Closed({
    methods: Type.Array(NonEmpty),
    events: Type.Array(NonEmpty),
    capabilities: Type.Optional(Type.Array(NonEmpty)),
  }),
  snapshot: Snapshot,
  canvasHostUrl: Type.Optional(NonEmpty),
  pluginSurfaceUrls: Type.Optional(Type.Record(Type.String(), Type.String())),
  auth: Type.Optional(Closed({
    method: Type.Optional(NonEmpty),
    deviceToken: Type.Optional(NonEmpty),
    role: NonEmpty,
    scopes: Type.Array(NonEmpty),
    issuedAtMs: Type.Optional(Timestamp),
  })),
  policy: Policy,
});
export type HelloOk = Static<typeof HelloOk>;

function OneOf3or4() {
  return Type.Union([Type.Literal(3), Type.Literal(4)]);
}
