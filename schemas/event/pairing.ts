/** Devices that ask to be let in. */
import { Closed, NonEmpty, OneOf, type Static, Timestamp, Type } from "../primitives.ts";
import { defineEvent } from "./define.ts";

export const PairRequest = Closed({
  requestId: NonEmpty,
  deviceId: NonEmpty,
  publicKey: NonEmpty,
  displayName: Type.Optional(Type.String()),
  platform: Type.Optional(Type.String()),
  clientId: Type.Optional(Type.String()),
  clientMode: Type.Optional(Type.String()),
  role: Type.Optional(NonEmpty),
  roles: Type.Optional(Type.Array(NonEmpty)),
  scopes: Type.Optional(Type.Array(NonEmpty)),
  remoteIp: Type.Optional(Type.String()),
  silent: Type.Optional(Type.Boolean()),
  isRepair: Type.Optional(Type.Boolean()),
  ts: Timestamp,
});
export type PairRequest = Static<typeof PairRequest>;

export const DevicePairRequestedEvent = defineEvent({
  name: "device.pair.requested",
  access: "operator.pairing",
  payload: PairRequest,
  delivery: "droppable",
  description: "A device waits for approval",
});

export const DevicePairResolvedEvent = defineEvent({
  name: "device.pair.resolved",
  access: "operator.pairing",
  payload: Closed({
    requestId: NonEmpty,
    deviceId: NonEmpty,
    decision: OneOf(["approved", "rejected"]),
    ts: Timestamp,
  }),
  delivery: "droppable",
  description: "A pairing request was approved or rejected",
});
