/** The only place where the state changes: a pure function of the state and what happened. */
import type { Connection } from "../../client/protocol.ts";
import type { Hello } from "../../client/hello.ts";
import type { ApprovalsState } from "./approvals_model.ts";
import type { CanvasView } from "./canvas_model.ts";
import type { ChannelsState } from "./channels_model.ts";
import {
  emptyThread,
  type Entry,
  type Notice,
  type Outgoing,
  type PairedDevice,
  type PendingDevice,
  type SessionRow,
  type State,
  type Thread,
  threadOf,
} from "./model.ts";
import type { NodesState } from "./nodes_model.ts";
import type { History } from "./parse.ts";
import { agentEvent, chatEvent, reconcile, seal, withRun } from "./runs.ts";

export type Action =
  | { readonly type: "connection"; readonly connection: Connection }
  | { readonly type: "hello"; readonly hello: Hello; readonly current: string }
  | { readonly type: "identity"; readonly deviceId: string }
  | { readonly type: "select"; readonly key: string }
  | { readonly type: "sessions"; readonly rows: readonly SessionRow[]; readonly model: string | undefined }
  | { readonly type: "found"; readonly query: string; readonly rows: readonly SessionRow[] }
  | { readonly type: "forget"; readonly key: string }
  | { readonly type: "rename"; readonly key: string; readonly label: string }
  | { readonly type: "history"; readonly key: string; readonly history: History }
  | { readonly type: "older"; readonly key: string; readonly history: History | undefined }
  | { readonly type: "problem"; readonly key: string; readonly text: string }
  | { readonly type: "stored"; readonly key: string; readonly entry: Entry }
  | { readonly type: "agent" | "chat"; readonly key: string; readonly payload: unknown }
  | { readonly type: "outgoing"; readonly key: string; readonly message: Outgoing }
  | { readonly type: "accepted"; readonly key: string; readonly runId: string; readonly done: boolean }
  | { readonly type: "unsent"; readonly key: string; readonly runId: string; readonly error: string }
  | { readonly type: "discard"; readonly key: string; readonly runId: string }
  | {
    readonly type: "devices";
    readonly pending: readonly PendingDevice[];
    readonly paired: readonly PairedDevice[];
  }
  | { readonly type: "channels"; readonly change: Partial<ChannelsState> }
  | { readonly type: "nodes"; readonly change: Partial<NodesState> }
  | { readonly type: "approvals"; readonly change: Partial<ApprovalsState> }
  | { readonly type: "canvas"; readonly change: Partial<CanvasView> }
  | { readonly type: "notice"; readonly notice: Notice | undefined };

export function reduce(state: State, action: Action): State {
  switch (action.type) {
    case "connection":
      return { ...state, connection: action.connection };
    case "hello":
      return { ...state, hello: action.hello, current: action.current };
    case "identity":
      return { ...state, deviceId: action.deviceId };
    case "select":
      return select(state, action.key);
    case "sessions":
      return {
        ...state,
        sessions: action.rows,
        defaultModel: action.model ?? state.defaultModel,
      };
    case "found":
      return { ...state, found: { query: action.query, rows: action.rows } };
    case "forget":
      return forget(state, action.key);
    case "rename":
      return {
        ...state,
        sessions: state.sessions.map((row) =>
          row.key === action.key ? { ...row, label: action.label || undefined } : row
        ),
      };
    case "devices":
      return { ...state, pending: action.pending, paired: action.paired };
    case "channels":
      return { ...state, channels: { ...state.channels, ...action.change } };
    case "nodes":
      return { ...state, nodes: { ...state.nodes, ...action.change } };
    case "approvals":
      return { ...state, approvals: { ...state.approvals, ...action.change } };
    case "canvas":
      return { ...state, canvas: { ...state.canvas, ...action.change } };
    case "notice":
      return { ...state, notice: action.notice };
    default:
      return { ...state, threads: { ...state.threads, [action.key]: inThread(threadOf(state, action.key), action) } };
  }
}

type ThreadAction = Extract<Action, { readonly key: string }>;

