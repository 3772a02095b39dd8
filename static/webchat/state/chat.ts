/** What the page does: turns clicks into requests and events into actions. Holds no state of its own but timers. */
import type { Hello } from "../../client/hello.ts";
import { fields, word } from "../../client/read.ts";
import { browserTimers, RequestError, type Timers } from "../../client/link.ts";
import { may } from "../../client/protocol.ts";
import { ApprovalDesk } from "./approval_desk.ts";
import { CanvasDesk } from "./canvas_desk.ts";
import { ChannelDesk } from "./channel_desk.ts";
import { draftName, keep } from "./keep.ts";
import { type ImagePart, isActive, type Outgoing, threadOf } from "./model.ts";
import { NodeDesk } from "./node_desk.ts";
import { once } from "./once.ts";
import { readDevices, readEntry, readHistory, readSessions } from "./parse.ts";
import type { Store } from "./store.ts";

/** Messages of one page of history. */
export const PAGE = 60;
const SESSIONS = 200;

/** The part of the client that we need. */
export interface Wire {
  request(method: string, params: unknown, deadlineMs?: number): Promise<unknown>;
}

export class Chat {
  readonly store: Store;
  readonly channels: ChannelDesk;
  readonly nodes: NodeDesk;
  readonly approvals: ApprovalDesk;
  readonly canvas: CanvasDesk;
  #wire: Wire;
  #posting = new Set<string>();
  #subscribed: string | undefined;
  #timers: Timers;
  /** What is planned, by name, as the function that calls it off. */
  #planned = new Map<string, () => void>();
  #notice = 0;

  constructor(store: Store, wire: Wire, timers: Timers = browserTimers) {
    this.store = store;
    this.#wire = wire;
    this.#timers = timers;
    this.channels = new ChannelDesk(store, wire, timers);
    this.nodes = new NodeDesk(store, wire, timers);
    this.approvals = new ApprovalDesk(store, wire, timers);
    this.canvas = new CanvasDesk(store, wire, timers);
  }

