/** Challenge, tick, health, shutdown: the life of a connection and of the gateway. */
import { Closed, Int0, JsonObject, NonEmpty, Nullable, Timestamp, Type } from "../primitives.ts";
import { defineEvent } from "./define.ts";

export const ChallengeEvent = defineEvent({
  name: "connect.challenge",
  access: "any",
  payload: Closed({ nonce: NonEmpty, ts: Timestamp }),
  delivery: "direct",
  description: "The first frame on every socket; the client signs the nonce",
});

export const TickEvent = defineEvent({
  name: "tick",
  access: "any",
  payload: Closed({ ts: Timestamp }),
  delivery: "droppable",
  description: "Sign of life every policy.tickIntervalMs",
});

export const HealthEvent = defineEvent({
  name: "health",
  access: "any",
  payload: JsonObject,
  delivery: "droppable",
  stateVersion: true,
  description: "The health summary, every 60 s and after a change",
});

export const ShutdownEvent = defineEvent({
  name: "shutdown",
  access: "any",
  payload: Closed({ reason: NonEmpty, restartExpectedMs: Nullable(Int0) }),
  delivery: "ordered",
  description: "The gateway stops; close 1012 follows",
});

/** Declared for clients that list it; sent once heartbeats exist. */
export const HeartbeatEvent = defineEvent({
  name: "heartbeat",
  access: "any",
  payload: Type.Object({ ts: Timestamp, status: NonEmpty }),
  delivery: "droppable",
  description: "The outcome of a heartbeat run",
});
