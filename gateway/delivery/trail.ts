/** What happened to each message, step by step, and how often messages were refused. Holds no message bodies. */
import type { Clock } from "../observe/clock.ts";
import type { Db, Row } from "../storage/db.ts";
import type { Trail, TrailStep } from "./types.ts";

/** Steps of one subject; what comes later is left out, so that an endless retry cannot fill the disk. */
const MAX_STEPS = 200;
const MAX_DETAIL_CHARS = 2_000;
const KEEP_MS = 30 * 24 * 3_600_000;
const MAX_ROWS = 2_000_000;

export interface Refusal {
  readonly channel: string;
  readonly accountId: string;
  readonly reason: string;
  readonly count: number;
  readonly lastAt: number;
}

export interface MessageTrail extends Trail {
  /** Counts a refused message under its reason. Joins the caller's transaction. */
  refused(channel: string, accountId: string, reason: string): void;
  /** Most frequent first. */
  refusals(channel?: string): readonly Refusal[];
  /** Drops what is older than a month. */
  sweep(): void;
}

/** Keeps the trail in the `trail` and `refusals` tables. */
export function createTrail({ db, clock }: { readonly db: Db; readonly clock: Clock }): MessageTrail {
  return {
    add(subject, step, detail = {}) {
      db.transaction(() => {
        const seq = Number(db.get(LAST_SEQ, subject)?.["seq"] ?? 0) + 1;
        if (seq > MAX_STEPS) return;
        db.run(INSERT, subject, seq, clock.now(), step, detailText(detail));
      });
    },
    explain: (id) => explain(db, id),
    refused(channel, accountId, reason) {
      db.run(COUNT_REFUSAL, channel, accountId, reason, clock.now());
    },
    refusals: (channel) => db.all(SELECT_REFUSALS, channel ?? null, channel ?? null).map(toRefusal),
    sweep() {
      db.run("DELETE FROM trail WHERE at < ?", clock.now() - KEEP_MS);
      const count = Number(db.get("SELECT COUNT(*) AS count FROM trail")?.["count"] ?? 0);
      if (count > MAX_ROWS) {
        db.run("DELETE FROM trail WHERE at <= (SELECT at FROM trail ORDER BY at LIMIT 1 OFFSET ?)", count - MAX_ROWS);
      }
    },
  };
}

const LAST_SEQ = "SELECT MAX(seq) AS seq FROM trail WHERE subject = ?";
const INSERT = "INSERT INTO trail (subject, seq, at, step, detail) VALUES (?, ?, ?, ?, ?)";
const COUNT_REFUSAL = "INSERT INTO refusals (channel, account, reason, count, last_at) VALUES (?, ?, ?, 1, ?) " +
  "ON CONFLICT (channel, account, reason) DO UPDATE SET count = count + 1, last_at = excluded.last_at";
const SELECT_REFUSALS =
  "SELECT * FROM refusals WHERE ? IS NULL OR channel = ? ORDER BY count DESC, channel, account, reason";

function detailText(detail: Readonly<Record<string, unknown>>): string {
  const text = JSON.stringify(detail);
  return text.length <= MAX_DETAIL_CHARS ? text : JSON.stringify({ cut: text.slice(0, MAX_DETAIL_CHARS) });
}

const INBOX_OF = "SELECT id, run_id FROM inbox WHERE id = ?1 OR run_id = ?1 OR message_id = ?1 " +
  "OR id IN (SELECT inbox_id FROM outbox WHERE id = ?1 OR run_id = ?1 OR group_id = ?1 OR " +
  "(receipt IS NOT NULL AND " +
  "EXISTS (SELECT 1 FROM json_each(receipt, '$.messageIds') WHERE value = ?1)))";
const OUTBOX_OF = "SELECT id, run_id, inbox_id FROM outbox WHERE id = ?1 OR run_id = ?1 OR inbox_id = ?1 " +
  "OR group_id = ?1 OR (receipt IS NOT NULL AND " +
  "EXISTS (SELECT 1 FROM json_each(receipt, '$.messageIds') WHERE value = ?1))";

/** Every step of everything that hangs together with `id`: the message, its run and its answers, in order of time. */
function explain(db: Db, id: string): TrailStep[] {
  const inbox = db.all(INBOX_OF, id);
  const ids = (rows: readonly Row[], key: string) =>
    rows.map((row) => row[key]).filter((value) => typeof value === "string");
  const known = [id, ...ids(inbox, "id"), ...ids(inbox, "run_id")];
  const outbox = known.flatMap((each) => db.all(OUTBOX_OF, each));
  // What happened within one millisecond stands in this order.
  const subjects = new Set([
    ...ids(inbox, "id"),
    ...ids(outbox, "inbox_id"),
    ...ids(inbox, "run_id"),
    ...ids(outbox, "run_id"),
    ...ids(outbox, "id"),
    id,
  ]);
  return [...subjects]
    .flatMap((subject) => db.all("SELECT * FROM trail WHERE subject = ? ORDER BY seq", subject).map(toStep))
    .sort((a, b) => a.at - b.at);
}

function toStep(row: Row): TrailStep {
  const detail: unknown = JSON.parse(String(row["detail"]));
  return {
    at: Number(row["at"]),
    step: String(row["step"]),
    detail: typeof detail === "object" && detail !== null ? { ...detail } : {},
    subject: String(row["subject"]),
  };
}

const toRefusal = (row: Row): Refusal => ({
  channel: String(row["channel"]),
  accountId: String(row["account"]),
  reason: String(row["reason"]),
  count: Number(row["count"]),
  lastAt: Number(row["last_at"]),
});
