/** A node as lists show it: its device, its socket, what the owner decided, and which commands work now. */
import type { NodePairRequest, NodeView } from "../../schemas/method/nodes.ts";
import type { PairedDevice } from "../auth/types.ts";
import { defined } from "../session/rows.ts";
import { aboutClient, aboutDevice, aboutOf } from "./about.ts";
import { type CommandLists, judge, type PolicyFacts } from "./policy.ts";
import type { LiveNode } from "./registry.ts";
import type { NodeRow } from "./rows.ts";

export interface NodeParts {
  readonly nodeId: string;
  readonly device: PairedDevice | undefined;
  readonly live: LiveNode | undefined;
  readonly row: NodeRow | undefined;
  readonly pending: NodePairRequest | undefined;
  readonly lists: CommandLists;
}

/**
 * What the owner approved, if it still counts: a device that was removed and paired anew is another one to its owner,
 * and its old approval says nothing about it.
 */
export function approvedRow({ row, device }: Pick<NodeParts, "row" | "device">): NodeRow | undefined {
  if (!row?.approved || !device) return undefined;
  return (row.approvedAtMs ?? 0) >= device.createdAtMs ? row : undefined;
}

/** What decides about the commands of a live node. */
export function policyFacts(parts: NodeParts & { readonly live: LiveNode }): PolicyFacts {
  const { client, claims } = parts.live;
  return {
    platform: client.info.platform,
    deviceFamily: client.info.deviceFamily,
    declared: claims.commands,
    approved: client.protocol === 3 ? undefined : approvedRow(parts)?.commands ?? [],
    allowedHere: parts.row?.allowed ?? [],
    lists: parts.lists,
  };
}

export function nodeView(parts: NodeParts): NodeView {
  const { nodeId, device, live, row, pending } = parts;
  const approved = approvedRow(parts);
  return {
    nodeId,
    ...aboutOf(
      device ? aboutDevice(device) : {},
      row?.about ?? {},
      live ? aboutClient(live.client) : {},
      { displayName: row?.renamed },
    ),
    ...usable(parts),
    ...defined({
      allowedCommands: row !== undefined && row.allowed.length > 0 ? [...row.allowed] : undefined,
      pathEnv: live?.claims.pathEnv,
      permissions: live && { ...live.claims.permissions },
      connectedAtMs: live?.client.connectedAtMs,
      approvedAtMs: approved?.approvedAtMs ?? device?.approvedAtMs,
      lastSeenAtMs: row?.lastSeenAtMs ?? device?.lastSeenAtMs,
      lastConnectedAtMs: row?.lastConnectedAtMs,
      approvalState: approvalState(parts),
      pendingRequestId: pending?.requestId,
      pendingDeclaredCaps: pending && [...pending.caps],
      pendingDeclaredCommands: pending && [...pending.commands],
    }),
    paired: device !== undefined,
    connected: live !== undefined,
  };
}

function usable(parts: NodeParts): Pick<NodeView, "caps" | "commands" | "offCommands"> {
  const { live } = parts;
  if (!live) return { caps: [], commands: [] };
  const facts = policyFacts({ ...parts, live });
  const commands: string[] = [];
  const offCommands: { command: string; reason: string }[] = [];
  for (const command of live.claims.commands) {
    const verdict = judge(command, facts);
    if (verdict.ok) commands.push(command);
    else offCommands.push({ command, reason: `${verdict.reason}: ${verdict.sentence}` });
  }
  return { caps: capsOf(parts, live), commands, ...(offCommands.length > 0 ? { offCommands } : {}) };
}

function capsOf(parts: NodeParts, { client, claims }: LiveNode): string[] {
  if (client.protocol === 3 || claims.commands.length === 0) return [...claims.caps];
  const caps = new Set(approvedRow(parts)?.caps);
  return claims.caps.filter((cap) => caps.has(cap));
}

/** A protocol 3 node has none; the protocol of a node that is away is not known, so then only what is on record counts. */
function approvalState(parts: NodeParts): NodeView["approvalState"] {
  if (parts.live?.client.protocol === 3) return undefined;
  if (parts.pending) return "pending-approval";
  if (approvedRow(parts)) return "approved";
  return parts.live && parts.live.claims.commands.length > 0 ? "pending-approval" : undefined;
}

/** Connected ones first, then by name. */
export const byStateAndName = (a: NodeView, b: NodeView): number =>
  Number(b.connected) - Number(a.connected) ||
  (a.displayName ?? a.nodeId).localeCompare(b.displayName ?? b.nodeId) || (a.nodeId < b.nodeId ? -1 : 1);
