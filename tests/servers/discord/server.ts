/**
 * Our fake of Discord over loopback: REST, gateway and attachments on one port. Written by us from the published reference,
 * strict where Discord is; it does not import the client library, and its payloads are typed by discord-api-types.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { WebSocketServer } from "ws";
import type { APIMessage, APIUser } from "discord-api-types/v10";
import { eventually } from "../../helpers/wait.ts";
import { Interactions, type Pressed } from "./interactions.ts";
import { type Form, newMessage, type Upload } from "./messages.ts";
import { Refusal } from "./refusal.ts";
import { json, Routes } from "./routes.ts";
import { Gateway, isRecord } from "./sockets.ts";
import { createWorld, type StoredMessage, type World } from "./world.ts";

/** Who wrote the other side; test reports say it. */
export const OTHER_SIDE = "our strict Discord server (tests/servers/discord)";

export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly form: Form;
  readonly status: number;
}

/** The next requests that match are answered by this. `lost`: carried out, but the answer never arrives. */
export interface Fault {
  readonly method?: string;
  readonly path: RegExp;
  readonly how: Refusal | "lost" | "hang";
  times: number;
}

export interface SaySpec {
  readonly in?: string;
  readonly from?: APIUser;
  readonly replyTo?: string;
  readonly files?: readonly { readonly name: string; readonly type: string; readonly bytes: Uint8Array<ArrayBuffer> }[];
  readonly more?: Partial<APIMessage> & Record<string, unknown>;
}

export interface FakeDiscord extends AsyncDisposable {
  readonly apiRoot: string;
  readonly base: string;
  readonly world: World;
  readonly gateway: Gateway;
  readonly routes: Routes;
  readonly requests: readonly SeenRequest[];
  readonly faults: Fault[];
  say(text: string, spec?: SaySpec): APIMessage;
  /** To the bot itself. The first one opens the chat. */
  sayDirect(text: string, spec?: Omit<SaySpec, "in">): APIMessage;
  edit(messageId: string, text: string): void;
  react(messageId: string, emoji: string, from: APIUser, added?: boolean): void;
  slash(
    name: string,
    options?: Record<string, string>,
    spec?: { readonly in?: string; readonly from?: APIUser },
  ): Pressed;
  press(messageId: string, customId: string, from?: APIUser): Pressed;
  /** What the bot has written, oldest first. */
  sent(channelId?: string): StoredMessage[];
  waitSent(count: number, channelId?: string): Promise<StoredMessage[]>;
  waitConnected(sessions?: number): Promise<void>;
  stop(): Promise<void>;
}

