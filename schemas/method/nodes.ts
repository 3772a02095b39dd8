/** Parameters and result of node.list (methods facts, section 11.2). */
import { Closed, NonEmpty, Open, type Static, Timestamp, Type } from "../primitives.ts";

const Opt = Type.Optional;

/** One paired or connected node. `caps` and `commands` are sorted and without repeats. */
export const NodeView = Closed({
  nodeId: NonEmpty,
  displayName: Opt(NonEmpty),
  platform: Opt(NonEmpty),
  version: Opt(NonEmpty),
  deviceFamily: Opt(NonEmpty),
  modelIdentifier: Opt(NonEmpty),
  clientId: Opt(NonEmpty),
  clientMode: Opt(NonEmpty),
  remoteIp: Opt(NonEmpty),
  caps: Type.Array(NonEmpty),
  commands: Type.Array(NonEmpty),
  pathEnv: Opt(Type.String()),
  permissions: Opt(Type.Record(Type.String(), Type.Boolean())),
  connectedAtMs: Opt(Timestamp),
  approvedAtMs: Opt(Timestamp),
  lastSeenAtMs: Opt(Timestamp),
  paired: Type.Boolean(),
  connected: Type.Boolean(),
});
export type NodeView = Static<typeof NodeView>;

export const NodeListParams = Open({});
export const NodeListResult = Closed({ ts: Timestamp, nodes: Type.Array(NodeView) });
