/** One tool call of a run: told before and after, kept in the transcript, never thrown. */
import type { ImagePart, TextPart } from "../../schemas/message.ts";
import type { Clock } from "../observe/clock.ts";
import type { Run } from "./run.ts";
import { runTool, type ToolResult } from "./tools.ts";
import type { ModelObserver, Tool, ToolMedia } from "./types.ts";

type ToolCall = Parameters<ModelObserver["tool"]>[0];

export interface ToolCallDeps {
  readonly tools: readonly Tool[];
  readonly trusted: boolean;
  readonly clock: Clock;
}

/** A failure is a result with isError, so that the model can tell the user. `signal` ends with the run. */
export async function callTool(
  { tools, trusted, clock }: ToolCallDeps,
  run: Run,
  call: ToolCall,
  signal: AbortSignal,
): Promise<ToolResult> {
  if (run.isEnded) return { text: "The run has ended", isError: true };
  const { id: toolCallId, name, args } = call;
  run.events.tool({ phase: "start", name, toolCallId, args }, undefined);
  const { sessionKey, agentId, runId } = run.facts;
  const toChat = run.facts.request.reply !== undefined;
  // Some endpoints number the calls of each answer from 0, and a client may name two runs alike: tools tell calls apart by
  // this id, and a node would answer the second photo with the first one.
  const unique = `${run.facts.id}:${run.toolCalls++}`;
  const context = { sessionKey, agentId, runId, toolCallId: unique, trusted, toChat, signal };
  const { media = [], ...output } = await runTool(tools, name, args, context, clock);
  if (run.isEnded) return output;
  const result = { ...output, text: [output.text, ...keepMedia(run, media)].join("\n") };
  run.events.tool({ phase: "result", name, toolCallId, isError: result.isError }, result.text);
  run.produced.messages.push({
    role: "toolResult",
    toolCallId,
    toolName: name,
    content: [{ type: "text", text: result.text }, ...keptImages(run, result.images ?? [])],
    isError: result.isError,
    timestamp: clock.now(),
    runId: run.facts.runId,
  });
  return result;
}

/** Base64 characters of pictures that one run keeps: it holds them in memory until its end writes them down. */
const MAX_RUN_IMAGE_CHARS = 24 << 20;

/** What the transcript keeps of a result's pictures; the model has seen them all. */
function keptImages({ produced }: Run, images: readonly ImagePart[]): readonly (ImagePart | TextPart)[] {
  const held = produced.messages.flatMap((message) => message.role === "toolResult" ? message.content : [])
    .reduce((sum, part) => part.type === "image" ? sum + part.data.length : sum, 0);
  const more = images.reduce((sum, { data }) => sum + data.length, 0);
  if (held + more <= MAX_RUN_IMAGE_CHARS) return images;
  return [{ type: "text", text: "[the pictures are not kept: this run has made too many]" }];
}

/** Files and bytes that one run may send to its chat. */
const MAX_MEDIA = 8;
const MAX_MEDIA_BYTES = 20 << 20;

/** Keeps what the chat gets with the answer. Returns a line for each file that nobody will see. */
function keepMedia({ facts, produced }: Run, media: readonly ToolMedia[]): string[] {
  const lines: string[] = [];
  for (const item of media) {
    const bytes = produced.media.reduce((sum, { data }) => sum + data.length, item.data.length);
    if (facts.request.reply === undefined) {
      // WebChat shows the pictures of the transcript; other files have no place there.
      if (item.kind !== "image") {
        lines.push(`[${item.fileName} cannot be shown here: this is no chat that takes files]`);
      }
    } else if (produced.media.length < MAX_MEDIA && bytes <= MAX_MEDIA_BYTES) produced.media.push(item);
    else {lines.push(
        `[${item.fileName} is not sent to the chat: one answer carries ${MAX_MEDIA} files and 20 MB at most]`,
      );}
  }
  return lines;
}
