/** Who is connected. */
import { Closed, Int0, type Static, Timestamp, Type } from "../primitives.ts";
import { defineEvent } from "./define.ts";

export const PresenceEntry = Closed({
  host: Type.Optional(Type.String()),
  ip: Type.Optional(Type.String()),
  version: Type.Optional(Type.String()),
  platform: Type.Optional(Type.String()),
  deviceFamily: Type.Optional(Type.String()),
  modelIdentifier: Type.Optional(Type.String()),
  mode: Type.Optional(Type.String()),
  reason: Type.Optional(Type.String()),
  lastInputSeconds: Type.Optional(Int0),
  tags: Type.Optional(Type.Array(Type.String())),
  roles: Type.Optional(Type.Array(Type.String())),
  scopes: Type.Optional(Type.Array(Type.String())),
  text: Type.Optional(Type.String()),
  deviceId: Type.Optional(Type.String()),
  instanceId: Type.Optional(Type.String()),
  ts: Timestamp,
});
export type PresenceEntry = Static<typeof PresenceEntry>;

export const PresenceEvent = defineEvent({
  name: "presence",
  access: "operator.read",
  payload: Closed({ presence: Type.Array(PresenceEntry) }),
  delivery: "droppable",
  stateVersion: true,
  description: "The presence list after a tracked client left or a system-event changed it",
});
