/** The sockets of pages that reload when a canvas file changes. They hear one word and are heard by nobody. */
import type { Buffer } from "node:buffer";
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import type { Clock } from "../observe/clock.ts";
import type { Log } from "../observe/log.ts";
import { watchRoot } from "./watch.ts";

export interface LiveReloadDeps {
  readonly root: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** A page that listens. `stillAllowed` is asked again and again: a socket does not outlive what let it in. */
interface Listener {
  readonly stillAllowed: () => boolean;
  alive: boolean;
}

export const MAX_LISTENERS = 64;
const PING_MS = 10_000;

export class LiveReload {
  readonly #server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: 1_024,
  });
  readonly #sockets = new Map<WebSocket, Listener>();
  #unwatch: (() => void) | undefined;
  #cancelPing: (() => void) | undefined;
  #off = false;

  constructor(private readonly deps: LiveReloadDeps) {}

  /** False after a fault of the watcher, and when the gateway stops. */
  get on(): boolean {
    return !this.#off;
  }

  get hasRoom(): boolean {
    return this.#sockets.size < MAX_LISTENERS;
  }

  /** Completes the WebSocket handshake. The first listener starts the watcher: without one nobody needs it. */
  accept(request: IncomingMessage, socket: Duplex, head: Buffer, stillAllowed: () => boolean): void {
    this.#server.handleUpgrade(request, socket, head, (ws) => {
      if (this.#off || !this.hasRoom) return ws.terminate();
      const listener = { stillAllowed, alive: true };
      this.#sockets.set(ws, listener);
      ws.on("pong", () => listener.alive = true);
      ws.on("close", () => this.#sockets.delete(ws));
      ws.on("error", (error) => this.deps.log.debug("canvas.socket.error", { error }));
      this.#start();
    });
  }

  stop(): void {
    this.#off = true;
    this.#unwatch?.();
    this.#cancelPing?.();
    for (const socket of this.#sockets.keys()) socket.terminate();
    this.#sockets.clear();
  }

  #start(): void {
    const { root, clock, log } = this.deps;
    this.#cancelPing ??= clock.every(PING_MS, () => this.#check());
    this.#unwatch ??= watchRoot({
      root,
      clock,
      changed: () => {
        for (const socket of this.#sockets.keys()) socket.send("reload");
      },
      failed: (error) => {
        log.warn("canvas.live_reload.off", { error });
        this.stop();
      },
    });
  }

  #check(): void {
    for (const [socket, listener] of this.#sockets) {
      if (!listener.alive || !listener.stillAllowed()) socket.terminate();
      else {
        listener.alive = false;
        socket.ping();
      }
    }
  }
}
