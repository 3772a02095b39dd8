/** One tool call of a run: told before and after, kept in the transcript, never thrown. */
import type { Clock } from "../observe/clock.ts";
import type { Run } from "./run.ts";
import type { ModelObserver, Tool } from "./types.ts";

/** Characters of a tool's answer that the model and the transcript get. */
const MAX_TOOL_CHARS = 100_000;

type ToolCall = Parameters<ModelObserver["tool"]>[0];

export interface ToolResult {
  readonly text: string;
  readonly isError: boolean;
}

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
  const result = await execute(tools.find((tool) => tool.name === name), run, call, signal);
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

async function execute(tool: Tool | undefined, run: Run, call: ToolCall, signal: AbortSignal): Promise<ToolResult> {
  if (!tool) return { text: `There is no tool "${call.name}"`, isError: true };
  const { sessionKey, agentId } = run.facts;
  try {
    const text = await tool.run(call.args, { sessionKey, agentId, signal });
    return { text: text.length > MAX_TOOL_CHARS ? `${text.slice(0, MAX_TOOL_CHARS)}\n[cut]` : text, isError: false };
  } catch (error) {
    return { text: error instanceof Error ? error.message : String(error), isError: true };
  }
}
