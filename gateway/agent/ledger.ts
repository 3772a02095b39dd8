/**
 * The run ledger: what was accepted, what became of it, and the last word for repeats of the same key. Rows outlive the
 * process, so that a repeat after a restart gets the same answer and an interrupted run can be told from a finished one.
 */
import { MODEL_ERROR_KINDS, ThinkingLevel } from "../../schemas/worker/agent.ts";
import { ImagePart, Usage } from "../../schemas/message.ts";
import { Closed, Int0, NonEmpty, OneOf, type Static, Type } from "../../schemas/primitives.ts";
import { checker } from "../../schemas/validate.ts";
import { Target } from "../../schemas/worker/content.ts";
import type { Db, Row } from "../storage/db.ts";
import type { RunFinal } from "./types.ts";

/** Milliseconds in which a repeat gets the first answer, and how long `agent.wait` remembers an end. */
export const REPEAT_TTL_MS = 300_000;
export const REMEMBER_MS = 600_000;
export const MAX_ENDED = 1_000;

/** Where the answer goes beside the session: a chat of a channel. */
export const ReplyRoute = Closed({
  channel: NonEmpty,
  accountId: NonEmpty,
  target: Target,
  /** The message of the inbox that is answered. */
  inboxId: Type.Optional(NonEmpty),
});
export type ReplyRoute = Static<typeof ReplyRoute>;

/** What a run needs to start again after a restart. */
export const StoredRequest = Closed({
  /** As the client wrote the session key. */
  literalKey: NonEmpty,
  message: Type.String(),
  images: Type.Array(ImagePart),
  /** Names of attachments that were left out. */
  leftOut: Type.Array(Type.String()),
  thinking: Type.Optional(ThinkingLevel),
  timeoutMs: Type.Optional(Int0),
  extraSystemPrompt: Type.Optional(Type.String()),
  /** What the model reads before the message and the transcript does not hold. */
  context: Type.Optional(Type.String()),
  reply: Type.Optional(ReplyRoute),
  /** The owner is behind it: kept, so that a run that begins anew has no more power than before. */
  trusted: Type.Optional(Type.Boolean()),
  /** How often a restart has begun it anew. */
  replays: Type.Optional(Int0),
  /** A tool that changes something was called: it must not run twice. */
  acted: Type.Optional(Type.Boolean()),
  /** Whether it may share a turn with other queued messages. */
  merge: Type.Boolean(),
  /** Beginnings of messages that a full queue folded into this one. */
  summary: Type.Array(Type.String()),
});
export type StoredRequest = Static<typeof StoredRequest>;

const StoredFinal = Type.Union([
  Closed({
    state: OneOf(["ok", "aborted"]),
    runId: NonEmpty,
    payloads: Type.Array(Closed({ text: Type.String() })),
    durationMs: Int0,
    sessionId: Type.String(),
    provider: Type.String(),
    model: Type.String(),
    usage: Type.Optional(Usage),
    stopReason: Type.String(),
  }),
  Closed({
    state: Type.Literal("error"),
    runId: NonEmpty,
    message: Type.String(),
    kind: OneOf([...MODEL_ERROR_KINDS, "restarted"] as const),
  }),
]);
const checkRequest = checker(StoredRequest);
const checkFinal = checker(StoredFinal);

/** `channel`: a message that came in through a channel. */
export type RunMethod = "agent" | "chat.send" | "channel";
export type LedgerState = "queued" | "running" | "ok" | "error" | "aborted";

export interface LedgerKey {
  readonly method: RunMethod;
  readonly principal: string;
  readonly runId: string;
}

export interface AcceptedRun extends LedgerKey {
  readonly id: string;
  readonly sessionKey: string;
  readonly sessionId: string;
  readonly agentId: string;
  readonly acceptedAt: number;
  readonly request: StoredRequest;
}

export interface LedgerRow extends AcceptedRun {
  readonly state: LedgerState;
  readonly startedAt: number | undefined;
  readonly endedAt: number | undefined;
  /** Present on ended rows. */
  readonly final: RunFinal | undefined;
}

export class Ledger {
  constructor(private readonly db: Db) {}

  /** The row that a repeat of the key hits. An ended row beyond its time counts as gone. */
  find(key: LedgerKey, now: number): LedgerRow | undefined {
    const row = this.db.get(
      "SELECT * FROM runs WHERE method=? AND principal=? AND run_id=?",
      key.method,
      key.principal,
      key.runId,
    );
    if (!row) return undefined;
    const found = readRow(row);
    if (found.endedAt === undefined || found.endedAt + REPEAT_TTL_MS > now) return found;
    this.db.run("DELETE FROM runs WHERE id=?", found.id);
    return undefined;
  }

  /** The newest row with this run id, whoever started it. */
  latest(runId: string): LedgerRow | undefined {
    const row = this.db.get("SELECT * FROM runs WHERE run_id=? ORDER BY accepted_at DESC LIMIT 1", runId);
    return row && readRow(row);
  }