export async function startFakeDiscord(): Promise<FakeDiscord> {
  const world = createWorld();
  let base = "";
  const wsUrl = () => `${base.replace("http:", "ws:")}/gateway`;
  const gateway = new Gateway(world, wsUrl);
  const interactions = new Interactions(world, gateway, () => base);
  const routes = new Routes(world, gateway, interactions, wsUrl);
  const requests: SeenRequest[] = [];
  const faults: Fault[] = [];
  const sockets = new WebSocketServer({ noServer: true });

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", base);
    const method = request.method ?? "GET";
    const file = world.files.get(decodeURIComponent(url.pathname));
    if (file) return end(response, new Response(file.bytes, { headers: { "content-type": file.type } }));
    const path = /^\/api\/v10(\/.*)$/u.exec(url.pathname)?.[1];
    if (path === undefined) return end(response, json({ message: "404: Not Found", code: 0 }, 404));
    const { form, list, uploads } = await readBody(request);
    const fault = faults.find((each) => each.times > 0 && each.path.test(path) && (each.method ?? method) === method);
    if (fault) fault.times--;
    const authorization = request.headers.authorization;
    const attempt = (): Response => {
      try {
        if (fault?.how instanceof Refusal) throw fault.how;
        return routes.answer({ method, path, query: url.searchParams, authorization, form, list, uploads });
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        return json(error.body, error.status, error.headers);
      }
    };
    if (fault?.how === "hang") return void requests.push({ method, path, form, status: 0 });
    const answer = attempt();
    requests.push({ method, path, form, status: answer.status });
    if (fault?.how === "lost") return void request.socket.destroy();
    await end(response, answer);
  }

  const server = createServer((request, response) => {
    serve(request, response).catch((error: unknown) => {
      response.statusCode = 500;
      response.end(String(error));
    });
  });
  server.on("upgrade", (request, socket, head) => {
    const url = new URL(request.url ?? "/", base);
    const known = url.pathname.startsWith("/gateway") && url.searchParams.get("v") === "10" &&
      url.searchParams.get("encoding") === "json" && !url.searchParams.has("compress");
    if (!known) return socket.destroy();
    sockets.handleUpgrade(request, socket, head, (ws) => gateway.accept(ws));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  function place(channelId: string) {
    const direct = world.channels.get(channelId)?.type === 1;
    return { direct, guild: direct ? {} : { guild_id: world.guildId } };
  }

  const discord: FakeDiscord = {
    apiRoot: `${base}/api`,
    base,
    world,
    gateway,
    routes,
    requests,
    faults,
    say(text, { in: channelId = world.general.id, from = world.anna, replyTo, files = [], more } = {}) {
      const form = { content: text, ...(replyTo === undefined ? {} : { message_reference: { message_id: replyTo } }) };
      const uploads = files.map((each, index): Upload => ({ key: `files[${index}]`, ...each }));
      const message = newMessage(world, { channelId, form, uploads, base, author: from, ...(more ? { more } : {}) });
      const { direct, guild } = place(channelId);
      const member = direct
        ? {}
        : { member: { nick: null, roles: [], joined_at: message.timestamp, deaf: false, mute: false } };
      gateway.emit("MESSAGE_CREATE", { ...message, ...guild, ...member }, { direct });
      return message;
    },
    sayDirect(text, spec = {}) {
      const person = spec.from ?? world.anna;
      const isNew = ![...world.channels.values()].some((each) =>
        each.type === 1 && each.recipients?.some(({ id }) => id === person.id)
      );
      const channel = world.directChannel(person);
      if (isNew) gateway.emit("CHANNEL_CREATE", channel, { direct: true });
      return discord.say(text, { ...spec, in: channel.id });
    },
    edit(messageId, text) {
      const stored = world.messages.get(messageId);
      if (!stored) throw new Error("no such message");
      stored.message = { ...stored.message, content: text, edited_timestamp: new Date().toISOString() };
      const { direct, guild } = place(stored.message.channel_id);
      gateway.emit("MESSAGE_UPDATE", { ...stored.message, ...guild }, { direct });
    },
    react(messageId, emoji, from, added = true) {
      const message = world.messages.get(messageId)?.message;
      if (!message) throw new Error("no such message");
      const { direct, guild } = place(message.channel_id);
      const member = direct ? {} : { member: { user: from, roles: [] } };
      const author = added ? { ...member, message_author_id: message.author.id } : {};
      const data = {
        user_id: from.id,
        channel_id: message.channel_id,
        message_id: messageId,
        emoji: { id: null, name: emoji },
        burst: false,
        type: 0,
        ...guild,
        ...author,
      };
      gateway.emit(added ? "MESSAGE_REACTION_ADD" : "MESSAGE_REACTION_REMOVE", data, { direct });
    },
    slash(name, options = {}, { in: channelId = world.general.id, from = world.anna } = {}) {
      if (!world.commands?.some((command) => command.name === name)) throw new Error(`"${name}" is not registered`);
      const list = Object.entries(options).map(([key, value]) => ({ type: 3, name: key, value }));
      const data = { id: "1", name, type: 1, ...(list.length === 0 ? {} : { options: list }) };
      return interactions.start(2, channelId, from, data);
    },
    press(messageId, customId, from = world.anna) {
      const stored = world.messages.get(messageId);
      if (!stored) throw new Error("no such message");
      if (!JSON.stringify(stored.message.components).includes(JSON.stringify(customId))) {
        throw new Error("no such button");
      }
      const data = { custom_id: customId, component_type: 2 };
      return interactions.start(3, stored.message.channel_id, from, data, stored.message);
    },
    sent: (channelId) =>
      [...world.messages.values()].filter(({ message }) =>
        message.author.id === world.bot.id && (channelId === undefined || message.channel_id === channelId)
      ),
    waitSent: (count, channelId) =>
      eventually(`${count} messages of the bot`, () => {
        const found = discord.sent(channelId);
        return found.length >= count ? found : undefined;
      }, 20_000),
    waitConnected: async (sessions = 1) =>
      void await eventually(
        "the bot's session",
        () => gateway.sessions.length >= sessions && gateway.sessions.some((each) => each.socket !== undefined),
        20_000,
      ),
    async stop() {
      for (const socket of gateway.sockets) socket.terminate();
      sockets.close();
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
    [Symbol.asyncDispose]: () => discord.stop(),
  };
  return discord;
}

async function end(response: ServerResponse, answer: Response): Promise<void> {
  response.statusCode = answer.status;
  for (const [key, value] of answer.headers) response.setHeader(key, value);
  response.end(new Uint8Array(await answer.arrayBuffer()));
}

async function readBody(request: IncomingMessage) {
  const parts: Uint8Array[] = [];
  for await (const part of request) parts.push(part);
  const body = new Uint8Array(parts.reduce((sum, { byteLength }) => sum + byteLength, 0));
  let at = 0;
  for (const part of parts) {
    body.set(part, at);
    at += part.byteLength;
  }
  const type = request.headers["content-type"] ?? "";
  if (!type.startsWith("multipart/form-data")) {
    const value: unknown = body.byteLength === 0 ? {} : JSON.parse(new TextDecoder().decode(body));
    return { form: isRecord(value) ? value : {}, list: value, uploads: [] };
  }
  const data = await new Response(body, { headers: { "content-type": type } }).formData();
  const written = data.get("payload_json");
  const form: unknown = typeof written === "string" ? JSON.parse(written) : {};
  const uploads: Upload[] = [];
  for (const [key, value] of data) {
    if (!(value instanceof File)) continue;
    uploads.push({ key, name: value.name, type: value.type, bytes: new Uint8Array(await value.arrayBuffer()) });
  }
  return { form: isRecord(form) ? form : {}, list: form, uploads };
}
