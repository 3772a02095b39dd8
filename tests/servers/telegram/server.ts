/**
 * A strict Telegram for tests, written for this gateway from the public documentation: it does not know the client library.
 * Long polls, webhooks, files and the methods of `methods.ts`, over loopback HTTP, with faults on order.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type BotAccount, METHODS } from "./methods.ts";
import { type Params, readParams } from "./params.ts";
import { createPeople, type People } from "./people.ts";
import { Refusal } from "./refusal.ts";
import { createUpdates } from "./updates.ts";
import { createWorld, type Message, type World } from "./world.ts";

export const OTHER_SIDE = "our strict Telegram server (tests/servers/telegram)";

/** `lose`: carried out, and the connection is cut before the answer. `drop`: cut before anything is done. */
export type Fault =
  | { readonly kind: "refuse"; readonly refusal: Refusal }
  | { readonly kind: "html"; readonly status: number }
  | { readonly kind: "drop" | "lose" }
  | { readonly kind: "hang" }
  | { readonly kind: "redirect"; readonly to: string };

export interface Recorded {
  readonly method: string;
  readonly values: Record<string, unknown>;
  readonly files: Params["files"];
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
  /** `ok`, the refusal's code, or the fault's kind. */
  readonly outcome: string;
}

export interface TelegramServer extends AsyncDisposable {
  /** As `channels.telegram.apiRoot`. */
  readonly url: string;
  readonly port: number;
  readonly world: World;
  readonly people: People;
  readonly calls: readonly Recorded[];
  addBot(options: { readonly token: string; readonly username: string; readonly privacy?: boolean }): BotAccount;
  /** The next `times` calls of the method meet the fault. */
  fail(method: string, fault: Fault, times?: number): void;
  /** Every call answers 401 from now on, as when the token was revoked. */
  revoke(token: string): void;
  /** What the bot wrote into the chat, in order. */
  written(chatId: number): readonly Message[];
  callsOf(method: string): readonly Recorded[];
  close(): Promise<void>;
}

export interface TelegramOptions {
  readonly port?: number;
  /** Tests of webhook mode have no certificate; the real one insists on https. */
  readonly allowHttpWebhook?: boolean;
}

const MAX_BODY = 60 * 1024 * 1024;