function inThread(thread: Thread, action: ThreadAction): Thread {
  switch (action.type) {
    case "history":
      return applyHistory(thread, action.history);
    case "older":
      return applyOlder(thread, action.history);
    case "problem":
      return { ...thread, problem: action.text };
    case "stored":
      return applyStored(thread, action.entry);
    case "agent":
      return agentEvent(thread, action.payload);
    case "chat":
      return chatEvent(thread, action.payload);
    case "outgoing":
      return {
        ...thread,
        outgoing: [...thread.outgoing.filter((o) => o.runId !== action.message.runId), action.message],
      };
    case "accepted":
      return accepted(thread, action.runId, action.done);
    case "unsent":
      return changeOutgoing(thread, action.runId, { status: "failed", error: action.error });
    case "discard":
      return { ...thread, outgoing: thread.outgoing.filter((o) => o.runId !== action.runId) };
    default:
      return thread;
  }
}

/** The thread that is left hears no more events, so its overlays would only grow old. */
function select(state: State, key: string): State {
  const left = state.threads[state.current];
  const threads = left && key !== state.current
    ? { ...state.threads, [left.key]: { ...left, runs: [] } }
    : state.threads;
  return { ...state, current: key, threads };
}

function forget(state: State, key: string): State {
  const { [key]: _gone, ...threads } = state.threads;
  return { ...state, threads, sessions: state.sessions.filter((row) => row.key !== key) };
}

function changeOutgoing(thread: Thread, runId: string, change: Partial<Outgoing>): Thread {
  return { ...thread, outgoing: thread.outgoing.map((o) => o.runId === runId ? { ...o, ...change } : o) };
}

/** The gateway has the message. Its run exists from now on, so that Stop is there before the first word. */
function accepted(thread: Thread, runId: string, done: boolean): Thread {
  const next = changeOutgoing(thread, runId, { status: "accepted", error: undefined });
  return done || thread.runs.some((run) => run.runId === runId) ? next : withRun(next, runId, (run) => run, "queued");
}

/** Drops what the transcript now holds itself. */
function settle(thread: Thread, entries: readonly Entry[]): Thread {
  const stored = new Set(entries.filter((entry) => entry.role === "user").map((entry) => entry.runId));
  return { ...thread, entries, outgoing: thread.outgoing.filter((o) => !stored.has(o.runId)) };
}

/** Joins two stretches of one transcript; entries are keyed by place, the newer copy wins. */
function join(older: readonly Entry[], newer: readonly Entry[]): Entry[] {
  const bySeq = new Map<number, Entry>();
  for (const entry of [...older, ...newer]) bySeq.set(entry.seq, entry);
  return [...bySeq.values()].sort((a, b) => a.seq - b.seq);
}

/** History is the truth: it replaces what we had, except older pages that join on without a hole. */
function applyHistory(thread: Thread, history: History): Thread {
  const same = thread.sessionId === undefined || thread.sessionId === history.sessionId;
  const base = same
    ? thread
    : { ...emptyThread(thread.key), outgoing: thread.outgoing.filter((o) => o.status !== "accepted") };
  const first = history.entries[0]?.seq ?? 0;
  const last = history.entries.at(-1)?.seq ?? 0;
  const older = base.entries.filter((entry) => entry.seq < first);
  const joins = older.length > 0 && older.at(-1)?.seq === first - 1;
  // Events that arrived before this answer may already have brought what follows it.
  const newer = base.entries.filter((entry) => last > 0 && entry.seq > last);
  const entries = join([...(joins ? older : []), ...newer], history.entries);
  const merged = settle(base, entries);
  return reconcile({
    ...merged,
    sessionId: history.sessionId ?? base.sessionId,
    loaded: true,
    loadingOlder: false,
    hasMore: joins ? base.hasMore : history.hasMore,
    problem: undefined,
  }, history.inFlight);
}

function applyOlder(thread: Thread, history: History | undefined): Thread {
  if (!history) return { ...thread, loadingOlder: true };
  const first = thread.entries[0]?.seq ?? 0;
  const older = history.entries.filter((entry) => entry.seq < first);
  return {
    ...thread,
    loadingOlder: false,
    hasMore: older.length > 0 && history.hasMore,
    entries: join(older, thread.entries),
  };
}

function applyStored(thread: Thread, entry: Entry): Thread {
  return seal(settle(thread, join(thread.entries, [entry])), entry);
}
