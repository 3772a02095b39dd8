/** Nodes: calls to them, and nodes that wait for approval. */
import { NodePairRequest } from "../method/nodes.ts";
import { Closed, Int0, NonEmpty, noted, Nullable, OneOf, Timestamp, Type } from "../primitives.ts";
import { defineEvent } from "./define.ts";

/** Sent to the socket of one node and to nobody else, without a number (events facts, section 8). */
export const NodeInvokeRequestEvent = defineEvent({
  name: "node.invoke.request",
  access: "node",
  payload: Closed({
    id: NonEmpty,
    nodeId: NonEmpty,
    command: NonEmpty,
    paramsJSON: noted(Nullable(Type.String()), "JSON text of the parameters; null: none"),
    timeoutMs: Type.Optional(noted(Int0, "A little less than the caller waits")),
    idempotencyKey: Type.Optional(noted(NonEmpty, "The caller's")),
  }),
  delivery: "direct",
  description: "A command for this node; answered by node.invoke.result",
});

export const NodePairRequestedEvent = defineEvent({
  name: "node.pair.requested",
  access: "operator.pairing",
  payload: NodePairRequest,
  delivery: "droppable",
  description: "A node waits for approval of what it declares; a protocol 4 node hears of its own, too, without `seq`",
});

export const NodePairResolvedEvent = defineEvent({
  name: "node.pair.resolved",
  access: "operator.pairing",
  payload: Closed({
    requestId: noted(Type.String(), "Empty when an approval was taken back"),
    nodeId: NonEmpty,
    decision: OneOf(["approved", "rejected", "removed"]),
    ts: Timestamp,
  }),
  delivery: "droppable",
  description:
    "A node's request was approved or rejected, or its approval was taken back; a protocol 4 node hears of its own, too",
});

/** Our own: tells the node itself, after each connect, that it waits for an owner; it then says so to who runs it. */
export const NodePairRequestedToNodeEvent = defineEvent({
  ...NodePairRequestedEvent,
  access: "node",
  delivery: "direct",
  forProtocol3: () => undefined,
  description: "What this node declares waits for approval",
});

/** The same for the node itself, without a number (observed of protocol 4 gateways). */
export const NodePairResolvedToNodeEvent = defineEvent({
  ...NodePairResolvedEvent,
  access: "node",
  delivery: "direct",
  forProtocol3: () => undefined,
  description: "What an owner decided about this node's request",
});

export const NODE_CHANGES = ["connected", "disconnected", "approval", "renamed", "policy"] as const;
export type NodesChangedReason = (typeof NODE_CHANGES)[number];

/** Our own: pages read node.list anew. */
export const NodesChangedEvent = defineEvent({
  name: "nodes.changed",
  access: "operator.read",
  payload: Closed({ nodeId: NonEmpty, reason: OneOf(NODE_CHANGES) }),
  delivery: "droppable",
  forProtocol3: () => undefined,
  description: "Something of a node changed; node.list has the rest",
});
