/** The rows of the outbox: every statement that touches the table, and the row as the sender sees it. */
import { Button, MediaKind, Poll, Receipt, Target } from "../../schemas/worker/content.ts";
import { Closed, type Static, Type } from "../../schemas/primitives.ts";
import { checker } from "../../schemas/validate.ts";
import type { Clock } from "../observe/clock.ts";
import type { Db, Row } from "../storage/db.ts";
import { type DeliveryClass, OUTBOX_STATES, type OutboxRow, type OutboxState } from "./types.ts";

const Opt = Type.Optional;

/** One platform message as it is kept; the bytes of its attachment stand in a column of their own. */
export const StoredOutbound = Closed({
  target: Target,
  text: Opt(Type.String()),
  media: Opt(Closed({ kind: MediaKind, mimeType: Type.String(), fileName: Opt(Type.String()) })),
  buttons: Opt(Type.Array(Type.Array(Button))),
  silent: Opt(Type.Boolean()),
  /** The stretch of the answer that this block stands for, before fences were repaired. */
  source: Opt(Type.String()),
  poll: Opt(Type.Omit(Poll, ["target", "idempotencyKey"])),
});
export type StoredOutbound = Static<typeof StoredOutbound>;

const StoredReceipt = Closed({ ...Receipt.properties, pollId: Opt(Type.String()) });
export type StoredReceipt = Static<typeof StoredReceipt>;

const checkMessage = checker(StoredOutbound, { first: true });
const checkReceipt = checker(StoredReceipt, { first: true });

/** `draft`: shows an answer while it grows; never listed. */
export type RowClass = DeliveryClass | "draft";

export interface NewRow {
  readonly id: string;
  readonly class: RowClass;
  readonly channel: string;
  readonly accountId: string;
  readonly groupId: string;
  readonly part: number;
  readonly message: StoredOutbound;
  readonly media: Uint8Array | undefined;
  readonly state: OutboxState;
  readonly error: string | undefined;
  readonly expiresAt: number;
  readonly inboxId: string | undefined;
  readonly runId: string | undefined;
  readonly sessionKey: string | undefined;
}

/** A row with what it takes to send it. */
export interface FullRow extends Omit<OutboxRow, "class" | "preview" | "messageIds">, Omit<NewRow, "state" | "error"> {
  /** Milliseconds since the epoch of the first call with this key. */
  readonly firstAttemptAt: number | undefined;
  readonly unresolved: boolean;
  readonly receipt: StoredReceipt | undefined;
}

/** The first queued row of a chat. */
export interface Head {
  readonly id: string;
  readonly chatId: string;
  readonly nextAttemptAt: number;
  readonly expiresAt: number;
}

/** The group of one block of an answer. */
export const blockGroup = (groupId: string, index: number): string => `${groupId}#block${index}`;

const OPEN = "state IN ('queued', 'attempting') AND class <> 'draft'";
const HEADS = "SELECT id, chat_id, next_attempt_at, expires_at, MIN(rowid) AS first FROM outbox " +
  `WHERE channel = ? AND account = ? AND ${OPEN} AND state = 'queued' GROUP BY chat_id ORDER BY first`;
const INSERT =
  "INSERT INTO outbox (id, class, channel, account, chat_id, group_id, part, message, media, state, error, " +
  "next_attempt_at, expires_at, idempotency_key, inbox_id, run_id, session_key, created_at, updated_at) " +
  "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
const LIST = "SELECT * FROM outbox WHERE class <> 'draft' AND (?1 IS NULL OR state = ?1) AND " +
  "(?2 IS NULL OR channel = ?2) ORDER BY rowid DESC LIMIT ?3";

export class OutboxRows {
  constructor(readonly db: Db, readonly clock: Clock) {}

  insert(row: NewRow): void {
    const now = this.clock.now();
    this.db.run(
      INSERT,
      row.id,
      row.class,
      row.channel,
      row.accountId,
      row.message.target.chatId,
      row.groupId,
      row.part,
      JSON.stringify(row.message),
      row.media ?? null,
      row.state,
      row.error ?? null,
      now,
      row.expiresAt,
      row.id,
      row.inboxId ?? null,
      row.runId ?? null,
      row.sessionKey ?? null,
      now,
      now,
    );
  }

  get(id: string): FullRow | undefined {
    const row = this.db.get("SELECT * FROM outbox WHERE id = ?", id);
    return row && full(row);
  }

