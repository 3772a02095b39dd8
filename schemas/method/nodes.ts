/** Parameters and results of node.* (methods facts, section 11) and of what nodes call. */
import {
  Closed,
  Int0,
  JsonObject,
  NonEmpty,
  noted,
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
  caps: noted(Type.Array(NonEmpty), "Sorted; of a protocol 4 node those that were approved"),
  commands: noted(Type.Array(NonEmpty), "Sorted; only what may be called now"),
  offCommands: Opt(noted(
    Type.Array(Closed({ command: NonEmpty, reason: NonEmpty })),
    "Our own: what the node declares and the policy keeps off, each with what the owner can do",
  )),
  allowedCommands: Opt(noted(Type.Array(NonEmpty), "Our own: beyond the platform's list, allowed on this node")),
  pathEnv: Opt(noted(Type.String(), "PATH of the node's host")),
  permissions: Opt(Type.Record(Type.String(), Type.Boolean())),
  connectedAtMs: Opt(Timestamp),
  approvedAtMs: Opt(Timestamp),
  lastSeenAtMs: Opt(Timestamp),
  lastConnectedAtMs: Opt(Timestamp),
  approvalState: Opt(noted(
    OneOf(NODE_APPROVALS),
    "Absent for a protocol 3 node, which needs no approval beyond that of its device",
  )),
  pendingRequestId: Opt(NonEmpty),
  pendingDeclaredCaps: Opt(Type.Array(NonEmpty)),
  pendingDeclaredCommands: Opt(Type.Array(NonEmpty)),
  paired: noted(Type.Boolean(), "Its device is paired with the role node"),
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
  params: Opt(noted(Type.Unknown(), "Up to 8 MiB of JSON")),
  timeoutMs: Opt(noted(Int0, "0 or absent: 30000; at most 600000")),
  idempotencyKey: noted(
    NonEmpty,
    "Of the caller, for ten minutes; a repeat never calls the node again, another call under it is refused",
  ),
  sessionKey: Opt(noted(NonEmpty, "The session for which it is called; the node may then speak in it")),
});
export const NodeInvokeResult = Closed({
  ok: Type.Literal(true),
  nodeId: NonEmpty,
  command: NonEmpty,
  payload: Type.Unknown(),
  payloadJSON: noted(
    Nullable(Type.String()),
    "The node's own text; null when it sent a value, or when both would pass the frame limit",
  ),
});

/** The answer of a node to node.invoke.request. Nulls in place of absent keys are tolerated (methods facts, 11.4). */
export const NodeInvokeResultParams = Open({
  id: NonEmpty,
  nodeId: noted(NonEmpty, "Must be the caller's own"),
  ok: Type.Boolean(),
  payload: Opt(noted(Type.Unknown(), "Up to 20 MiB of JSON; absent after node.invoke.progress: the pieces are it")),
  payloadJSON: Opt(noted(Type.Unknown(), "The payload as JSON text, instead of `payload`")),
  error: Opt(Nullable(Open({ code: Opt(Nullable(Type.String())), message: Opt(Nullable(Type.String())) }))),
});
export type NodeInvokeResultParams = Static<typeof NodeInvokeResultParams>;
export const NodeInvokeResultResult = Closed({
  ok: Type.Literal(true),
  ignored: Opt(noted(Type.Literal(true), "The call is over, or unknown")),
});

/** A piece of a result that comes in parts. */
export const NodeInvokeProgressParams = Open({
  invokeId: noted(NonEmpty, "`id` of node.invoke.request"),
  nodeId: noted(NonEmpty, "Must be the caller's own"),
  seq: noted(Int0, "From 0; a missing piece ends the call"),
  chunk: noted(Type.String(), "Part of the payload's JSON text; 64 MiB in all"),
});

export const NodeEventParams = Open({
  event: Type.String({ minLength: 1, maxLength: 128 }),
  payload: Opt(noted(Type.Unknown(), "See Events of nodes")),
  payloadJSON: Opt(noted(Nullable(Type.String()), "The payload as JSON text, instead of `payload`")),
});
export const NodeEventResult = Closed({
  ok: noted(Type.Literal(true), "Also for events that mean nothing here"),
  event: Opt(NonEmpty),
  handled: Opt(noted(Type.Boolean(), "false: nothing came of it")),
  reason: Opt(noted(NonEmpty, "Why nothing came of it")),
  runId: Opt(noted(NonEmpty, "The run that it started; its `chat` events say how it ends")),
});

