import assert from "node:assert/strict";
import { FakeClock } from "../../tests/helpers/fake_clock.ts";
import { assistantSays, fakeConfig, userSays } from "../../tests/helpers/services.ts";
import { memoryDb } from "../storage/db.ts";
import { createSessionStore } from "./store.ts";
import { createTranscript } from "./transcript.ts";

function setUp() {
  const db = memoryDb();
  const clock = new FakeClock();
  const config = fakeConfig();
  const transcript = createTranscript({ db, clock });
  return { db, clock, transcript, sessions: createSessionStore({ db, config, clock }) };
}

const keys = (list: { readonly sessions: readonly { readonly key: string }[] }) => list.sessions.map(({ key }) => key);

Deno.test("ensure() makes a session once, under its canonical key", () => {
  const { db, sessions } = setUp();
  assert.equal(sessions.get("main"), undefined);
  const made = sessions.ensure("main");
  assert.equal(made.key, "agent:main:main");
  assert.equal(made.agentId, "main");
  assert.match(made.sessionId, /^[0-9a-f-]{36}$/u);
  assert.deepEqual(sessions.ensure("agent:main:MAIN"), made);
  assert.deepEqual(sessions.bySessionId(made.sessionId), made);
  assert.equal(sessions.count(), 1);
  db.close();
});

Deno.test("update() merges, clears what is undefined, and touches the time unless told not to", () => {
  const { db, clock, sessions } = setUp();
  sessions.update("x", { thinkingLevel: "high", label: "Notes" });
  clock.advance(1000);
  const quiet = sessions.update("x", { thinkingLevel: undefined }, false);
  assert.deepEqual(quiet.entry, { label: "Notes" });
  assert.equal(quiet.updatedAt, clock.now() - 1000);
  assert.equal(sessions.update("x", { verboseLevel: "on" }).updatedAt, clock.now());
  assert.deepEqual(sessions.get("x")?.entry, { label: "Notes", verboseLevel: "on" });
  assert.equal(sessions.byLabel("Notes")?.key, "agent:main:x");
  db.close();
});

Deno.test("two sessions cannot have one label; a freed label can be used again", () => {
  const { db, sessions } = setUp();
  sessions.update("a", { label: "Notes" });
  assert.throws(() => sessions.update("b", { label: "Notes" }), { message: "label already in use: Notes" });
  sessions.update("a", { label: undefined });
  assert.equal(sessions.update("b", { label: "Notes" }).entry.label, "Notes");
  db.close();
});

Deno.test("reset() gives a new session id, keeps settings and label, and zeroes the counters", () => {
  const { db, sessions } = setUp();
  const before = sessions.update("x", {
    label: "Notes",
    thinkingLevel: "high",
    providerOverride: "fake",
    modelOverride: "small",
    sendPolicy: "deny",
    lastChannel: "webchat",
    lastTo: "you",
    elevatedLevel: "full",
    inputTokens: 5,
    outputTokens: 6,
    totalTokens: 11,
    abortedLastRun: true,
    systemSent: true,
  });
  const after = sessions.reset("x");
  assert.notEqual(after.sessionId, before.sessionId);
  assert.equal(after.createdAt, before.createdAt);
  assert.deepEqual(after.entry, {
    label: "Notes",
    thinkingLevel: "high",
    providerOverride: "fake",
    modelOverride: "small",
    sendPolicy: "deny",
    lastChannel: "webchat",
    lastTo: "you",
    inputTokens: 0,
    outputTokens: 0,
    totalTokens: 0,
    abortedLastRun: false,
    systemSent: false,
  });
  db.close();
});

Deno.test("remove() drops the session and, when asked, its transcript", () => {
  const { db, sessions, transcript } = setUp();
  const kept = sessions.ensure("a").sessionId;
  const gone = sessions.ensure("b").sessionId;
  transcript.append(kept, userSays("a"));
  transcript.append(gone, userSays("b"));
  assert.ok(sessions.remove("a", false));
  assert.ok(sessions.remove("b", true));
  assert.ok(!sessions.remove("b", true));
  assert.equal(sessions.get("a"), undefined);
  assert.equal(transcript.count(kept), 1);
  assert.equal(transcript.count(gone), 0);
  db.close();
});

Deno.test("list() is newest first, pages, counts all, and hides runs of cron jobs", () => {
  const { db, clock, sessions } = setUp();
  for (const key of ["a", "b", "c", "agent:main:cron:j:run:s", "agent:main:cron:j"]) {
    clock.advance(10);
    sessions.ensure(key);
  }
  assert.deepEqual(keys(sessions.list()), ["agent:main:cron:j", "agent:main:c", "agent:main:b", "agent:main:a"]);
  const page = sessions.list({ limit: 2, offset: 1 });
  assert.deepEqual(keys(page), ["agent:main:c", "agent:main:b"]);
  assert.equal(page.total, 4);
  db.close();
});

