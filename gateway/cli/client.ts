/** A client of the gateway's protocol: handshake, requests with deadlines, events, an orderly end. */
import { LIMITS, PROTOCOLS } from "../../schemas/frame.ts";
import { type Static, Type } from "../../schemas/primitives.ts";
import { checker } from "../../schemas/validate.ts";
import type { Clock } from "../observe/clock.ts";
import { type Inbound, openWire, type Wire, type WireEnd, type WireError, type WireEvent } from "./wire.ts";

/** What is read from hello-ok; everything else may be absent. */
export const Hello = Type.Object({
  protocol: Type.Integer(),
  server: Type.Object({ version: Type.String(), connId: Type.Optional(Type.String()) }),
  features: Type.Optional(Type.Object({ methods: Type.Optional(Type.Array(Type.String())) })),
  snapshot: Type.Optional(Type.Object({
    uptimeMs: Type.Optional(Type.Number()),
    configPath: Type.Optional(Type.String()),
    stateDir: Type.Optional(Type.String()),
    sessionDefaults: Type.Optional(Type.Object({ mainSessionKey: Type.Optional(Type.String()) })),
  })),
  auth: Type.Optional(Type.Object({
    deviceToken: Type.Optional(Type.String()),
    role: Type.Optional(Type.String()),
    scopes: Type.Optional(Type.Array(Type.String())),
    issuedAtMs: Type.Optional(Type.Number()),
  })),
  policy: Type.Optional(Type.Object({
    tickIntervalMs: Type.Optional(Type.Number()),
    maxPayload: Type.Optional(Type.Number()),
  })),
});
export type Hello = Static<typeof Hello>;
const checkHello = checker(Hello);

const Challenge = Type.Object({ nonce: Type.String({ minLength: 1 }), ts: Type.Integer({ minimum: 0 }) });
export type Challenge = Static<typeof Challenge>;
const checkChallenge = checker(Challenge);
const Accepted = checker(Type.Object({ status: Type.Literal("accepted") }));

/** No connection, or one that broke: `end` says how. `stage` is how far it came. */
export class LostError extends Error {
  constructor(readonly url: string, readonly end: WireEnd, readonly stage: "open" | "handshake" | "connected") {
    super(`Connection to ${url} ended: ${end.failure ?? end.reason} (${end.code})`);
  }
}
/** The gateway refused the handshake. */
export class RefusedError extends Error {
  constructor(readonly url: string, readonly error: WireError) {
    super(error.message);
  }
}
/** The gateway answered a request with an error. */
export class CallError extends Error {
  constructor(readonly method: string, readonly error: WireError, readonly payload: unknown) {
    super(error.message);
  }
}
/** No answer in time. */
export class DeadlineError extends Error {
  constructor(readonly what: string, readonly ms: number) {
    super(`No answer to ${what} within ${ms} ms`);
  }
}

export interface CallOptions {
  /** Until the answer; with `expectFinal` until the final one. */
  readonly timeoutMs: number;
  /** Skip a first answer with status `accepted` and wait for the one at the end of the run. */
  readonly expectFinal?: boolean;
  readonly onAccepted?: (payload: unknown) => void;
}

interface Pending {
  readonly method: string;
  readonly expectFinal: boolean;
  readonly onAccepted: ((payload: unknown) => void) | undefined;
  resolve(payload: unknown): void;
  reject(error: Error): void;
}

export interface ConnectOptions {
  readonly url: string;
  readonly clock: Clock;
  readonly timeoutMs: number;
  /** Certificates in PEM to trust beside those of the system. */
  readonly trusted?: readonly string[];
  /** The `connect` parameters for this challenge. */
  params(challenge: Challenge): Promise<unknown>;
  /** Events wait for the first listener: a node may be called in the same moment as it is let in. */
  readonly keepEarly?: boolean;
}

/** Events that wait for the first listener at most. */
const MAX_EARLY = 100;

export class GatewayClient {
  readonly #wire: Wire;
  readonly #pending = new Map<string, Pending>();
  readonly #listeners = new Set<(event: WireEvent) => void>();
  readonly #challenge = Promise.withResolvers<Challenge>();
  #nextId = 0;
  #end: WireEnd | undefined;
  #stage: LostError["stage"] = "open";
  #lastInbound = 0;
  #hello: Hello | undefined;
  #early: WireEvent[] | undefined;

  private constructor(private readonly options: Pick<ConnectOptions, "url" | "clock" | "trusted" | "keepEarly">) {
    if (options.keepEarly === true) this.#early = [];
    this.#challenge.promise.catch(() => {});
    this.#wire = openWire(options.url, (frame) => this.#receive(frame), options.trusted);
    void this.#wire.ended.then((end) => this.#ended(end));
  }

