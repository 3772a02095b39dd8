/**
 * The one place that touches a private part of `ws`. Before the handshake a stranger may send 64 KiB a frame, afterwards
 * 25 MiB; `ws` takes one `maxPayload` per server and has no public call to change it on a socket.
 */
import type { WebSocket } from "ws";

/** Raises the frame limit of this socket. Throws when a new `ws` keeps the limit elsewhere; a test sees it too. */
export function raiseReceiverLimit(socket: WebSocket, bytes: number): void {
  const receiver: unknown = Reflect.get(socket, "_receiver");
  if (receiver === null || typeof receiver !== "object" || typeof Reflect.get(receiver, "_maxPayload") !== "number") {
    throw new Error('Cannot raise the frame limit: "ws" no longer keeps it in _receiver._maxPayload');
  }
  Reflect.set(receiver, "_maxPayload", bytes);
}
