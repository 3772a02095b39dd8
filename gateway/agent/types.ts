/** The borders inside the agent room: the model runner (the worker behind a port) and the run service (the ledger). */
import type { AttachmentInput, ImagePart, Message, Usage } from "../../schemas/message.ts";
import type { ModelErrorKind, ModelTarget, RunStart, ThinkingLevel, ToolSpec } from "../../schemas/worker/agent.ts";
import type { ModelInfo, QueueMode } from "../config/types.ts";
import type { Client } from "../connection/client.ts";
import type { AcceptedRun, ReplyRoute, RunMethod } from "./ledger.ts";

/** What a model run is asked to do. */
export type ModelRequest = Omit<RunStart, "type">;

/** Called in order, never after the promise of `run` has settled. */
export interface ModelObserver {
  delta(kind: "text" | "thinking", text: string): void;
  message(message: {
    readonly text: string;
    readonly thinking: string | undefined;
    readonly toolCalls: readonly {
      readonly id: string;
      readonly name: string;
      readonly arguments: Record<string, unknown>;
    }[];
    readonly stopReason: "stop" | "length" | "toolUse";
    readonly usage: Usage | undefined;
  }): void;
  /** Runs a tool in the main process. Never throws: an error is a result with isError. */
  tool(
    call: { readonly id: string; readonly name: string; readonly args: Record<string, unknown> },
    signal: AbortSignal,
  ): Promise<{ readonly text: string; readonly isError: boolean; readonly images?: readonly ImagePart[] }>;
}

/** A failed model call: one sentence for a person, and its kind. */
export class ModelError extends Error {
  constructor(readonly kind: ModelErrorKind, message: string, readonly retryAfterMs?: number) {
    super(message);
    this.name = "ModelError";
  }
}

/** The agent worker as a service. Starts with the first run, stops after a long idle time, restarts after a crash. */
export interface ModelRunner {
  /** Resolves when the run ended by itself or by `signal`; rejects with ModelError. */
  run(request: ModelRequest, observer: ModelObserver, signal: AbortSignal): Promise<{ readonly aborted: boolean }>;
  stop(): Promise<void>;
}

/** Which models there are, and which one a run uses. */
export interface ModelCatalog {
  list(): readonly ModelInfo[];
  /** `<provider>/<model>`, a bare model id, or undefined for the default. Throws GatewayError when unknown. */
  resolve(reference: string | undefined): { readonly info: ModelInfo; readonly target: ModelTarget };
  /** What the start lines and `status` say: provider, model and where it was found. */
  describeDefault(): { readonly provider: string; readonly model: string; readonly source: string };
}

export interface Tool extends ToolSpec {
  /** It only reads: a run that a restart cut off after it may begin anew. */
  readonly readOnly?: boolean;
  /** Milliseconds until it is given up, default 30 s; longer for what waits for a person or a device. */
  readonly deadlineMs?: number;
  /** What it returns is for the model. May throw; the message then reaches the model as an error result. */
  run(args: Record<string, unknown>, context: ToolContext): Promise<string | ToolOutput> | string | ToolOutput;
}

/** For whom a turn runs: which tools it gets. */
export interface ToolRun {
  readonly sessionKey: string;
  readonly agentId: string;
  /**
   * Every message of the turn came from the owner: an operator's client, an owner's message, the owner's own devices. A
   * tool acts with the owner's power, so that a stranger in a group must not get one that runs commands or takes photos.
   */
  readonly trusted: boolean;
}

/** The tools of a turn, decided when it starts. `all`: what a trusted turn of any agent gets, for lists. */
export interface ToolBox {
  for(run: ToolRun): readonly Tool[];
  all(): readonly Tool[];
  /** A sentence for the model on tools that the turn does not get, such as why; undefined: none. */
  note?(run: ToolRun): string | undefined;
}

export interface ToolContext {
  readonly sessionKey: string;
  readonly agentId: string;
  readonly runId: string;
  /** The call's own id, which no other call of any run has. */
  readonly toolCallId: string;
  /** As in `ToolRun`. */
  readonly trusted: boolean;
  /** A chat of a channel waits for the answer, and gets the files of the run with it. */
  readonly toChat: boolean;
  readonly signal: AbortSignal;
}

/**
 * More than text. `images`: for a model that can see, and into the transcript; four at most, 5 MB of base64 together.
 * `media`: goes with the answer to the chat of a channel that the run answers, eight items and 20 MB in one run.
 */
export interface ToolOutput {
  readonly text: string;
  readonly images?: readonly ImagePart[];
  readonly media?: readonly ToolMedia[];
}

/** A picture, clip or file that a tool made. */
export interface ToolMedia {
  readonly kind: "image" | "video" | "audio" | "document";
  readonly mimeType: string;
  readonly fileName: string;
  readonly data: Uint8Array<ArrayBuffer>;
}