  part(groupId: string, part: number): FullRow | undefined {
    const row = this.db.get("SELECT * FROM outbox WHERE group_id = ? AND part = ?", groupId, part);
    return row && full(row);
  }

  group(groupId: string): FullRow[] {
    return this.db.all("SELECT * FROM outbox WHERE group_id = ? ORDER BY part", groupId).map(full);
  }

  /** What the blocks of an answer have said of it already. */
  blocksOf(groupId: string): string {
    let said = "";
    for (let index = 0;; index++) {
      const block = this.part(blockGroup(groupId, index), 0);
      if (block === undefined) return said;
      said += block.message.source ?? "";
    }
  }

  ids(groupId: string): string[] {
    return this.db.all("SELECT id FROM outbox WHERE group_id = ? ORDER BY part", groupId).map((row) =>
      String(row["id"])
    );
  }

  /** The first queued row of each chat, in the order in which they were queued. */
  heads(channel: string, accountId: string): Head[] {
    return this.db.all(HEADS, channel, accountId).map((row) => ({
      id: String(row["id"]),
      chatId: String(row["chat_id"]),
      nextAttemptAt: Number(row["next_attempt_at"]),
      expiresAt: Number(row["expires_at"]),
    }));
  }

  /** Accounts that have something to send. */
  waiting(): { readonly channel: string; readonly accountId: string }[] {
    return this.db.all(`SELECT DISTINCT channel, account FROM outbox WHERE ${OPEN}`)
      .map((row) => ({ channel: String(row["channel"]), accountId: String(row["account"]) }));
  }

  countOpen(channel: string, accountId: string): number {
    const sql = `SELECT COUNT(*) AS count FROM outbox WHERE channel = ? AND account = ? AND ${OPEN}`;
    return Number(this.db.get(sql, channel, accountId)?.["count"] ?? 0);
  }

  /** Whether anything of a chat waits or is on its way. */
  chatBusy(channel: string, accountId: string, chatId: string): boolean {
    const sql = `SELECT 1 FROM outbox WHERE channel = ? AND account = ? AND chat_id = ? AND ${OPEN} LIMIT 1`;
    return this.db.get(sql, channel, accountId, chatId) !== undefined;
  }

  /** What a crash cut off, drafts included. */
  interrupted(): FullRow[] {
    return this.db.all(
      "SELECT * FROM outbox WHERE state IN ('queued', 'attempting') AND state = 'attempting' ORDER BY rowid",
    ).map(full);
  }

  /** The call is about to be made: committed before it, so that a crash is known to have an open outcome. */
  attempting(id: string): void {
    const now = this.clock.now();
    this.db.run(
      "UPDATE outbox SET state = 'attempting', attempts = attempts + 1, " +
        "first_attempt_at = COALESCE(first_attempt_at, ?), updated_at = ? WHERE id = ?",
      now,
      now,
      id,
    );
  }

  sent(id: string, receipt: StoredReceipt): void {
    this.db.run(
      "UPDATE outbox SET state = 'sent', receipt = ?, error = NULL, media = NULL, unresolved = 0, updated_at = ? " +
        "WHERE id = ?",
      JSON.stringify(receipt),
      this.clock.now(),
      id,
    );
  }

  /** What the message of a sent draft shows; undefined while that is not known. */
  setShown(row: FullRow, text: string | undefined): void {
    const { text: _, ...message } = row.message;
    const json = JSON.stringify(text === undefined ? message : { ...message, text });
    this.db.run("UPDATE outbox SET message = ?, updated_at = ? WHERE id = ?", json, this.clock.now(), row.id);
  }

  requeue(
    id: string,
    change: {
      readonly afterMs: number;
      readonly counted: boolean;
      readonly error: string | undefined;
      readonly duplicate: boolean;
      readonly unresolved: boolean;
    },
  ): void {
    const now = this.clock.now();
    this.db.run(
      "UPDATE outbox SET state = 'queued', next_attempt_at = ?, attempts = MAX(0, attempts - ?), error = ?, " +
        "possible_duplicate = MAX(possible_duplicate, ?), unresolved = MAX(unresolved, ?), updated_at = ? WHERE id = ?",
      now + change.afterMs,
      change.counted ? 0 : 1,
      change.error ?? null,
      change.duplicate ? 1 : 0,
      change.unresolved ? 1 : 0,
      now,
      id,
    );
  }

  finish(id: string, state: OutboxState, error: string): void {
    this.db.run(
      "UPDATE outbox SET state = ?, error = ?, updated_at = ? WHERE id = ?",
      state,
      error,
      this.clock.now(),
      id,
    );
  }