Deno.test("list() filters by agent, kind, label, parent and time", () => {
  const { db, clock, sessions } = setUp();
  sessions.ensure("agent:work:main");
  sessions.ensure("global");
  sessions.update("agent:main:subagent:1", { spawnedBy: "agent:main:main" });
  clock.advance(60_000);
  sessions.update("agent:main:telegram:group:1", { label: "Family" });
  assert.deepEqual(keys(sessions.list({ agentId: "work" })), ["agent:work:main"]);
  assert.deepEqual(keys(sessions.list({ kinds: ["global"] })), ["global"]);
  assert.deepEqual(keys(sessions.list({ kinds: ["group"] })), ["agent:main:telegram:group:1"]);
  assert.deepEqual(keys(sessions.list({ label: "Family" })), ["agent:main:telegram:group:1"]);
  assert.deepEqual(keys(sessions.list({ spawnedBy: "agent:main:main" })), ["agent:main:subagent:1"]);
  assert.deepEqual(keys(sessions.list({ activeSince: clock.now() })), ["agent:main:telegram:group:1"]);
  db.close();
});

Deno.test("list() searches key, label, display name and derived title, without regard to case", () => {
  const { db, sessions, transcript } = setUp();
  sessions.update("alpha", { label: "Groceries 100%" });
  sessions.update("beta", { displayName: "Anna's chat" });
  transcript.append(sessions.ensure("gamma").sessionId, userSays("How do volcanoes work?"));
  assert.deepEqual(keys(sessions.list({ search: "ALPH" })), ["agent:main:alpha"]);
  assert.deepEqual(keys(sessions.list({ search: "100%" })), ["agent:main:alpha"]);
  assert.deepEqual(keys(sessions.list({ search: "anna's" })), ["agent:main:beta"]);
  assert.deepEqual(keys(sessions.list({ search: "volcano" })), ["agent:main:gamma"]);
  assert.deepEqual(sessions.list({ search: "nothing like it" }), { sessions: [], total: 0 });
  assert.equal(sessions.list({ search: "agent:", limit: 2, offset: 2 }).sessions.length, 1);
  db.close();
});

Deno.test("derivedTitle() is the first user message on one line, without the stamp, and stays", () => {
  const { db, sessions, transcript } = setUp();
  const { sessionId } = sessions.ensure("x");
  assert.equal(sessions.derivedTitle(sessionId), undefined);
  transcript.append(sessionId, assistantSays("Welcome"));
  transcript.append(sessionId, {
    role: "user",
    content: [
      { type: "image", data: "AAAA", mimeType: "image/png" },
      { type: "text", text: `[Sun 2026-11-22 11:03 UTC] What\n is   this ${"very ".repeat(20)}long thing?` },
    ],
    timestamp: 1,
  });
  const title = sessions.derivedTitle(sessionId) ?? "";
  assert.match(title, /^What is this very very/u);
  assert.ok(title.endsWith("…") && [...title].length <= 60);
  transcript.append(sessionId, userSays("Something else"));
  assert.equal(sessions.derivedTitle(sessionId), title);
  db.close();
});

Deno.test("isStale() follows the configured daily reset", () => {
  const { db, clock, sessions } = setUp();
  const session = sessions.ensure("x");
  assert.ok(!sessions.isStale(session));
  clock.advance(25 * 3_600_000);
  assert.ok(sessions.isStale(session));
  db.close();
});

Deno.test("a change that an outer transaction takes back is not seen afterwards", () => {
  const { db, sessions } = setUp();
  sessions.update("x", { thinkingLevel: "low" });
  assert.throws(() =>
    db.transaction(() => {
      sessions.update("x", { thinkingLevel: "high" });
      sessions.ensure("y");
      throw new Error("no");
    })
  );
  assert.equal(sessions.get("x")?.entry.thinkingLevel, "low");
  assert.equal(sessions.get("y"), undefined);
  db.close();
});

Deno.test("a row whose settings cannot be read loses the settings, not the session", () => {
  const { db, sessions } = setUp();
  const { sessionId } = sessions.update("x", { label: "Notes" });
  db.run("UPDATE sessions SET entry = ?", '{"queueMode":"strange"}');
  assert.deepEqual(sessions.get("x")?.entry, {});
  assert.equal(sessions.get("x")?.sessionId, sessionId);
  db.close();
});
