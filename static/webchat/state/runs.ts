/** Runs as they happen: events make an overlay, stored messages take its place, and nothing is ever shown twice. */
import { fields, number, text, word } from "../../client/read.ts";
import type { Entry, LiveBlock, LiveTool, Run, Thread } from "./model.ts";
import { isActive } from "./model.ts";
import { type InFlight, plainText, readEntry } from "./parse.ts";

const newRun = (runId: string, phase: Run["phase"]): Run => ({
  runId,
  phase,
  seq: 0,
  startedAt: undefined,
  blocks: [],
  sealed: undefined,
  error: undefined,
  question: undefined,
});

/** Changes one run of a thread; makes it when it is new. */
export function withRun(
  thread: Thread,
  runId: string,
  change: (run: Run) => Run,
  phase: Run["phase"] = "running",
): Thread {
  const known = thread.runs.find((run) => run.runId === runId);
  if (!known) return { ...thread, runs: [...thread.runs, change(newRun(runId, phase))] };
  return { ...thread, runs: thread.runs.map((run) => run === known ? change(run) : run) };
}

/** `text` is cumulative within one message; a text that does not grow the last block starts a new message. */
export function grow(run: Run, kind: "text" | "thinking", value: string): Run {
  if (!value) return run;
  if (kind === "text" && run.sealed !== undefined && run.sealed.startsWith(value.trimEnd())) return run;
  const blocks = run.blocks;
  const last = blocks.at(-1);
  if (last?.type === kind && value.startsWith(last.text.slice(0, 24))) {
    // A delta that was overtaken by a longer one has nothing to add.
    if (last.text.length >= value.length) return run;
    return { ...run, sealed: undefined, blocks: [...blocks.slice(0, -1), { type: kind, text: value }] };
  }
  return { ...run, sealed: kind === "text" ? undefined : run.sealed, blocks: [...blocks, { type: kind, text: value }] };
}

function resultText(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  return typeof value === "string" ? value : JSON.stringify(value, null, 2);
}

function tool(run: Run, data: Readonly<Record<string, unknown>>, at: number): Run {
  const id = word(data["toolCallId"]) ?? "";
  const known = run.blocks.find((block): block is LiveTool => block.type === "tool" && block.id === id);
  const ended = data["phase"] === "result";
  const next: LiveTool = {
    type: "tool",
    id,
    name: word(data["name"]) ?? known?.name ?? "tool",
    args: data["args"] ?? known?.args,
    result: resultText(data["result"]) ?? known?.result,
    isError: data["isError"] === true,
    startedAt: known?.startedAt ?? at,
    endedAt: ended ? at : undefined,
  };
  const blocks: LiveBlock[] = known ? run.blocks.map((b) => b === known ? next : b) : [...run.blocks, next];
  return { ...run, blocks };
}

/** Whether the transcript holds the end of this run: events that come after it would raise it from the dead. */
function isOver(thread: Thread, runId: string): boolean {
  if (thread.runs.some((run) => run.runId === runId)) return false;
  const last = thread.entries.findLast((entry) => entry.runId === runId && entry.role === "assistant");
  return last !== undefined && endsRun(last);
}

/** An `agent` event. */
export function agentEvent(thread: Thread, payload: unknown): Thread {
  const p = fields(payload);
  const runId = word(p["runId"]);
  if (runId === undefined || isOver(thread, runId)) return thread;
  const seq = number(p["seq"]) ?? 0;
  const data = fields(p["data"]);
  const at = number(p["ts"]) ?? 0;
  return withRun(thread, runId, (run) => {
    // What history already told us, and what follows the end, is old news.
    if ((seq > 0 && seq <= run.seq) || !isActive(run)) return run;
    const next: Run = { ...run, seq: Math.max(seq, run.seq), phase: "running" };
    switch (p["stream"]) {
      case "lifecycle":
        return { ...next, startedAt: number(data["startedAt"]) ?? next.startedAt };
      case "assistant":
        return grow(next, "text", text(data["text"]) ?? "");
      case "thinking":
        return grow(next, "thinking", text(data["text"]) ?? "");
      case "tool":
        return tool(next, data, at);
      default:
        return next;
    }
  });
}

