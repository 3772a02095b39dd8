/** Parameters and results of node.* (methods facts, section 11) and of what nodes call. */
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

/** What a node says of itself when it connects, as lists show it. */
const About = {
  displayName: Opt(NonEmpty),
  platform: Opt(NonEmpty),
  version: Opt(NonEmpty),
  coreVersion: Opt(NonEmpty),
  uiVersion: Opt(NonEmpty),
  deviceFamily: Opt(NonEmpty),
  modelIdentifier: Opt(NonEmpty),
  clientId: Opt(NonEmpty),
  clientMode: Opt(NonEmpty),
  remoteIp: Opt(NonEmpty),
};

export const NODE_APPROVALS = ["approved", "pending-approval"] as const;

/** One paired or connected node. `caps` and `commands` are sorted, without repeats, and only what may be used now. */
export const NodeView = Closed({
  nodeId: NonEmpty,
  ...About,
  caps: Type.Array(NonEmpty),
  commands: Type.Array(NonEmpty),
  /** Our own: commands that the node declares and the policy keeps off, each with the reason. */
  offCommands: Opt(Type.Array(Closed({ command: NonEmpty, reason: NonEmpty }))),
  /** Our own: commands beyond the platform's list that the owner allows on this node. */
  allowedCommands: Opt(Type.Array(NonEmpty)),
  pathEnv: Opt(Type.String()),
  permissions: Opt(Type.Record(Type.String(), Type.Boolean())),
  connectedAtMs: Opt(Timestamp),
  approvedAtMs: Opt(Timestamp),
  lastSeenAtMs: Opt(Timestamp),
  lastConnectedAtMs: Opt(Timestamp),
  /** Absent for a protocol 3 node, which needs no approval beyond that of its device. */
  approvalState: Opt(OneOf(NODE_APPROVALS)),
  pendingRequestId: Opt(NonEmpty),
  pendingDeclaredCaps: Opt(Type.Array(NonEmpty)),
  pendingDeclaredCommands: Opt(Type.Array(NonEmpty)),
  paired: Type.Boolean(),
  connected: Type.Boolean(),
});
export type NodeView = Static<typeof NodeView>;

export const NodeListParams = Open({});
export const NodeListResult = Closed({ ts: Timestamp, nodes: Type.Array(NodeView) });

export const NodeIdParams = Open({ nodeId: NonEmpty });
export const NodeDescribeResult = Closed({ ts: Timestamp, ...NodeView.properties });

/** Our own: a node reads its own row, to say on its own screen what the owner has not allowed yet. */
export const NodeSelfParams = Open({});
export const NodeSelfResult = NodeDescribeResult;

export const NodeRenameParams = Open({ nodeId: NonEmpty, displayName: Type.String({ minLength: 1, maxLength: 128 }) });
export const NodeRenameResult = Closed({ nodeId: NonEmpty, displayName: NonEmpty });

export const NodeInvokeParams = Open({
  nodeId: NonEmpty,
  command: Type.String({ minLength: 1, maxLength: 128 }),
  params: Opt(Type.Unknown()),
  timeoutMs: Opt(Int0),
  idempotencyKey: NonEmpty,
  sessionKey: Opt(NonEmpty),
});
/** `payloadJSON` is null when the payload is so large that sending it twice would pass the frame limit. */
export const NodeInvokeResult = Closed({
  ok: Type.Literal(true),
  nodeId: NonEmpty,
  command: NonEmpty,
  payload: Type.Unknown(),
  payloadJSON: Nullable(Type.String()),
});

/** The answer of a node to node.invoke.request. Nulls in place of absent keys are tolerated (methods facts, 11.4). */
export const NodeInvokeResultParams = Open({
  id: NonEmpty,
  nodeId: NonEmpty,
  ok: Type.Boolean(),
  payload: Opt(Type.Unknown()),
  payloadJSON: Opt(Type.Unknown()),
  error: Opt(Nullable(Open({ code: Opt(Nullable(Type.String())), message: Opt(Nullable(Type.String())) }))),
});
export type NodeInvokeResultParams = Static<typeof NodeInvokeResultParams>;
export const NodeInvokeResultResult = Closed({ ok: Type.Literal(true), ignored: Opt(Type.Literal(true)) });

/** A piece of a result that comes in parts; `seq` counts from 0. The pieces are the result's JSON text. */
export const NodeInvokeProgressParams = Open({ invokeId: NonEmpty, nodeId: NonEmpty, seq: Int0, chunk: Type.String() });

export const NodeEventParams = Open({
  event: Type.String({ minLength: 1, maxLength: 128 }),
  payload: Opt(Type.Unknown()),
  payloadJSON: Opt(Nullable(Type.String())),
});
/** `ok` is true also for events that mean nothing here; `runId`: the run that the event started. */
export const NodeEventResult = Closed({
  ok: Type.Literal(true),
  event: Opt(NonEmpty),
  handled: Opt(Type.Boolean()),
  reason: Opt(NonEmpty),
  runId: Opt(NonEmpty),
});

