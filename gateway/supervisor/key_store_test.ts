/** Tests of the keys that providers keep with main: encryption, transactions, leases, good copies. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { createLog, silentLog } from "../observe/log.ts";
import { type Db, memoryDb } from "../storage/db.ts";
import { createChannelStore } from "./key_store.ts";
import { loadStoreKey } from "./store_key.ts";

const KEY = new Uint8Array(32).fill(1);

function withDb(test: (db: Db) => void): void {
  const db = memoryDb();
  try {
    test(db);
  } finally {
    db.close();
  }
}
const open = (db: Db, generation = 1, account = "a") =>
  createChannelStore(db, KEY, silentLog).open("fake", account, generation);

Deno.test("what was written is read at once, per account and kind", () =>
  withDb((db) => {
    const lease = open(db);
    lease.set({ session: { x: "1", y: "2" }, creds: { me: "3" } });
    assert.deepEqual(lease.get("session", ["x", "y", "z"]), { x: "1", y: "2" });
    assert.deepEqual(lease.get("creds", ["x", "me"]), { me: "3" });
    assert.deepEqual(open(db, 1, "b").get("session", ["x"]), {});
    lease.set({ session: { x: null, y: "4" } });
    assert.deepEqual(lease.get("session", ["x", "y"]), { y: "4" });
    lease.clear();
    assert.deepEqual(lease.get("session", ["y"]), {});
  }));

Deno.test("ids and kinds of any spelling are plain data", () =>
  withDb((db) => {
    const lease = open(db);
    const rows = JSON.parse('{"__proto__":{"__proto__":"1"},"a\'; DROP TABLE inbox":{"constructor":"2"}}');
    lease.set(rows);
    assert.equal(Object.getOwnPropertyDescriptor(lease.get("__proto__", ["__proto__"]), "__proto__")?.value, "1");
    assert.deepEqual(lease.get("a'; DROP TABLE inbox", ["constructor"]), { constructor: "2" });
  }));

Deno.test("a transaction with one bad value changes nothing", () =>
  withDb((db) => {
    const lease = open(db);
    lease.set({ session: { x: "old" } });
    assert.throws(() => lease.set({ session: { x: "new", y: "v".repeat(2_000_000) } }), /too long/u);
    assert.throws(() => lease.set({ session: { x: "new" }, "good:creds": { me: "forged" } }), /kept for the gateway/u);
    assert.deepEqual(lease.get("session", ["x", "y"]), { x: "old" });
  }));

Deno.test("only the newest generation may read and write", () =>
  withDb((db) => {
    const store = createChannelStore(db, KEY, silentLog);
    const old = store.open("fake", "a", 1);
    old.set({ session: { x: "1" } });
    const fresh = store.open("fake", "a", 2);
    for (
      const late of [
        () => old.set({ session: { x: "late" } }),
        () => old.get("session", ["x"]),
        () => old.save({ offset: 1 }),
        () => old.clear(),
        () => old.keepGood(),
      ]
    ) assert.throws(late, /newer worker/u);
    assert.throws(() => store.open("fake", "a", 1), /newer worker/u);
    assert.deepEqual(fresh.get("session", ["x"]), { x: "1" });
  }));

Deno.test("values are encrypted, differ each time, and open only where they were put", () =>
  withDb((db) => {
    const lease = open(db);
    const stored = () => db.all("SELECT id, value FROM channel_keys ORDER BY id");
    lease.set({ session: { x: "the secret of x", y: "the secret of x" } });
    const [x, y] = stored();
    assert.ok(x?.["value"] instanceof Uint8Array && y?.["value"] instanceof Uint8Array);
    assert.notDeepEqual(x["value"].slice(28), y["value"].slice(28));
    assert.equal(new TextDecoder("latin1").decode(x["value"]).includes("secret"), false);
    db.run("UPDATE channel_keys SET value = ? WHERE id = 'y'", x["value"]);
    assert.deepEqual(lease.get("session", ["x", "y"]), { x: "the secret of x" });
    const other = createChannelStore(db, new Uint8Array(32).fill(2), silentLog).open("fake", "a", 1);
    assert.deepEqual(other.get("session", ["x"]), {});
  }));

Deno.test("an identity that became unreadable comes back from its good copy, and the log says so", () =>
  withDb((db) => {
    const lines: string[] = [];
    const log = createLog("info", (line) => lines.push(line));
    const lease = createChannelStore(db, KEY, log).open("fake", "a", 1);
    lease.set({ creds: { me: "good" }, session: { x: "1" } });
    lease.keepGood();
    db.run("UPDATE channel_keys SET value = x'00' WHERE kind IN ('creds', 'session')");
    assert.deepEqual(lease.get("creds", ["me"]), { me: "good" });
    assert.deepEqual(lease.get("session", ["x"]), {}, "ratchets must never go back to an old copy");
    assert.equal(lines.filter((line) => line.includes("channel.key_unreadable")).length, 2);
  }));

Deno.test("the saved state is kept beside the keys and is bounded", () =>
  withDb((db) => {
    const lease = open(db);
    assert.deepEqual(lease.saved(), {});
    lease.save({ offset: 5 });
    lease.save({ offset: 6 });
    assert.deepEqual(lease.saved(), { offset: 6 });
    assert.throws(() => lease.save({ text: "x".repeat(300_000) }), /too long/u);
    createChannelStore(db, KEY, silentLog).forget("fake", "a");
    assert.deepEqual(lease.saved(), {});
  }));

Deno.test("the key is made once, with mode 0600, and a file that is no key is refused", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const key = await loadStoreKey(folder);
    assert.equal(key.byteLength, 32);
    assert.deepEqual(await loadStoreKey(folder), key);
    const path = join(folder, "channel.key");
    if (Deno.build.os !== "windows") assert.equal(((await Deno.stat(path)).mode ?? 0) & 0o777, 0o600);
    await Deno.writeTextFile(path, "short");
    await assert.rejects(loadStoreKey(folder), /is not a key of 32 bytes/u);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
