/** Devices: who may connect, who waits, and their tokens (methods facts, section 12). */
import { PairRequest } from "../event/pairing.ts";
import { Closed, NonEmpty, Open, Timestamp, Type } from "../primitives.ts";

/** A token without its value, which only its device ever sees. */
export const DeviceTokenSummary = Closed({
  role: NonEmpty,
  scopes: Type.Array(NonEmpty),
  createdAtMs: Timestamp,
  rotatedAtMs: Type.Optional(Timestamp),
  revokedAtMs: Type.Optional(Timestamp),
  lastUsedAtMs: Type.Optional(Timestamp),
});

export const PairedDeviceRow = Closed({
  deviceId: NonEmpty,
  publicKey: NonEmpty,
  displayName: Type.Optional(Type.String()),
  platform: Type.Optional(Type.String()),
  deviceFamily: Type.Optional(Type.String()),
  clientId: Type.Optional(Type.String()),
  clientMode: Type.Optional(Type.String()),
  role: NonEmpty,
  roles: Type.Array(NonEmpty),
  scopes: Type.Array(NonEmpty),
  remoteIp: Type.Optional(Type.String()),
  approvedVia: Type.Optional(NonEmpty),
  createdAtMs: Timestamp,
  approvedAtMs: Timestamp,
  lastSeenAtMs: Type.Optional(Timestamp),
  connected: Type.Optional(Type.Boolean()),
  tokens: Type.Array(DeviceTokenSummary),
});

export const DevicePairListParams = Open({});
export const DevicePairListResult = Closed({
  pending: Type.Array(PairRequest),
  paired: Type.Array(PairedDeviceRow),
});

const RequestId = Open({ requestId: NonEmpty });
export const DevicePairApproveParams = RequestId;
export const DevicePairApproveResult = Closed({ requestId: NonEmpty, device: PairedDeviceRow });
export const DevicePairRejectParams = RequestId;
export const DevicePairRejectResult = Closed({ requestId: NonEmpty, deviceId: NonEmpty });

export const DevicePairRemoveParams = Open({ deviceId: NonEmpty });
export const DevicePairRemoveResult = Closed({ deviceId: NonEmpty });

export const DeviceTokenRotateParams = Open({
  deviceId: NonEmpty,
  role: NonEmpty,
  scopes: Type.Optional(Type.Array(NonEmpty, { maxItems: 64 })),
});
/** `token` goes to the device itself, and to an administrator on protocol 3, who expects it. */
export const DeviceTokenRotateResult = Closed({
  deviceId: NonEmpty,
  role: NonEmpty,
  token: Type.Optional(NonEmpty),
  scopes: Type.Array(NonEmpty),
  rotatedAtMs: Timestamp,
});

export const DeviceTokenRevokeParams = Open({ deviceId: NonEmpty, role: NonEmpty });
export const DeviceTokenRevokeResult = Closed({ deviceId: NonEmpty, role: NonEmpty, revokedAtMs: Timestamp });