/** A `chat` event: a delta is the same text as the `agent` event's, the others end the run. */
export function chatEvent(thread: Thread, payload: unknown): Thread {
  const p = fields(payload);
  const runId = word(p["runId"]);
  if (runId === undefined || isOver(thread, runId)) return thread;
  const seq = number(p["seq"]) ?? 0;
  const message = readEntry(p["message"], { id: "", seq: 0 });
  const said = message ? plainText(message.parts) : "";
  return withRun(thread, runId, (run) => {
    if (!isActive(run)) return run;
    switch (p["state"]) {
      case "delta":
        return seq < run.seq ? run : { ...grow(run, "text", said), seq, phase: "running" };
      case "final":
        return { ...finish(run, said), phase: "done" };
      case "aborted":
        return { ...finish(run, said), phase: "aborted" };
      case "error":
        return { ...run, phase: "error", error: word(p["errorMessage"]) ?? "" };
      default:
        return run;
    }
  });
}

/** The final text wins over what was streamed of it. */
function finish(run: Run, said: string): Run {
  if (!said || run.sealed?.trim() === said.trim()) return run;
  const at = run.blocks.findLastIndex((block) => block.type === "text");
  const live = run.blocks[at];
  if (live?.type !== "text") return { ...run, blocks: [...run.blocks, { type: "text", text: said }] };
  const same = said.startsWith(live.text.slice(0, 24)) || live.text.startsWith(said.slice(0, 24));
  const block: LiveBlock = { type: "text", text: said };
  return { ...run, blocks: same ? run.blocks.with(at, block) : [...run.blocks, block] };
}

const endsRun = (entry: Entry): boolean => entry.error !== undefined || entry.stopReason !== "toolUse";

/** A message of this run is in the transcript now: what it says leaves the overlay. */
export function seal(thread: Thread, entry: Entry): Thread {
  const run = thread.runs.find((one) => one.runId === entry.runId);
  if (!run || entry.role !== "assistant") return thread;
  const stored = new Set(entry.parts.map((p) => p.type === "tool" ? p.id : ""));
  const blocks = run.blocks.filter((block) => block.type === "tool" && !stored.has(block.id));
  const over = !isActive(run) && endsRun(entry);
  if (over) return { ...thread, runs: thread.runs.filter((one) => one !== run) };
  return withRun(thread, run.runId, (one) => ({ ...one, blocks, sealed: plainText(entry.parts) || one.sealed }));
}

/** Overlays after a fresh history: what runs now, and ends that the transcript does not know. */
export function reconcile(thread: Thread, inFlight: readonly InFlight[]): Thread {
  const stored = new Map<string, Entry>();
  for (const entry of thread.entries) if (entry.runId && entry.role === "assistant") stored.set(entry.runId, entry);
  const running = new Set(inFlight.map((run) => run.runId));
  const ended = thread.runs.filter((run) => {
    if (running.has(run.runId)) return false;
    return (run.phase === "error" || run.phase === "aborted") && !stored.has(run.runId);
  });
  const calls = new Set(thread.entries.flatMap((entry) => entry.parts.map((p) => p.type === "tool" ? p.id : "")));
  const live = inFlight.map((run): Run => {
    const last = stored.get(run.runId);
    const sealed = last ? plainText(last.parts) || undefined : undefined;
    const before = thread.runs.find((one) => one.runId === run.runId)?.blocks ?? [];
    const blocks = before.filter((block) => block.type === "tool" && !calls.has(block.id));
    const base = { ...newRun(run.runId, run.queued ? "queued" : "running"), blocks, sealed };
    return { ...grow(base, "text", run.text), seq: run.seq, startedAt: run.startedAt, question: run.question };
  });
  return { ...thread, runs: [...ended, ...live] };
}
