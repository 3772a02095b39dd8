/**
 * device.pair.list, approve, reject, remove; device.token.rotate, revoke: the rules of September (pairing facts, 2).
 * Nobody gives more than they hold, a caller without admin manages only its own device, and what loses its right to be
 * connected is disconnected at once.
 */
import { CLOSE } from "../../../schemas/close_code.ts";
import { invalid } from "../../../schemas/error.ts";
import { DevicePairResolvedEvent, type PairRequest } from "../../../schemas/event/pairing.ts";
import {
  DevicePairApproveParams,
  DevicePairApproveResult,
  DevicePairListParams,
  DevicePairListResult,
  DevicePairRejectParams,
  DevicePairRejectResult,
  DevicePairRemoveParams,
  DevicePairRemoveResult,
  DeviceTokenRevokeParams,
  DeviceTokenRevokeResult,
  DeviceTokenRotateParams,
  DeviceTokenRotateResult,
  type PairedDeviceRow,
} from "../../../schemas/method/devices.ts";
import type { Static } from "../../../schemas/primitives.ts";
import { missingScopes } from "../../../schemas/scope.ts";
import { permits } from "../../auth/grant.ts";
import type { PairedDevice } from "../../auth/types.ts";
import type { Client } from "../../connection/client.ts";
import { defineMethod, type MethodDef } from "../define.ts";
import { missingScope, requireScope } from "../require_scope.ts";
import type { Services } from "../services.ts";

const COMMON = { access: "operator.pairing", idempotency: "none", deadlineMs: 10_000 } as const;

const list = defineMethod({
  ...COMMON,
  name: "device.pair.list",
  params: DevicePairListParams,
  result: DevicePairListResult,
  description: "Devices that wait for approval, and those that are paired",
  handle(_call, services) {
    const { pending, paired } = services.pairing.list();
    const connected = new Set([...services.connections.list()].map((client) => client.deviceId));
    return {
      pending: [...pending],
      paired: paired.map((device) => rowOf(device, connected.has(device.deviceId))),
    };
  },
});

const approve = defineMethod({
  ...COMMON,
  name: "device.pair.approve",
  params: DevicePairApproveParams,
  result: DevicePairApproveResult,
  description: "Approves a waiting device; the caller must hold the scopes that it gives",
  handle({ params, client }, services) {
    const waiting = services.pairing.pending(params.requestId);
    if (!waiting) throw invalid("unknown requestId");
    requireScopes(client, waiting.scopes ?? []);
    const { request, device } = services.pairing.approve(params.requestId, "owner");
    publishResolved(services, request, "approved");
    return { requestId: request.requestId, device: rowOf(device, isConnected(services, device.deviceId)) };
  },
});

const reject = defineMethod({
  ...COMMON,
  name: "device.pair.reject",
  params: DevicePairRejectParams,
  result: DevicePairRejectResult,
  description: "Turns a waiting device away; it may ask again",
  handle({ params }, services) {
    const request = services.pairing.reject(params.requestId);
    publishResolved(services, request, "rejected");
    return { requestId: request.requestId, deviceId: request.deviceId };
  },
});

const remove = defineMethod({
  ...COMMON,
  name: "device.pair.remove",
  params: DevicePairRemoveParams,
  result: DevicePairRemoveResult,
  description: "Forgets a paired device and its tokens, and closes its connections",
  handle({ params: { deviceId }, client }, services) {
    if (client.deviceId !== deviceId) requireScope(client, "operator.admin");
    if (!services.pairing.remove(deviceId)) throw invalid("unknown deviceId");
    services.nodes.pairing.remove(deviceId);
    disconnect(services, client, deviceId, undefined);
    return { deviceId };
  },
});

