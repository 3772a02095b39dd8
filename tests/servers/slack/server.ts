/**
 * A strict Slack for tests, written for this gateway from the public documentation: it does not know the client library.
 * Web API, Socket Mode, HTTP events, uploads, private files and response addresses over loopback, with faults on order.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { ALL_SCOPES, type BotAccount } from "./accounts.ts";
import { createEvents, type HttpTarget } from "./events.ts";
import { METHODS } from "./methods.ts";
import { type Params, readParams } from "./params.ts";
import { createPeople, type People } from "./people.ts";
import { Refusal } from "./refusal.ts";
import { createSockets, type Sockets } from "./sockets.ts";
import { createWorld, type Message, type World } from "./world.ts";

export const OTHER_SIDE = "our strict Slack server (tests/servers/slack)";
export const BOT_TOKEN = "xoxb-1111-2222-abcdefghijklmnop";
export const APP_TOKEN = "xapp-1-A0HOUSE-3333-0123456789abcdef";

/** `lose`: carried out, and the connection is cut before the answer. `drop`: cut before anything is done. */
export type Fault =
  | { readonly kind: "refuse"; readonly refusal: Refusal }
  | { readonly kind: "html"; readonly status: number }
  | { readonly kind: "drop" | "lose" | "hang" }
  | { readonly kind: "redirect"; readonly to: string };

export interface Recorded {
  readonly method: string;
  readonly values: Readonly<Record<string, unknown>>;
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
  /** `ok`, the refusal's word, or the fault's kind. */
  readonly outcome: string;
}

export interface Response {
  readonly user: string;
  readonly channel: string;
  readonly body: Record<string, unknown>;
}

export interface SlackServer extends AsyncDisposable {
  /** As `channels.slack.apiRoot`. */
  readonly url: string;
  readonly port: number;
  readonly world: World;
  readonly people: People;
  readonly bot: BotAccount;
  readonly sockets: Sockets;
  readonly calls: readonly Recorded[];
  /** What came to response addresses. */
  readonly responses: readonly Response[];
  /** Whoever asked for a file without a valid token. */
  readonly intruders: readonly string[];
  callsOf(method: string): readonly Recorded[];
  /** The next `times` calls of the method meet the fault. */
  fail(method: string, fault: Fault, times?: number): void;
  /** What the bot wrote into the conversation, in order. */
  written(channel: string): readonly Message[];
  /** Events go there instead of into sockets. */
  subscribe(target: HttpTarget): void;
  close(): Promise<void>;
}

export interface SlackOptions {
  readonly port?: number;
  readonly botToken?: string;
  readonly appToken?: string;
  readonly scopes?: readonly string[];
  readonly ackMs?: number;
  readonly pingMs?: number;
  /** Whether a second message with the same client_msg_id is dropped. Slack's reference does not promise it. */
  readonly honoursClientId?: boolean;
  /** For how long `files.info` does not know yet where a file is shared. */
  readonly shareDelayMs?: number;
}