export async function startTelegram(options: TelegramOptions = {}): Promise<TelegramServer> {
  const world = createWorld();
  const bots = new Map<string, BotAccount>();
  const revoked = new Set<string>();
  const calls: Recorded[] = [];
  const faults = new Map<string, Fault[]>();
  const people = createPeople(world, () => [...bots.values()]);

  const server = createServer((request, response) => {
    serve(request, response).catch(() => request.socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = decodeURIComponent(new URL(request.url ?? "/", "http://x").pathname);
    const file = /^\/file\/bot([^/]+)\/(.+)$/u.exec(path);
    if (file) return serveFile(file[1] ?? "", file[2] ?? "", response);
    const match = /^\/bot([^/]+)\/(\w+)$/u.exec(path);
    const [, token = "", method = ""] = match ?? [];
    const params = await readBody(request);
    await answer({ token, method, params, request, response });
  }

  async function readBody(request: IncomingMessage): Promise<Params | Refusal> {
    const parts: Uint8Array<ArrayBuffer>[] = [];
    let length = 0;
    for await (const part of request) {
      const bytes = new Uint8Array(part);
      length += bytes.byteLength;
      if (length > MAX_BODY) return new Refusal(413, "Request Entity Too Large");
      parts.push(bytes);
    }
    const body = new Uint8Array(await new Blob(parts).arrayBuffer());
    try {
      return await readParams(request.headers["content-type"] ?? "", body);
    } catch (error) {
      return error instanceof Refusal ? error : new Refusal(400, "Bad Request: can't parse the request body");
    }
  }

  interface Asked {
    readonly token: string;
    readonly method: string;
    readonly params: Params | Refusal;
    readonly request: IncomingMessage;
    readonly response: ServerResponse;
  }

  async function answer({ token, method, params, request, response }: Asked): Promise<void> {
    const gone = new AbortController();
    response.once("close", () => gone.abort());
    const record = (outcome: string): void => {
      const { values, files } = params instanceof Refusal ? { values: {}, files: new Map() } : params;
      calls.push({ method, values, files, at: Date.now(), outcome });
    };
    const fault = faults.get(method)?.shift();
    if (fault && fault.kind !== "lose") {
      record(fault.kind === "refuse" ? String(fault.refusal.code) : fault.kind);
      return misbehave(fault, request, response);
    }
    try {
      const result = await carryOut(token, method, params, gone.signal);
      record(fault ? "lose" : "ok");
      if (fault) request.socket.destroy();
      else if (!gone.signal.aborted) json(response, 200, { ok: true, result });
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      record(String(error.code));
      json(response, error.code, error.body());
    }
  }

  async function carryOut(
    token: string,
    method: string,
    params: Params | Refusal,
    signal: AbortSignal,
  ): Promise<unknown> {
    const bot = bots.get(token);
    // A token of the wrong shape does not even reach the API.
    if (!/^\d+:[\w-]{10,}$/u.test(token)) throw new Refusal(404, "Not Found");
    if (!bot || revoked.has(token)) throw new Refusal(401, "Unauthorized");
    if (params instanceof Refusal) throw params;
    const known = METHODS[method];
    if (!known) throw new Refusal(404, "Not Found: method not found");
    return await known({ world, bot, params, signal, allowHttpWebhook: options.allowHttpWebhook ?? false });
  }

  function serveFile(token: string, path: string, response: ServerResponse): void {
    const file = [...world.files.values()].find(({ file_path }) => file_path === path);
    if (!bots.has(token) || revoked.has(token) || !file) {
      return json(response, 404, new Refusal(404, "Not Found").body());
    }
    response.writeHead(200, { "content-type": "application/octet-stream", "content-length": file.bytes.byteLength });
    response.end(file.bytes);
  }

  return {
    url: `http://127.0.0.1:${port}`,
    port,
    world,
    people,
    calls,
    addBot({ token, username, privacy = false }) {
      const id = Number(token.split(":")[0]);
      const bot: BotAccount = {
        token,
        me: {
          id,
          is_bot: true,
          first_name: username,
          username,
          can_join_groups: true,
          can_read_all_group_messages: !privacy,
        },
        updates: createUpdates(),
        commands: [],
        queries: new Set(),
        actions: [],
      };
      bots.set(token, bot);
      return bot;
    },
    fail(method, fault, times = 1) {
      const list = faults.get(method) ?? [];
      faults.set(method, [...list, ...Array.from({ length: times }, () => fault)]);
    },
    revoke: (token) => void revoked.add(token),
    written: (chatId) =>
      [...world.rooms.get(chatId)?.messages.values() ?? []].filter(({ from }) => from?.is_bot === true),
    callsOf: (method) => calls.filter((call) => call.method === method),
    close,
    [Symbol.asyncDispose]: close,
  };

  async function close(): Promise<void> {
    await Promise.all([...bots.values()].map((bot) => bot.updates.close()));
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  }
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}

function misbehave(fault: Exclude<Fault, { kind: "lose" }>, request: IncomingMessage, response: ServerResponse): void {
  switch (fault.kind) {
    case "refuse":
      return json(response, fault.refusal.code, fault.refusal.body());
    case "html":
      response.writeHead(fault.status, { "content-type": "text/html" });
      response.end(`<html><head><title>${fault.status}</title></head><body><center>nginx</center></body></html>`);
      return;
    case "redirect":
      response.writeHead(307, { location: fault.to });
      response.end();
      return;
    case "drop":
      request.socket.destroy();
      return;
    case "hang":
      return;
  }
}