/** A node that asks for approval of what it declares. */
export const NodePairRequest = Closed({
  requestId: NonEmpty,
  nodeId: NonEmpty,
  ...About,
  caps: Type.Array(NonEmpty),
  commands: Type.Array(NonEmpty),
  /** Our own: those of `commands` that stay off unless the approval names them. */
  dangerousCommands: Opt(Type.Array(NonEmpty)),
  requiredApproveScopes: Opt(Type.Array(NonEmpty)),
  silent: Opt(Type.Boolean()),
  isRepair: Opt(Type.Boolean()),
  ts: Timestamp,
});
export type NodePairRequest = Static<typeof NodePairRequest>;

/** `token` is sent once, in the answer to an approval of a request made by node.pair.request. */
export const PairedNode = Closed({
  nodeId: NonEmpty,
  ...About,
  caps: Type.Array(NonEmpty),
  commands: Type.Array(NonEmpty),
  /** Our own: dangerous commands that the owner allowed on this node. */
  allowedCommands: Opt(Type.Array(NonEmpty)),
  token: Opt(NonEmpty),
  createdAtMs: Timestamp,
  approvedAtMs: Timestamp,
  lastConnectedAtMs: Opt(Timestamp),
  lastSeenAtMs: Opt(Timestamp),
});
export type PairedNode = Static<typeof PairedNode>;

export const NodePairRequestParams = Open({
  nodeId: NonEmpty,
  ...About,
  caps: Opt(Type.Array(NonEmpty, { maxItems: 64 })),
  commands: Opt(Type.Array(NonEmpty, { maxItems: 256 })),
  silent: Opt(Type.Boolean()),
});
export const NodePairRequestResult = Closed({
  status: Type.Literal("pending"),
  request: NodePairRequest,
  created: Type.Boolean(),
});
export const NodePairListResult = Closed({ pending: Type.Array(NodePairRequest), paired: Type.Array(PairedNode) });
export const NodePairApproveParams = Open({
  requestId: NonEmpty,
  /** Our own: dangerous commands to allow with it; needs operator.admin. */
  allowCommands: Opt(Type.Array(NonEmpty, { maxItems: 64 })),
});
export const NodePairApproveResult = Closed({ requestId: NonEmpty, node: PairedNode });
export const NodePairRejectParams = Open({ requestId: NonEmpty });
export const NodePairRejectResult = Closed({ requestId: NonEmpty, nodeId: NonEmpty });
export const NodePairVerifyParams = Open({ nodeId: NonEmpty, token: NonEmpty });
export const NodePairVerifyResult = Closed({ ok: Type.Boolean(), node: Opt(PairedNode) });
export const NodePairRemoveResult = Closed({ nodeId: NonEmpty });

/** Our own: the dangerous commands that the owner allows on one node; the list replaces the old one. */
export const NodeCommandsSetParams = Open({ nodeId: NonEmpty, allowCommands: Type.Array(NonEmpty, { maxItems: 64 }) });
export const NodeCommandsSetResult = Closed({ nodeId: NonEmpty, allowCommands: Type.Array(NonEmpty) });

/**
 * Our own: a link that opens the node page on a phone, with a one-use code in its fragment. `available` false: the gateway
 * has no HTTPS address, and `reason` says what to set.
 */
export const NodeLinkParams = Open({});
export const NodeLinkResult = Closed({
  available: Type.Boolean(),
  reason: Opt(NonEmpty),
  url: Opt(NonEmpty),
  /** The link as a picture, a data: URL of a PNG. */
  qrDataUrl: Opt(NonEmpty),
  expiresAtMs: Opt(Timestamp),
  /** SHA-256 of a certificate that the gateway made itself, to compare with what the browser shows. */
  fingerprint: Opt(NonEmpty),
});
export type NodeLinkResult = Static<typeof NodeLinkResult>;

export const PluginSurfaceRefreshParams = Open({ surface: Opt(Type.String()) });
export const PluginSurfaceRefreshResult = Closed({
  surface: Type.Literal("canvas"),
  pluginSurfaceUrls: Closed({ canvas: NonEmpty }),
  expiresAtMs: Timestamp,
});

/** What newer nodes announce and this gateway does not use. */
export const NodeExtrasParams = Open({});
export const NodeExtrasResult = Closed({ ok: Type.Literal(true), ignored: Type.Literal(true) });
export const NodePendingResult = Closed({
  nodeId: NonEmpty,
  revision: Int0,
  items: Type.Array(JsonObject, { maxItems: 0 }),
  hasMore: Type.Boolean(),
});
