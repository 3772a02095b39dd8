/** One run: what it was asked, where it stands, what it has produced. Its state changes only through `next`. */
import type { Message, Usage, UserMessage } from "../../schemas/message.ts";
import type { Lease } from "../session/lane.ts";
import type { AcceptedRun } from "./ledger.ts";
import type { RunEvents } from "./run_events.ts";
import type { RunFinal, ToolMedia } from "./types.ts";

export type RunState =
  | { readonly at: "queued" }
  | { readonly at: "running"; readonly startedAt: number; readonly sessionId: string }
  | {
    readonly at: "ended";
    readonly startedAt: number | undefined;
    readonly endedAt: number;
    readonly final: RunFinal;
  };

export type RunStep =
  | { readonly type: "start"; readonly now: number; readonly sessionId: string }
  | { readonly type: "end"; readonly now: number; readonly final: RunFinal };

/** The only transitions: queued → running → ended, and queued → ended. An ended run stays as it ended. */
export function next(state: RunState, step: RunStep): RunState {
  if (step.type === "start" && state.at === "queued") {
    return { at: "running", startedAt: step.now, sessionId: step.sessionId };
  }
  if (step.type === "end" && state.at !== "ended") {
    const startedAt = state.at === "running" ? state.startedAt : undefined;
    return { at: "ended", startedAt, endedAt: step.now, final: step.final };
  }
  throw new Error(`Cannot ${step.type} a run: it is ${state.at}`);
}

/** Who started a run: tool events go to these. Undefined after a restart. */
export interface Origin {
  readonly connId: string;
  readonly deviceId: string | undefined;
}

/** What the model has given in this run and the transcript does not hold yet. */
export interface Produced {
  readonly messages: Message[];
  /** Texts of complete assistant messages, also those before tool calls. */
  readonly texts: string[];
  /** What tools made for the chat. */
  readonly media: ToolMedia[];
  usage: Usage | undefined;
  /** Tokens of the last model call: how full the context is. */
  lastCall: Usage | undefined;
  stopReason: string;
  provider: string;
  model: string;
}

export class Run {
  readonly abort = new AbortController();
  readonly final: Promise<RunFinal>;
  readonly produced: Produced = {
    messages: [],
    texts: [],
    media: [],
    usage: undefined,
    lastCall: undefined,
    stopReason: "stop",
    provider: "",
    model: "",
  };
  /** Held while running. */
  lease: Lease | undefined;
  cancelDeadline: (() => void) | undefined;
  /** A tool that changes something was called. */
  acted = false;
  /** Tool calls so far. */
  toolCalls = 0;
  #state: RunState;
  readonly #settle: (final: RunFinal) => void;

  constructor(
    readonly facts: AcceptedRun,
    readonly events: RunEvents,
    readonly origin: Origin | undefined,
    state: RunState = { at: "queued" },
  ) {
    this.#state = state;
    const { promise, resolve } = Promise.withResolvers<RunFinal>();
    this.final = promise;
    this.#settle = resolve;
  }

  get state(): RunState {
    return this.#state;
  }

  get isEnded(): boolean {
    return this.#state.at === "ended";
  }

  start(now: number, sessionId: string): void {
    this.#state = next(this.#state, { type: "start", now, sessionId });
  }

  end(now: number, final: RunFinal): void {
    this.#state = next(this.#state, { type: "end", now, final });
  }

  /** Tells those who wait for the end. */
  settle(): void {
    if (this.#state.at === "ended") this.#settle(this.#state.final);
  }
}

/** The message of a run as the transcript keeps it. */
export function userMessage({ facts }: Pick<Run, "facts">): UserMessage {
  const { message, images, leftOut } = facts.request;
  const missing = leftOut.map((name) => `[${name} was left out: it is no PNG, JPEG, GIF or WebP image]`);
  const texts = [message, ...missing].filter((text) => text !== "");
  return {
    role: "user",
    content: [...texts.map((text) => ({ type: "text" as const, text })), ...images],
    timestamp: facts.acceptedAt,
    runId: facts.runId,
  };
}

/** The sum of two usages; either may be missing. */
export function addUsage(a: Usage | undefined, b: Usage | undefined): Usage | undefined {
  if (!a || !b) return a ?? b;
  const optional = (key: "cacheRead" | "cacheWrite") =>
    a[key] === undefined && b[key] === undefined ? {} : { [key]: (a[key] ?? 0) + (b[key] ?? 0) };
  return {
    input: a.input + b.input,
    output: a.output + b.output,
    ...optional("cacheRead"),
    ...optional("cacheWrite"),
    total: a.total + b.total,
  };
}