  /** The owner wants it sent: a new life, a duplicate admitted when the outcome was open. */
  revive(id: string, expiresAt: number, duplicate: boolean): void {
    const now = this.clock.now();
    this.db.run(
      "UPDATE outbox SET state = 'queued', attempts = 0, next_attempt_at = ?, expires_at = ?, error = NULL, " +
        "possible_duplicate = MAX(possible_duplicate, ?), updated_at = ? WHERE id = ?",
      now,
      expiresAt,
      duplicate ? 1 : 0,
      now,
      id,
    );
  }

  list(state: OutboxState | undefined, channel: string | undefined, limit: number): OutboxRow[] {
    return this.db.all(LIST, state ?? null, channel ?? null, limit).map((row) => view(full(row)));
  }

  /** Drops rows that have ended, after `keepMs` or beyond `most`. */
  sweep(keepMs: number, most: number): void {
    const ended = "state NOT IN ('queued', 'attempting')";
    this.db.run(`DELETE FROM outbox WHERE updated_at < ? AND ${ended}`, this.clock.now() - keepMs);
    const surplus = Number(this.db.get("SELECT COUNT(*) AS count FROM outbox")?.["count"] ?? 0) - most;
    if (surplus <= 0) return;
    this.db.run(
      `DELETE FROM outbox WHERE rowid IN (SELECT rowid FROM outbox WHERE ${ended} ORDER BY updated_at LIMIT ?)`,
      surplus,
    );
  }
}

const PREVIEW_CHARS = 80;

/** The row as lists show it. */
export function view(row: FullRow): OutboxRow {
  const { text, media, poll } = row.message;
  const line = (text ?? poll?.question ?? `[${media?.fileName ?? media?.kind ?? "message"}]`).replaceAll(/\s+/gu, " ");
  return {
    id: row.id,
    class: row.class === "draft" ? "reply" : row.class,
    channel: row.channel,
    accountId: row.accountId,
    chatId: row.chatId,
    groupId: row.groupId,
    part: row.part,
    state: row.state,
    attempts: row.attempts,
    nextAttemptAt: row.nextAttemptAt,
    expiresAt: row.expiresAt,
    messageIds: row.receipt?.messageIds ?? [],
    error: row.error,
    possibleDuplicate: row.possibleDuplicate,
    preview: line.length > PREVIEW_CHARS ? `${line.slice(0, PREVIEW_CHARS - 1).toWellFormed()}…` : line,
    createdAt: row.createdAt,
    updatedAt: row.updatedAt,
  };
}

const CLASSES = ["reply", "send", "notice", "draft"] as const;

function full(row: Row): FullRow {
  const id = String(row["id"]);
  const message = checkMessage(JSON.parse(String(row["message"])));
  if (!message.ok) throw new Error(`Cannot read outbox row "${id}": message ${message.error}`);
  const state = OUTBOX_STATES.find((each) => each === row["state"]);
  const rowClass = CLASSES.find((each) => each === row["class"]);
  if (state === undefined || rowClass === undefined) throw new Error(`Cannot read outbox row "${id}": unknown state`);
  const text = (key: string) => typeof row[key] === "string" ? row[key] : undefined;
  const media = row["media"];
  return {
    id,
    class: rowClass,
    channel: String(row["channel"]),
    accountId: String(row["account"]),
    chatId: String(row["chat_id"]),
    groupId: String(row["group_id"]),
    part: Number(row["part"]),
    message: message.value,
    media: media instanceof Uint8Array ? media : undefined,
    state,
    attempts: Number(row["attempts"]),
    nextAttemptAt: Number(row["next_attempt_at"]),
    expiresAt: Number(row["expires_at"]),
    firstAttemptAt: row["first_attempt_at"] === null ? undefined : Number(row["first_attempt_at"]),
    possibleDuplicate: row["possible_duplicate"] === 1,
    unresolved: row["unresolved"] === 1,
    receipt: receiptOf(text("receipt")),
    error: text("error"),
    inboxId: text("inbox_id"),
    runId: text("run_id"),
    sessionKey: text("session_key"),
    createdAt: Number(row["created_at"]),
    updatedAt: Number(row["updated_at"]),
  };
}

function receiptOf(json: string | undefined): StoredReceipt | undefined {
  if (json === undefined) return undefined;
  const receipt: unknown = JSON.parse(json);
  return checkReceipt.is(receipt) ? receipt : undefined;
}
