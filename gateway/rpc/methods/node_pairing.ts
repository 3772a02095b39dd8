/** node.pair.*, node.commands.set: what an owner approves of nodes. Nobody approves more than they could do themselves. */
import { invalid } from "../../../schemas/error.ts";
import {
  NodeCommandsSetParams,
  NodeCommandsSetResult,
  NodeIdParams,
  NodeListParams,
  NodePairApproveParams,
  NodePairApproveResult,
  NodePairListResult,
  NodePairRejectParams,
  NodePairRejectResult,
  NodePairRemoveResult,
  NodePairRequestParams,
  NodePairRequestResult,
  NodePairVerifyParams,
  NodePairVerifyResult,
} from "../../../schemas/method/nodes.ts";
import { missingScopes } from "../../../schemas/scope.ts";
import { aboutOf, MAX_NAME_CHARS } from "../../node/about.ts";
import { defineMethod, type MethodDef } from "../define.ts";
import { missingScope, requireScope } from "../require_scope.ts";

const COMMON = { access: "operator.pairing", idempotency: "none", deadlineMs: 10_000 } as const;

const request = defineMethod({
  ...COMMON,
  name: "node.pair.request",
  params: NodePairRequestParams,
  result: NodePairRequestResult,
  description: "Asks for approval in the name of a node; its approval gives out a token (protocol 3)",
  handle({ params }, { nodes }) {
    const { nodeId, caps = [], commands = [], silent } = params;
    if (nodeId.length > MAX_NAME_CHARS) throw invalid("invalid node.pair.request params: nodeId is too long");
    const wish = { nodeId, ...aboutOf(params), caps, commands, ...(silent === undefined ? {} : { silent }) };
    return { status: "pending" as const, ...nodes.pairing.request(wish) };
  },
});

const list = defineMethod({
  ...COMMON,
  name: "node.pair.list",
  params: NodeListParams,
  result: NodePairListResult,
  description: "Nodes that wait for approval of what they offer, and what was approved",
  handle(_call, { nodes }) {
    const { pending, paired } = nodes.pairing.list();
    return { pending: [...pending], paired: [...paired] };
  },
});

const approve = defineMethod({
  ...COMMON,
  name: "node.pair.approve",
  params: NodePairApproveParams,
  result: NodePairApproveResult,
  description: "Approves what a node offers, with the scopes that the request names; `allowCommands` turns dangerous " +
    "commands on and needs operator.admin",
  handle({ params: { requestId, allowCommands = [] }, client }, { nodes }) {
    const waiting = nodes.pairing.pending(requestId);
    if (!waiting) throw invalid("unknown requestId");
    const [missing] = missingScopes(client.grant.scopes, waiting.requiredApproveScopes ?? []);
    if (missing !== undefined) throw missingScope(client, missing);
    if (allowCommands.length > 0) requireScope(client, "operator.admin");
    return nodes.pairing.approve(requestId, allowCommands);
  },
});

const reject = defineMethod({
  ...COMMON,
  name: "node.pair.reject",
  params: NodePairRejectParams,
  result: NodePairRejectResult,
  description: "Turns a node's request down; it asks again when it connects the next time",
  handle: ({ params }, { nodes }) => nodes.pairing.reject(params.requestId),
});

const verify = defineMethod({
  ...COMMON,
  name: "node.pair.verify",
  params: NodePairVerifyParams,
  result: NodePairVerifyResult,
  description: "Whether a token is the one that an approval gave out (protocol 3)",
  handle({ params }, { nodes }) {
    const node = nodes.pairing.verify(params.nodeId, params.token);
    return node ? { ok: true, node } : { ok: false };
  },
});

const remove = defineMethod({
  ...COMMON,
  name: "node.pair.remove",
  params: NodeIdParams,
  result: NodePairRemoveResult,
  description: "Takes back everything that was approved of a node; its device stays paired",
  handle({ params: { nodeId } }, { nodes }) {
    if (!nodes.pairing.remove(nodeId)) throw invalid("unknown nodeId");
    return { nodeId };
  },
});

const setCommands = defineMethod({
  ...COMMON,
  name: "node.commands.set",
  access: "operator.admin",
  params: NodeCommandsSetParams,
  result: NodeCommandsSetResult,
  description: "Which dangerous commands are on for one node; the list replaces the old one",
  handle({ params: { nodeId, allowCommands } }, { nodes }) {
    if (!nodes.get(nodeId)) throw invalid("unknown nodeId");
    return { nodeId, allowCommands: [...nodes.pairing.setAllowed(nodeId, allowCommands)] };
  },
});

export const nodePairingMethods: readonly MethodDef[] = [request, list, approve, reject, verify, remove, setCommands];
