import assert from "node:assert/strict";
import type { KeyStore } from "../runtime/provider.ts";
import { draftAuth, isLinked, loadAuth, StoreFailure } from "./auth_state.ts";
import { loadLibrary } from "./library.ts";

interface FakeStore extends KeyStore {
  readonly rows: Map<string, string>;
  readonly calls: string[];
  refuse: string | undefined;
}

function fakeStore(): FakeStore {
  const rows = new Map<string, string>();
  const calls: string[] = [];
  const store: FakeStore = {
    rows,
    calls,
    refuse: undefined,
    get(kind, ids) {
      if (store.refuse !== undefined) return Promise.reject(new Error(store.refuse));
      return Promise.resolve(Object.fromEntries(ids.flatMap((id) => {
        const value = rows.get(`${kind}|${id}`);
        return value === undefined ? [] : [[id, value]];
      })));
    },
    set(data) {
      if (store.refuse !== undefined) return Promise.reject(new Error(store.refuse));
      calls.push(Object.keys(data).sort().join());
      for (const [kind, ids] of Object.entries(data)) {
        for (const [id, value] of Object.entries(ids)) {
          value === null ? rows.delete(`${kind}|${id}`) : rows.set(`${kind}|${id}`, value);
        }
      }
      return Promise.resolve();
    },
    clear() {
      calls.push("clear");
      rows.clear();
      return Promise.resolve();
    },
  };
  return store;
}

async function parts() {
  const failures: StoreFailure[] = [];
  const store = fakeStore();
  return {
    library: await loadLibrary(),
    store,
    failures,
    onFailure: (failure: StoreFailure) => void failures.push(failure),
  };
}

Deno.test("a draft writes nothing until it is adopted, then replaces everything in order", async () => {
  const all = await parts();
  all.store.rows.set("session|old", "1");
  const auth = draftAuth(all);
  auth.saveCreds();
  await auth.keys.set({ session: { a: Buffer.from("x") } });
  await auth.settled();
  assert.deepEqual(all.store.calls, []);
  assert.deepEqual(Object.keys(await auth.keys.get("session", ["a", "b"])), ["a"]);
  await auth.adopt();
  assert.deepEqual(all.store.calls, ["clear", "creds,session"]);
  assert.equal(all.store.rows.has("session|old"), false);
  assert.equal(isLinked(auth.creds), false);
});

Deno.test("forgotten keys stay forgotten, whatever is still saved", async () => {
  const all = await parts();
  const auth = draftAuth(all);
  await auth.adopt();
  auth.saveCreds();
  await auth.forget();
  auth.saveCreds();
  await auth.keys.set({ session: { a: Buffer.from("x") } });
  await auth.settled();
  assert.equal(all.store.rows.size, 0);
  assert.equal(all.store.calls.at(-1), "clear");
});

Deno.test("bytes, missing ids and app state keys come back as the library wants them", async () => {
  const all = await parts();
  const draft = draftAuth(all);
  await draft.adopt();
  const stored = await loadAuth(all);
  assert.ok(stored);
  assert.deepEqual(stored.creds.noiseKey, draft.creds.noiseKey);
  assert.ok(Buffer.isBuffer(stored.creds.noiseKey.private));
  await stored.keys.set({
    session: { one: Buffer.from([1, 2]), two: Buffer.from([3]) },
    "app-state-sync-key": { k: { keyData: Buffer.from([9]) } },
  });
  assert.equal(all.store.calls.at(-1), "app-state-sync-key,session", "one transaction");
  await stored.keys.set({ session: { two: null } });
  assert.deepEqual(await stored.keys.get("session", ["one", "two", "three"]), { one: Buffer.from([1, 2]) });
  const { k } = await stored.keys.get("app-state-sync-key", ["k"]);
  assert.ok(k instanceof all.library.proto.Message.AppStateSyncKeyData);
});

Deno.test("saves of the credentials arrive in order, each as it was when asked for", async () => {
  const all = await parts();
  const draft = draftAuth(all);
  await draft.adopt();
  draft.creds.nextPreKeyId = 5;
  draft.saveCreds();
  draft.creds.nextPreKeyId = 9;
  draft.saveCreds();
  await draft.settled();
  assert.equal(JSON.parse(all.store.rows.get("creds|main") ?? "").nextPreKeyId, 9);
  assert.equal(all.store.calls.filter((call) => call === "creds").length, 2 + 1);
});

Deno.test("a store that refuses is told once, and the save rejects", async () => {
  const all = await parts();
  const auth = draftAuth(all);
  await auth.adopt();
  all.store.refuse = "the disk is full";
  await assert.rejects(
    Promise.resolve(auth.keys.set({ session: { a: Buffer.from("x") } })),
    /Cannot save the keys: the disk is full/u,
  );
  await assert.rejects(Promise.resolve(auth.keys.get("session", ["a"])), /Cannot read the keys/u);
  assert.equal(all.failures.length, 1);
  await assert.rejects(loadAuth(all), StoreFailure);
});

Deno.test("nothing stored means not linked", async () => {
  assert.equal(await loadAuth(await parts()), undefined);
});
