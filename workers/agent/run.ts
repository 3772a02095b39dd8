/** The tool loop of one run: model call, tools, model call, until the model answers or a limit ends it. */
import type { AgentReport, RunStart } from "../../schemas/worker/agent.ts";
import type { Engine, Step, ToolCall, ToolOutcome } from "./engine.ts";
import { faultOf, ModelFault } from "./errors.ts";

/** Tool calls of one message that are carried out; a model asking for more is told so. */
const MAX_CALLS = 32;

export interface RunIo {
  post(report: AgentReport): void;
  /** Asks main to run a tool; rejects when the run is aborted. */
  callTool(call: ToolCall): Promise<ToolOutcome>;
  readonly signal: AbortSignal;
}

/** Runs to the end and reports it: exactly one `run.end` or `run.error`, always the last report of the run. */
export async function runToEnd(start: RunStart, load: () => Promise<Engine>, io: RunIo): Promise<void> {
  const { runId } = start;
  try {
    const engine = await load();
    await converse(start, engine, io);
    io.post({ type: "run.end", runId, aborted: io.signal.aborted });
  } catch (error) {
    if (io.signal.aborted) return io.post({ type: "run.end", runId, aborted: true });
    const fault = faultOf(error, start.target);
    io.post({
      type: "run.error",
      runId,
      kind: fault.kind,
      message: fault.message,
      ...(fault.status === undefined ? {} : { status: fault.status }),
      ...(fault.retryAfterMs === undefined ? {} : { retryAfterMs: fault.retryAfterMs }),
    });
  }
}

async function converse(start: RunStart, engine: Engine, io: RunIo): Promise<void> {
  const { runId } = start;
  const conversation = await engine(start);
  const stepIo = {
    signal: io.signal,
    delta: (kind: "text" | "thinking", text: string) => io.post({ type: "run.delta", runId, kind, text }),
  };
  let outcomes: readonly ToolOutcome[] = [];
  for (let steps = 0; steps < start.maxSteps; steps++) {
    const step = await conversation.step(outcomes, stepIo);
    // A stream that ended because of the abort is no complete message.
    io.signal.throwIfAborted();
    reportMessage(runId, step, io);
    if (step.toolCalls.length === 0) return;
    outcomes = await Promise.all(step.toolCalls.map((call, index) => carryOut(call, index, io)));
  }
  throw new ModelFault(
    "unknown",
    `The model asked for tools ${start.maxSteps} times without giving an answer; ask for less at once`,
  );
}

function reportMessage(runId: string, step: Step, io: RunIo): void {
  io.post({
    type: "run.message",
    runId,
    text: step.text,
    ...(step.thinking === "" ? {} : { thinking: step.thinking }),
    toolCalls: step.toolCalls.map((call) => ({
      type: "toolCall",
      id: call.id,
      name: call.name,
      arguments: call.arguments,
    })),
    stopReason: step.stopReason,
    ...(step.usage === undefined ? {} : { usage: step.usage }),
  });
}

function carryOut(call: ToolCall, index: number, io: RunIo): Promise<ToolOutcome> {
  const refuse = (text: string) => Promise.resolve({ callId: call.id, name: call.name, text, isError: true });
  if (call.invalid !== undefined) return refuse(call.invalid);
  if (index >= MAX_CALLS) return refuse(`Cannot run more than ${MAX_CALLS} tools at once: ask again for the rest`);
  return io.callTool(call);
}
