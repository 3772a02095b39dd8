/** The thread as it is drawn: questions and answers in order, an answer being all that one run said and did. */
import {
  type Entry,
  type ImagePart,
  isActive,
  type LiveBlock,
  type Outgoing,
  type Part,
  type Run,
  type Thread,
} from "./model.ts";

export interface ToolView {
  readonly type: "tool";
  readonly key: string;
  readonly name: string;
  readonly args: unknown;
  readonly result: string | undefined;
  /** Pictures among the result; they come with the stored message. */
  readonly images: readonly ImagePart[];
  readonly state: "running" | "done" | "failed" | "stopped";
  readonly ms: number | undefined;
}
export type Block =
  | { readonly type: "text"; readonly key: string; readonly text: string; readonly live: boolean }
  | { readonly type: "thinking"; readonly key: string; readonly text: string; readonly live: boolean }
  | ToolView;

export interface UserTurn {
  readonly kind: "user";
  readonly key: string;
  readonly parts: readonly Part[];
  readonly timestamp: number;
  readonly outgoing: Outgoing | undefined;
  readonly queued: boolean;
}
export interface AgentTurn {
  readonly kind: "agent";
  readonly key: string;
  readonly runId: string | undefined;
  readonly blocks: readonly Block[];
  readonly timestamp: number;
  readonly model: string | undefined;
  /** `waiting`: nothing was said yet. */
  readonly state: "waiting" | "streaming" | "done" | "stopped" | "error";
  readonly error: string | undefined;
}
export interface SystemTurn {
  readonly kind: "system";
  readonly key: string;
  readonly text: string;
  readonly timestamp: number;
}
export type Turn = UserTurn | AgentTurn | SystemTurn;

/** What one run owns, in the order of its parts. */
interface Group {
  readonly runId: string | undefined;
  readonly key: string;
  order: number;
  user: Entry | undefined;
  outgoing: Outgoing | undefined;
  entries: Entry[];
  run: Run | undefined;
}

/** Groups by run, so that a question sent meanwhile does not split the answer before it. */
function group(thread: Thread): Group[] {
  const groups: Group[] = [];
  const byRun = new Map<string, Group>();
  const open = (runId: string | undefined, key: string, order: number): Group => {
    const known = runId === undefined ? undefined : byRun.get(runId);
    if (known) return known;
    const made: Group = { runId, key, order, user: undefined, outgoing: undefined, entries: [], run: undefined };
    groups.push(made);
    if (runId !== undefined) byRun.set(runId, made);
    return made;
  };
  let last: Group | undefined;
  for (const entry of thread.entries) {
    const joins = entry.runId === undefined && last?.runId === undefined && last?.entries.length &&
      entry.role !== "user" &&
      entry.role !== "system";
    const target: Group = joins && last ? last : open(entry.runId, entry.runId ?? entry.id, entry.seq);
    if (entry.role === "user") target.user ??= entry;
    else target.entries.push(entry);
    last = target;
  }
  const end = (thread.entries.at(-1)?.seq ?? 0) + 0.5;
  for (const out of thread.outgoing) open(out.runId, out.runId, out.afterSeq + 0.25).outgoing = out;
  for (const run of thread.runs) open(run.runId, run.runId, end).run = run;
  return groups.sort((a, b) => a.order - b.order);
}

export function buildTurns(thread: Thread): Turn[] {
  const turns: Turn[] = [];
  for (const one of group(thread)) {
    const queued = one.run?.phase === "queued";
    const asked = question(one, queued);
    if (asked) turns.push(asked);
    const said = one.entries.filter((entry) => entry.role !== "system");
    for (const entry of one.entries) if (entry.role === "system") turns.push(systemTurn(entry));
    if (said.length || (one.run && hasTurn(one.run))) turns.push(agentTurn(one, said));
  }
  return turns;
}

/** The stored question, else our own copy of it, else what the gateway says of a run in its queue. */
function question({ key, user, outgoing, run }: Group, queued: boolean): UserTurn | undefined {
  if (user) return userTurn(key, user.parts, user.timestamp, undefined, queued);
  if (outgoing) return userTurn(key, outgoingParts(outgoing), outgoing.timestamp, outgoing, queued);
  if (!run?.question) return undefined;
  return userTurn(key, [{ type: "text", text: run.question }], run.startedAt ?? 0, undefined, queued);
}

