/** Reads one model call's stream: pieces go out as they come, the whole message comes back at the end. */
import type { ModelTarget } from "../../schemas/worker/agent.ts";
import { JsonObject } from "../../schemas/primitives.ts";
import type { Usage } from "../../schemas/message.ts";
import { checker } from "../../schemas/validate.ts";
import type { Step, StepIo, ToolCall } from "./engine.ts";
import { ModelFault, streamFault } from "./errors.ts";
import type { Metadata, Prompt, StreamPart } from "./sdk_model.ts";

/** UTF-16 units of text and thinking of one message; more is cut off with stop reason `length`. */
const MAX_CHARS = 4 << 20;
/** UTF-16 units of one tool call's arguments. */
const MAX_INPUT = 1 << 20;
/** Tool calls of one message that are kept at all; `run.ts` carries out fewer. */
const MAX_CALLS = 256;

type AssistantContent = Extract<Prompt[number], { role: "assistant" }>["content"];
type Finish = Extract<StreamPart, { type: "finish" }>;
type CallPart = Extract<StreamPart, { type: "tool-call" }>;

const isObject = checker(JsonObject).is;

interface Draft {
  text: string;
  thinking: string;
  readonly toolCalls: ToolCall[];
  /** As the next call of this run must repeat it: order kept, provider metadata on each part. */
  readonly content: AssistantContent;
  finish: Finish | undefined;
  cut: boolean;
}

/** Rejects with ModelFault when the endpoint reports a fault or the stream ends before the message does. */
export async function readStep(
  stream: ReadableStream<StreamPart>,
  io: StepIo,
  target: ModelTarget,
): Promise<{ readonly step: Step; readonly content: AssistantContent }> {
  const draft: Draft = { text: "", thinking: "", toolCalls: [], content: [], finish: undefined, cut: false };
  const reader = stream.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      take(value, draft, io, target);
      if (draft.cut) break;
    }
  } finally {
    // Ends the HTTP request of a stream that was left early; a no-op on one that is over.
    reader.cancel().catch(() => {});
  }
  io.signal.throwIfAborted();
  return { step: complete(draft, target), content: draft.content.filter(isKept) };
}

/** Endpoints refuse an empty text; an empty thought may still carry its signature. */
const isKept = (part: AssistantContent[number]): boolean =>
  (part.type !== "text" && part.type !== "reasoning") || part.text !== "" || part.providerOptions !== undefined;

function take(part: StreamPart, draft: Draft, io: StepIo, target: ModelTarget): void {
  switch (part.type) {
    case "text-start":
      return void draft.content.push({ type: "text", text: "", ...options(part.providerMetadata) });
    case "text-delta":
      return addText(part.delta, "text", part.providerMetadata, draft, io);
    case "reasoning-start":
      return void draft.content.push({ type: "reasoning", text: "", ...options(part.providerMetadata) });
    case "reasoning-delta":
    case "reasoning-end":
      return addText("delta" in part ? part.delta : "", "reasoning", part.providerMetadata, draft, io);
    case "tool-call":
      return addCall(part, draft);
    case "error":
      throw streamFault(part.error, target);
    case "finish":
      draft.finish = part;
  }
}

function addText(
  delta: string,
  type: "text" | "reasoning",
  metadata: Metadata | undefined,
  draft: Draft,
  io: StepIo,
): void {
  const last = draft.content.findLast((part) => part.type === type);
  if (last?.type === "text" || last?.type === "reasoning") {
    last.text += delta;
    if (metadata) last.providerOptions = metadata;
  }
  if (delta === "") return;
  if (type === "text") draft.text += delta;
  else draft.thinking += delta;
  io.delta(type === "text" ? "text" : "thinking", delta);
  if (draft.text.length + draft.thinking.length > MAX_CHARS) draft.cut = true;
}

/** Calls that the provider carries out itself are its own business. */
function addCall(part: CallPart, draft: Draft): void {
  if (part.providerExecuted === true || draft.toolCalls.length >= MAX_CALLS) return;
  const known = draft.toolCalls.some((call) => call.id === part.toolCallId);
  const id = part.toolCallId === "" || known ? `call_${crypto.randomUUID()}` : part.toolCallId;
  // An empty name would make the whole message malformed; main answers that there is no such tool.
  const name = part.toolName === "" ? "unknown" : part.toolName;
  const { value, invalid } = parseInput(part.input);
  draft.toolCalls.push({
    id,
    name,
    arguments: value,
    ...(invalid === undefined ? {} : { invalid }),
  });
  draft.content.push({
    type: "tool-call",
    toolCallId: id,
    toolName: name,
    input: value,
    ...options(part.providerMetadata),
  });
}

function parseInput(input: string): { readonly value: Record<string, unknown>; readonly invalid?: string } {
  if (input.trim() === "") return { value: {} };
  if (input.length > MAX_INPUT) return { value: {}, invalid: "Cannot read the arguments: they are too long" };
  try {
    const value: unknown = JSON.parse(input);
    return isObject(value) ? { value } : { value: {}, invalid: "Cannot read the arguments: not a JSON object" };
  } catch {
    return { value: {}, invalid: "Cannot read the arguments: not valid JSON" };
  }
}

const options = (metadata: Metadata | undefined): { providerOptions?: Metadata } =>
  metadata === undefined ? {} : { providerOptions: metadata };

function complete(draft: Draft, target: ModelTarget): Step {
  const { text, thinking, toolCalls, finish } = draft;
  if (!draft.cut) refuseUnfinished(finish, text !== "" || toolCalls.length > 0, target);
  const reason = finish?.finishReason.unified;
  const long = draft.cut || reason === "length";
  // A message cut off at its limit may hold half a tool call; carrying that out would be a guess.
  const calls = long ? [] : toolCalls;
  const stopReason = long ? "length" : calls.length > 0 ? "toolUse" : "stop";
  return { text, thinking, toolCalls: calls, stopReason, usage: finish && usageOf(finish.usage) };
}

function refuseUnfinished(finish: Finish | undefined, hasContent: boolean, target: ModelTarget): void {
  const reason = finish?.finishReason.unified;
  if (reason === undefined || reason === "interrupted") {
    throw new ModelFault("unreachable", `${target.provider} ended its answer before it was complete; try again`);
  }
  if (reason === "content-filter") {
    throw new ModelFault("refusal", `${target.model} refused to answer this message; put it differently`);
  }
  if (reason === "error" && !hasContent) {
    throw new ModelFault("unknown", `${target.provider} ended its answer with an error; try again`);
  }
}

function usageOf(usage: Finish["usage"]): Usage | undefined {
  const { inputTokens, outputTokens } = usage;
  if (inputTokens.total === undefined && outputTokens.total === undefined) return undefined;
  const cacheRead = count(inputTokens.cacheRead);
  const cacheWrite = count(inputTokens.cacheWrite);
  const input = count(inputTokens.noCache ?? (inputTokens.total ?? 0) - cacheRead - cacheWrite);
  const output = count(outputTokens.total);
  return {
    input,
    output,
    ...(cacheRead > 0 ? { cacheRead } : {}),
    ...(cacheWrite > 0 ? { cacheWrite } : {}),
    total: input + output + cacheRead + cacheWrite,
  };
}

/** Servers send null, fractions and negative numbers where tokens are counted. */
const count = (value: number | undefined): number =>
  value !== undefined && Number.isFinite(value) && value > 0 ? Math.round(value) : 0;
