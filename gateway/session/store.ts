/**
 * The session table: one row a key, the settings as JSON. Nothing is cached: a read costs some microseconds, and a cache
 * would keep what an outer transaction rolled back.
 */
import { invalid } from "../../schemas/error.ts";
import { SESSION_KINDS, StoredEntry } from "../../schemas/method/session_row.ts";
import { OneOf } from "../../schemas/primitives.ts";
import { checker } from "../../schemas/validate.ts";
import type { Config } from "../config/types.ts";
import { type Clock, uuid } from "../observe/clock.ts";
import type { Db, Row } from "../storage/db.ts";
import { agentIdOf, canonicalKey, keyRules, kindOf } from "./key.ts";
import { type ListFilter, listSessions } from "./list.ts";
import { isStaleAt, resetPolicyFor } from "./reset.ts";
import { createTitles } from "./title.ts";
import type { Session, SessionEntry, SessionStore } from "./types.ts";

/** What an explicit reset drops; everything else survives it (methods facts, section 7.5). */
const RESET: { readonly [K in keyof SessionEntry]?: SessionEntry[K] | undefined } = {
  systemSent: false,
  abortedLastRun: false,
  elevatedLevel: undefined,
  inputTokens: 0,
  outputTokens: 0,
  totalTokens: 0,
};

const checkEntry = checker(StoredEntry, { first: true });
const checkKind = checker(OneOf(SESSION_KINDS), { first: true });

export interface SessionStoreParts {
  readonly db: Db;
  readonly config: Pick<Config, "agents" | "session">;
  readonly clock: Clock;
}

export function createSessionStore({ db, config, clock }: SessionStoreParts): SessionStore {
  const rules = keyRules(config);
  const titles = createTitles(db);
  const canonical = (key: string, agentId?: string): string => canonicalKey(key, rules, agentId);

  const get = (key: string): Session | undefined => {
    const row = db.get("SELECT * FROM sessions WHERE key = ?", canonical(key));
    return row === undefined ? undefined : toSession(row);
  };
  const write = (session: Session): Session => {
    requireFreeLabel(db, session);
    writeRow(db, session);
    return session;
  };
  const ensure = (key: string): Session => {
    const at = canonical(key);
    const now = clock.now();
    return get(at) ?? write({
      key: at,
      agentId: agentIdOf(at, rules),
      sessionId: uuid(),
      kind: kindOf(at),
      entry: {},
      createdAt: now,
      updatedAt: now,
    });
  };
  const by = (column: "session_id" | "label", value: string): Session | undefined => {
    const row = db.get(`SELECT * FROM sessions WHERE ${column} = ? LIMIT 1`, value);
    return row === undefined ? undefined : toSession(row);
  };

  return {
    canonical,
    get,
    bySessionId: (sessionId) => by("session_id", sessionId),
    byLabel: (label) => by("label", label.trim()),
    ensure,
    update(key, change, touch = true) {
      const before = ensure(key);
      const entry = merge(before.entry, change);
      const updatedAt = touch ? clock.now() : before.updatedAt;
      return write({ ...before, entry, kind: kindOf(before.key, entry.chatType), updatedAt });
    },
    reset(key) {
      const before = ensure(key);
      return write({ ...before, sessionId: uuid(), entry: merge(before.entry, RESET), updatedAt: clock.now() });
    },
    isStale: (session) => isStaleAt(session.updatedAt, clock.now(), resetPolicyFor(session, config.session)),
    remove: (key, withTranscript) => removeSession(db, canonical(key), withTranscript),
    list: (filter: ListFilter = {}) => {
      const { rows, total } = listSessions(db, filter, titles);
      return { sessions: rows.map(toSession), total };
    },
    count: () => Number(db.get("SELECT COUNT(*) AS n FROM sessions")?.["n"] ?? 0),
    derivedTitle: titles,
  };
}

function merge(
  before: SessionEntry,
  change: { readonly [K in keyof SessionEntry]?: SessionEntry[K] | undefined },
): SessionEntry {
  const all = { ...before, ...change };
  return parseEntry(Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)));
}

function requireFreeLabel(db: Db, session: Session): void {
  const { label } = session.entry;
  if (label === undefined) return;
  const other = db.get("SELECT key FROM sessions WHERE label = ? AND key <> ?", label, session.key);
  if (other !== undefined) throw invalid(`label already in use: ${label}`);
}

function writeRow(db: Db, session: Session): void {
  db.run(
    `INSERT INTO sessions (key, agent_id, session_id, kind, label, entry, created_at, updated_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (key) DO UPDATE SET session_id = excluded.session_id, kind = excluded.kind, label = excluded.label,
       entry = excluded.entry, updated_at = excluded.updated_at`,
    session.key,
    session.agentId,
    session.sessionId,
    session.kind,
    session.entry.label ?? null,
    JSON.stringify(session.entry),
    session.createdAt,
    session.updatedAt,
  );
}

function removeSession(db: Db, key: string, withTranscript: boolean): boolean {
  return db.transaction(() => {
    const row = db.get("SELECT session_id FROM sessions WHERE key = ?", key);
    if (row === undefined) return false;
    db.run("DELETE FROM sessions WHERE key = ?", key);
    if (withTranscript) db.run("DELETE FROM transcript WHERE session_id = ?", String(row["session_id"]));
    return true;
  });
}

function toSession(row: Row): Session {
  const kind = row["kind"];
  return {
    key: String(row["key"]),
    agentId: String(row["agent_id"]),
    sessionId: String(row["session_id"]),
    kind: checkKind.is(kind) ? kind : "unknown",
    entry: parseEntry(JSON.parse(String(row["entry"]))),
    createdAt: Number(row["created_at"]),
    updatedAt: Number(row["updated_at"]),
  };
}

/** A value that no longer matches (a newer version's row) loses the settings, not the session. */
function parseEntry(value: unknown): SessionEntry {
  return checkEntry.is(value) ? value : {};
}
