/** The tools that every agent has, and the one way to run a tool: bounded in time and size, never throwing. */
import type { Clock } from "../observe/clock.ts";
import type { SessionStore, Transcript } from "../session/types.ts";
import type { ToolContext } from "./tool_define.ts";
import { sessionsHistoryTool, sessionsListTool } from "./tool_sessions.ts";
import { timeTool } from "./tool_time.ts";
import type { ImagePart } from "../../schemas/message.ts";
import { pickImages } from "./tool_images.ts";
import type { Tool, ToolBox, ToolMedia, ToolOutput } from "./types.ts";

/** UTF-8 bytes of a result that reach the model. */
const MAX_BYTES = 32 << 10;
const DEADLINE_MS = 30_000;

export function createTools(
  { sessions, transcript, clock }: {
    readonly sessions: SessionStore;
    readonly transcript: Transcript;
    readonly clock: Clock;
  },
): readonly Tool[] {
  return [timeTool(clock), sessionsListTool(sessions, transcript), sessionsHistoryTool(sessions, transcript)];
}

/** The same tools for every turn. */
export const sameTools = (tools: readonly Tool[]): ToolBox => ({ for: () => tools, all: () => tools });

/** The tools of all boxes, those of the first one first. */
export const joinTools = (...boxes: readonly ToolBox[]): ToolBox => ({
  for: (run) => boxes.flatMap((box) => box.for(run)),
  all: () => boxes.flatMap((box) => box.all()),
  note: (run) => boxes.flatMap((box) => box.note?.(run) ?? []).join("\n"),
});

export interface ToolResult {
  readonly text: string;
  readonly images?: readonly ImagePart[];
  readonly media?: readonly ToolMedia[];
  readonly isError: boolean;
}

/**
 * Runs the tool `name` of `tools`. Every failure is a result with `isError`: an unknown name, bad arguments, a thrown
 * error, 30 s without an answer, an abort (`context.signal`). The text is cut at 32 KiB, at a character border.
 */
export async function runTool(
  tools: readonly Tool[],
  name: string,
  args: Record<string, unknown>,
  context: ToolContext,
  clock: Clock,
  limitMs?: number,
): Promise<ToolResult> {
  const tool = tools.find((tool) => tool.name === name);
  if (!tool) return failure(`There is no tool "${name}"`);
  const deadlineMs = limitMs ?? tool.deadlineMs ?? DEADLINE_MS;
  const stop = new AbortController();
  const ended = Promise.withResolvers<never>();
  const onAbort = (): void => ended.reject(new Error(`Cannot finish ${name}: the run was stopped`));
  const cancel = clock.after(deadlineMs, () => {
    ended.reject(new Error(`Cannot finish ${name}: it took longer than ${deadlineMs / 1000} s`));
  });
  if (context.signal.aborted) onAbort();
  context.signal.addEventListener("abort", onAbort, { once: true });
  try {
    const work = Promise.try(() => tool.run(args, { ...context, signal: stop.signal }));
    const output = await Promise.race([work, ended.promise]);
    return success(typeof output === "string" ? { text: output } : output);
  } catch (error) {
    return failure(error instanceof Error ? error.message : String(error));
  } finally {
    cancel();
    context.signal.removeEventListener("abort", onAbort);
    stop.abort();
  }
}

function success({ text, images = [], media = [] }: ToolOutput): ToolResult {
  const { kept, notes } = pickImages(images);
  return {
    text: [cut(text), ...notes].join("\n"),
    ...(kept.length === 0 ? {} : { images: kept }),
    ...(media.length === 0 ? {} : { media }),
    isError: false,
  };
}

const failure = (text: string): ToolResult => ({ text: cut(text), isError: true });

function cut(text: string): string {
  // Three bytes for a UTF-16 unit at most: most texts need no encoding to be known as short.
  if (text.length * 3 <= MAX_BYTES) return text;
  const target = new Uint8Array(MAX_BYTES);
  const { read } = new TextEncoder().encodeInto(text, target);
  return read === text.length ? text : `${text.slice(0, read)}\n[cut at ${MAX_BYTES >> 10} KiB]`;
}
