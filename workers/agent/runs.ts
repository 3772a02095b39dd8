/** The table of runs in this worker: starts them, aborts them, brings tool results to the one that waits. */
import type { AgentCommand, AgentReport, RunStart } from "../../schemas/worker/agent.ts";
import type { Engine, ToolCall, ToolOutcome } from "./engine.ts";
import { runToEnd } from "./run.ts";

/** Runs at once. Main has a lower limit of its own; this one keeps a fault there from filling the worker. */
const MAX_RUNS = 256;
/** A tool that main never answers must not hold a run for ever; main's own tool deadlines are shorter. */
const TOOL_DEADLINE_MS = 10 * 60_000;

interface Run {
  readonly abort: AbortController;
  /** By call id. */
  readonly waiting: Map<string, (outcome: ToolOutcome) => void>;
}

/** Handles every command but `ping`. `load` gives the engine of a run. */
export function createRuns(
  post: (report: AgentReport) => void,
  load: (start: RunStart) => Promise<Engine>,
): (command: AgentCommand) => void {
  const runs = new Map<string, Run>();

  function start(command: RunStart): void {
    const { runId } = command;
    if (runs.has(runId) || runs.size >= MAX_RUNS) {
      const reason = runs.has(runId) ? "a run with this id is under way" : `${MAX_RUNS} runs are under way`;
      return post({ type: "run.error", runId, kind: "unknown", message: `Cannot start the run: ${reason}` });
    }
    const run: Run = { abort: new AbortController(), waiting: new Map() };
    runs.set(runId, run);
    const io = { post, callTool: (call: ToolCall) => callTool(runId, run, call, post), signal: run.abort.signal };
    runToEnd(command, () => load(command), io).finally(() => runs.delete(runId));
  }

  return (command) => {
    switch (command.type) {
      case "run.start":
        return start(command);
      case "run.abort":
        return runs.get(command.runId)?.abort.abort();
      case "tool.result": {
        const { runId, callId, text, isError, images = [] } = command;
        return runs.get(runId)?.waiting.get(callId)?.({ callId, name: "", text, isError, images });
      }
    }
  };
}

function callTool(runId: string, run: Run, call: ToolCall, post: (report: AgentReport) => void): Promise<ToolOutcome> {
  const { signal } = run.abort;
  const { promise, resolve, reject } = Promise.withResolvers<ToolOutcome>();
  const onAbort = () => reject(signal.reason);
  const timer = setTimeout(() => {
    resolve({ callId: call.id, name: call.name, text: `Tool ${call.name} gave no answer in time`, isError: true });
  }, TOOL_DEADLINE_MS);
  run.waiting.set(call.id, (outcome) => resolve({ ...outcome, name: call.name }));
  if (signal.aborted) onAbort();
  else signal.addEventListener("abort", onAbort, { once: true });
  post({ type: "tool.call", runId, callId: call.id, name: call.name, args: call.arguments });
  return promise.finally(() => {
    clearTimeout(timer);
    signal.removeEventListener("abort", onAbort);
    run.waiting.delete(call.id);
  });
}
