/**
 * What the page knows: the connection, the sessions, the threads, the devices, the channels, the nodes, the canvas. Plain
 * data; the reducer changes it.
 */
import type { Connection } from "../../client/protocol.ts";
import type { Hello } from "../../client/hello.ts";
import { type ApprovalsState, emptyApprovals } from "./approvals_model.ts";
import { type CanvasView, emptyCanvas } from "./canvas_model.ts";
import { type ChannelsState, emptyChannels } from "./channels_model.ts";
import { emptyNodes, type NodesState } from "./nodes_model.ts";

export interface ImagePart {
  readonly type: "image";
  readonly mimeType: string;
  /** base64; empty when the gateway left it out. */
  readonly data: string;
}
export type Part =
  | { readonly type: "text" | "thinking"; readonly text: string }
  | { readonly type: "tool"; readonly id: string; readonly name: string; readonly args: unknown }
  | ImagePart;

/** A message of the stored transcript. */
export interface Entry {
  readonly id: string;
  /** From 1, without gaps within a session id. */
  readonly seq: number;
  readonly role: "user" | "assistant" | "toolResult" | "system";
  readonly runId: string | undefined;
  readonly parts: readonly Part[];
  readonly timestamp: number;
  readonly error: string | undefined;
  readonly stopReason: string | undefined;
  readonly model: string | undefined;
  readonly toolCallId: string | undefined;
  readonly isError: boolean;
}

/** A message of ours until the transcript holds it. `runId` is its idempotency key. */
export interface Outgoing {
  readonly runId: string;
  readonly text: string;
  readonly images: readonly ImagePart[];
  readonly timestamp: number;
  readonly status: "sending" | "accepted" | "failed";
  readonly error: string | undefined;
  /** The last stored message when it was sent: its place in the thread. */
  readonly afterSeq: number;
}

export interface LiveTool {
  readonly type: "tool";
  readonly id: string;
  readonly name: string;
  readonly args: unknown;
  readonly result: string | undefined;
  readonly isError: boolean;
  readonly startedAt: number;
  readonly endedAt: number | undefined;
}
export type LiveBlock = { readonly type: "text" | "thinking"; readonly text: string } | LiveTool;

/** What we hear of a run before the transcript has it: an overlay that stored messages replace. */
export interface Run {
  readonly runId: string;
  readonly phase: "queued" | "running" | "done" | "aborted" | "error";
  readonly seq: number;
  readonly startedAt: number | undefined;
  readonly blocks: readonly LiveBlock[];
  /** The text of the run's last stored message; a late delta of it must not show it a second time. */
  readonly sealed: string | undefined;
  readonly error: string | undefined;
  /** The question of a queued run, which the transcript may not hold yet. */
  readonly question: string | undefined;
}

export interface Thread {
  readonly key: string;
  readonly sessionId: string | undefined;
  readonly loaded: boolean;
  readonly loadingOlder: boolean;
  readonly hasMore: boolean;
  readonly entries: readonly Entry[];
  readonly outgoing: readonly Outgoing[];
  readonly runs: readonly Run[];
  /** Why the history could not be read, in the gateway's words. */
  readonly problem: string | undefined;
}

export interface SessionRow {
  readonly key: string;
  readonly label: string | undefined;
  readonly title: string | undefined;
  readonly preview: string | undefined;
  readonly channel: string | undefined;
  readonly updatedAt: number;
  readonly model: string | undefined;
  readonly running: boolean;
}

export interface PendingDevice {
  readonly requestId: string;
  readonly deviceId: string;
  readonly name: string;
  readonly platform: string | undefined;
  readonly address: string | undefined;
  readonly role: string | undefined;
  readonly scopes: readonly string[];
  readonly ts: number;
}
export interface PairedDevice {
  readonly deviceId: string;
  readonly name: string;
  readonly platform: string | undefined;
  readonly lastSeenAt: number | undefined;
  readonly connected: boolean;
}

export interface Notice {
  readonly id: number;
  readonly kind: "error" | "info";
  readonly text: string;
}

export interface State {
  readonly connection: Connection;
  /** The last hello; kept while we reconnect, so that the page stays as it was. */
  readonly hello: Hello | undefined;
  readonly deviceId: string | undefined;
  readonly current: string;
  readonly threads: Readonly<Record<string, Thread>>;
  readonly sessions: readonly SessionRow[];
  /** What the gateway found for a search; it looks further than the list reaches. */
  readonly found: { readonly query: string; readonly rows: readonly SessionRow[] };
  readonly defaultModel: string | undefined;
  readonly pending: readonly PendingDevice[];
  readonly paired: readonly PairedDevice[];
  readonly channels: ChannelsState;
  readonly nodes: NodesState;
  readonly approvals: ApprovalsState;
  /** Of the open session. */
  readonly canvas: CanvasView;
  readonly notice: Notice | undefined;
}

export const emptyThread = (key: string): Thread => ({
  key,
  sessionId: undefined,
  loaded: false,
  loadingOlder: false,
  hasMore: false,
  entries: [],
  outgoing: [],
  runs: [],
  problem: undefined,
});

export const emptyState: State = {
  connection: { state: "connecting" },
  hello: undefined,
  deviceId: undefined,
  current: "",
  threads: {},
  sessions: [],
  found: { query: "", rows: [] },
  defaultModel: undefined,
  pending: [],
  paired: [],
  channels: emptyChannels,
  nodes: emptyNodes,
  approvals: emptyApprovals,
  canvas: emptyCanvas,
  notice: undefined,
};

export const threadOf = (state: State, key: string = state.current): Thread => state.threads[key] ?? emptyThread(key);
export const isActive = (run: Run): boolean => run.phase === "queued" || run.phase === "running";
export const activeRuns = (thread: Thread): Run[] => thread.runs.filter(isActive);
