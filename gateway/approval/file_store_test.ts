/** The file on a real disk: guards, permissions, the token that stays, a broken file that nobody overwrites. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { FakeClock } from "../../tests/helpers/fake_clock.ts";
import { GatewayError } from "../../schemas/error.ts";
import { silentLog } from "../observe/log.ts";
import { type ApprovalsFile, createApprovalsFile } from "./file_store.ts";

interface Lab {
  readonly path: string;
  readonly clock: FakeClock;
  readonly store: ApprovalsFile;
  text(): string;
}

const test = (sentence: string, body: (lab: Lab) => Promise<void>) =>
  Deno.test(sentence, async () => {
    const dir = await Deno.makeTempDir({ prefix: "ocappr-" });
    try {
      const [path, clock] = [`${dir}/exec-approvals.json`, new FakeClock()];
      await body({
        path,
        clock,
        store: createApprovalsFile({ path, clock, log: silentLog }),
        text: () => Deno.readTextFileSync(path),
      });
    } finally {
      await Deno.remove(dir, { recursive: true });
    }
  });
const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
const refused = (pattern: RegExp) => (error: unknown) =>
  error instanceof GatewayError && error.code === "INVALID_REQUEST" && pattern.test(error.message);

test("without a file there are no rules, and the first set makes it for its owner alone", async ({ path, store, text }) => {
  assert.deepEqual(await store.get(), { path, exists: false, hash: sha256(""), file: { version: 1, agents: {} } });
  const after = await store.set({ version: 1, defaults: { ask: "always" } }, undefined);
  assert.deepEqual(after, {
    path,
    exists: true,
    hash: sha256(text()),
    file: { version: 1, defaults: { ask: "always" } },
  });
  assert.equal((Deno.statSync(path).mode ?? 0) & 0o777, 0o600);
  assert.deepEqual([...Deno.readDirSync(path.replace(/\/[^/]+$/u, ""))].length, 1, "no temporary file stays");
});

test("a set without the hash, or with an old one, is refused with the texts that clients know", async ({ store, path }) => {
  const { hash } = await store.set({ version: 1 }, undefined);
  await assert.rejects(
    store.set({ version: 1 }, undefined),
    refused(/^exec approvals base hash required; re-run exec\.approvals\.get and retry$/u),
  );
  Deno.writeTextFileSync(path, '{"version":1,"defaults":{}}');
  const changed = refused(/^exec approvals changed since last load; re-run exec\.approvals\.get and retry$/u);
  await assert.rejects(store.set({ version: 1 }, hash), changed);
  Deno.removeSync(path);
  await assert.rejects(store.set({ version: 1 }, hash), changed);
});

test("the token of the socket stays in the file and never leaves it", async ({ store, path, text }) => {
  Deno.writeTextFileSync(path, JSON.stringify({ version: 1, socket: { path: "/s", token: "hush" }, extra: 1 }));
  const { file, hash } = await store.get();
  assert.deepEqual(file, { version: 1, socket: { path: "/s" }, extra: 1 });
  const after = await store.set({ version: 1, socket: { path: "/t" } }, hash);
  assert.ok(!JSON.stringify(after).includes("hush"));
  assert.deepEqual(JSON.parse(text()).socket, { path: "/t", token: "hush" });
});

test("a file that cannot be used says what to do and is left as it is", async ({ store, path, text }) => {
  for (const broken of ["{ not json", '{"version":2}', '{"version":1,"agents":{"a":{"allowlist":[{"pattern":""}]}}}']) {
    Deno.writeTextFileSync(path, broken);
    const says = refused(
      /^Cannot read ".*exec-approvals\.json": .+ It was left as it is\. Correct it, or move it away/u,
    );
    await assert.rejects(store.get(), says);
    await assert.rejects(store.set({ version: 1 }, sha256(broken)), says);
    assert.throws(() => store.read(), says);
    assert.throws(() => store.remember("main", "ls", { command: "ls" }), says);
    assert.equal(text(), broken);
  }
  Deno.removeSync(path);
  Deno.mkdirSync(path);
  await assert.rejects(store.get(), refused(/it is no file/u));
});

test("always adds an entry once, and uses are written down a little later", ({ store, clock, text }) => {
  store.remember("main", "/bin/ls", { command: "ls -l", resolvedPath: "/bin/ls" });
  store.remember("main", "/bin/ls", { command: "ls -a" });
  store.remember("__proto__", "git", { command: "git" });
  const entries = () => store.read().agents?.["main"]?.allowlist ?? [];
  assert.equal(entries().length, 1);
  const [{ id, ...entry } = { id: "" }] = entries();
  assert.match(id ?? "", /^[0-9a-f-]{36}$/u);
  assert.deepEqual(entry, {
    pattern: "/bin/ls",
    lastUsedAt: clock.now(),
    lastUsedCommand: "ls -a",
    lastResolvedPath: "/bin/ls",
  });
  assert.ok(text().includes('"__proto__"'));

  const before = text();
  clock.advance(60_000);
  store.used({ agentId: "main", pattern: "/bin/ls" }, { command: "ls /x" });
  store.used({ agentId: "main", pattern: "gone" }, { command: "gone" });
  assert.equal(text(), before);
  clock.advance(2_000);
  assert.deepEqual([entries()[0]?.lastUsedCommand, entries()[0]?.lastUsedAt], ["ls /x", clock.now()]);
  assert.equal(entries().length, 1, "an entry that is gone does not come back");
  return Promise.resolve();
});

test("an edit by hand counts at once", ({ store, path }) => {
  store.remember("main", "ls", { command: "ls" });
  assert.equal(store.read().agents?.["main"]?.allowlist?.length, 1);
  Deno.writeTextFileSync(path, '{"version":1}');
  assert.equal(store.read().agents, undefined);
  return Promise.resolve();
});
