/** What a person does on a surface becomes a message to the agent, and the page is told how it went. */
import { createAttendance } from "../../client/attendance.ts";
import { type Fields, fields, isFields, text, word } from "../../client/read.ts";
import type { Timers } from "../../client/link.ts";
import { createBucket } from "../../client/bucket.ts";
import type { ActionState } from "./frame.ts";

export interface ActionDeps {
  readonly timers: Timers;
  readonly nodeId: () => string;
  readonly deviceName: () => string;
  /** The chat whose agent showed what the person sees; undefined: nobody's. */
  shownFor(): Promise<string | undefined>;
  request(method: string, params: unknown): Promise<unknown>;
  status(id: string, state: ActionState, error?: string): void;
}

const BURST = 5;
const PER_SECOND = 1;
const MAX_NAME = 128;
const MAX_CONTEXT = 16_000;
/** Answers that are waited for at once, and how long. */
const MAX_OPEN = 32;
const ANSWER_MS = 600_000;

interface Open {
  readonly action: string;
  cancel(): void;
}

export class Actions {
  /** By run. */
  readonly #open = new Map<string, Open>();
  /** Ends of runs that came before the answer with the run's id. */
  readonly #ended = new Map<string, ActionState>();
  readonly #bucket;
  readonly #attendance = createAttendance();

  constructor(private readonly deps: ActionDeps) {
    this.#bucket = createBucket(BURST, PER_SECOND, () => deps.timers.now());
  }

  /** `action` as the frame sent it: nothing of it is trusted. */
  async perform(action: Fields): Promise<void> {
    const id = short(action["id"]) || crypto.randomUUID();
    const say = (state: ActionState, error?: string) => this.deps.status(id, state, error);
    const name = short(action["name"]);
    if (!name) return say("error", "the action has no name");
    const context = isFields(action["context"]) ? JSON.stringify(action["context"]) : undefined;
    if ((context?.length ?? 0) > MAX_CONTEXT) return say("error", "the action's context is too large");
    if (!this.#bucket.take()) return say("error", "too many actions; wait a moment");
    if (!this.#attendance.take()) return say("error", "the page acted by itself too often; press something here first");
    say("pending");
    try {
      // Asked now: whoever showed this may be another one than a moment ago.
      const sessionKey = await this.deps.shownFor().catch(() => undefined) ?? `node-${this.deps.nodeId()}`;
      await this.#send(id, sessionKey, messageOf({ action, name, context, sessionKey, host: this.deps }));
      say("working");
    } catch (error) {
      say("error", error instanceof Error ? error.message : String(error));
    }
  }

  /** A `chat` event of a session that this node listens to. */
  heard(payload: unknown): void {
    const { runId, state } = fields(payload);
    const id = word(runId);
    if (id === undefined || (state !== "final" && state !== "error" && state !== "aborted")) return;
    const end: ActionState = state === "final" ? "done" : "error";
    const open = this.#open.get(id);
    if (open) return this.#finish(id, open, end);
    this.#ended.set(id, end);
    for (const [oldest] of this.#ended) if (this.#ended.size > MAX_OPEN) this.#ended.delete(oldest);
  }

  async #send(actionId: string, sessionKey: string, message: string): Promise<void> {
    const { request } = this.deps;
    // Before the request: the answer may be quicker than the second step.
    await request("node.event", { event: "chat.subscribe", payload: { sessionKey } });
    const answer = fields(
      await request("node.event", { event: "agent.request", payload: { message, sessionKey, key: actionId } }),
    );
    const runId = word(answer["runId"]);
    if (runId === undefined) throw new Error(word(answer["reason"]) ?? "the gateway started nothing");
    this.#await(runId, actionId);
  }

  #await(runId: string, action: string): void {
    const cancel = this.deps.timers.after(ANSWER_MS, () => this.#finish(runId, open, "error"));
    const open: Open = { action, cancel };
    this.#open.set(runId, open);
    for (const [oldest, { cancel: forget }] of this.#open) {
      if (this.#open.size <= MAX_OPEN) break;
      forget();
      this.#open.delete(oldest);
    }
    const end = this.#ended.get(runId);
    // In a later turn, so that the page hears "working" first.
    if (end) this.deps.timers.after(0, () => this.#finish(runId, open, end));
  }

  #finish(runId: string, open: Open, state: ActionState): void {
    if (this.#open.get(runId) !== open) return;
    this.#open.delete(runId);
    open.cancel();
    this.deps.status(open.action, state, state === "error" ? "the assistant could not answer" : undefined);
  }
}

const short = (value: unknown): string => (text(value) ?? "").trim().slice(0, MAX_NAME);
/** A word of the message: no spaces, so that it stays one word. */
const plain = (value: string): string => value.replace(/\s+/g, "_") || "-";

interface Facts {
  readonly action: Fields;
  readonly name: string;
  readonly context: string | undefined;
  readonly sessionKey: string;
  readonly host: Pick<ActionDeps, "deviceName" | "nodeId">;
}

/** The text that agents know (canvas facts, section 3). */
export function messageOf({ action, name, context, sessionKey, host }: Facts): string {
  const parts = [
    "CANVAS_A2UI",
    `action=${plain(name)}`,
    `session=${plain(sessionKey)}`,
    `surface=${plain(short(action["surfaceId"]) || "main")}`,
    `component=${plain(short(action["sourceComponentId"]))}`,
    `host=${plain(host.deviceName())}`,
    `instance=${plain(host.nodeId())}`,
    ...(context === undefined || context === "{}" ? [] : [`ctx=${context}`]),
    "default=update_canvas",
  ];
  return parts.join(" ");
}