/** A queued run has no answer yet; its question says that it waits. */
const hasTurn = (run: Run): boolean => run.phase !== "queued" && (run.phase !== "done" || run.blocks.length > 0);

const outgoingParts = (
  out: Outgoing,
): Part[] => [...out.images, ...(out.text ? [{ type: "text", text: out.text } as const] : [])];

const userTurn = (
  key: string,
  parts: readonly Part[],
  timestamp: number,
  outgoing: Outgoing | undefined,
  queued: boolean,
): UserTurn => ({
  kind: "user",
  key: `q:${key}`,
  parts,
  timestamp,
  outgoing,
  queued,
});

const systemTurn = (entry: Entry): SystemTurn => ({
  kind: "system",
  key: `s:${entry.id}`,
  text: entry.parts.map((part) => part.type === "text" ? part.text : "").join(" "),
  timestamp: entry.timestamp,
});

function agentTurn(one: Group, entries: readonly Entry[]): AgentTurn {
  const { run } = one;
  const active = run !== undefined && isActive(run);
  const results = new Map(entries.filter((e) => e.role === "toolResult").map((e) => [e.toolCallId, e]));
  const blocks: Block[] = [];
  for (const entry of entries) if (entry.role === "assistant") pushStored(blocks, entry, results, active);
  for (const block of run?.blocks ?? []) pushLive(blocks, block, active);
  const last = entries.findLast((entry) => entry.role === "assistant");
  const error = run?.phase === "error" ? run.error : last?.error;
  const stopped = run?.phase === "aborted" || (!active && last?.stopReason === "aborted");
  const streaming = blocks.some((block) => block.type === "text");
  return {
    kind: "agent",
    key: `a:${one.key}`,
    runId: one.runId,
    blocks,
    timestamp: last?.timestamp ?? run?.startedAt ?? 0,
    model: last?.model,
    state: active
      ? (streaming ? "streaming" : "waiting")
      : error !== undefined
      ? "error"
      : stopped
      ? "stopped"
      : "done",
    error,
  };
}

/** Keys count text blocks from the start of the run: a stored block takes the place of the live one it came from. */
const keyOf = (blocks: readonly Block[], type: "text" | "thinking"): string =>
  `${type}${blocks.filter((block) => block.type === type).length}`;

function pushStored(
  blocks: Block[],
  entry: Entry,
  results: ReadonlyMap<string | undefined, Entry>,
  active: boolean,
): void {
  for (const part of entry.parts) {
    if (part.type === "text" || part.type === "thinking") {
      if (part.text.trim()) {
        blocks.push({ type: part.type, key: keyOf(blocks, part.type), text: part.text, live: false });
      }
    } else if (part.type === "tool") {
      const result = results.get(part.id);
      const text = result?.parts.map((p) => p.type === "text" ? p.text : "").join("\n");
      blocks.push({
        type: "tool",
        key: `tool:${part.id}`,
        name: part.name,
        args: part.args,
        result: text,
        images: result?.parts.filter((p) => p.type === "image") ?? [],
        state: result ? (result.isError ? "failed" : "done") : active ? "running" : "stopped",
        ms: result ? Math.max(0, result.timestamp - entry.timestamp) : undefined,
      });
    }
  }
}

function pushLive(blocks: Block[], block: LiveBlock, active: boolean): void {
  if (block.type !== "tool") {
    blocks.push({ type: block.type, key: keyOf(blocks, block.type), text: block.text, live: active });
    return;
  }
  const ended = block.endedAt !== undefined;
  const key = `tool:${block.id}`;
  const live: ToolView = {
    type: "tool",
    key,
    name: block.name,
    args: block.args,
    result: block.result,
    images: [],
    state: ended ? (block.isError ? "failed" : "done") : active ? "running" : "stopped",
    ms: block.endedAt === undefined ? undefined : Math.max(0, block.endedAt - block.startedAt),
  };
  // The stored call may be there before its result: then the live end of it completes the line that there is.
  const at = blocks.findIndex((one) => one.key === key);
  const known = blocks[at];
  if (known?.type !== "tool") blocks.push(live);
  else if (known.result === undefined && ended) blocks[at] = { ...live, args: known.args };
}