export async function startSlack(options: SlackOptions = {}): Promise<SlackServer> {
  const world = createWorld();
  const bot: BotAccount = {
    appId: "A0HOUSE",
    botToken: options.botToken ?? BOT_TOKEN,
    appToken: options.appToken ?? APP_TOKEN,
    userId: world.addUser("house_bot", true).id,
    botId: "B0HOUSE",
    scopes: new Set(options.scopes ?? ALL_SCOPES),
    statuses: [],
    revoked: undefined,
  };
  const calls: Recorded[] = [];
  const faults = new Map<string, Fault[]>();
  const responses: Response[] = [];
  const intruders: string[] = [];
  const addresses = new Map<string, { user: string; channel: string; uses: number }>();
  const methodOptions = {
    honoursClientId: options.honoursClientId ?? false,
    shareDelayMs: options.shareDelayMs ?? 50,
  };

  const server = createServer((request, response) => {
    serve(request, response).catch(() => request.socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, "127.0.0.1", resolve));
  const bound = server.address();
  const port = typeof bound === "object" && bound !== null ? bound.port : 0;
  const origin = `http://127.0.0.1:${port}`;
  const sockets = createSockets(() => origin, () => bot, {
    ackMs: options.ackMs ?? 3_000,
    pingMs: options.pingMs ?? 2_000,
  });
  const events = createEvents({ world, bot, sockets });
  const people = createPeople({
    world,
    bot: () => bot,
    origin: () => origin,
    ...events,
    responseUrl(user, channel) {
      const id = crypto.randomUUID();
      addresses.set(id, { user, channel, uses: 0 });
      return `${origin}/commands/${world.teamId}/${id}`;
    },
  });
  server.on("upgrade", (request: IncomingMessage, socket, head) => {
    if (!sockets.upgrade(request, socket, head)) socket.end("HTTP/1.1 408 Request Timeout\r\n\r\n");
  });

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = new URL(request.url ?? "/", origin).pathname;
    const body = await readBody(request);
    const [, root = "", second = "", third = ""] = path.split("/");
    if (root === "api") return await api(second, request, response, body);
    if (root === "upload") return upload(third, request, response, body);
    if (root === "files-pri") return file(second, request, response);
    if (root === "commands") return respond(third, response, body);
    html(response, 404);
  }

  async function api(
    method: string,
    request: IncomingMessage,
    response: ServerResponse,
    body: Uint8Array<ArrayBuffer>,
  ) {
    let params: Params | Refusal;
    try {
      params = readParams(request.headers["content-type"] ?? "", new TextDecoder().decode(body));
    } catch (error) {
      params = error instanceof Refusal ? error : new Refusal("invalid_json");
    }
    const record = (outcome: string) =>
      calls.push({ method, values: params instanceof Refusal ? {} : params.values, at: Date.now(), outcome });
    const fault = faults.get(method)?.shift();
    if (fault && fault.kind !== "lose") {
      record(fault.kind === "refuse" ? fault.refusal.code : fault.kind);
      return misbehave(fault, request, response);
    }
    try {
      const result = carryOut(method, request, params);
      record(fault ? "lose" : "ok");
      if (fault) request.socket.destroy();
      else json(response, 200, { ok: true, ...result }, { "x-oauth-scopes": [...bot.scopes].join(",") });
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      record(error.code);
      refuse(response, error);
    }
    await Promise.resolve();
  }

  function carryOut(method: string, request: IncomingMessage, params: Params | Refusal): Record<string, unknown> {
    const token = /^Bearer (\S+)$/u.exec(request.headers.authorization ?? "")?.[1];
    if (token === undefined) throw new Refusal("not_authed");
    if (token !== bot.botToken && token !== bot.appToken) throw new Refusal("invalid_auth");
    if (bot.revoked !== undefined) throw new Refusal(bot.revoked);
    if (params instanceof Refusal) throw params;
    if (params.values["token"] !== undefined) throw new Refusal("invalid_arguments");
    if (method === "apps.connections.open") {
      if (token !== bot.appToken) throw new Refusal("not_allowed_token_type");
      return { url: sockets.open() };
    }
    const known = METHODS[method];
    if (!known) throw new Refusal("unknown_method", { req_method: method });
    if (token !== bot.botToken) throw new Refusal("not_allowed_token_type");
    if (known.scopes.length > 0 && !known.scopes.some((scope) => bot.scopes.has(scope))) {
      const extra = { needed: known.scopes.join(","), provided: [...bot.scopes].join(",") };
      throw new Refusal("missing_scope", extra);
    }
    return known.run({
      world,
      bot,
      params,
      origin,
      emit: (event, room) => void events.emit(event, room).catch(() => {}),
      options: methodOptions,
    });
  }

  function upload(id: string, request: IncomingMessage, response: ServerResponse, body: Uint8Array<ArrayBuffer>): void {
    const stored = world.files.get(id);
    const fault = faults.get("upload")?.shift();
    if (fault && fault.kind !== "lose") return misbehave(fault, request, response);
    if (request.headers.authorization !== undefined) intruders.push(`${id}: a token that was not asked for`);
    if (!stored || stored.announced === undefined) return html(response, 404);
    if (stored.announced !== body.byteLength) return html(response, 400);
    stored.bytes = body;
    response.writeHead(200).end(`OK - ${body.byteLength}`);
  }

  function file(id: string, request: IncomingMessage, response: ServerResponse): void {
    const stored = world.files.get(id);
    const fault = faults.get("file")?.shift();
    if (fault && fault.kind !== "lose") return misbehave(fault, request, response);
    // Without the right token and scope Slack shows its login page, with status 200.
    if (request.headers.authorization !== `Bearer ${bot.botToken}` || !bot.scopes.has("files:read")) {
      intruders.push(id);
      return html(response, 200);
    }
    if (!stored?.bytes) return html(response, 404);
    response.writeHead(200, { "content-type": stored.mimetype }).end(stored.bytes);
  }

  function respond(id: string, response: ServerResponse, body: Uint8Array<ArrayBuffer>): void {
    const address = addresses.get(id);
    if (!address) return json(response, 404, { ok: false, error: "expired_url" });
    if (++address.uses > 5) return json(response, 404, { ok: false, error: "used_url" });
    const parsed: Record<string, unknown> = JSON.parse(new TextDecoder().decode(body));
    if (typeof parsed["text"] !== "string" || parsed["text"] === "") {
      return json(response, 400, { ok: false, error: "no_text" });
    }
    responses.push({ user: address.user, channel: address.channel, body: parsed });
    response.writeHead(200).end("ok");
  }

  return {
    url: `${origin}/api`,
    port,
    world,
    people,
    bot,
    sockets,
    calls,
    responses,
    intruders,
    callsOf: (method) => calls.filter((call) => call.method === method),
    fail(method, fault, times = 1) {
      const list = faults.get(method) ?? [];
      faults.set(method, [...list, ...Array.from({ length: times }, () => fault)]);
    },
    written: (channel) => [...world.conversation(channel).messages.values()].filter(({ user }) => user === bot.userId),
    subscribe: events.subscribe,
    close,
    [Symbol.asyncDispose]: close,
  };

  async function close(): Promise<void> {
    events.close();
    await sockets.close();
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  }
}

async function readBody(request: IncomingMessage): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  for await (const part of request) parts.push(new Uint8Array(part));
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

function json(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(status, { "content-type": "application/json; charset=utf-8", ...headers });
  response.end(JSON.stringify(body));
}

function html(response: ServerResponse, status: number): void {
  response.writeHead(status, { "content-type": "text/html" });
  response.end(`<!DOCTYPE html><html><head><title>${status}</title></head><body>Slack</body></html>`);
}

function refuse(response: ServerResponse, refusal: Refusal): void {
  const { retryAfterS } = refusal;
  if (retryAfterS === undefined) return json(response, 200, refusal.body());
  json(response, 429, refusal.body(), { "retry-after": String(retryAfterS) });
}

function misbehave(fault: Exclude<Fault, { kind: "lose" }>, request: IncomingMessage, response: ServerResponse): void {
  switch (fault.kind) {
    case "refuse":
      return refuse(response, fault.refusal);
    case "html":
      return html(response, fault.status);
    case "redirect":
      response.writeHead(307, { location: fault.to }).end();
      return;
    case "drop":
      request.socket.destroy();
      return;
    case "hang":
      return;
  }
}
