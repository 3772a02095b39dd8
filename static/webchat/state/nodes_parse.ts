/** Payloads of nodes to the page's own data. */
import { each, type Fields, fields, number, word, words } from "../../client/read.ts";
import { isDangerous, type NodeRequest, type NodeRow, type OffCommand, type PhoneLink } from "./nodes_model.ts";
import { webAddress } from "./canvas_parse.ts";

const nameOf = (node: Fields, nodeId: string): string =>
  word(node["displayName"]) ?? word(node["modelIdentifier"]) ?? word(node["clientId"]) ?? nodeId.slice(0, 8);

/** "iPhone", "Linux": what a person calls the kind of machine. */
const kindOf = (node: Fields): string | undefined => word(node["deviceFamily"]) ?? word(node["platform"]);

function off(value: unknown): OffCommand | undefined {
  const command = word(fields(value)["command"]);
  return command === undefined ? undefined : { command, reason: word(fields(value)["reason"]) ?? "" };
}

function row(value: unknown): NodeRow | undefined {
  const node = fields(value);
  const nodeId = word(node["nodeId"]);
  if (nodeId === undefined) return undefined;
  return {
    nodeId,
    name: nameOf(node, nodeId),
    platform: kindOf(node),
    version: word(node["version"]),
    address: word(node["remoteIp"]),
    commands: words(node["commands"]),
    off: each(node["offCommands"], off),
    connected: node["connected"] === true,
    paired: node["paired"] === true,
    connectedAt: number(node["connectedAtMs"]),
    lastSeenAt: number(node["lastSeenAtMs"]) ?? number(node["lastConnectedAtMs"]),
    waits: node["approvalState"] === "pending-approval" || word(node["pendingRequestId"]) !== undefined,
  };
}

/** The answer of node.list. */
export function readNodes(payload: unknown): { readonly ts: number | undefined; readonly nodes: NodeRow[] } {
  const p = fields(payload);
  return { ts: number(p["ts"]), nodes: each(p["nodes"], row) };
}

function request(value: unknown): NodeRequest | undefined {
  const r = fields(value);
  const requestId = word(r["requestId"]);
  const nodeId = word(r["nodeId"]);
  if (requestId === undefined || nodeId === undefined) return undefined;
  const commands = words(r["commands"]);
  const named = words(r["dangerousCommands"]);
  return {
    requestId,
    nodeId,
    name: nameOf(r, nodeId),
    platform: kindOf(r),
    address: word(r["remoteIp"]),
    commands,
    dangerous: r["dangerousCommands"] === undefined ? commands.filter(isDangerous) : named,
    isRepair: r["isRepair"] === true,
    ts: number(r["ts"]) ?? 0,
  };
}

/** The answer of node.pair.list: who waits, and what the owner allowed each node. */
export function readNodePairs(payload: unknown): {
  readonly requests: NodeRequest[];
  readonly allowed: Readonly<Record<string, readonly string[]>>;
} {
  const p = fields(payload);
  const pairs = each(p["paired"], (value) => {
    const node = fields(value);
    const nodeId = word(node["nodeId"]);
    return nodeId === undefined ? undefined : [nodeId, words(node["allowedCommands"])] as const;
  });
  return { requests: each(p["pending"], request), allowed: Object.fromEntries(pairs) };
}

/** The answer of node.link for a code alone. */
export const readCode = (payload: unknown): string | undefined => word(fields(payload)["code"]);

/** The answer of node.link. */
export function readLink(payload: unknown): PhoneLink {
  const p = fields(payload);
  const url = webAddress(p["url"]);
  if (p["available"] !== true || !url) return { state: "unavailable", reason: word(p["reason"]) ?? "" };
  const qr = word(p["qrDataUrl"]);
  return {
    state: "ready",
    url: url.href,
    qr: qr?.startsWith("data:image/png;base64,") ? qr : undefined,
    expiresAt: number(p["expiresAtMs"]),
    fingerprint: word(p["fingerprint"]),
  };
}
