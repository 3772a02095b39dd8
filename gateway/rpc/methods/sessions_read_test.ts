import assert from "node:assert/strict";
import { refusal, sessionSetUp as setUp } from "../../../tests/helpers/sessions.ts";

const keysOf = (result: Record<string, unknown>): unknown[] =>
  Array.isArray(result["sessions"]) ? result["sessions"].map((row) => row["key"]) : [];
const rowOf = (result: Record<string, unknown>): Record<string, unknown> =>
  Array.isArray(result["sessions"]) ? result["sessions"][0] : {};

Deno.test("sessions.list has the recorded keys of both generations", async () => {
  const { services, call, say } = setUp();
  say("agent:main:x", "hi", "pong");
  const result = await call("sessions.list", { limit: 1 });
  for (
    const key of ["ts", "path", "count", "totalCount", "limitApplied", "nextOffset", "hasMore", "owners", "defaults"]
  ) assert.ok(key in result, key);
  assert.equal(result["path"], "(multiple)");
  const row = rowOf(result);
  assert.equal(row["key"], "agent:main:x");
  assert.equal(row["kind"], "direct");
  assert.equal(row["totalTokens"], 0);
  assert.deepEqual([row["modelProvider"], row["model"], row["contextTokens"]], ["fake", "small", 128_000]);
  assert.deepEqual([row["hasActiveRun"], row["activeRunIds"]], [false, []]);
  assert.ok(!("derivedTitle" in row) && !("lastMessagePreview" in row));
  services.db.close();
});

Deno.test("sessions.list adds titles and previews only when asked", async () => {
  const { services, call, say } = setUp();
  say("x", "What is a gateway?", "A door with rules");
  const row = rowOf(await call("sessions.list", { includeDerivedTitles: true, includeLastMessage: true }));
  assert.equal(row["derivedTitle"], "What is a gateway?");
  assert.equal(row["lastMessagePreview"], "A door with rules");
  services.db.close();
});

Deno.test("sessions.list pages with limit and offset and says where to go on", async () => {
  const { services, call, say } = setUp();
  for (const key of ["a", "b", "c"]) {
    services.clock.advance(5);
    say(key, "hi");
  }
  const first = await call("sessions.list", { limit: 2 });
  assert.deepEqual(keysOf(first), ["agent:main:c", "agent:main:b"]);
  assert.deepEqual([first["count"], first["totalCount"], first["nextOffset"], first["hasMore"]], [2, 3, 2, true]);
  const rest = await call("sessions.list", { limit: 2, offset: 2 });
  assert.deepEqual(keysOf(rest), ["agent:main:a"]);
  assert.deepEqual([rest["nextOffset"], rest["hasMore"]], [null, false]);
  services.db.close();
});

Deno.test("sessions.list shows global and unknown only when asked, and never with an agent", async () => {
  const { services, call, say } = setUp();
  for (const key of ["x", "global", "unknown"]) say(key, "hi");
  assert.deepEqual(keysOf(await call("sessions.list", {})), ["agent:main:x"]);
  assert.equal(keysOf(await call("sessions.list", { includeGlobal: true, includeUnknown: true })).length, 3);
  const ofAgent = await call("sessions.list", { includeGlobal: true, agentId: "Main" });
  assert.deepEqual(keysOf(ofAgent), ["agent:main:x"]);
  assert.deepEqual(keysOf(await call("sessions.list", { agentId: "other" })), []);
  services.db.close();
});

Deno.test("sessions.list filters by activity and shows what runs", async () => {
  const { services, call, say } = setUp();
  say("old", "hi");
  services.clock.advance(10 * 60_000);
  say("new", "hi");
  services.runs.live.set("agent:main:new", [
    { runId: "r1", state: "running", startedAt: 1, text: "", seq: 1, message: undefined },
  ]);
  const result = await call("sessions.list", { activeMinutes: 5 });
  assert.deepEqual(keysOf(result), ["agent:main:new"]);
  assert.deepEqual([rowOf(result)["hasActiveRun"], rowOf(result)["activeRunIds"]], [true, ["r1"]]);
  services.db.close();
});

Deno.test("sessions.preview names roles, counts an assistant with tool calls as tool, and reports missing keys", async () => {
  const { services, call, say } = setUp();
  const sessionId = say("x", "hi", "pong");
  services.transcript.append(sessionId, {
    role: "assistant",
    content: [{ type: "toolCall", id: "t1", name: "session_list", arguments: {} }],
    timestamp: 3,
  });
  services.sessions.ensure("empty");
  const { previews } = await call("sessions.preview", { keys: ["agent:main:x", "empty", "gone", "agent:"] });
  assert.deepEqual(previews, [
    {
      key: "agent:main:x",
      status: "ok",
      items: [
        { role: "user", text: "hi" },
        { role: "assistant", text: "pong" },
        { role: "tool", text: "call session_list" },
      ],
    },
    { key: "empty", status: "empty", items: [] },
    { key: "gone", status: "missing", items: [] },
    { key: "agent:", status: "error", items: [] },
  ]);
  services.db.close();
});

Deno.test("sessions.preview cuts texts, keeps the last items and answers for 64 keys at most", async () => {
  const { services, call, say } = setUp();
  say("x", ...Array.from({ length: 30 }, (_, index) => `message ${index} ${"y".repeat(100)}`));
  const result = await call("sessions.preview", { keys: Array(70).fill("x"), limit: 2, maxChars: 20 });
  const previews = Array.isArray(result["previews"]) ? result["previews"] : [];
  assert.equal(previews.length, 64);
  const { items } = previews[0];
  assert.deepEqual(items.map(({ text }: { text: string }) => text.slice(0, 10)), ["message 28", "message 29"]);
  for (const { text } of items) assert.ok([...text].length <= 20);
  services.db.close();
});

Deno.test("sessions.resolve finds by key, session id and label", async () => {
  const { services, call, say } = setUp();
  const sessionId = say("main", "hi");
  services.sessions.update("main", { label: "Home" });
  const found = { ok: true, key: "agent:main:main", agentId: "main" };
  for (const params of [{ key: "main" }, { sessionId }, { label: " Home " }, { key: "main", agentId: "main" }]) {
    assert.deepEqual(await call("sessions.resolve", params), found);
  }
  services.db.close();
});

Deno.test("sessions.resolve refuses with the literal texts", async () => {
  const { services, call, say } = setUp();
  say("main", "hi");
  for (
    const [params, message] of [
      [{}, "Either key, sessionId, or label is required"],
      [{ key: " " }, "Either key, sessionId, or label is required"],
      [{ key: "a", label: "b" }, "Provide either key, sessionId, or label (not multiple)"],
      [{ key: "nobody" }, "No session found: nobody"],
      [{ sessionId: "s-0" }, "No session found: s-0"],
      [{ label: "L" }, "No session found with label: L"],
      [{ key: "main", spawnedBy: "agent:main:x" }, "No session found: main"],
    ] as const
  ) await assert.rejects(call("sessions.resolve", params), refusal("INVALID_REQUEST", message));
  services.db.close();
});

Deno.test("sessions.describe answers a full row or null", async () => {
  const { services, call, say } = setUp();
  say("x", "hi", "pong");
  const { session } = await call("sessions.describe", { key: "x" });
  assert.ok(session !== null && typeof session === "object" && "thinkingOptions" in session);
  assert.deepEqual(session.thinkingOptions, ["off", "minimal", "low", "medium", "high"]);
  assert.deepEqual(await call("sessions.describe", { key: "nobody" }), { session: null });
  services.db.close();
});
