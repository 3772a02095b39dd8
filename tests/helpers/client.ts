/** A raw WebSocket client for tests: speaks protocol 3 or 4, records every frame, never hides an answer. */
import { WebSocket } from "ws";
import { type Challenge, type ConnectOptions, connectParams } from "./connect_params.ts";
import { within } from "./wait.ts";

export { ALL_SCOPES, type ConnectOptions } from "./connect_params.ts";
export { type Identity, makeIdentity } from "./identity.ts";

export type Json = Record<string, unknown>;
export interface Res {
  readonly type: "res";
  readonly id: string;
  readonly ok: boolean;
  readonly payload?: unknown;
  readonly error?: { readonly code: string; readonly message: string; readonly details?: unknown } & Json;
}
export interface Ev {
  readonly type: "event";
  readonly event: string;
  readonly payload: Json;
  readonly seq?: number;
  readonly stateVersion?: { readonly presence: number; readonly health: number };
}
export type Received = Res | Ev;

/** How a socket ended. 1006: without a close frame. */
export interface Ended {
  readonly code: number;
  readonly reason: string;
}

/** An answer with `ok: false`. */
export class CallFailed extends Error {
  constructor(readonly method: string, readonly res: Res) {
    super(`${method}: ${res.error?.code} ${res.error?.message}`);
    this.name = "CallFailed";
  }
}

export interface OpenOptions {
  readonly headers?: Record<string, string>;
  readonly origin?: string;
  /** Milliseconds for one answer. */
  readonly timeoutMs?: number;
  /** Off for load tests: frames are given to `onFrame` only. */
  readonly record?: boolean;
}

interface Waiter {
  readonly match: (frame: Received) => boolean;
  readonly resolve: (frame: Received) => void;
  readonly reject: (error: Error) => void;
}

export class TestClient implements AsyncDisposable {
  /** Every frame that came, parsed, in order. */
  readonly frames: Received[] = [];
  /** Every frame that came, as text. */
  readonly texts: string[] = [];
  readonly closed: Promise<Ended>;
  onFrame: ((frame: Received, text: string) => void) | undefined;
  /** The payload of hello-ok after `connect`. */
  hello: Json = {};
  readonly #waiters = new Set<Waiter>();
  /** Methods by request id, for whoever judges the answers. */
  readonly #methods = new Map<string, string>();
  #nextId = 0;
  #ended: Ended | undefined;

