/**
 * A strict signal-cli daemon for tests, written for this gateway from signal-cli's manual: JSON-RPC and server-sent events
 * over loopback HTTP, with faults on order. Stricter than the real one: it refuses parameters that it does not know.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type Daemon, METHODS, MULTI_METHODS } from "./methods.ts";
import { bad, type Params } from "./params.ts";
import { createPeople, type People } from "./people.ts";
import { INTERNAL, INVALID_REQUEST, METHOD_NOT_FOUND, Refusal } from "./refusal.ts";
import { createStreams, type StreamOptions, type Streams } from "./streams.ts";
import { createWorld, type SentMessage, type World } from "./world.ts";

export const OTHER_SIDE = "our strict signal-cli daemon (tests/servers/signal)";

/** `lose`: carried out, and the connection is cut before the answer. `drop`: cut before anything is done. */
export type Fault =
  | { readonly kind: "refuse"; readonly refusal: Refusal }
  | { readonly kind: "status"; readonly status: number; readonly body?: string }
  | { readonly kind: "drop" | "lose" | "hang" }
  /** 201 without a body, as for a notification. */
  | { readonly kind: "noAnswer" };

export interface Recorded {
  readonly method: string;
  readonly params: Params;
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
  /** `ok`, the refusal's code, or the fault's kind. */
  readonly outcome: string;
}

export interface SignalOptions extends Partial<StreamOptions> {
  readonly port?: number;
  /** Default: one, `+15550001000`. */
  readonly accounts?: readonly string[];
  readonly multi?: boolean;
  /** Nothing arrives without a subscription, and events are wrapped. */
  readonly manual?: boolean;
  readonly version?: string;
  readonly linkMs?: number;
}

export interface SignalServer extends AsyncDisposable {
  /** As `channels.signal.httpUrl`. */
  readonly url: string;
  readonly port: number;
  readonly world: World;
  readonly people: People;
  readonly streams: Streams;
  readonly calls: readonly Recorded[];
  readonly subscriptions: ReadonlyMap<number, string>;
  /** Requests to `/api/v1/check`. */
  readonly checks: number;
  callsOf(method: string): readonly Recorded[];
  /** What was sent to a person, a group or everybody, in order. */
  written(to?: string): readonly SentMessage[];
  /** The next `times` calls of the method meet the fault; `events` and `check` are methods here. */
  fail(method: string, fault: Fault, times?: number): void;
  /** The owner scans the code. */
  scan(uri: string, number: string): void;
  /** The daemon ends, as when its process dies. */
  down(): Promise<void>;
  up(): Promise<void>;
}

const MAX_BODY = 140 * 1024 * 1024;
export const ACCOUNT = "+15550001000";

