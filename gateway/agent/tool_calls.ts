/** One tool call of a run: told before and after, kept in the transcript, never thrown. */
import type { Clock } from "../observe/clock.ts";
import type { Run } from "./run.ts";
import { runTool, type ToolResult } from "./tools.ts";
import type { ModelObserver, Tool } from "./types.ts";

type ToolCall = Parameters<ModelObserver["tool"]>[0];

export interface ToolCallDeps {
  readonly tools: readonly Tool[];
  readonly clock: Clock;
}

/** A failure is a result with isError, so that the model can tell the user. `signal` ends with the run. */
export async function callTool(
  { tools, clock }: ToolCallDeps,
  run: Run,
  call: ToolCall,
  signal: AbortSignal,
): Promise<ToolResult> {
  if (run.isEnded) return { text: "The run has ended", isError: true };
  const { id: toolCallId, name, args } = call;
  run.events.tool({ phase: "start", name, toolCallId, args }, undefined);
  const { sessionKey, agentId, runId } = run.facts;
  const result = await runTool(tools, name, args, { sessionKey, agentId, runId, toolCallId, signal }, clock);
  if (run.isEnded) return result;
  run.events.tool({ phase: "result", name, toolCallId, isError: result.isError }, result.text);
  run.produced.messages.push({
    role: "toolResult",
    toolCallId,
    toolName: name,
    content: [{ type: "text", text: result.text }],
    isError: result.isError,
    timestamp: clock.now(),
    runId: run.facts.runId,
  });
  return result;
}
