/**
 * The one SQLite file of the state directory. Synchronous: a commit costs about 30 µs, less than a hop to a thread.
 * WAL with synchronous=NORMAL survives any crash of the process; a power cut can lose the last commits, not the file.
 */
import { backup, DatabaseSync, type StatementSync } from "node:sqlite";
import { type Migration, MIGRATIONS } from "./migrations/mod.ts";

export type Row = Record<string, unknown>;
export type Value = string | number | bigint | null | Uint8Array;

export interface Db {
  /** Runs one statement; returns the number of changed rows. */
  run(sql: string, ...values: Value[]): number;
  get(sql: string, ...values: Value[]): Row | undefined;
  all(sql: string, ...values: Value[]): Row[];
  /** All or nothing. Nested calls join the outer transaction. `action` must not await. */
  transaction<T>(action: () => T): T;
  close(): void;
}

/**
 * Opens or makes the file (0600, made before SQLite opens it, because SQLite would make it 0644) and migrates it.
 * Before a migration of an existing file a snapshot `<path>.before-v<N>` is taken.
 * Throws when the file was written by a newer version.
 */
export async function openDb(path: string, migrations: readonly Migration[] = MIGRATIONS): Promise<Db> {
  (await Deno.open(path, { create: true, write: true, mode: 0o600 })).close();
  const sqlite = new DatabaseSync(path);
  sqlite.exec("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON; PRAGMA busy_timeout=2000");
  try {
    await migrate(sqlite, path, migrations);
  } catch (error) {
    sqlite.close();
    throw error;
  }
  return wrap(sqlite);
}

/** A database in memory, for unit tests. */
export function memoryDb(): Db {
  const sqlite = new DatabaseSync(":memory:");
  sqlite.exec("PRAGMA foreign_keys=ON");
  for (const migration of MIGRATIONS) sqlite.exec(migration.sql);
  return wrap(sqlite);
}

async function migrate(sqlite: DatabaseSync, path: string, migrations: readonly Migration[]): Promise<void> {
  const from = Number(sqlite.prepare("PRAGMA user_version").get()?.["user_version"] ?? 0);
  if (from === migrations.length) return;
  if (from > migrations.length) {
    throw new Error(
      `Cannot open "${path}": it has schema ${from}, this version knows ${migrations.length}; start the newer version, ` +
        `or put back the snapshot "${path}.before-v${migrations.length + 1}"`,
    );
  }
  if (from > 0) {
    const snapshot = `${path}.before-v${from + 1}`;
    (await Deno.open(snapshot, { create: true, write: true, mode: 0o600 })).close();
    await backup(sqlite, snapshot);
  }
  for (const [index, migration] of migrations.entries()) {
    if (index < from) continue;
    sqlite.exec(`BEGIN IMMEDIATE; ${migration.sql}; PRAGMA user_version=${index + 1}; COMMIT`);
  }
}

function wrap(sqlite: DatabaseSync): Db {
  const statements = new Map<string, StatementSync>();
  const prepare = (sql: string): StatementSync => {
    let statement = statements.get(sql);
    if (!statement) statements.set(sql, statement = sqlite.prepare(sql));
    return statement;
  };
  let depth = 0;
  return {
    run: (sql, ...values) => Number(prepare(sql).run(...values).changes),
    get: (sql, ...values) => prepare(sql).get(...values),
    all: (sql, ...values) => prepare(sql).all(...values),
    transaction(action) {
      if (depth > 0) return action();
      sqlite.exec("BEGIN IMMEDIATE");
      depth++;
      try {
        const result = action();
        sqlite.exec("COMMIT");
        return result;
      } catch (error) {
        sqlite.exec("ROLLBACK");
        throw error;
      } finally {
        depth--;
      }
    },
    close: () => {
      statements.clear();
      sqlite.close();
    },
  };
}
