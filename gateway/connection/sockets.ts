/** Takes upgraded sockets: bounds how many may wait for their handshake, gives each a gatekeeper, keeps them alive. */
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { Buffer } from "node:buffer";
import { type WebSocket, WebSocketServer } from "ws";
import { LIMITS } from "../../schemas/frame.ts";
import { Gatekeeper, type GatekeeperDeps } from "./gatekeeper.ts";
import type { Handshake, Peer } from "./handshake.ts";

/** Sockets that may wait for their handshake: from one address, and in all. */
export const MAX_WAITING = { perAddress: 128, total: 512 } as const;

export interface SocketsOptions {
  readonly gatekeeper: GatekeeperDeps;
  readonly handshake: (peer: Peer) => Handshake;
}

export class Sockets {
  readonly #server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: LIMITS.preHandshakeBytes,
    skipUTF8Validation: false,
  });
  readonly #waiting = new Map<string, number>();
  #total = 0;
  /** Sockets and whether they gave a sign of life since the last ping. */
  readonly #alive = new Map<WebSocket, boolean>();
  #cancelPing: (() => void) | undefined;

  constructor(private readonly options: SocketsOptions) {}

  /** Whether one more socket from `address` may wait for its handshake. */
  hasRoom(address: string): boolean {
    return this.#total < MAX_WAITING.total && (this.#waiting.get(address) ?? 0) < MAX_WAITING.perAddress;
  }

  /** Completes the WebSocket handshake of an upgrade that HTTP has let through. */
  accept(request: IncomingMessage, socket: Duplex, head: Buffer, peer: Peer): void {
    this.#server.handleUpgrade(request, socket, head, (ws) => this.#guard(ws, peer));
  }

  /** Pings every socket and destroys those that gave no sign of life since the last ping. */
  startPings(): void {
    this.#cancelPing = this.options.gatekeeper.clock.every(LIMITS.pingIntervalMs, () => {
      for (const [socket, alive] of this.#alive) {
        if (!alive) socket.terminate();
        else {
          this.#alive.set(socket, false);
          socket.ping();
        }
      }
    });
  }

  stop(): void {
    this.#cancelPing?.();
    for (const socket of this.#alive.keys()) socket.terminate();
  }

  #guard(socket: WebSocket, peer: Peer): void {
    const { address } = peer;
    this.#total++;
    this.#waiting.set(address, (this.#waiting.get(address) ?? 0) + 1);
    this.#alive.set(socket, true);
    socket.on("pong", () => this.#alive.set(socket, true));
    socket.on("close", () => this.#alive.delete(socket));
    // Without a listener a protocol error of a stranger (oversized frame, bad UTF-8) would end the process.
    socket.on("error", (error) => this.options.gatekeeper.log.debug("socket.error", { error }));
    new Gatekeeper(this.options.gatekeeper, socket, this.options.handshake(peer), () => this.#release(address));
  }

  #release(address: string): void {
    this.#total--;
    const left = (this.#waiting.get(address) ?? 1) - 1;
    if (left > 0) this.#waiting.set(address, left);
    else this.#waiting.delete(address);
  }
}
