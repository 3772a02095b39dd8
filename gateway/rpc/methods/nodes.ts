/** node.list: the nodes that are paired or connected. */
import type { NodeView } from "../../../schemas/method/nodes.ts";
import { NodeListParams, NodeListResult } from "../../../schemas/method/nodes.ts";
import type { PairedDevice } from "../../auth/types.ts";
import type { Client } from "../../connection/client.ts";
import { defined } from "../../session/rows.ts";
import { defineMethod, type MethodDef } from "../define.ts";
import type { Services } from "../services.ts";

const list = defineMethod({
  name: "node.list",
  access: "operator.read",
  params: NodeListParams,
  result: NodeListResult,
  idempotency: "none",
  deadlineMs: 10_000,
  description: "The nodes that are paired or connected, connected ones first",
  handle: (_call, services) => ({ ts: services.clock.now(), nodes: nodeViews(services) }),
});

function nodeViews({ pairing, connections }: Services): NodeView[] {
  const paired = new Map(
    pairing.list().paired.filter(({ roles }) => roles.includes("node")).map((device) => [device.deviceId, device]),
  );
  const live = new Map<string, Client>();
  for (const client of connections.list()) {
    // The newest connection of a node stands for it.
    if (client.grant.role === "node") live.set(client.deviceId ?? client.info.id, client);
  }
  const ids = new Set([...live.keys(), ...paired.keys()]);
  return [...ids].map((id) => nodeView(id, paired.get(id), live.get(id))).sort(byStateAndName);
}

function nodeView(nodeId: string, device: PairedDevice | undefined, client: Client | undefined): NodeView {
  const info = client?.info;
  return {
    nodeId,
    ...defined({
      displayName: info?.displayName ?? device?.displayName,
      platform: info?.platform ?? device?.platform,
      version: info?.version,
      deviceFamily: info?.deviceFamily ?? device?.deviceFamily,
      modelIdentifier: info?.modelIdentifier,
      clientId: info?.id ?? device?.clientId,
      clientMode: info?.mode ?? device?.clientMode,
      remoteIp: client?.remoteIp ?? device?.remoteIp,
      pathEnv: client?.node?.pathEnv,
      permissions: client?.node === undefined ? undefined : { ...client.node.permissions },
      connectedAtMs: client?.connectedAtMs,
      approvedAtMs: device?.approvedAtMs,
      lastSeenAtMs: device?.lastSeenAtMs,
    }),
    caps: sorted(client?.node?.caps),
    commands: sorted(client?.node?.commands),
    paired: device !== undefined,
    connected: client !== undefined,
  };
}

const sorted = (names: readonly string[] = []): string[] => [...new Set(names)].sort();

const byStateAndName = (a: NodeView, b: NodeView): number =>
  Number(b.connected) - Number(a.connected) ||
  (a.displayName ?? a.nodeId).localeCompare(b.displayName ?? b.nodeId);

export const nodeMethods: readonly MethodDef[] = [list];
