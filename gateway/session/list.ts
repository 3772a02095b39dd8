/** The query behind `SessionStore.list`. */
import type { Db, Row, Value } from "../storage/db.ts";
import type { SessionStore } from "./types.ts";

export type ListFilter = NonNullable<Parameters<SessionStore["list"]>[0]>;

/**
 * Rows newest first and how many match in all. Without `search` the page is cut by SQLite; with it every candidate is
 * looked at, because titles are made of transcripts.
 */
export function listSessions(
  db: Db,
  filter: ListFilter,
  titles: (sessionId: string) => string | undefined,
): { readonly rows: Row[]; readonly total: number } {
  const { where, values } = conditions(filter);
  const offset = filter.offset ?? 0;
  const order = "ORDER BY updated_at DESC, key";
  const needle = filter.search?.trim().toLowerCase() ?? "";
  if (needle === "") {
    const total = Number(db.get(`SELECT COUNT(*) AS n FROM sessions ${where}`, ...values)?.["n"] ?? 0);
    const page = db.all(
      `SELECT * FROM sessions ${where} ${order} LIMIT ? OFFSET ?`,
      ...values,
      filter.limit ?? -1,
      offset,
    );
    return { rows: page, total };
  }
  const matching = db.all(`SELECT * FROM sessions ${where} ${order}`, ...values)
    .filter((row) => matches(row, needle, titles));
  const end = filter.limit === undefined ? undefined : offset + filter.limit;
  return { rows: matching.slice(offset, end), total: matching.length };
}

function conditions(filter: ListFilter): { readonly where: string; readonly values: Value[] } {
  const parts = ["key NOT GLOB '*:cron:*:run:*'"];
  const values: Value[] = [];
  const add = (condition: string, ...bound: Value[]) => {
    parts.push(condition);
    values.push(...bound);
  };
  if (filter.agentId !== undefined) add("agent_id = ?", filter.agentId);
  if (filter.activeSince !== undefined) add("updated_at >= ?", filter.activeSince);
  if (filter.label !== undefined) add("label = ?", filter.label);
  if (filter.spawnedBy !== undefined) add("json_extract(entry, '$.spawnedBy') = ?", filter.spawnedBy);
  if (filter.kinds !== undefined) add(`kind IN (${filter.kinds.map(() => "?").join(", ")})`, ...filter.kinds);
  return { where: `WHERE ${parts.join(" AND ")}`, values };
}

function matches(row: Row, needle: string, titles: (sessionId: string) => string | undefined): boolean {
  const contains = (text: string | undefined): boolean => text !== undefined && text.toLowerCase().includes(needle);
  return contains(String(row["key"])) || contains(text(row["label"])) || contains(displayName(row)) ||
    contains(titles(String(row["session_id"])));
}

const text = (value: unknown): string | undefined => typeof value === "string" ? value : undefined;

function displayName(row: Row): string | undefined {
  const entry: unknown = JSON.parse(String(row["entry"]));
  return entry !== null && typeof entry === "object" && "displayName" in entry ? text(entry.displayName) : undefined;
}
