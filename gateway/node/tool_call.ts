/** How tools of agents call a node: which one is meant, the call, and errors that say what to do next. */
import { GatewayError } from "../../schemas/error.ts";
import type { NodeView } from "../../schemas/method/nodes.ts";
import type { ToolContext } from "../agent/types.ts";
import type { NodeAnswer, Nodes } from "./types.ts";

/** Names of nodes that one error lists. */
const MAX_NAMED = 8;

export const nameOf = ({ displayName, nodeId }: Pick<NodeView, "displayName" | "nodeId">): string =>
  displayName ?? nodeId;

/** The node's name with the beginning of its id, which tells two of the same name apart. */
export const labelOf = (node: Pick<NodeView, "displayName" | "nodeId">): string =>
  node.displayName === undefined ? node.nodeId : `${node.displayName} (${node.nodeId.slice(0, 8)})`;

/**
 * The node that `query` names, or without it the only connected one that can do `command`. Throws a sentence with the
 * choices, or with what keeps the command from working.
 */
export function chooseNode(nodes: Pick<Nodes, "list" | "find">, command: string, query: string | undefined): NodeView {
  if (query !== undefined && query.trim() !== "") {
    const node = nodes.find(query.trim());
    const obstacle = obstacleOf(node, command);
    if (obstacle === undefined) return node;
    throw new Error(`Cannot call ${command} on "${nameOf(node)}": ${obstacle}`);
  }
  const all = nodes.list();
  const able = all.filter((node) => obstacleOf(node, command) === undefined);
  const [only] = able;
  if (only && able.length === 1) return only;
  if (only) throw new Error(`Cannot choose a node for ${command}: name one by "node": ${names(able)}`);
  if (all.length === 0) throw new Error(`Cannot call ${command}: no node is paired`);
  const reasons = all.slice(0, MAX_NAMED).map((node) => `${labelOf(node)}: ${obstacleOf(node, command)}`);
  throw new Error(`Cannot call ${command}: no node can do it now.\n${reasons.join("\n")}`);
}

/** Why the node cannot do the command now; undefined when it can. */
export function obstacleOf(node: NodeView, command: string): string | undefined {
  if (!node.connected) return "it is not connected; its page or program must be open";
  if (node.commands.includes(command)) return undefined;
  return node.offCommands?.find((off) => off.command === command)?.reason ?? `it does not offer ${command}`;
}

const names = (nodes: readonly NodeView[]): string =>
  nodes.slice(0, MAX_NAMED).map(labelOf).join(", ") + (nodes.length > MAX_NAMED ? ", …" : "");

export interface NodeToolCall {
  readonly node: Pick<NodeView, "nodeId" | "displayName">;
  readonly command: string;
  readonly params?: Record<string, unknown>;
  readonly timeoutMs?: number;
  /** Tells two calls of one tool call apart. */
  readonly part?: string;
}

/** Calls the node in the name of the run: the same tool call again gets the same answer and does nothing twice. */
export async function callNode(
  nodes: Pick<Nodes, "invoke">,
  { node, command, params, timeoutMs, part = "" }: NodeToolCall,
  { runId, toolCallId, sessionKey, signal }: ToolContext,
): Promise<NodeAnswer> {
  try {
    return await nodes.invoke({
      nodeId: node.nodeId,
      command,
      ...(params === undefined ? {} : { params: defined(params) }),
      timeoutMs,
      idempotencyKey: `${runId}:${toolCallId}${part}`,
      caller: `run:${runId}`,
      sessionKey,
      signal,
    });
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    const hint = HINTS.find(([code]) => error.message.includes(code))?.[1];
    throw new Error(
      `Cannot do ${command} on "${nameOf(node)}": ${error.message}${hint === undefined ? "" : `. ${hint}`}`,
      { cause: error },
    );
  }
}

/** Nodes take absent keys for their defaults, and some refuse null. */
const defined = (params: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(params).filter(([, value]) => value !== undefined));

/** Codes of nodes (canvas facts, section 6) and what a person can do; the model passes it on. */
const HINTS: readonly (readonly [code: string, hint: string])[] = [
  ["NODE_BACKGROUND_UNAVAILABLE", "Ask the person to bring the page or app to the front, then try again"],
  ["_PERMISSION_REQUIRED", "Ask the person to give the permission on the device, then try again"],
  ["_DISABLED", "It is switched off on the device; ask the person to switch it on there"],
  ["node disconnected", "The device went away; nodes_list says when it is back"],
];