/** A run as its caller asks for it. */
export interface RunRequest {
  readonly runId: string;
  readonly method: RunMethod;
  /** Whose idempotency keys count, and who sees tool events. */
  readonly client: Pick<Client, "principal" | "connId" | "deviceId">;
  /** As the client sent it; events of this run echo the canonical key. */
  readonly sessionKey: string;
  readonly agentId: string | undefined;
  readonly message: string;
  readonly attachments: readonly AttachmentInput[];
  readonly thinking: ThinkingLevel | undefined;
  readonly timeoutMs: number | undefined;
  readonly extraSystemPrompt: string | undefined;
  /** What to do when the session is busy; undefined: as the session and the configuration say. */
  readonly queueMode?: QueueMode | undefined;
  /** The message is text for the model even when it looks like a command. */
  readonly plain?: boolean | undefined;
  /** What the model reads before the message and the transcript does not hold, such as what a group said before. */
  readonly context?: string | undefined;
  /** The owner is behind it (`ToolRun.trusted`); absent: false. */
  readonly trusted?: boolean | undefined;
  /** The chat that gets the answer too. */
  readonly reply?: ReplyRoute | undefined;
  /** Joins the transaction that accepts the run, so that what asked for it is marked in the same commit. */
  readonly onAccept?: ((run: AcceptedRun) => void) | undefined;
}

/** How a run ended, for the chat that waits for it. */
export type OutletEnd =
  /**
   * `texts`: complete messages to be shown; empty when the model chose to be silent. `media`: what tools made for the
   * chat. It lives in memory until here: a run that a crash cuts off loses it with its answer.
   */
  | {
    readonly state: "ok";
    readonly texts: readonly string[];
    readonly media: readonly ToolMedia[];
    readonly isCommand: boolean;
  }
  /** Another run carries its message. */
  | { readonly state: "merged" }
  | { readonly state: "aborted" }
  | { readonly state: "error"; readonly message: string; readonly kind: ModelErrorKind | "restarted" };

/** Takes the answers of runs with a `reply` to their chats. Delivery implements it. */
export interface Outlet {
  /** The turn has begun. */
  started(run: AcceptedRun): void;
  /** What may be shown of the answer has grown to `text`. */
  grew(run: AcceptedRun, text: string): void;
  /** Joins the transaction of the run's end; what it returns is called after the commit. */
  ended(run: AcceptedRun, end: OutletEnd): () => void;
}

/** The last word on a run, as `agent` answers it and as it is kept for repeats. */
export type RunFinal =
  | {
    readonly state: "ok" | "aborted";
    readonly runId: string;
    readonly payloads: readonly { readonly text: string }[];
    readonly durationMs: number;
    readonly sessionId: string;
    readonly provider: string;
    readonly model: string;
    readonly usage: Usage | undefined;
    readonly stopReason: string;
  }
  | {
    readonly state: "error";
    readonly runId: string;
    readonly message: string;
    readonly kind: ModelErrorKind | "restarted";
  };

export interface RunTicket {
  readonly runId: string;
  readonly sessionKey: string;
  readonly agentId: string;
  readonly acceptedAt: number;
  /** `new`: this call started it. `in_flight`, `done`: a repeat of an earlier call. */
  readonly status: "new" | "in_flight" | "done";
  readonly final: Promise<RunFinal>;
}

export interface RunWait {
  readonly status: "ok" | "error" | "timeout";
  readonly startedAt?: number;
  readonly endedAt?: number;
  readonly error?: string;
}

/** Accepts, queues, runs and remembers runs. One run at a time a session, a bounded number in all. */
export interface RunService {
  /** Durable before it returns. Throws GatewayError when the request cannot be accepted (queue full, bad attachment). */
  start(request: RunRequest): RunTicket;
  /** Aborts runs of a session, or one of them; emits `chat` aborted before it returns. */
  abort(
    target: { readonly sessionKey: string; readonly runId?: string | undefined },
    reason: "rpc" | "stop" | "timeout",
  ): readonly string[];
  /** Waits for the end of a run; an unknown id waits until the timeout. */
  wait(runId: string, timeoutMs: number, signal: AbortSignal): Promise<RunWait>;
  /** Runs that are queued or running now, for chat.history and sessions.list. `text`: what the model said so far. */
  active(
    sessionKey: string,
  ): readonly {
    readonly runId: string;
    readonly state: "queued" | "running";
    readonly startedAt: number | undefined;
    readonly text: string;
    readonly seq: number;
    readonly message: Message | undefined;
    /** The chat that gets its answer. */
    readonly reply?: ReplyRoute | undefined;
  }[];
  activeCount(): number;
  /** The session of a run that is queued or running now; undefined when there is none with this id. */
  find(runId: string): { readonly sessionKey: string } | undefined;
  /** Drops ended runs from the ledger: after their time, then the oldest beyond the cap. Called every minute. */
  maintenance(): void;
  /** After a restart: queued runs start again, running ones end with an error that says so. */
  recover(): void;
  /** Waits up to `ms` for running work, then aborts the rest. No new run is accepted meanwhile. */
  drain(ms: number): Promise<void>;
}