  /** Connected, for the first time or again: fetch everything that may have changed. */
  hello(hello: Hello): void {
    const current = this.store.get().current || keep.get("session") || hello.mainKey;
    this.#subscribed = undefined;
    this.store.dispatch({ type: "hello", hello, current });
    this.#quiet("sessions.subscribe", {});
    void this.refresh().then(() => this.#resend());
    void this.refreshSessions();
    void this.refreshDevices();
    this.channels.hello();
    this.nodes.refresh();
    void this.approvals.refresh();
    this.canvas.hello(hello.canvasUrl);
  }

  /** Events were lost: the same refresh, quietly. */
  gap(): void {
    void this.refresh();
    void this.refreshSessions();
    this.channels.refresh();
    this.nodes.refresh();
    void this.approvals.refresh();
    this.canvas.gap();
  }

  event(name: string, payload: unknown): void {
    const key = word(fields(payload)["sessionKey"]);
    const { current } = this.store.get();
    this.channels.event(name);
    this.nodes.event(name);
    this.approvals.event(name, payload);
    this.canvas.event(name, payload);
    if (name.startsWith("device.pair.")) return this.#soon("devices", () => this.refreshDevices());
    if (name === "sessions.changed") return this.#changed(key, fields(payload)["reason"]);
    if (key === undefined || key !== current) return;
    if (name === "agent") this.store.dispatch({ type: "agent", key, payload });
    if (name === "chat") this.#chat(key, payload);
    if (name === "session.message") this.#stored(key, payload);
  }

  #chat(key: string, payload: unknown): void {
    this.store.dispatch({ type: "chat", key, payload });
    if (fields(payload)["state"] === "delta") return;
    this.#soon("sessions", () => this.refreshSessions());
    // The stored messages should follow by themselves; if they do not, history has them.
    this.#soon("settle", async () => {
      const thread = threadOf(this.store.get(), key);
      if (thread.runs.some((run) => !isActive(run)) || thread.outgoing.length) await this.refresh();
    });
  }

  #stored(key: string, payload: unknown): void {
    const p = fields(payload);
    const seq = p["messageSeq"];
    const entry = readEntry(p["message"], {
      id: word(p["messageId"]) ?? "",
      ...(typeof seq === "number" ? { seq } : {}),
    });
    if (!entry) return;
    const thread = threadOf(this.store.get(), key);
    const last = thread.entries.at(-1)?.seq ?? 0;
    // A number that does not follow means that we missed one, or that the session was reset.
    if (thread.loaded && entry.seq === last + 1) this.store.dispatch({ type: "stored", key, entry });
    else if (thread.loaded && entry.seq !== last) void this.refresh();
  }

  #changed(key: string | undefined, reason: unknown): void {
    this.#soon("sessions", () => this.refreshSessions());
    if (reason === "delete" && key !== undefined) return this.#gone(key);
    if (reason !== "reset" || key !== this.store.get().current) return;
    void this.refresh();
    void this.canvas.refresh();
  }

  #gone(key: string): void {
    const { current, hello } = this.store.get();
    this.store.dispatch({ type: "forget", key });
    if (key === current && hello) this.select(hello.mainKey);
  }

  /** Reads the open session anew. */
  refresh = once(async () => {
    const key = this.store.get().current;
    if (!key) return;
    if (this.#subscribed !== key) this.#subscribe(key);
    try {
      const payload = await this.#wire.request("chat.history", { sessionKey: key, limit: PAGE });
      if (this.store.get().current === key) {
        this.store.dispatch({ type: "history", key, history: readHistory(payload) });
      }
    } catch (error) {
      // A lost connection is told by the connection line, and the next hello comes back here.
      if (error instanceof RequestError && error.unanswered) return;
      this.store.dispatch({ type: "problem", key, text: sentence(error) });
    }
  });

  #subscribe(key: string): void {
    if (this.#subscribed) this.#quiet("sessions.messages.unsubscribe", { key: this.#subscribed });
    this.#subscribed = key;
    this.#quiet("sessions.messages.subscribe", { key });
  }

  async older(): Promise<void> {
    const thread = threadOf(this.store.get());
    const first = thread.entries[0]?.seq;
    if (!thread.hasMore || thread.loadingOlder || first === undefined || first <= 1) return;
    const { key } = thread;
    this.store.dispatch({ type: "older", key, history: undefined });
    const page = { sessionKey: key, limit: PAGE, beforeSeq: first };
    const payload = await this.#wire.request("chat.history", page).catch(() => ({ hasMore: true }));
    this.store.dispatch({ type: "older", key, history: readHistory(payload) });
  }

  select(key: string): void {
    const { hello } = this.store.get();
    this.store.dispatch({ type: "select", key });
    keep.set("session", key === hello?.mainKey ? undefined : key);
    this.canvas.select();
    void this.refresh();
  }

  newSession(): void {
    const agent = this.store.get().hello?.agentId ?? "main";
    this.select(`agent:${agent}:web-${crypto.randomUUID().slice(0, 8)}`);
  }

  /** Shows the message at once; it goes out now or with the next connection, always under the same key. */
  send(text: string, images: readonly ImagePart[]): void {
    const thread = threadOf(this.store.get());
    const message: Outgoing = {
      runId: crypto.randomUUID(),
      text,
      images,
      timestamp: Date.now(),
      status: "sending",
      error: undefined,
      afterSeq: thread.entries.at(-1)?.seq ?? 0,
    };
    this.store.dispatch({ type: "outgoing", key: thread.key, message });
    void this.#post(thread.key, message);
  }

  /** The page goes: what was not sent yet becomes the draft again, so that a reload while offline loses nothing. */
  stash(): void {
    for (const thread of Object.values(this.store.get().threads)) {
      const unsent = thread.outgoing.filter((message) => message.status === "sending" && message.text);
      if (unsent.length) keep.set(draftName(thread.key), unsent.map((message) => message.text).join("\n"));
    }
  }

  /** Sends a message that was refused once more, as a new one. */
  again(message: Outgoing): void {
    this.store.dispatch({ type: "discard", key: this.store.get().current, runId: message.runId });
    this.send(message.text, message.images);
  }

  discard(runId: string): void {
    this.store.dispatch({ type: "discard", key: this.store.get().current, runId });
  }

  async #post(key: string, message: Outgoing): Promise<void> {
    const { runId } = message;
    if (this.#posting.has(runId)) return;
    this.#posting.add(runId);
    try {
      const answer = fields(
        await this.#wire.request("chat.send", {
          sessionKey: key,
          message: message.text,
          idempotencyKey: runId,
          ...(message.images.length ? { attachments: message.images.map(attachment) } : {}),
        }, 30_000),
      );
      this.#accepted(key, runId, answer);
    } catch (error) {
      // No answer is no refusal: it is sent again under the same key, which the gateway recognises.
      if (error instanceof RequestError && error.unanswered) {
        if (error.code === "TIMEOUT") this.#soon("resend", () => this.refresh().then(() => this.#resend()));
        return;
      }
      this.store.dispatch({ type: "unsent", key, runId, error: sentence(error) });
    } finally {
      this.#posting.delete(runId);
    }
  }

  #accepted(key: string, runId: string, answer: Readonly<Record<string, unknown>>): void {
    // "/stop" and its like are orders, not messages: nothing of them stays.
    if (word(answer["runId"]) === undefined) return this.store.dispatch({ type: "discard", key, runId });
    const done = answer["status"] !== "started" && answer["status"] !== "in_flight";
    this.store.dispatch({ type: "accepted", key, runId, done });
    if (done) void this.refresh();
    this.#soon("sessions", () => this.refreshSessions());
  }

  /** Messages without an answer go out again, after the history has said that the gateway does not know them. */
  #resend(): void {
    const thread = threadOf(this.store.get());
    const known = new Set(thread.runs.map((run) => run.runId));
    for (const message of thread.outgoing) {
      if (message.status !== "sending") continue;
      if (known.has(message.runId)) {
        this.store.dispatch({ type: "accepted", key: thread.key, runId: message.runId, done: true });
      } else void this.#post(thread.key, message);
    }
  }

  async abort(): Promise<void> {
    const { current } = this.store.get();
    await this.#tell("chat.abort", { sessionKey: current });
  }

  refreshSessions = once(async () => {
    const list = await this.#list({});
    if (list) this.store.dispatch({ type: "sessions", ...list });
  });

  async #list(more: Readonly<Record<string, unknown>>): Promise<ReturnType<typeof readSessions> | undefined> {
    const params = { limit: SESSIONS, includeDerivedTitles: true, includeLastMessage: true, includeGlobal: false };
    const answer = await this.#wire.request("sessions.list", { ...params, ...more }).catch(() => undefined);
    return answer === undefined ? undefined : readSessions(answer);
  }

  /** Asks the gateway for sessions that the list may not hold. */
  search(text: string): void {
    const query = text.trim();
    if (!query) return;
    this.#soon("search", async () => {
      const list = await this.#list({ search: query.slice(0, 256) });
      if (list) this.store.dispatch({ type: "found", query, rows: list.rows });
    });
  }

  async rename(key: string, label: string): Promise<boolean> {
    const answer = await this.#tell("sessions.patch", { key, label: label || null });
    if (answer) this.store.dispatch({ type: "rename", key, label });
    return answer;
  }

  /** Deletes a session; the main one cannot be deleted and is emptied instead. */
  async remove(key: string): Promise<void> {
    const main = key === this.store.get().hello?.mainKey;
    if (!await this.#tell(main ? "sessions.reset" : "sessions.delete", { key })) return;
    if (main) return await this.refresh();
    keep.set(draftName(key), undefined);
    this.#gone(key);
  }

  refreshDevices = once(async () => {
    if (!may(this.store.get().hello, "operator.pairing")) return;
    const answer = await this.#wire.request("device.pair.list", {}).catch(() => undefined);
    if (answer !== undefined) this.store.dispatch({ type: "devices", ...readDevices(answer) });
  });

  async decide(requestId: string, approve: boolean): Promise<void> {
    await this.#tell(approve ? "device.pair.approve" : "device.pair.reject", { requestId });
    await this.refreshDevices();
  }

  async removeDevice(deviceId: string): Promise<boolean> {
    const answer = await this.#tell("device.pair.remove", { deviceId });
    await this.refreshDevices();
    return answer;
  }

  say(kind: "error" | "info", text: string): void {
    this.store.dispatch({ type: "notice", notice: { id: ++this.#notice, kind, text } });
  }

  dismiss(): void {
    this.store.dispatch({ type: "notice", notice: undefined });
  }

  /** A request whose refusal the person must see. */
  async #tell(method: string, params: unknown): Promise<boolean> {
    try {
      await this.#wire.request(method, params);
      return true;
    } catch (error) {
      this.say("error", sentence(error));
      return false;
    }
  }

  /** A request whose refusal changes nothing: an older gateway may not know it. */
  #quiet(method: string, params: unknown): void {
    this.#wire.request(method, params).catch(() => undefined);
  }

  #soon(name: string, job: () => Promise<void>): void {
    this.#planned.get(name)?.();
    this.#planned.set(name, this.#timers.after(250, () => void job()));
  }
}

const attachment = (image: ImagePart) => ({ type: "image", mimeType: image.mimeType, content: image.data });

export const sentence = (error: unknown): string => error instanceof Error ? error.message : String(error);
