/** The gateway of our fake Discord: hello, identify, resume with what was missed, beats, and every way to break. */
import type {
  GatewayDispatchPayload,
  GatewayIdentifyData,
  GatewayReadyDispatchData,
  GatewayResumeData,
} from "discord-api-types/v10";
import type { WebSocket } from "ws";
import type { World } from "./world.ts";

const GUILDS = 1 << 0;
const GUILD_MEMBERS = 1 << 1;
const GUILD_MESSAGES = 1 << 9;
const GUILD_REACTIONS = 1 << 10;
const DIRECT_MESSAGES = 1 << 12;
const DIRECT_REACTIONS = 1 << 13;
export const MESSAGE_CONTENT = 1 << 15;
const ALL_KNOWN = (1 << 26) - 1;
const MAX_PAYLOAD = 4096;
/** One identify in this time. */
const IDENTIFY_MS = 5_000;

export interface Faults {
  /** Privileged intents that are not switched on in the portal. */
  forbiddenIntents: number;
  /** Beats are not answered. */
  noAck: boolean;
  /** Identify is answered by this close code. */
  refuseWith: number | undefined;
  /** A resume gets no answer at all. */
  ignoreResume: boolean;
  heartbeatMs: number;
  remaining: number;
}

interface Session {
  readonly id: string;
  readonly intents: number;
  seq: number;
  readonly sent: GatewayDispatchPayload[];
  socket: WebSocket | undefined;
  alive: boolean;
}

type Dispatch = `${GatewayDispatchPayload["t"]}`;

export class Gateway {
  readonly sessions: Session[] = [];
  readonly sockets = new Set<WebSocket>();
  identifies = 0;
  resumes = 0;
  /** Codes with which the client left. */
  readonly closes: number[] = [];
  readonly faults: Faults = {
    forbiddenIntents: 0,
    noAck: false,
    refuseWith: undefined,
    ignoreResume: false,
    heartbeatMs: 41_250,
    remaining: 1_000,
  };
  #lastIdentify = -Infinity;
  /** Sockets that we close ourselves: the code that comes back is ours. */
  readonly #closing = new WeakSet<WebSocket>();

  constructor(private readonly world: World, private readonly url: () => string) {}

  accept(socket: WebSocket): void {
    this.sockets.add(socket);
    let session: Session | undefined;
    this.#send(socket, { op: 10, d: { heartbeat_interval: this.faults.heartbeatMs, _trace: [] } });
    socket.on("message", (data, isBinary) => {
      const text = String(data);
      if (isBinary || text.length > MAX_PAYLOAD) return socket.close(4002, "Decode error");
      const { op, d } = parse(text);
      if (op === 1) return this.faults.noAck ? undefined : this.#send(socket, { op: 11 });
      if (op === 2) {
        if (session) return socket.close(4005, "Already authenticated");
        session = this.#identify(socket, d as GatewayIdentifyData);
      } else if (op === 6) session = this.#resume(socket, d as GatewayResumeData) ?? session;
      else if (!session) socket.close(4003, "Not authenticated");
      else if (op === undefined || ![3, 4, 8, 31].includes(op)) socket.close(4001, "Unknown opcode");
    });
    socket.on("close", (code) => {
      this.sockets.delete(socket);
      this.closes.push(code);
      if (session?.socket !== socket) return;
      session.socket = undefined;
      // A client that says goodbye gives its session up; any other close keeps it.
      if ((code === 1000 || code === 1001) && !this.#closing.has(socket)) session.alive = false;
    });
    socket.on("error", () => {});
  }

  #identify(socket: WebSocket, { token, intents, properties, shard }: GatewayIdentifyData): Session | undefined {
    this.identifies++;
    const refuse = (code: number): undefined => void socket.close(code);
    if (this.faults.refuseWith !== undefined) return refuse(this.faults.refuseWith);
    if (token !== this.world.token) return refuse(4004);
    if (typeof intents !== "number" || (intents & ~ALL_KNOWN) !== 0 || !properties?.os) return refuse(4013);
    if ((intents & this.faults.forbiddenIntents) !== 0) return refuse(4014);
    if (shard !== undefined && (shard[1] < 1 || shard[0] >= shard[1])) return refuse(4010);
    const now = performance.now();
    if (now - this.#lastIdentify < IDENTIFY_MS || this.faults.remaining < 1) {
      this.#send(socket, { op: 9, d: false });
      return undefined;
    }
    this.#lastIdentify = now;
    this.faults.remaining--;
    const session: Session = { id: crypto.randomUUID(), intents, seq: 0, sent: [], socket, alive: true };
    this.sessions.push(session);
    const { bot, applicationId, guildId } = this.world;
    const ready = {
      v: 10,
      user: { ...bot, verified: true, mfa_enabled: true, email: null, flags: 0 },
      guilds: [{ id: guildId, unavailable: true }],
      session_id: session.id,
      resume_gateway_url: this.url(),
      application: { id: applicationId, flags: 0, flags_new: "0" },
      shard,
      _trace: [],
    };
    this.#dispatch(session, "READY", ready as Partial<GatewayReadyDispatchData>);
    if ((intents & GUILDS) !== 0) this.#dispatch(session, "GUILD_CREATE", this.world.guild());
    return session;
  }