const rotate = defineMethod({
  ...COMMON,
  name: "device.token.rotate",
  params: DeviceTokenRotateParams,
  result: DeviceTokenRotateResult,
  description: "Replaces a device's token for a role; the old one ends and its connections are closed",
  handle({ params: { deviceId, role, scopes }, client }, services) {
    const device = manageable(services, client, deviceId, role);
    const wanted = scopes ?? device.tokens[role]?.scopes ?? (role === "operator" ? device.scopes : []);
    requireScopes(client, wanted);
    const { token, scopes: granted, rotatedAtMs } = services.deviceTokens.rotate(deviceId, role, wanted);
    disconnect(services, client, deviceId, role);
    const maySee = client.deviceId === deviceId || (client.protocol === 3 && permits(client.grant, "operator.admin"));
    return { deviceId, role, ...(maySee ? { token } : {}), scopes: [...granted], rotatedAtMs };
  },
});

const revoke = defineMethod({
  ...COMMON,
  name: "device.token.revoke",
  params: DeviceTokenRevokeParams,
  result: DeviceTokenRevokeResult,
  description: "Ends a device's token for a role and closes its connections",
  handle({ params: { deviceId, role }, client }, services) {
    const device = manageable(services, client, deviceId, role);
    // Ending a token of one's own device gives nothing to anybody, but a wider one than the caller's is not its to end.
    requireScopes(client, device.tokens[role]?.scopes ?? []);
    const revokedAtMs = services.deviceTokens.revoke(deviceId, role);
    // What was approved of a node is approved of the node that held this token.
    if (role === "node") services.nodes.pairing.remove(deviceId);
    disconnect(services, client, deviceId, role);
    return { deviceId, role, revokedAtMs };
  },
});

export const deviceMethods: readonly MethodDef[] = [list, approve, reject, remove, rotate, revoke];

/** The device, if the caller may manage its token of this role: its own operator token, or any as an administrator. */
function manageable(services: Services, client: Client, deviceId: string, role: string): PairedDevice {
  // Asked before looking: who may not manage other devices does not learn which ones exist.
  if (client.deviceId !== deviceId || role !== "operator") requireScope(client, "operator.admin");
  const device = services.pairing.get(deviceId);
  if (!device?.roles.includes(role)) throw invalid("unknown deviceId/role");
  return device;
}

/** Nobody hands out what they do not hold. */
function requireScopes(client: Client, scopes: readonly string[]): void {
  const [missing] = missingScopes(client.grant.scopes, scopes);
  if (missing !== undefined) throw missingScope(client, missing);
}

/** Closes the sockets of the device. The caller's own is closed after it has the answer, which may hold its new token. */
function disconnect(services: Services, client: Client, deviceId: string, role: string | undefined): void {
  const { code, reason } = CLOSE.authChanged;
  const close = () => services.connections.closeDevice(deviceId, role, code, reason);
  if (client.deviceId === deviceId) services.clock.after(0, close);
  else close();
}

function publishResolved(services: Services, request: PairRequest, decision: "approved" | "rejected"): void {
  const { requestId, deviceId } = request;
  services.bus.publish(DevicePairResolvedEvent, { requestId, deviceId, decision, ts: services.clock.now() });
}

const isConnected = (services: Services, deviceId: string): boolean =>
  [...services.connections.list()].some((client) => client.deviceId === deviceId);

function rowOf(device: PairedDevice, connected: boolean): Static<typeof PairedDeviceRow> {
  const { displayName, platform, deviceFamily, clientId, clientMode, remoteIp, lastSeenAtMs } = device;
  return {
    deviceId: device.deviceId,
    publicKey: device.publicKey,
    ...(displayName === undefined ? {} : { displayName }),
    ...(platform === undefined ? {} : { platform }),
    ...(deviceFamily === undefined ? {} : { deviceFamily }),
    ...(clientId === undefined ? {} : { clientId }),
    ...(clientMode === undefined ? {} : { clientMode }),
    role: device.role,
    roles: [...device.roles],
    scopes: [...device.scopes],
    ...(remoteIp === undefined ? {} : { remoteIp }),
    approvedVia: device.approvedVia,
    createdAtMs: device.createdAtMs,
    approvedAtMs: device.approvedAtMs,
    ...(lastSeenAtMs === undefined ? {} : { lastSeenAtMs }),
    connected,
    tokens: Object.values(device.tokens).map((token) => ({ ...token, scopes: [...token.scopes] })),
  };
}
