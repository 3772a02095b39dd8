/** What a model is to the run loop, and which engine serves which kind of endpoint. */
import type { ModelApi, RunStart } from "../../schemas/worker/agent.ts";
import type { ImagePart, Usage } from "../../schemas/message.ts";

export interface ToolCall {
  readonly id: string;
  readonly name: string;
  readonly arguments: Record<string, unknown>;
  /** Why the arguments cannot be used; such a call is answered with this text and never reaches a tool. */
  readonly invalid?: string;
}

export interface ToolOutcome {
  readonly callId: string;
  readonly name: string;
  readonly text: string;
  readonly isError: boolean;
  /** Pictures that came with it. */
  readonly images?: readonly ImagePart[];
}

/** One model call: a complete assistant message. */
export interface Step {
  readonly text: string;
  readonly thinking: string;
  readonly toolCalls: readonly ToolCall[];
  readonly stopReason: "stop" | "length" | "toolUse";
  readonly usage: Usage | undefined;
}

export interface StepIo {
  /** Called for every piece, in order, before `step` resolves. */
  delta(kind: "text" | "thinking", text: string): void;
  readonly signal: AbortSignal;
}

/** One run's dialogue with a model. Holds what the model said in this run, provider signatures included. */
export interface Conversation {
  /**
   * The next assistant message. `outcomes`: results of every tool call of the step before, empty for the first step.
   * Rejects with ModelFault, or with anything when `io.signal` is aborted.
   */
  step(outcomes: readonly ToolOutcome[], io: StepIo): Promise<Step>;
}

export type Engine = (start: RunStart) => Conversation | Promise<Conversation>;

/** Loads what `api` needs and nothing else: the offline model costs no SDK. */
export async function loadEngine(api: ModelApi): Promise<Engine> {
  if (api === "builtin") return (await import("./builtin_engine.ts")).builtinEngine();
  return (await import("./sdk_engine.ts")).sdkEngine();
}
