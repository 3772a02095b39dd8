/** Socket Mode: addresses for one use, hello, pings, envelopes that come again until they are acknowledged. */
import type { IncomingMessage } from "node:http";
import { Buffer } from "node:buffer";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import type { BotAccount } from "./accounts.ts";

/** Slack's number of connections of one app. */
const MAX_SOCKETS = 10;

export interface SocketOptions {
  /** After which an envelope without an acknowledgement comes again. Slack waits three seconds. */
  readonly ackMs: number;
  readonly pingMs: number;
}

interface Envelope {
  readonly id: string;
  readonly type: string;
  readonly payload: unknown;
  attempts: number;
  timer: ReturnType<typeof setTimeout> | undefined;
  settle: (answer: unknown) => void;
}

export interface Sockets {
  /** The answer of `apps.connections.open`. */
  open(): string;
  upgrade(request: IncomingMessage, socket: Duplex, head: Uint8Array): boolean;
  /** Resolves with the payload of the acknowledgement. */
  deliver(type: "events_api" | "slash_commands" | "interactive", payload: unknown): Promise<unknown>;
  readonly live: () => number;
  /** Most sockets that were open at the same time. */
  readonly most: () => number;
  readonly unacknowledged: () => number;
  /** Every envelope as it was sent, again and again. */
  readonly sent: readonly { readonly id: string; readonly type: string; readonly retry: number }[];
  readonly acks: readonly string[];
  /** Slack's own words before it closes a connection. */
  disconnect(reason: string): void;
  /** The connection breaks without a word. */
  drop(): void;
  /** The peer is silent from now on: neither pings nor pongs, but the connection stands. */
  mute(): void;
  /** Sends the text as it is. */
  raw(text: string): void;
  /** The next connections are refused after the upgrade with this reason, before a hello. */
  refuseNext(reason: string, times?: number): void;
  close(): Promise<void>;
}

export function createSockets(
  origin: () => string,
  bot: () => Pick<BotAccount, "appId">,
  options: SocketOptions,
): Sockets {
  const server = new WebSocketServer({ noServer: true, autoPong: true });
  const tickets = new Set<string>();
  const live = new Set<WebSocket>();
  const waiting = new Map<string, Envelope>();
  const sent: { id: string; type: string; retry: number }[] = [];
  const acks: string[] = [];
  const refusals: string[] = [];
  let most = 0;
  let closed = false;

  function welcome(socket: WebSocket): void {
    const refusal = live.size >= MAX_SOCKETS ? "too_many_websockets" : refusals.shift();
    if (refusal !== undefined) {
      socket.send(JSON.stringify({ type: "disconnect", reason: refusal }));
      return socket.close();
    }
    live.add(socket);
    most = Math.max(most, live.size);
    const beat = setInterval(() => socket.ping("ping from slack"), options.pingMs);
    socket.on("close", () => {
      clearInterval(beat);
      live.delete(socket);
    });
    socket.on("error", () => {});
    socket.on("message", (data) => acknowledge(String(data)));
    socket.send(JSON.stringify({
      type: "hello",
      num_connections: live.size,
      debug_info: { host: "our strict server", approximate_connection_time: 18060 },
      connection_info: { app_id: bot().appId },
    }));
    for (const envelope of waiting.values()) send(envelope);
  }

  function acknowledge(text: string): void {
    const { envelope_id: id, payload }: { envelope_id?: string; payload?: unknown } = JSON.parse(text);
    if (id === undefined) throw new Error("Cannot take a message without an envelope_id");
    acks.push(id);
    const envelope = waiting.get(id);
    if (!envelope) return;
    clearTimeout(envelope.timer);
    waiting.delete(id);
    envelope.settle(payload);
  }

  /** To one of the sockets; it comes again when nobody acknowledges it in time. */
  function send(envelope: Envelope): void {
    clearTimeout(envelope.timer);
    const socket = [...live].at(-1);
    if (!socket || closed) return;
    const retry = envelope.attempts++;
    sent.push({ id: envelope.id, type: envelope.type, retry });
    socket.send(JSON.stringify({
      envelope_id: envelope.id,
      type: envelope.type,
      accepts_response_payload: envelope.type !== "events_api",
      payload: envelope.payload,
      ...(envelope.type === "events_api" ? { retry_attempt: retry, retry_reason: retry === 0 ? "" : "timeout" } : {}),
    }));
    envelope.timer = setTimeout(() => send(envelope), options.ackMs);
  }

  return {
    open() {
      const ticket = crypto.randomUUID();
      tickets.add(ticket);
      return `${origin().replace("http:", "ws:")}/link/?ticket=${ticket}&app_id=${bot().appId}`;
    },
    upgrade(request, socket, head) {
      const ticket = new URL(request.url ?? "/", "http://x").searchParams.get("ticket") ?? "";
      // An address is good for one connection.
      if (!tickets.delete(ticket)) return false;
      server.handleUpgrade(request, socket, head instanceof Uint8Array ? Buffer.from(head) : head, welcome);
      return true;
    },
    deliver(type, payload) {
      const { promise, resolve } = Promise.withResolvers<unknown>();
      const envelope = { id: crypto.randomUUID(), type, payload, attempts: 0, timer: undefined, settle: resolve };
      waiting.set(envelope.id, envelope);
      send(envelope);
      return promise;
    },
    live: () => live.size,
    most: () => most,
    unacknowledged: () => waiting.size,
    sent,
    acks,
    disconnect(reason) {
      for (const socket of live) socket.send(JSON.stringify({ type: "disconnect", reason, debug_info: {} }));
    },
    drop() {
      for (const socket of live) socket.terminate();
    },
    mute() {
      for (const socket of live) socket.pause();
    },
    raw(text) {
      for (const socket of live) socket.send(text);
    },
    refuseNext: (reason, times = 1) => void refusals.push(...Array.from({ length: times }, () => reason)),
    async close() {
      closed = true;
      for (const { timer } of waiting.values()) clearTimeout(timer);
      for (const socket of [...live, ...server.clients]) socket.terminate();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
