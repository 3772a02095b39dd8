/** The REST routes of our fake Discord that a text bot uses. Everything else is 404, as there. */
import type { APIMessage } from "discord-api-types/v10";
import { checkCommands, checkMessage, MAX_FILE } from "./forms.ts";
import { Interactions } from "./interactions.ts";
import { type Form, newMessage, type Upload } from "./messages.ts";
import { invalidForm, Refusal, refuse, tooMany } from "./refusal.ts";
import { type Gateway, isRecord } from "./sockets.ts";
import type { StoredMessage, World } from "./world.ts";

export interface Call {
  readonly method: string;
  /** Below `/api/v10`. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly authorization: string | undefined;
  readonly form: Form;
  readonly list: unknown;
  readonly uploads: readonly Upload[];
}

interface Bucket {
  readonly limit: number;
  readonly windowMs: number;
}

/** Nonces are remembered for a few minutes. */
const NONCE_MS = 3 * 60_000;

export class Routes {
  /** Messages per channel; Discord's own is 5 in 5 s, a shorter window keeps tests short. */
  bucket: Bucket = { limit: 5, windowMs: 1_000 };
  readonly typing: string[] = [];
  readonly #writes = new Map<string, number[]>();

  constructor(
    private readonly world: World,
    private readonly gateway: Gateway,
    readonly interactions: Interactions,
    private readonly url: () => string,
  ) {}

  answer(call: Call): Response {
    const { method, path } = call;
    const open = /^\/(?:interactions|webhooks)\//u.test(path);
    if (!open && call.authorization !== `Bot ${this.world.token}`) throw refuse(401, 0, "401: Unauthorized");
    if (open && call.authorization !== undefined && call.authorization !== `Bot ${this.world.token}`) {
      throw refuse(401, 0, "401: Unauthorized");
    }
    for (const [verb, pattern, handler] of this.#table) {
      const match = verb === method ? pattern.exec(path) : null;
      if (match) return handler(call, match.slice(1).map(decodeURIComponent));
    }
    throw refuse(404, 0, "404: Not Found");
  }

  readonly #table: readonly (readonly [string, RegExp, (call: Call, parts: string[]) => Response])[] = [
    ["GET", /^\/gateway\/bot$/u, () =>
      json({
        url: this.url(),
        shards: 1,
        session_start_limit: {
          total: 1000,
          remaining: this.gateway.faults.remaining,
          reset_after: 60_000,
          max_concurrency: 1,
        },
      })],
    ["GET", /^\/users\/@me$/u, () => json(this.world.bot)],
    ["GET", /^\/applications\/@me$/u, () =>
      json({
        id: this.world.applicationId,
        name: "clawbot",
        flags: (this.gateway.faults.forbiddenIntents & (1 << 15)) === 0 ? 1 << 19 : 0,
      })],
    ["PUT", /^\/applications\/(\d+)\/commands$/u, ({ list }, [id]) => {
      if (id !== this.world.applicationId) throw refuse(403, 20012, "You are not authorized to perform this action");
      this.world.commands = checkCommands(list);
      return json(list);
    }],
    ["POST", /^\/users\/@me\/channels$/u, ({ form }) => {
      const person = this.world.person(String(form["recipient_id"]));
      if (!person) throw invalidForm("recipient_id", "INVALID", "Unknown user");
      if (person.bot === true) throw refuse(400, 50007, "Cannot send messages to this user");
      return json(this.world.directChannel(person));
    }],
    ["GET", /^\/guilds\/(\d+)$/u, (_, [id]) => {
      if (id !== this.world.guildId) throw refuse(404, 10004, "Unknown Guild");
      const { channels: _channels, threads: _threads, members: _members, ...guild } = this.world.guild();
      return json(guild);
    }],
    ["GET", /^\/guilds\/(\d+)\/members\/(\d+)$/u, (_, [guild, id]) => {
      const member = this.world.guild().members.find(({ user }) => guild === this.world.guildId && user.id === id);
      if (!member) throw refuse(404, 10007, "Unknown Member");
      return json(member);
    }],
    ["GET", /^\/channels\/(\d+)$/u, (_, [id]) => json(this.#channel(id))],
    ["GET", /^\/channels\/(\d+)\/messages$/u, ({ query }, [id]) => {
      this.#channel(id);
      const after = BigInt(query.get("after") ?? 0);
      const limit = Number(query.get("limit") ?? 50);
      if (!(limit >= 1 && limit <= 100)) throw invalidForm("limit", "NUMBER_TYPE_MAX", "1 to 100");
      const found = [...this.world.messages.values()].map(({ message }) => message)
        .filter((message) => message.channel_id === id && BigInt(message.id) > after)
        .slice(0, limit);
      return json(found.reverse());
    }],
    ["POST", /^\/channels\/(\d+)\/typing$/u, (_, [id = ""]) => {
      this.#writable(id);
      this.typing.push(id);
      return new Response(null, { status: 204 });
    }],
    ["POST", /^\/channels\/(\d+)\/messages$/u, (call, [id = ""]) => this.#create(call, id)],
    ["PATCH", /^\/channels\/(\d+)\/messages\/(\d+)$/u, ({ form, uploads }, [, id]) => {
      const stored = this.#own(id, 50005, "Cannot edit a message authored by another user");
      checkMessage(form, uploads.map(({ key }) => key), true);
      if (typeof form["content"] === "string") stored.message.content = form["content"];
      if (Array.isArray(form["components"])) stored.message.components = form["components"];
      stored.message.edited_timestamp = new Date().toISOString();
      this.#tell("MESSAGE_UPDATE", stored.message);
      return json(stored.message);
    }],
    ["DELETE", /^\/channels\/(\d+)\/messages\/(\d+)$/u, (_, [channel, id = ""]) => {
      const { message } = this.#own(id, 50013, "Missing Permissions");
      this.world.messages.delete(id);
      this.gateway.emit("MESSAGE_DELETE", { id, channel_id: channel }, this.#place(message));
      return new Response(null, { status: 204 });
    }],
    ["PUT", /^\/channels\/(\d+)\/messages\/(\d+)\/reactions\/([^/]+)\/@me$/u, (_, [channel, id, emoji = ""]) => {
      this.#channel(channel);
      if (!/\p{Emoji}|^\w+:\d+$/u.test(emoji)) throw refuse(400, 10014, "Unknown Emoji");
      this.#message(id).reactions.push(emoji);
      return new Response(null, { status: 204 });
    }],
    ["DELETE", /^\/channels\/(\d+)\/messages\/(\d+)\/reactions\/([^/]+)\/@me$/u, (_, [, id, emoji]) => {
      const stored = this.#message(id);
      stored.reactions = stored.reactions.filter((each) => each !== emoji);
      return new Response(null, { status: 204 });
    }],
    ["POST", /^\/interactions\/(\d+)\/([^/]+)\/callback$/u, ({ form }, [id = "", token = ""]) => {
      this.interactions.callback(id, token, form);
      return new Response(null, { status: 204 });
    }],
    ["GET", /^\/webhooks\/(\d+)\/([^/]+)\/messages\/@original$/u, (_, [, token = ""]) => {
      return json(this.interactions.original(token));
    }],
    ["PATCH", /^\/webhooks\/(\d+)\/([^/]+)\/messages\/@original$/u, ({ form, uploads }, [, token = ""]) => {
      checkMessage(form, uploads.map(({ key }) => key));
      return json(this.interactions.answer(token, form));
    }],
    ["DELETE", /^\/webhooks\/(\d+)\/([^/]+)\/messages\/@original$/u, (_, [, token = ""]) => {
      this.interactions.remove(token);
      return new Response(null, { status: 204 });
    }],
  ];

  #create({ form, uploads }: Call, channelId: string): Response {
    this.#writable(channelId);
    const big = uploads.find(({ bytes }) => bytes.byteLength > MAX_FILE);
    if (big) throw new Refusal(413, { code: 40005, message: "Request entity too large" });
    checkMessage(form, uploads.map(({ key }) => key));
    this.#checkReference(form["message_reference"]);
    const known = this.#sameNonce(form, channelId);
    const headers = this.#count(channelId);
    if (known) return json(known.message, 200, headers);
    const message = newMessage(this.world, { channelId, form, uploads, base: this.url().replace("ws:", "http:") });
    this.#tell("MESSAGE_CREATE", message);
    return json(message, 200, headers);
  }

  /** With `enforce_nonce` a second message with the nonce of the first is answered by the first. */
  #sameNonce({ nonce, enforce_nonce: enforce }: Form, channelId: string): StoredMessage | undefined {
    if (enforce !== true || nonce === undefined) return undefined;
    return [...this.world.messages.values()].find((stored) =>
      stored.nonce === String(nonce) && stored.message.channel_id === channelId && Date.now() - stored.at < NONCE_MS
    );
  }

  #checkReference(value: unknown): void {
    if (value === undefined) return;
    if (!isRecord(value)) throw invalidForm("message_reference", "BASE_TYPE_BAD_TYPE", "Value has a wrong type");
    if (value["fail_if_not_exists"] === false || this.world.messages.has(String(value["message_id"]))) return;
    throw invalidForm("message_reference", "REPLIES_UNKNOWN_MESSAGE", "Unknown message");
  }

