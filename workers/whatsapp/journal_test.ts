import assert from "node:assert/strict";
import type { BinaryNode } from "@whiskeysockets/baileys";
import { createJournal, JOURNAL } from "./journal.ts";
import { loadLibrary } from "./library.ts";

function memory() {
  const rows = new Map<string, string>();
  return {
    rows,
    get: (_kind: string, ids: readonly string[]) =>
      Promise.resolve(Object.fromEntries(ids.flatMap((id) => {
        const value = rows.get(id);
        return value === undefined ? [] : [[id, value]];
      }))),
    set(data: Record<string, Record<string, string | null>>) {
      for (const [id, value] of Object.entries(data[JOURNAL] ?? {})) {
        value === null ? rows.delete(id) : rows.set(id, value);
      }
      return Promise.resolve();
    },
    clear: () => Promise.resolve(rows.clear()),
  };
}

const stanza = (id: string, content: Uint8Array): BinaryNode => ({
  tag: "message",
  attrs: { id, from: "4917000000002@s.whatsapp.net", type: "text", t: "1000" },
  content: [{ tag: "enc", attrs: { v: "2", type: "msg" }, content }],
});

Deno.test("a message that is not done comes back whole after a restart, and not after it is done", async () => {
  const [library, store] = [await loadLibrary(), memory()];
  const journal = createJournal({ library, store });
  await journal.load();
  const sealed = Buffer.from("sealed");
  journal.arrived(stanza("A1", sealed));
  const noted = await journal.entry(sealed, Buffer.from("plain"));
  assert.ok(noted);
  await store.set({ [JOURNAL]: { [noted.slot]: JSON.stringify(noted.row) } });

  const later = createJournal({ library, store, now: () => 2_000_000 });
  await later.load();
  const [open, ...others] = await later.open();
  assert.equal(others.length, 0);
  assert.equal(open?.attrs["id"], "A1");
  const content = Array.isArray(open?.content) ? open.content[0]?.content : undefined;
  assert.ok(content instanceof Uint8Array);
  assert.equal(new TextDecoder().decode(later.known(content)), "plain");
  assert.equal(later.known(Buffer.from("other")), undefined);
  await later.done("A1");
  assert.equal(store.rows.size, 0);
  assert.deepEqual(await later.open(), []);
});

Deno.test("a ciphertext of no stanza is not kept", async () => {
  const journal = createJournal({ library: await loadLibrary(), store: memory() });
  await journal.load();
  assert.equal(await journal.entry(Buffer.from("x"), Buffer.from("y")), undefined);
});

Deno.test("a full journal waits until a message is done", async () => {
  const journal = createJournal({ library: await loadLibrary(), store: memory() });
  await journal.load();
  const note = (index: number) => {
    const sealed = Buffer.from(`sealed ${index}`);
    journal.arrived(stanza(`M${index}`, sealed));
    return journal.entry(sealed, Buffer.from("plain"));
  };
  for (let index = 0; index < 256; index++) assert.ok(await note(index));
  const waiting = note(256);
  await journal.done("M7");
  assert.ok(await waiting);
});

Deno.test("what nobody took in three days is given up", async () => {
  const [library, store] = [await loadLibrary(), memory()];
  const journal = createJournal({ library, store, now: () => (1_000 + 4 * 24 * 60 * 60) * 1000 });
  await journal.load();
  const sealed = Buffer.from("sealed");
  journal.arrived(stanza("OLD", sealed));
  const noted = await journal.entry(sealed, Buffer.from("plain"));
  await store.set({ [JOURNAL]: { [noted?.slot ?? ""]: JSON.stringify(noted?.row) } });
  assert.deepEqual(await journal.open(), []);
  assert.equal(store.rows.size, 0);
});