  private constructor(readonly ws: WebSocket, readonly timeoutMs: number, record: boolean) {
    const { promise, resolve } = Promise.withResolvers<Ended>();
    this.closed = promise;
    ws.on("message", (data) => this.#receive(data.toString(), record));
    ws.on("error", () => {});
    ws.on("close", (code, reason) => {
      this.#ended = { code, reason: reason.toString() };
      const error = new Error(`Cannot receive: socket closed ${code} ${reason}`);
      for (const waiter of this.#waiters) waiter.reject(error);
      this.#waiters.clear();
      resolve(this.#ended);
    });
  }

  /** Opens a socket and does nothing more. Rejects when the upgrade is refused (`message` holds the status). */
  static async open(url: string, options: OpenOptions = {}): Promise<TestClient> {
    const ws = new WebSocket(url, {
      perMessageDeflate: false,
      maxPayload: 64 << 20,
      ...(options.headers === undefined ? {} : { headers: options.headers }),
      ...(options.origin === undefined ? {} : { origin: options.origin }),
    });
    const client = new TestClient(ws, options.timeoutMs ?? 10_000, options.record ?? true);
    await within(
      `the upgrade of ${url}`,
      new Promise<void>((resolve, reject) => {
        ws.once("open", resolve);
        ws.once("error", reject);
      }),
    );
    return client;
  }

  /** Opens and shakes hands. Throws CallFailed when the gateway refuses. */
  static async connect(url: string, options: ConnectOptions & OpenOptions = {}): Promise<TestClient> {
    const client = await TestClient.open(url, options);
    try {
      const res = await client.handshake(options);
      if (!res.ok) throw new CallFailed("connect", res);
      client.hello = asJson(res.payload);
      return client;
    } catch (error) {
      await client.close();
      throw error;
    }
  }

  /** Awaits the challenge, sends connect, returns the answer whatever it is. */
  async handshake(options: ConnectOptions): Promise<Res> {
    const challenge = await this.challenge();
    return await this.call("connect", connectParams(options, challenge));
  }

  async challenge(): Promise<Challenge> {
    const { payload } = await this.waitEvent("connect.challenge");
    return { nonce: String(payload["nonce"]), ts: Number(payload["ts"]) };
  }

  /** Sends text as it is, or an object as JSON. */
  send(frame: string | Uint8Array | Json): void {
    this.ws.send(typeof frame === "string" || frame instanceof Uint8Array ? frame : JSON.stringify(frame));
  }

  /** Sends a request and returns the first answer, also a failed one. */
  async call(method: string, params?: unknown, timeoutMs = this.timeoutMs): Promise<Res> {
    const id = this.sendRequest(method, params);
    return await this.waitRes(id, () => true, timeoutMs);
  }

  /** Sends a request and returns its id. */
  sendRequest(method: string, params?: unknown): string {
    const id = `t${++this.#nextId}`;
    this.#methods.set(id, method);
    this.send({ type: "req", id, method, ...(params === undefined ? {} : { params }) });
    return id;
  }

  /** The method that a response answers; undefined for events and for frames sent by hand. */
  methodOf(frame: Received): string | undefined {
    return frame.type === "res" ? this.#methods.get(frame.id) : undefined;
  }

  /** The payload of the first answer; throws CallFailed. */
  async request(method: string, params?: unknown, timeoutMs = this.timeoutMs): Promise<Json> {
    const res = await this.call(method, params, timeoutMs);
    if (!res.ok) throw new CallFailed(method, res);
    return res.payload as Json;
  }

  /** Both answers of a method that answers twice (`agent`). */
  async requestTwice(
    method: string,
    params: unknown,
    timeoutMs = 30_000,
  ): Promise<{ readonly first: Res; readonly second: Res }> {
    const id = this.sendRequest(method, params);
    const first = await this.waitRes(id, () => true, timeoutMs);
    if (!first.ok) throw new CallFailed(method, first);
    const second = await this.waitRes(id, (res) => res !== first, timeoutMs);
    return { first, second };
  }

  /** The first answer to `id` that matches, also one that has come already. */
  async waitRes(id: string, match: (res: Res) => boolean = () => true, timeoutMs = this.timeoutMs): Promise<Res> {
    const found = await this.wait(
      `an answer to ${id}`,
      (frame) => frame.type === "res" && frame.id === id && match(frame),
      timeoutMs,
    );
    if (found.type !== "res") throw new Error("unreachable: matched a response");
    return found;
  }

  /** The first event that matches, also one that has come already. */
  async waitEvent(match: string | ((event: Ev) => boolean), timeoutMs = this.timeoutMs): Promise<Ev> {
    const test = typeof match === "string" ? (event: Ev) => event.event === match : match;
    const found = await this.wait(
      `event ${typeof match === "string" ? match : match.toString()}`,
      (frame) => frame.type === "event" && test(frame),
      timeoutMs,
    );
    if (found.type !== "event") throw new Error("unreachable: matched an event");
    return found;
  }

  async wait(what: string, match: (frame: Received) => boolean, timeoutMs = this.timeoutMs): Promise<Received> {
    const past = this.frames.find(match);
    if (past !== undefined) return past;
    if (this.#ended) {
      throw new Error(`Cannot wait for ${what}: socket closed ${this.#ended.code} ${this.#ended.reason}`);
    }
    let waiter: Waiter | undefined;
    const found = new Promise<Received>((resolve, reject) => {
      waiter = { match, resolve, reject };
      this.#waiters.add(waiter);
    });
    try {
      return await within(what, found, timeoutMs);
    } finally {
      if (waiter) this.#waiters.delete(waiter);
    }
  }

  /** Events of one name that came so far. */
  events(name: string): Ev[] {
    return this.frames.filter((frame): frame is Ev => frame.type === "event" && frame.event === name);
  }

  /** Ends the connection and waits until the socket is gone. */
  async close(): Promise<Ended> {
    if (this.ws.readyState !== WebSocket.CLOSED) this.ws.terminate();
    return await this.closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #receive(text: string, record: boolean): void {
    const frame = parseFrame(text);
    if (record || frame.type === "res" || frame.event === "connect.challenge") {
      this.frames.push(frame);
      this.texts.push(text);
    }
    this.onFrame?.(frame, text);
    for (const waiter of [...this.#waiters]) {
      if (!waiter.match(frame)) continue;
      this.#waiters.delete(waiter);
      waiter.resolve(frame);
    }
  }
}

/** A frame of the gateway; throws when it is neither a response nor an event, so that no test overlooks one. */
export function parseFrame(text: string): Received {
  const frame: unknown = JSON.parse(text);
  const { type } = asJson(frame);
  if (type !== "res" && type !== "event") throw new Error(`Cannot read frame: type is ${JSON.stringify(type)}`);
  return frame as Received;
}

/** `value` as an object; throws when it is none. */
export function asJson(value: unknown): Json {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new Error(`Cannot read object: got ${JSON.stringify(value)?.slice(0, 80)}`);
  }
  return value as Json;
}