  #count(channelId: string): Record<string, string> {
    const now = performance.now();
    const { limit, windowMs } = this.bucket;
    const recent = (this.#writes.get(channelId) ?? []).filter((at) => now - at < windowMs);
    const resetMs = recent[0] === undefined ? windowMs : windowMs - (now - recent[0]);
    if (recent.length >= limit) throw tooMany(Math.max(0.001, resetMs / 1000));
    recent.push(now);
    this.#writes.set(channelId, recent);
    return {
      "x-ratelimit-limit": String(limit),
      "x-ratelimit-remaining": String(limit - recent.length),
      "x-ratelimit-reset-after": (resetMs / 1000).toFixed(3),
      "x-ratelimit-bucket": "messages-of-a-channel",
    };
  }

  #channel(id: string | undefined) {
    const channel = this.world.channels.get(id ?? "");
    if (!channel) throw refuse(404, 10003, "Unknown Channel");
    if (channel.id === this.world.locked.id) throw refuse(403, 50001, "Missing Access");
    return channel;
  }

  #writable(id: string): void {
    if (this.#channel(id).id === this.world.readOnly.id) throw refuse(403, 50013, "Missing Permissions");
  }

  #message(id: string | undefined): StoredMessage {
    const stored = this.world.messages.get(id ?? "");
    if (!stored) throw refuse(404, 10008, "Unknown Message");
    return stored;
  }

  #own(id: string | undefined, code: number, reason: string): StoredMessage {
    const stored = this.#message(id);
    if (stored.message.author.id !== this.world.bot.id) throw refuse(403, code, reason);
    return stored;
  }

  #place = (message: APIMessage) => ({ direct: this.world.channels.get(message.channel_id)?.type === 1 });

  #tell(type: "MESSAGE_CREATE" | "MESSAGE_UPDATE", message: APIMessage): void {
    const place = this.#place(message);
    const guild = place.direct ? {} : { guild_id: this.world.guildId };
    this.gateway.emit(type, { ...message, ...guild }, place);
  }
}

export const json = (body: unknown, status = 200, headers: Record<string, string> = {}): Response =>
  Response.json(body, { status, headers });
