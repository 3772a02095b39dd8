/** node.list, describe, rename, invoke: nodes as operators see and use them. */
import { Buffer } from "node:buffer";
import { invalid } from "../../../schemas/error.ts";
import {
  NodeDescribeResult,
  NodeIdParams,
  NodeInvokeParams,
  NodeInvokeResult,
  NodeListParams,
  NodeListResult,
  NodeRenameParams,
  NodeRenameResult,
} from "../../../schemas/method/nodes.ts";
import { RESULT_BYTES, tooLarge } from "../../node/result.ts";
import type { NodeAnswer } from "../../node/types.ts";
import { RawJson } from "../../raw_json.ts";
import { defineMethod, type MethodDef } from "../define.ts";
import { nodeCallMethods } from "./node_calls.ts";
import { nodeEventMethods } from "./node_events.ts";
import { nodePairingMethods } from "./node_pairing.ts";

const DEADLINE_MS = 10_000;
/** Bytes of a payload that goes out twice, as value and as text; beyond it a frame could pass its limit. */
const TWICE_BYTES = 8 * 1024 * 1024;

const list = defineMethod({
  name: "node.list",
  access: "operator.read",
  params: NodeListParams,
  result: NodeListResult,
  idempotency: "none",
  deadlineMs: DEADLINE_MS,
  description: "The nodes that are paired or connected, connected ones first",
  handle: (_call, { clock, nodes }) => ({ ts: clock.now(), nodes: [...nodes.list()] }),
});

const describe = defineMethod({
  name: "node.describe",
  access: "operator.read",
  params: NodeIdParams,
  result: NodeDescribeResult,
  idempotency: "none",
  deadlineMs: DEADLINE_MS,
  description: "One node: what it is, which commands work now, and why others do not",
  handle({ params }, { clock, nodes }) {
    const node = nodes.get(params.nodeId);
    if (!node) throw invalid("unknown nodeId");
    return { ts: clock.now(), ...node };
  },
});

const rename = defineMethod({
  name: "node.rename",
  access: "operator.pairing",
  params: NodeRenameParams,
  result: NodeRenameResult,
  idempotency: "none",
  deadlineMs: DEADLINE_MS,
  description: "Gives a node another name",
  handle({ params }, { nodes }) {
    nodes.rename(params.nodeId, params.displayName);
    return { nodeId: params.nodeId, displayName: params.displayName.trim() };
  },
});

const invoke = defineMethod({
  name: "node.invoke",
  access: "operator.write",
  params: NodeInvokeParams,
  result: NodeInvokeResult,
  // The service answers repeats itself: agents use the same keys, and large answers wait on disk.
  idempotency: "none",
  // Bounded by `timeoutMs`, ten minutes at most.
  deadlineMs: 0,
  description: "Calls a command on a node and waits for its answer; a repeat with the same key gets the same answer",
  async handle(
    { params: { nodeId, command, params, timeoutMs, idempotencyKey, sessionKey }, client, signal },
    { nodes },
  ) {
    const caller = client.principal;
    return answerOf(
      await nodes.invoke({ nodeId, command, params, timeoutMs, idempotencyKey, sessionKey, caller, signal }),
    );
  },
});

/** The node's text goes out as it came: made anew from the value, numbers like 1e20 would let it grow past every limit. */
function answerOf({ nodeId, command, payload, payloadJSON }: NodeAnswer): RawJson {
  const json = payloadJSON ?? JSON.stringify(payload);
  const bytes = Buffer.byteLength(json);
  if (bytes > RESULT_BYTES) throw tooLarge(RESULT_BYTES);
  const twice = payloadJSON !== null && bytes <= TWICE_BYTES ? JSON.stringify(payloadJSON) : "null";
  const head = JSON.stringify({ ok: true, nodeId, command });
  return new RawJson(`${head.slice(0, -1)},"payload":${json},"payloadJSON":${twice}}`);
}

export const nodeMethods: readonly MethodDef[] = [
  list,
  describe,
  rename,
  invoke,
  ...nodeCallMethods,
  ...nodeEventMethods,
  ...nodePairingMethods,
];
