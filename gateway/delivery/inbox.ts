/**
 * What came in from the platforms. A row is committed before the platform hears of it, and a second event with the same
 * key is never processed: a crash at any moment loses nothing and doubles nothing.
 */
import { Inbound } from "../../schemas/worker/content.ts";
import { checker } from "../../schemas/validate.ts";
import { type Clock, uuid } from "../observe/clock.ts";
import type { Db, Row } from "../storage/db.ts";
import type { Trail } from "./types.ts";

const KEEP_MS = 30 * 24 * 3_600_000;
const MAX_ROWS = 200_000;

/** `received`: to be processed; `accepted`: a run has it; the others are ends. */
export const INBOX_STATES = ["received", "history", "ignored", "refused", "accepted", "done"] as const;
export type InboxState = (typeof INBOX_STATES)[number];

export interface InboxRow {
  readonly id: string;
  readonly channel: string;
  readonly accountId: string;
  readonly event: Inbound;
  readonly state: InboxState;
  readonly reason: string | undefined;
  readonly sessionKey: string | undefined;
  readonly runId: string | undefined;
  readonly receivedAt: number;
}

export interface InboxMark {
  readonly reason?: string;
  readonly sessionKey?: string;
  readonly runId?: string;
}

export interface Inbox {
  /** Commits the event. `fresh` false: it was here before, and nothing is to be done. */
  accept(channel: string, accountId: string, event: Inbound): { readonly id: string; readonly fresh: boolean };
  get(id: string): InboxRow | undefined;
  /** Rows that a stop or a crash left open (`received`, `accepted`), in the order in which they came. */
  open(): readonly InboxRow[];
  /** Changes the state and writes the step down. Joins the caller's transaction. */
  mark(id: string, state: InboxState, facts?: InboxMark): void;
  /** The last rows in a state, the latest first; for the list of refusals. */
  latest(state: InboxState, limit: number): readonly InboxRow[];
  /** The last event that somebody else than the account itself caused in a chat. */
  lastFrom(channel: string, accountId: string, chatId: string): InboxRow | undefined;
  /** Drops rows that are done, after a month or beyond the cap; open rows stay. */
  sweep(): void;
}

export interface InboxDeps {
  readonly db: Db;
  readonly clock: Clock;
  readonly trail: Trail;
}

const checkEvent = checker(Inbound, { first: true });

/** Keeps what came in, in the `inbox` table. */
export function createInbox({ db, clock, trail }: InboxDeps): Inbox {
  const select = (sql: string, ...values: (string | number)[]) => db.all(sql, ...values).flatMap(readable);
  return {
    accept: (channel, accountId, event) =>
      db.transaction(() => {
        const known = db.get(SELECT_KNOWN, channel, accountId, event.dedupeKey);
        if (known) {
          const id = String(known["id"]);
          trail.add(id, "inbox.duplicate", { dedupeKey: event.dedupeKey });
          return { id, fresh: false };
        }
        const id = uuid();
        insert(db, clock.now(), id, channel, accountId, event);
        trail.add(id, "inbox.received", factsOf(channel, accountId, event));
        return { id, fresh: true };
      }),
    get: (id) => select("SELECT * FROM inbox WHERE id = ?", id)[0],
    open: () => select("SELECT * FROM inbox WHERE state IN ('received', 'accepted') ORDER BY rowid"),
    mark: (id, state, facts = {}) =>
      db.transaction(() => {
        const { reason, sessionKey, runId } = facts;
        db.run(UPDATE, state, reason ?? null, sessionKey ?? null, runId ?? null, clock.now(), id);
        trail.add(id, `inbox.${state}`, { ...facts });
      }),
    latest: (state, limit) =>
      select("SELECT * FROM inbox WHERE state = ? ORDER BY received_at DESC LIMIT ?", state, limit),
    lastFrom: (channel, accountId, chatId) =>
      select(LAST_IN_CHAT, channel, accountId, chatId).find(({ event }) => event.sender.isSelf !== true),
    sweep() {
      db.run(`DELETE FROM inbox WHERE received_at < ? AND ${ENDED}`, clock.now() - KEEP_MS);
      const surplus = Number(db.get("SELECT COUNT(*) AS count FROM inbox")?.["count"] ?? 0) - MAX_ROWS;
      if (surplus > 0) {
        db.run(
          `DELETE FROM inbox WHERE rowid IN (SELECT rowid FROM inbox WHERE ${ENDED} ORDER BY received_at LIMIT ?)`,
          surplus,
        );
      }
    },
  };
}

const LAST_IN_CHAT = "SELECT * FROM inbox WHERE channel = ? AND account = ? AND chat_id = ? " +
  "ORDER BY received_at DESC, rowid DESC LIMIT 20";
const ENDED = "state NOT IN ('received', 'accepted')";
const SELECT_KNOWN = "SELECT id FROM inbox WHERE channel = ? AND account = ? AND dedupe_key = ?";
const UPDATE = "UPDATE inbox SET state = ?, reason = COALESCE(?, reason), session_key = COALESCE(?, session_key), " +
  "run_id = COALESCE(?, run_id), updated_at = ? WHERE id = ?";

function insert(db: Db, now: number, id: string, channel: string, accountId: string, event: Inbound): void {
  const messageId = event.kind === "note" ? null : event.messageId;
  db.run(
    "INSERT INTO inbox (id, channel, account, dedupe_key, chat_id, sender_id, message_id, event, state, received_at, " +
      "updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'received', ?, ?)",
    id,
    channel,
    accountId,
    event.dedupeKey,
    event.chat.id,
    event.sender.id,
    messageId,
    JSON.stringify(event),
    now,
    now,
  );
}

const factsOf = (channel: string, accountId: string, event: Inbound) => ({
  channel,
  accountId,
  kind: event.kind,
  chatId: event.chat.id,
  chatKind: event.chat.kind,
  senderId: event.sender.id,
});

/** A row whose event no longer matches the schema (a newer version wrote it) is passed over: it cannot be processed. */
function readable(row: Row): InboxRow[] {
  const event: unknown = JSON.parse(String(row["event"]));
  const state = INBOX_STATES.find((each) => each === row["state"]);
  if (!checkEvent.is(event) || state === undefined) return [];
  return [{
    id: String(row["id"]),
    channel: String(row["channel"]),
    accountId: String(row["account"]),
    event,
    state,
    reason: textOf(row["reason"]),
    sessionKey: textOf(row["session_key"]),
    runId: textOf(row["run_id"]),
    receivedAt: Number(row["received_at"]),
  }];
}

const textOf = (value: unknown): string | undefined => typeof value === "string" ? value : undefined;
