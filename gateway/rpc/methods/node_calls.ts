/** What nodes call: their own row, answers to calls, and announcements of newer nodes that this gateway does not use. */
import { invalid } from "../../../schemas/error.ts";
import {
  NodeExtrasParams,
  NodeExtrasResult,
  NodeInvokeProgressParams,
  NodeInvokeResultParams,
  NodeInvokeResultResult,
  NodePendingResult,
  NodeSelfParams,
  NodeSelfResult,
} from "../../../schemas/method/nodes.ts";
import { defineMethod, type MethodDef } from "../define.ts";

const COMMON = { access: "node", idempotency: "none", deadlineMs: 10_000 } as const;

const self = defineMethod({
  ...COMMON,
  name: "node.self",
  params: NodeSelfParams,
  result: NodeSelfResult,
  description: "The caller's own row of node.list: which commands work now, and what waits for the owner",
  handle({ client }, { clock, nodes }) {
    const node = client.deviceId === undefined ? undefined : nodes.get(client.deviceId);
    if (!node) throw invalid("a node without a device has no row");
    return { ts: clock.now(), ...node };
  },
});

const result = defineMethod({
  ...COMMON,
  name: "node.invoke.result",
  params: NodeInvokeResultParams,
  result: NodeInvokeResultResult,
  description: "The answer to node.invoke.request; a late one, or one for another node, is ignored",
  handle: ({ params, client }, { nodes }) => nodes.answer(client, params),
});

const progress = defineMethod({
  ...COMMON,
  name: "node.invoke.progress",
  params: NodeInvokeProgressParams,
  result: NodeInvokeResultResult,
  description: "A piece of a result, in order from 0; together they are the payload of an answer without one",
  handle: ({ params, client }, { nodes }) => nodes.progress(client, params),
});

/** Node hosts of protocol 4 send these right after hello and go on whatever the answer is (generations facts, 4). */
const announcement = (name: string, subject: string): MethodDef =>
  defineMethod({
    ...COMMON,
    name,
    params: NodeExtrasParams,
    result: NodeExtrasResult,
    description: `${subject} of a node; taken and not used`,
    handle: () => ({ ok: true as const, ignored: true as const }),
  });

const pending = (name: string): MethodDef =>
  defineMethod({
    ...COMMON,
    name,
    params: NodeExtrasParams,
    result: NodePendingResult,
    description: "Work that waits for a node; calls go to connected nodes only, so none does",
    handle: ({ client }) => ({ nodeId: client.deviceId ?? client.info.id, revision: 0, items: [], hasMore: false }),
  });

export const nodeCallMethods: readonly MethodDef[] = [
  self,
  result,
  progress,
  announcement("node.pluginTools.update", "Tools of plugins"),
  announcement("node.skills.update", "Skills"),
  announcement("node.runnerInventory.update", "Model runners"),
  pending("node.pending.drain"),
  pending("node.pending.pull"),
  pending("node.pending.ack"),
];