export async function startSignal(options: SignalOptions = {}): Promise<SignalServer> {
  const world = createWorld();
  for (const number of options.accounts ?? [ACCOUNT]) world.accounts.push({ number, uuid: crypto.randomUUID() });
  const streams = createStreams({
    keepAliveMs: 100,
    split: "whole",
    lineEnd: "\n",
    manyLines: false,
    keepsEvents: false,
    ...options,
  });
  const daemon: Daemon = {
    world,
    version: options.version ?? "0.13.19",
    multi: options.multi ?? true,
    subscriptions: new Map(),
    links: new Map(),
    linkMs: options.linkMs ?? 30_000,
  };
  const calls: Recorded[] = [];
  const faults = new Map<string, Fault[]>();
  let checks = 0;
  let port = options.port ?? 0;
  let server: Server | undefined;

  async function deliver(envelope: Record<string, unknown>): Promise<void> {
    const account = world.accounts[0]?.number ?? "";
    if (options.manual !== true) return await streams.event(account, { envelope, account });
    const subscribed = [...daemon.subscriptions].filter(([, owner]) => owner === account);
    await Promise.all(
      subscribed.map(([subscription]) => streams.event(account, { subscription, result: { envelope, account } })),
    );
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", "http://x");
    const route = `${request.method} ${url.pathname}`;
    if (route === "POST /api/v1/rpc") return await rpc(request, response);
    if (route === "GET /api/v1/check") {
      checks++;
      if (!simpleFault("check", request, response)) response.writeHead(200).end();
    } else if (route === "GET /api/v1/events") events(url, request, response);
    else response.writeHead(["/api/v1/rpc", "/api/v1/events"].includes(url.pathname) ? 405 : 404).end();
  }

  function events(url: URL, request: IncomingMessage, response: ServerResponse): void {
    if (simpleFault("events", request, response)) return;
    const account = url.searchParams.get("account") ?? undefined;
    if (request.headers.accept !== "text/event-stream") return void response.writeHead(406).end();
    if (account !== undefined && !world.find(account)) return void response.writeHead(404).end();
    const last = request.headers["last-event-id"];
    streams.add(response, account, typeof last === "string" ? last : undefined);
  }

  /** Whether the request met a fault that needs no request body. */
  function simpleFault(method: string, request: IncomingMessage, response: ServerResponse): boolean {
    const fault = faults.get(method)?.shift();
    if (!fault) return false;
    if (fault.kind === "status") response.writeHead(fault.status, { location: "/elsewhere" }).end(fault.body);
    else if (fault.kind !== "hang") request.socket.destroy();
    return true;
  }

  async function rpc(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.headers["content-type"]?.split(";")[0] !== "application/json") {
      return void response.writeHead(415).end();
    }
    const text = await bodyOf(request);
    let body: unknown;
    try {
      body = JSON.parse(text);
    } catch {
      return json(response, { jsonrpc: "2.0", error: new Refusal(-32700, "Parse error").body(), id: null });
    }
    const answers: unknown[] = [];
    for (const each of Array.isArray(body) ? body : [body]) {
      const answer = await one(each, request, response);
      if (answer === "cut") return;
      if (answer !== undefined) answers.push(answer);
    }
    if (answers.length === 0) return void response.writeHead(201).end();
    json(response, Array.isArray(body) ? answers : answers[0]);
  }

  /** Undefined: nothing to answer. `cut`: the connection is gone or answered already. */
  async function one(value: unknown, request: IncomingMessage, response: ServerResponse): Promise<unknown> {
    const { jsonrpc, method, id, params = {} } = Object(value);
    const fault = faults.get(String(method))?.shift();
    const record = (outcome: string) =>
      calls.push({ method: String(method), params: Object(params), at: Date.now(), outcome });
    if (fault && fault.kind !== "lose") {
      record(fault.kind === "refuse" ? String(fault.refusal.code) : fault.kind);
      if (fault.kind === "refuse") return { jsonrpc: "2.0", error: fault.refusal.body(), id: id ?? null };
      if (fault.kind === "noAnswer") return undefined;
      if (fault.kind === "drop") request.socket.destroy();
      if (fault.kind === "status") response.writeHead(fault.status, { location: "/elsewhere" }).end(fault.body);
      return "cut";
    }
    try {
      if (jsonrpc !== "2.0" || typeof method !== "string") {
        throw new Refusal(INVALID_REQUEST, "method field must be set");
      }
      const result = await perform(method, Object(params));
      record(fault ? "lose" : "ok");
      if (fault) request.socket.destroy();
      return fault ? "cut" : id === undefined ? undefined : { jsonrpc: "2.0", result, id };
    } catch (error) {
      const refusal = error instanceof Refusal ? error : new Refusal(INTERNAL, String(error));
      record(String(refusal.code));
      return { jsonrpc: "2.0", error: refusal.body(), id: id ?? null };
    }
  }

  async function perform(method: string, params: Params): Promise<unknown> {
    const several = Object.hasOwn(MULTI_METHODS, method) && daemon.multi ? MULTI_METHODS[method] : undefined;
    if (several) return await several(daemon, params, "");
    const single = Object.hasOwn(METHODS, method) ? METHODS[method] : undefined;
    if (!single) throw new Refusal(METHOD_NOT_FOUND, "Method not implemented");
    const account = params["account"];
    if (daemon.multi && method !== "version") {
      if (typeof account !== "string") throw bad("Method requires valid account parameter");
      const known = world.accounts.some(({ number, uuid }) => number === account || uuid === account);
      if (!known) throw bad("Specified account does not exist");
    }
    return await single(daemon, params, typeof account === "string" ? account : world.accounts[0]?.number ?? "");
  }

  async function up(): Promise<void> {
    const made = createServer((request, response) => {
      serve(request, response).catch(() => request.socket.destroy());
    });
    await new Promise<void>((resolve) => made.listen(port, "127.0.0.1", resolve));
    const address = made.address();
    port = typeof address === "object" && address !== null ? address.port : port;
    server = made;
  }

  async function down(): Promise<void> {
    const old = server;
    server = undefined;
    if (!old) return;
    daemon.subscriptions.clear();
    const closed = new Promise<void>((resolve) => old.close(() => resolve()));
    old.closeAllConnections();
    await closed;
  }

  await up();
  return {
    get url() {
      return `http://127.0.0.1:${port}`;
    },
    get port() {
      return port;
    },
    world,
    people: createPeople(world, deliver),
    streams,
    calls,
    subscriptions: daemon.subscriptions,
    get checks() {
      return checks;
    },
    callsOf: (method) => calls.filter((call) => call.method === method),
    written: (to) => world.sent.filter((sent) => to === undefined || sent.to === to),
    fail(method, fault, times = 1) {
      faults.set(method, [...faults.get(method) ?? [], ...Array.from({ length: times }, () => fault)]);
    },
    scan(uri, number) {
      const link = daemon.links.get(uri);
      if (!link) throw new Error("Cannot scan the code: the daemon does not know it");
      link.resolve(number);
    },
    down,
    up,
    async [Symbol.asyncDispose]() {
      for (const link of daemon.links.values()) link.resolve(ACCOUNT);
      await down();
    },
  };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of request) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > MAX_BODY) throw new Error("Cannot take the request: it is too long");
  }
  return text + decoder.decode();
}

function json(response: ServerResponse, body: unknown): void {
  response.writeHead(200, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}
