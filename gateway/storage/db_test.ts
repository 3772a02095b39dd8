import assert from "node:assert/strict";
import { openDb } from "./db.ts";
import type { Migration } from "./migrations/mod.ts";

const first: Migration = {
  name: "first",
  sql: "CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT",
};
const second: Migration = { name: "second", sql: "ALTER TABLE notes ADD COLUMN author TEXT" };
const broken: Migration = {
  name: "broken",
  sql: "CREATE TABLE half (a TEXT) STRICT; CREATE TABLE half (a TEXT) STRICT",
};

async function inFolder(action: (path: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "ocdb-" });
  try {
    await action(`${folder}/gateway.sqlite`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
const modeOf = async (path: string): Promise<number> => ((await Deno.stat(path)).mode ?? 0) & 0o777;

Deno.test("a new file and what SQLite lays beside it are the owner's alone", async () => {
  await inFolder(async (path) => {
    const db = await openDb(path, [first]);
    db.run("INSERT INTO notes (text) VALUES (?)", "hello");
    for (const file of [path, `${path}-wal`, `${path}-shm`]) assert.equal(await modeOf(file), 0o600, file);
    db.close();
  });
});

Deno.test("a later migration keeps the rows and leaves a snapshot of what was before", async () => {
  await inFolder(async (path) => {
    const before = await openDb(path, [first]);
    before.run("INSERT INTO notes (text) VALUES (?)", "kept");
    before.close();
    const after = await openDb(path, [first, second]);
    assert.deepEqual({ ...after.get("SELECT text, author FROM notes") }, { text: "kept", author: null });
    after.close();
    assert.equal(await modeOf(`${path}.before-v2`), 0o600);
    const snapshot = await openDb(`${path}.before-v2`, [first]);
    assert.deepEqual({ ...snapshot.get("SELECT * FROM notes") }, { id: 1, text: "kept" });
    snapshot.close();
  });
});

Deno.test("opening a file that is up to date takes no snapshot", async () => {
  await inFolder(async (path) => {
    (await openDb(path, [first, second])).close();
    (await openDb(path, [first, second])).close();
    await assert.rejects(Deno.stat(`${path}.before-v2`), Deno.errors.NotFound);
  });
});

Deno.test("a file of a newer version is refused with a way back", async () => {
  await inFolder(async (path) => {
    (await openDb(path, [first, second])).close();
    await assert.rejects(openDb(path, [first]), /it has schema 2, this version knows 1.*before-v2/u);
  });
});

Deno.test("a migration that fails changes nothing", async () => {
  await inFolder(async (path) => {
    (await openDb(path, [first])).close();
    await assert.rejects(openDb(path, [first, broken]), /half/u);
    const db = await openDb(path, [first]);
    assert.equal(db.get("SELECT count(*) AS n FROM sqlite_master WHERE name = 'half'")?.["n"], 0);
    db.close();
  });
});

Deno.test("a transaction is all or nothing, and a nested one joins it", async () => {
  await inFolder(async (path) => {
    const db = await openDb(path, [first]);
    const insert = (text: string) => db.run("INSERT INTO notes (text) VALUES (?)", text);
    assert.throws(() =>
      db.transaction(() => {
        insert("outer");
        db.transaction(() => insert("inner"));
        throw new Error("no");
      }), /no/u);
    assert.equal(db.all("SELECT * FROM notes").length, 0);
    db.transaction(() => insert("yes"));
    assert.equal(db.all("SELECT * FROM notes").length, 1);
    db.close();
  });
});