  /** Rows that a crash or a stop left open, oldest first. */
  open(): LedgerRow[] {
    return this.db.all("SELECT * FROM runs WHERE state IN ('queued', 'running') ORDER BY accepted_at, rowid")
      .map(readRow);
  }

  accept(run: AcceptedRun): void {
    this.db.run(
      "INSERT INTO runs (id, run_id, method, principal, session_key, session_id, agent_id, state, request, accepted_at) " +
        "VALUES (?, ?, ?, ?, ?, ?, ?, 'queued', ?, ?)",
      run.id,
      run.runId,
      run.method,
      run.principal,
      run.sessionKey,
      run.sessionId,
      run.agentId,
      JSON.stringify(run.request),
      run.acceptedAt,
    );
  }

  /**
   * The transcript holds message and images from now on; the row keeps the small rest. A message of a channel stays whole:
   * nobody would send it again, so a restart must be able to. `trusted`: of the whole turn. Kept, because the messages that
   * were merged into the run stand in the transcript when it begins anew.
   */
  start(run: AcceptedRun, sessionId: string, now: number, trusted: boolean): void {
    const { trusted: _, ...rest } = run.method === "channel" ? run.request : emptied(run.request);
    const request: StoredRequest = trusted ? { ...rest, trusted } : rest;
    this.db.run(
      "UPDATE runs SET state='running', session_id=?, started_at=?, request=? WHERE id=? AND state='queued'",
      sessionId,
      now,
      JSON.stringify(request),
      run.id,
    );
  }

  /** Writes the last word. An ended row is never changed again: the first end counts. */
  end(run: AcceptedRun, final: RunFinal, now: number): void {
    const request = emptied(run.request);
    this.db.run(
      "UPDATE runs SET state=?, final=?, ended_at=?, request=? WHERE id=? AND state IN ('queued', 'running')",
      final.state,
      JSON.stringify(final),
      now,
      JSON.stringify(request),
      run.id,
    );
  }

  /** Notes that the run's tools have begun to change things: a restart must not begin it anew. */
  acted(run: AcceptedRun): void {
    this.db.run(
      "UPDATE runs SET request=json_set(request, '$.acted', json('true')) WHERE id=? AND state='running'",
      run.id,
    );
  }

  /** Puts a run that a restart cut off back into the queue. Returns it as it stands now. */
  requeue(row: LedgerRow): LedgerRow {
    const request: StoredRequest = { ...row.request, replays: (row.request.replays ?? 0) + 1 };
    this.db.run(
      "UPDATE runs SET state='queued', started_at=NULL, request=? WHERE id=? AND state='running'",
      JSON.stringify(request),
      row.id,
    );
    return { ...row, request, state: "queued", startedAt: undefined };
  }

  /** Drops ended rows after their time, then the oldest beyond the cap. */
  sweep(now: number): void {
    this.db.run("DELETE FROM runs WHERE ended_at IS NOT NULL AND ended_at <= ?", now - REMEMBER_MS);
    this.db.run(
      "DELETE FROM runs WHERE id IN " +
        "(SELECT id FROM runs WHERE ended_at IS NOT NULL ORDER BY ended_at DESC LIMIT -1 OFFSET ?)",
      MAX_ENDED,
    );
  }
}

const emptied = ({ context: _, ...request }: StoredRequest): StoredRequest => ({
  ...request,
  message: "",
  images: [],
  summary: [],
});

const METHODS: readonly RunMethod[] = ["agent", "chat.send", "channel"];

function readRow(row: Row): LedgerRow {
  const request = checkRequest(JSON.parse(String(row["request"])));
  if (!request.ok) throw new Error(`Cannot read run "${String(row["id"])}": request ${request.error}`);
  return {
    id: String(row["id"]),
    runId: String(row["run_id"]),
    method: METHODS.find((method) => method === row["method"]) ?? "chat.send",
    principal: String(row["principal"]),
    sessionKey: String(row["session_key"]),
    sessionId: String(row["session_id"]),
    agentId: String(row["agent_id"]),
    acceptedAt: Number(row["accepted_at"]),
    request: request.value,
    state: readState(row["state"]),
    startedAt: row["started_at"] === null ? undefined : Number(row["started_at"]),
    endedAt: row["ended_at"] === null ? undefined : Number(row["ended_at"]),
    final: row["final"] === null ? undefined : readFinal(String(row["final"])),
  };
}

function readState(value: unknown): LedgerState {
  for (const state of ["queued", "running", "ok", "error", "aborted"] as const) if (value === state) return state;
  throw new Error(`Cannot read a run: state "${String(value)}" is unknown`);
}

function readFinal(json: string): RunFinal {
  const checked = checkFinal(JSON.parse(json));
  if (!checked.ok) throw new Error(`Cannot read the end of a run: ${checked.error}`);
  if (checked.value.state === "error") return checked.value;
  return { ...checked.value, usage: checked.value.usage };
}
