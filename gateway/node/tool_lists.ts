/** The tools that tell which nodes there are, and the general call: nodes_list, nodes_describe, nodes_invoke. */
import { Closed, Int0, JsonObject, NonEmpty, Type } from "../../schemas/primitives.ts";
import type { NodeView } from "../../schemas/method/nodes.ts";
import { defineTool } from "../agent/tool_define.ts";
import type { Tool } from "../agent/types.ts";
import { callNode, labelOf, obstacleOf } from "./tool_call.ts";
import { payloadOutput } from "./tool_payload.ts";
import type { NodeToolDeps } from "./tool_deps.ts";

const MAX_LISTED = 50;
const MAX_CALL_MS = 120_000;

/** What only the owner may do, or what has a tool of its own that asks a person first. */
const OTHER_WAY: Readonly<Record<string, string>> = {
  "system.run": "use node_run, which asks the person when it must",
  "system.execApprovals.set": "which commands run without asking is the owner's decision",
};

const NOBODY =
  "No node is paired. The person opens WebChat, Nodes, and scans the code with a phone, opens /node of this " +
  "gateway in a browser, or runs `openclaw node run` on another computer.";

export const listTool = ({ nodes }: NodeToolDeps): Tool =>
  defineTool({
    name: "nodes_list",
    readOnly: true,
    description: "The person's devices (nodes): which are connected, what each can do, what is off and why.",
    args: Closed({}),
    run() {
      const all = nodes.list();
      if (all.length === 0) return NOBODY;
      const left = all.length - MAX_LISTED;
      return JSON.stringify({
        nodes: all.slice(0, MAX_LISTED).map(summary),
        ...(left > 0 ? { more: left } : {}),
      });
    },
  });

const summary = (node: NodeView) => ({
  name: labelOf(node),
  ...(node.platform === undefined ? {} : { platform: node.platform }),
  ...(node.deviceFamily === undefined ? {} : { device: node.deviceFamily }),
  connected: node.connected,
  ...(node.commands.length > 0 ? { commands: node.commands } : {}),
  ...(node.offCommands?.length ? { off: node.offCommands.map(({ command, reason }) => `${command}: ${reason}`) } : {}),
  ...(node.approvalState === "pending-approval" ? { waitsForApproval: true } : {}),
  ...(node.connected || node.lastSeenAtMs === undefined ? {} : { lastSeen: new Date(node.lastSeenAtMs).toISOString() }),
});

export const describeTool = ({ nodes }: NodeToolDeps): Tool =>
  defineTool({
    name: "nodes_describe",
    readOnly: true,
    description: "All that is known of one node.",
    args: Closed({ node: NonEmpty }),
    run: ({ node }) => JSON.stringify(nodes.find(node)),
  });

export const invokeTool = ({ nodes }: NodeToolDeps): Tool =>
  defineTool({
    name: "nodes_invoke",
    deadlineMs: MAX_CALL_MS + 10_000,
    description: "Calls any command of a node that has no tool of its own, such as device.info or camera.list.",
    args: Closed({
      node: NonEmpty,
      command: Type.String({ minLength: 1, maxLength: 128 }),
      params: Type.Optional(JsonObject),
      timeoutMs: Type.Optional({ ...Int0, maximum: MAX_CALL_MS }),
    }),
    async run({ node: query, command, params, timeoutMs = 30_000 }, context) {
      const other = OTHER_WAY[command];
      if (other !== undefined) throw new Error(`Cannot call ${command} this way: ${other}`);
      const node = nodes.find(query);
      const obstacle = obstacleOf(node, command);
      if (obstacle !== undefined) throw new Error(`Cannot call ${command} on "${labelOf(node)}": ${obstacle}`);
      const call = { node, command, timeoutMs, ...(params === undefined ? {} : { params }) };
      const { payload } = await callNode(nodes, call, context);
      return payloadOutput(`${command} on ${labelOf(node)}:`, payload, command.replaceAll(/[^\w]+/gu, "-"));
    },
  });