/** A node that asks for approval of what it declares. */
export const NodePairRequest = Closed({
  requestId: NonEmpty,
  nodeId: NonEmpty,
  ...About,
  caps: Type.Array(NonEmpty),
  commands: Type.Array(NonEmpty),
  dangerousCommands: Opt(
    noted(Type.Array(NonEmpty), "Our own: those of `commands` that stay off unless the approval names them"),
  ),
  requiredApproveScopes: Opt(noted(Type.Array(NonEmpty), "What node.pair.approve needs for this request")),
  silent: Opt(noted(Type.Boolean(), "Its device was approved without asking anybody")),
  isRepair: Opt(noted(Type.Boolean(), "The node was approved before and declares something else now")),
  ts: Timestamp,
});
export type NodePairRequest = Static<typeof NodePairRequest>;

export const PairedNode = Closed({
  nodeId: NonEmpty,
  ...About,
  caps: Type.Array(NonEmpty),
  commands: Type.Array(NonEmpty),
  allowedCommands: Opt(noted(Type.Array(NonEmpty), "Our own: dangerous commands that are on for this node")),
  token: Opt(noted(NonEmpty, "Sent once, with the approval of a request that node.pair.request made")),
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
  created: noted(Type.Boolean(), "false: the node has a request already, which is this one"),
});
export const NodePairListResult = Closed({ pending: Type.Array(NodePairRequest), paired: Type.Array(PairedNode) });
export const NodePairApproveParams = Open({
  requestId: NonEmpty,
  allowCommands: Opt(noted(
    Type.Array(NonEmpty, { maxItems: 64 }),
    "Our own: dangerous commands to turn on with it, by name or `<family>.*`; needs operator.admin",
  )),
});
export const NodePairApproveResult = Closed({ requestId: NonEmpty, node: PairedNode });
export const NodePairRejectParams = Open({ requestId: NonEmpty });
export const NodePairRejectResult = Closed({ requestId: NonEmpty, nodeId: NonEmpty });
export const NodePairVerifyParams = Open({ nodeId: NonEmpty, token: NonEmpty });
export const NodePairVerifyResult = Closed({ ok: Type.Boolean(), node: Opt(PairedNode) });
export const NodePairRemoveResult = Closed({ nodeId: NonEmpty });

/** Our own: the dangerous commands that the owner allows on one node; the list replaces the old one. */
export const NodeCommandsSetParams = Open({
  nodeId: NonEmpty,
  allowCommands: noted(Type.Array(NonEmpty, { maxItems: 64 }), "By name or `<family>.*`; empty: none"),
});
export const NodeCommandsSetResult = Closed({ nodeId: NonEmpty, allowCommands: Type.Array(NonEmpty) });

/** Our own: a link that opens the node page on a phone, with a one-use code in its fragment. */
export const NodeLinkParams = Open({
  codeOnly: Opt(
    noted(Type.Boolean(), "A one-use code alone, for a browser or computer that has the gateway's address"),
  ),
});
export const NodeLinkResult = Closed({
  available: noted(Type.Boolean(), "false: the gateway has no HTTPS address that a phone could reach"),
  reason: Opt(noted(NonEmpty, "What to set, when it is not available")),
  url: Opt(noted(NonEmpty, "Of the node page; the code is in the fragment")),
  code: Opt(noted(NonEmpty, "With `codeOnly`: for `auth.bootstrapToken` of role node")),
  qrDataUrl: Opt(noted(NonEmpty, "The link as a PNG, a data: URL")),
  expiresAtMs: Opt(Timestamp),
  fingerprint: Opt(
    noted(NonEmpty, "SHA-256 of a certificate that the gateway made itself, to compare with what the browser shows"),
  ),
});
export type NodeLinkResult = Static<typeof NodeLinkResult>;

export const PluginSurfaceRefreshParams = Open({
  surface: Opt(noted(Type.String(), "`canvas`, the only one and the default")),
});
export const PluginSurfaceRefreshResult = Closed({
  surface: Type.Literal("canvas"),
  pluginSurfaceUrls: noted(
    Closed({ canvas: NonEmpty }),
    "`…/__openclaw__/cap/<token>`; append `/__openclaw__/canvas/…` or `/__openclaw__/a2ui/?v=0.8`",
  ),
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