  /** Connects and shakes hands. Throws LostError, RefusedError or DeadlineError, with the socket closed. */
  static async connect(options: ConnectOptions): Promise<GatewayClient> {
    const client = new GatewayClient(options);
    const late = Promise.withResolvers<never>();
    const cancel = options.clock.after(options.timeoutMs, () => {
      late.reject(new DeadlineError(client.#stage === "open" ? "connect" : "the handshake", options.timeoutMs));
    });
    try {
      await Promise.race([client.#handshake(options, options.timeoutMs), late.promise]);
      client.#watch();
      return client;
    } catch (error) {
      await client.close();
      throw error;
    } finally {
      cancel();
    }
  }

  get hello(): Hello {
    if (this.#hello === undefined) throw new Error("Cannot read hello: the handshake is not done");
    return this.#hello;
  }

  /** Resolves with the way it ended, after `close` or by itself. */
  get ended(): Promise<WireEnd> {
    return this.#wire.ended;
  }

  /** Calls `method`. Throws CallError, LostError or DeadlineError. */
  async request(method: string, params: unknown, options: CallOptions): Promise<unknown> {
    if (this.#end !== undefined) throw this.#lost(this.#end);
    const id = String(++this.#nextId);
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const cancel = this.options.clock.after(options.timeoutMs, () => {
      reject(new DeadlineError(method, options.timeoutMs));
    });
    this.#pending.set(id, {
      method,
      expectFinal: options.expectFinal === true,
      onAccepted: options.onAccepted,
      resolve,
      reject,
    });
    this.#wire.send({ type: "req", id, method, ...(params === undefined ? {} : { params }) });
    try {
      return await promise;
    } finally {
      cancel();
      this.#pending.delete(id);
    }
  }

  /** Calls `listener` for every event until the returned function is called. */
  onEvent(listener: (event: WireEvent) => void): () => void {
    this.#listeners.add(listener);
    const early = this.#early;
    this.#early = undefined;
    for (const event of early ?? []) listener(event);
    return () => this.#listeners.delete(listener);
  }

  /** Closes and waits until the socket is gone, at most a second. */
  async close(code = 1000, reason = ""): Promise<void> {
    this.#wire.close(code, reason);
    await this.#wire.ended;
  }

  async #handshake(options: ConnectOptions, timeoutMs: number): Promise<void> {
    const challenge = await this.#challenge.promise;
    this.#stage = "handshake";
    const params = await options.params(challenge);
    const payload = await this.request("connect", params, { timeoutMs }).catch((error: unknown) => {
      throw error instanceof CallError ? new RefusedError(options.url, error.error) : error;
    });
    const checked = checkHello(payload);
    if (!checked.ok) throw new RefusedError(options.url, notAGateway(checked.error));
    const [min, max] = [PROTOCOLS[0], PROTOCOLS[1]];
    if (checked.value.protocol < min || checked.value.protocol > max) {
      throw new RefusedError(options.url, notAGateway(`protocol ${checked.value.protocol} was chosen`));
    }
    this.#hello = checked.value;
    this.#stage = "connected";
  }

  #receive(frame: Inbound): void {
    this.#lastInbound = this.options.clock.now();
    if (frame.type === "event") {
      if (frame.event === "connect.challenge") this.#takeChallenge(frame.payload);
      else if (this.#early !== undefined && this.#early.length < MAX_EARLY) this.#early.push(frame);
      else for (const listener of this.#listeners) listener(frame);
      return;
    }
    const pending = this.#pending.get(frame.id);
    if (pending === undefined) return;
    if (!frame.ok) {
      const error = frame.error ?? { code: "UNAVAILABLE", message: "the gateway gave no reason" };
      pending.reject(new CallError(pending.method, error, frame.payload));
    } else if (pending.expectFinal && Accepted.is(frame.payload)) {
      pending.onAccepted?.(frame.payload);
    } else {
      pending.resolve(frame.payload);
    }
  }

  #takeChallenge(payload: unknown): void {
    const checked = checkChallenge(payload);
    if (checked.ok) this.#challenge.resolve(checked.value);
    else this.#challenge.reject(new RefusedError(this.options.url, notAGateway(checked.error)));
  }

  #ended(end: WireEnd): void {
    this.#end = end;
    const lost = this.#lost(end);
    this.#challenge.reject(lost);
    for (const pending of this.#pending.values()) pending.reject(lost);
  }

  #lost(end: WireEnd): LostError {
    return new LostError(this.options.url, end, this.#stage);
  }

  /** A peer that is silent for two tick intervals is gone, even when TCP has not noticed (protocol: close 4000). */
  #watch(): void {
    const interval = this.hello.policy?.tickIntervalMs ?? LIMITS.tickIntervalMs;
    const stop = this.options.clock.every(interval, () => {
      if (this.options.clock.now() - this.#lastInbound > 2 * interval) this.#wire.close(4000, "tick timeout");
    });
    void this.#wire.ended.then(stop);
  }
}

const notAGateway = (reason: string): WireError => ({
  code: "PROTOCOL",
  message: `the answer is not that of an OpenClaw gateway: ${reason}`,
});
