/** Actions of a person on the canvas: to the session, and back to the control what became of them. */
import { createAttendance } from "../../client/attendance.ts";
import { RequestError, type Timers } from "../../client/link.ts";
import { fields, word } from "../../client/read.ts";
import { ACTION_MS, MAX_ACTIONS } from "./canvas_limits.ts";
import type { ActionState, ActionView, UserAction } from "./canvas_model.ts";
import type { Wire } from "./chat.ts";
import type { Store } from "./store.ts";

/** Actions of one canvas that are under way at once. */
const MAX_OPEN = 4;
const SEND_MS = 30_000;

interface End {
  readonly runId: string;
  readonly state: "done" | "error";
  readonly error: string | undefined;
}

export class ActionDesk {
  /** The latest ends: a fast run can be over before we know its id. */
  #ends: End[] = [];
  readonly #attendance = createAttendance();

  constructor(private readonly store: Store, private readonly wire: Wire, private readonly timers: Timers) {}

  async act(sessionKey: string, action: UserAction & { readonly id: string }, allowed: boolean): Promise<void> {
    const { id } = action;
    const open = this.#list().filter((one) => isOpen(one));
    // A repeat of an action that is under way is the same action.
    if (open.some((one) => one.id === id)) return;
    this.#add(id);
    if (!allowed) return this.#change(id, { state: "error", error: "operator.write" });
    if (!this.#attendance.take()) return this.#change(id, { state: "error", error: "alone" });
    if (open.length >= MAX_OPEN) return this.#change(id, { state: "error", error: "busy" });
    try {
      const params = { sessionKey, action };
      const answer = fields(await this.wire.request("canvas.action", params, SEND_MS));
      this.#accepted(id, word(answer["runId"]), answer["status"] === "ok");
    } catch (error) {
      const lost = error instanceof RequestError && error.unanswered;
      this.#change(id, {
        state: "error",
        error: lost ? "lost" : error instanceof Error ? error.message : String(error),
      });
    }
  }

  #accepted(id: string, runId: string | undefined, done: boolean): void {
    const end = this.#ends.find((one) => one.runId === runId);
    if (end) this.#change(id, { runId, state: end.state, error: end.error });
    else this.#change(id, { runId, state: done || runId === undefined ? "done" : "working" });
  }

  /** A `chat` event: the end of a run is the end of the action that started it. */
  chat(payload: unknown): void {
    const p = fields(payload);
    const runId = word(p["runId"]);
    const { state } = p;
    if (runId === undefined || (state !== "final" && state !== "aborted" && state !== "error")) return;
    const error = state === "error" ? word(p["errorMessage"]) ?? "" : undefined;
    this.#end({ runId, state: state === "error" ? "error" : "done", error });
  }

  #end(end: End): void {
    this.#ends = [...this.#ends, end].slice(-MAX_ACTIONS);
    for (const one of this.#list()) {
      if (one.runId === end.runId && one.state === "working") {
        this.#change(one.id, { state: end.state, error: end.error });
      }
    }
  }

  /** Events may have been lost: asks for the end of each run that we still wait for. */
  settle(): void {
    for (const { runId, state, id, at } of this.#list()) {
      if (state !== "working" || runId === undefined) continue;
      if (this.timers.now() - at > ACTION_MS) this.#change(id, { state: "done" });
      else void this.#ask(runId);
    }
  }

  async #ask(runId: string): Promise<void> {
    const answer = fields(await this.wire.request("agent.wait", { runId, timeoutMs: 0 }).catch(() => undefined));
    const { status } = answer;
    if (status === "ok" || status === "error") {
      this.#end({ runId, state: status === "ok" ? "done" : "error", error: word(answer["error"]) });
    }
  }

  #add(id: string): void {
    const view: ActionView = { id, state: "pending", runId: undefined, error: undefined, at: this.timers.now() };
    this.#set([...this.#list().filter((one) => one.id !== id), view].slice(-MAX_ACTIONS));
  }

  #change(id: string, change: { state: ActionState; error?: string | undefined; runId?: string | undefined }): void {
    this.#set(this.#list().map((one) => one.id === id ? { ...one, ...change } : one));
  }

  #list = (): readonly ActionView[] => this.store.get().canvas.actions;
  #set(actions: readonly ActionView[]): void {
    this.store.dispatch({ type: "canvas", change: { actions } });
  }
}

const isOpen = ({ state }: ActionView): boolean => state === "pending" || state === "working";