  #resume(socket: WebSocket, { token, session_id: id, seq }: GatewayResumeData): Session | undefined {
    this.resumes++;
    if (this.faults.ignoreResume) return undefined;
    if (token !== this.world.token) return void socket.close(4004);
    const session = this.sessions.find((each) => each.id === id && each.alive);
    if (!session) return void this.#send(socket, { op: 9, d: false });
    if (seq > session.seq) return void socket.close(4007);
    session.socket?.close(4000);
    session.socket = socket;
    for (const payload of session.sent) if (payload.s > seq) this.#send(socket, payload);
    this.#dispatch(session, "RESUMED", { _trace: [] });
    return session;
  }

  /** To every session whose intents cover it; kept for a resume. */
  emit(type: Dispatch, data: unknown, about: { readonly direct: boolean }): void {
    for (const session of this.sessions) {
      if (!session.alive || !wants(session.intents, type, about.direct)) continue;
      this.#dispatch(session, type, this.#visible(session, type, data, about.direct));
    }
  }

  /** Without the intent a bot reads only what is direct, its own, or mentions it. */
  #visible({ intents }: Session, type: Dispatch, data: unknown, direct: boolean): unknown {
    if ((intents & MESSAGE_CONTENT) !== 0 || direct || !String(type).startsWith("MESSAGE_") || !isRecord(data)) {
      return data;
    }
    const mentions = Array.isArray(data["mentions"]) ? data["mentions"] : [];
    const author = isRecord(data["author"]) ? data["author"]["id"] : undefined;
    const { id } = this.world.bot;
    if (author === id || mentions.some((each: unknown) => isRecord(each) && each["id"] === id)) return data;
    return "content" in data ? { ...data, content: "", attachments: [], embeds: [] } : data;
  }

  #dispatch(session: Session, type: Dispatch, data: unknown): void {
    const payload = { op: 0, t: type, s: ++session.seq, d: data } as GatewayDispatchPayload;
    session.sent.push(payload);
    if (session.socket) this.#send(session.socket, payload);
  }

  /** Sends the last dispatch of every session once more, as after a lost acknowledgement. */
  repeatLast(): void {
    for (const { socket, sent } of this.sessions) {
      const last = sent.at(-1);
      if (socket && last) this.#send(socket, last);
    }
  }

  sendRaw(payload: unknown): void {
    for (const socket of this.sockets) this.#send(socket, payload);
  }

  close(code: number): void {
    for (const socket of this.sockets) {
      this.#closing.add(socket);
      socket.close(code);
    }
  }

  /** The connection breaks without a word. */
  drop(): void {
    for (const socket of this.sockets) socket.terminate();
  }

  /** The other end is dead: it reads nothing any more and does not even agree to a close. */
  freeze(): void {
    for (const socket of this.sockets) socket.pause();
  }

  /** Discord forgets every session. */
  forget(): void {
    for (const session of this.sessions) session.alive = false;
  }

  #send(socket: WebSocket, payload: unknown): void {
    if (socket.readyState === socket.OPEN) socket.send(JSON.stringify(payload));
  }
}

function wants(intents: number, type: Dispatch, direct: boolean): boolean {
  const has = (intent: number) => (intents & intent) !== 0;
  if (type.startsWith("MESSAGE_REACTION")) return has(direct ? DIRECT_REACTIONS : GUILD_REACTIONS);
  if (type.startsWith("MESSAGE_")) return has(direct ? DIRECT_MESSAGES : GUILD_MESSAGES);
  if (type.startsWith("GUILD_MEMBER")) return has(GUILD_MEMBERS);
  if (type.startsWith("CHANNEL_")) return has(direct ? DIRECT_MESSAGES : GUILDS);
  return type.startsWith("THREAD_") || type.startsWith("GUILD_") ? has(GUILDS) : true;
}

function parse(text: string): { readonly op: number | undefined; readonly d: unknown } {
  try {
    const value: unknown = JSON.parse(text);
    if (isRecord(value)) return { op: typeof value["op"] === "number" ? value["op"] : undefined, d: value["d"] };
  } catch {
    // Not JSON: an unknown opcode below.
  }
  return { op: undefined, d: undefined };
}

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
