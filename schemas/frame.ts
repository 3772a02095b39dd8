/** The three frames of the wire, one JSON object per WebSocket message. */
import { ErrorShape } from "./error.ts";
import { Closed, Int0, NonEmpty, Open, type Static, Type } from "./primitives.ts";

export const PROTOCOLS = [3, 4] as const;
export type Protocol = (typeof PROTOCOLS)[number];

/** Bytes and counts that bound a connection. `hello` members are announced in hello-ok. */
export const LIMITS = {
  /** Frame bytes before hello-ok; beyond it `ws` closes 1009 by the header alone. */
  preHandshakeBytes: 64 * 1024,
  preHandshakeFrames: 16,
  maxPayload: 26_214_400,
  maxBufferedBytes: 8 * 1024 * 1024,
  totalBufferedBytes: 256 * 1024 * 1024,
  tickIntervalMs: 30_000,
  handshakeTimeoutMs: 15_000,
  pingIntervalMs: 25_000,
  attachmentBytes: 5_000_000,
} as const;

export const RequestFrame = Open({
  type: Type.Literal("req"),
  id: NonEmpty,
  method: NonEmpty,
  params: Type.Optional(Type.Unknown()),
});
export type RequestFrame = Static<typeof RequestFrame>;

export const ResponseFrame = Closed({
  type: Type.Literal("res"),
  id: NonEmpty,
  ok: Type.Boolean(),
  payload: Type.Optional(Type.Unknown()),
  error: Type.Optional(ErrorShape),
});
export type ResponseFrame = Static<typeof ResponseFrame>;

export const StateVersion = Closed({ presence: Int0, health: Int0 });
export type StateVersion = Static<typeof StateVersion>;

export const EventFrame = Closed({
  type: Type.Literal("event"),
  event: NonEmpty,
  payload: Type.Optional(Type.Unknown()),
  seq: Type.Optional(Int0),
  stateVersion: Type.Optional(StateVersion),
});
export type EventFrame = Static<typeof EventFrame>;
