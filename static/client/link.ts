/** One socket to the gateway, from challenge to close: requests with deadlines, events in order, gaps noticed. */
import { fields, isFields, number, parseJson, word } from "./read.ts";
import { type WireError, wireError } from "./refusal.ts";

/** The part of WebSocket that we use; tests bring their own. */
export interface SocketLike {
  onmessage: ((event: MessageEvent) => void) | null;
  onclose: ((event: CloseEvent) => void) | null;
  onerror: ((event: Event) => void) | null;
  send(data: string): void;
  close(code?: number, reason?: string): void;
}

export interface Timers {
  now(): number;
  /** Calls back once after `ms`, unless the returned function is called before. */
  after(ms: number, callback: () => void): () => void;
}

export const browserTimers: Timers = {
  now: () => Date.now(),
  after: (ms, callback) => {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
};

/** A request that failed. `code` is the wire's, or `TIMEOUT` or `CLOSED` when no answer came. */
export class RequestError extends Error {
  constructor(readonly code: string, message: string, readonly wire?: WireError) {
    super(message);
    this.name = "RequestError";
  }
  /** Whether the gateway may have done it all the same. */
  get unanswered(): boolean {
    return this.code === "TIMEOUT" || this.code === "CLOSED";
  }
}

interface Waiting {
  readonly method: string;
  cancel(): void;
  resolve(payload: unknown): void;
  reject(error: RequestError): void;
}

export interface LinkEvents {
  event(name: string, payload: unknown): void;
  /** Events were lost: what is on the page may be stale. */
  gap(): void;
  closed(code: number, reason: string): void;
}

/** More than this many open requests means that something runs away; further ones fail at once. */
const MAX_WAITING = 128;

export class Link {
  #waiting = new Map<string, Waiting>();
  #next = 0;
  #seq: number | undefined;
  #open = true;
  /** When the last frame came, in the timers' milliseconds. */
  heardAt: number;

  constructor(readonly socket: SocketLike, readonly timers: Timers, readonly to: LinkEvents) {
    this.heardAt = timers.now();
    socket.onmessage = (message) => this.#receive(message.data);
    socket.onclose = (event) => this.#closed(event.code, event.reason);
    socket.onerror = () => undefined;
  }

  /** Sends a request; fails with RequestError when the gateway refuses, does not answer in time or goes away. */
  request(method: string, params: unknown, deadlineMs: number): Promise<unknown> {
    if (!this.#open || this.#waiting.size >= MAX_WAITING) {
      return Promise.reject(new RequestError("CLOSED", `Cannot send ${method}: not connected`));
    }
    const id = `${++this.#next}:${crypto.randomUUID()}`;
    return new Promise((resolve, reject) => {
      const cancel = this.timers.after(deadlineMs, () => {
        this.#waiting.delete(id);
        reject(new RequestError("TIMEOUT", `Cannot finish ${method}: no answer in ${deadlineMs} ms`));
      });
      this.#waiting.set(id, { method, cancel, resolve, reject });
      this.socket.send(JSON.stringify({ type: "req", id, method, params }));
    });
  }

  /** Closes from our side; `closed` is told at once, since a dead network never confirms. */
  close(code: number, reason: string): void {
    if (!this.#open) return;
    this.#closed(code, reason);
    this.socket.onmessage = null;
    this.socket.onclose = null;
    this.socket.close(code, reason);
  }

  #receive(data: unknown): void {
    this.heardAt = this.timers.now();
    const frame = typeof data === "string" ? parseJson(data) : undefined;
    if (!isFields(frame)) return;
    if (frame["type"] === "res") return this.#answer(word(frame["id"]) ?? "", frame);
    const name = word(frame["event"]);
    if (frame["type"] !== "event" || name === undefined) return;
    this.#order(number(frame["seq"]));
    this.to.event(name, frame["payload"]);
  }

  #order(seq: number | undefined): void {
    if (seq === undefined) return;
    const lost = this.#seq !== undefined && seq > this.#seq + 1;
    this.#seq = seq;
    if (lost) this.to.gap();
  }

  #answer(id: string, frame: Readonly<Record<string, unknown>>): void {
    const waiting = this.#waiting.get(id);
    if (!waiting) return;
    this.#waiting.delete(id);
    waiting.cancel();
    if (frame["ok"] === true) return waiting.resolve(frame["payload"]);
    const error = wireError(fields(frame["error"]));
    waiting.reject(new RequestError(error.code, error.message, error));
  }

  #closed(code: number, reason: string): void {
    if (!this.#open) return;
    this.#open = false;
    for (const { method, cancel, reject } of this.#waiting.values()) {
      cancel();
      reject(new RequestError("CLOSED", `Cannot finish ${method}: the connection closed`));
    }
    this.#waiting.clear();
    this.to.closed(code, reason);
  }
}
