import assert from "node:assert/strict";
import {
  assistantSays,
  callMethod,
  fakeClient,
  type FakeClientOptions,
  fakeServices,
  userSays,
} from "../../../tests/helpers/services.ts";
import { GatewayError } from "../../../schemas/error.ts";
import { createSessionNotifier } from "../../session/notify.ts";
import { sessionMethods } from "./sessions.ts";

function setUp() {
  const services = fakeServices();
  return {
    services,
    call: (name: string, params: unknown, client: FakeClientOptions = {}) =>
      callMethod(sessionMethods, name, params, services, fakeClient(client)),
    say: (key: string, ...texts: string[]) => {
      const { sessionId } = services.sessions.ensure(key);
      for (const [index, text] of texts.entries()) {
        services.transcript.append(sessionId, index % 2 === 0 ? userSays(text) : assistantSays(text));
      }
      return sessionId;
    },
  };
}

const refusal = (code: string, message: string) => (error: unknown) => {
  assert.ok(error instanceof GatewayError);
  assert.deepEqual([error.code, error.message], [code, message]);
  return true;
};
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

Deno.test("sessions.patch makes the session, changes, and clears with null", async () => {
  const { services, call } = setUp();
  const made = await call("sessions.patch", { key: "x", label: " Notes ", thinkingLevel: "Low", verboseLevel: "on" });
  assert.deepEqual([made["ok"], made["key"], made["path"]], [true, "agent:main:x", "/state"]);
  assert.deepEqual(made["resolved"], { modelProvider: "fake", model: "small" });
  const { label, thinkingLevel, verboseLevel } = services.sessions.get("x")?.entry ?? {};
  assert.deepEqual([label, thinkingLevel, verboseLevel], ["Notes", "low", "on"]);
  await call("sessions.patch", { key: "x", label: null, thinkingLevel: null, unknownKey: 1 });
  assert.deepEqual(services.sessions.get("x")?.entry, { verboseLevel: "on" });
  assert.deepEqual(
    services.bus.published.map(({ payload }) => payload),
    ["create", "patch"].map((reason) => ({ sessionKey: "agent:main:x", reason, ts: services.clock.now() })),
  );
  services.db.close();
});

Deno.test("sessions.patch refuses bad values with the literal texts and changes nothing", async () => {
  const { services, call } = setUp();
  await call("sessions.patch", { key: "other", label: "Taken" });
  for (
    const [change, message] of [
      [{ thinkingLevel: "bogus" }, "invalid thinkingLevel (use off|minimal|low|medium|high)"],
      [{ thinkingLevel: "xhigh" }, "invalid thinkingLevel (use off|minimal|low|medium|high)"],
      [{ verboseLevel: "loud" }, "invalid verboseLevel (use on|off)"],
      [{ reasoningLevel: "x" }, "invalid reasoningLevel (use on|off|stream)"],
      [{ responseUsage: "x" }, "invalid responseUsage (use off|tokens|full)"],
      [{ elevatedLevel: "x" }, "invalid elevatedLevel (use on|off|ask|full)"],
      [{ execHost: "x" }, "invalid execHost (use sandbox|gateway|node)"],
      [{ execSecurity: "x" }, "invalid execSecurity (use deny|allowlist|full)"],
      [{ execAsk: "x" }, "invalid execAsk (use off|on-miss|always)"],
      [{ sendPolicy: "x" }, "invalid sendPolicy (use allow|deny)"],
      [{ groupActivation: "x" }, "invalid groupActivation (use mention|always)"],
      [{ execNode: " " }, "invalid execNode: empty"],
      [{ label: "Taken", verboseLevel: "on" }, "label already in use: Taken"],
      [{ model: "fake/none" }, "unknown model: fake/none"],
      [{ spawnedBy: "agent:main:main" }, 'Cannot set spawnedBy of "agent:main:x": it is not a sub-agent session'],
    ] as const
  ) await assert.rejects(call("sessions.patch", { key: "x", ...change }), refusal("INVALID_REQUEST", message));
  assert.equal(services.sessions.get("x"), undefined);
  await assert.rejects(call("sessions.patch", { key: "x", label: "l".repeat(65) }), { name: "GatewayError" });
  services.db.close();
});

Deno.test("sessions.patch takes every listed value", async () => {
  const { services, call } = setUp();
  const values: Record<string, readonly string[]> = {
    verboseLevel: ["on", "off", "full"],
    reasoningLevel: ["on", "stream"],
    responseUsage: ["off", "tokens", "full", "on"],
    elevatedLevel: ["on", "off", "ask", "full"],
    execHost: ["sandbox", "gateway", "node"],
    execSecurity: ["deny", "allowlist", "full"],
    execAsk: ["off", "on-miss", "always"],
    execNode: ["mac"],
    sendPolicy: ["allow", "deny"],
    groupActivation: ["mention", "always"],
    thinkingLevel: ["off", "minimal", "low", "medium", "high"],
  };
  for (const [field, all] of Object.entries(values)) {
    for (const value of all) {
      const { entry } = await call("sessions.patch", { key: "x", [field]: value });
      assert.ok(entry !== null && typeof entry === "object" && field in entry);
      assert.equal(Reflect.get(entry, field), value);
    }
    await call("sessions.patch", { key: "x", [field]: null });
    assert.ok(!(field in (services.sessions.get("x")?.entry ?? {})), field);
  }
  await call("sessions.patch", { key: "x", reasoningLevel: "off" });
  assert.deepEqual(services.sessions.get("x")?.entry, {});
  services.db.close();
});

Deno.test("sessions.patch stores a model that exists, and what it allows follows it", async () => {
  const { services, call } = setUp();
  const changed = await call("sessions.patch", { key: "x", model: "thinker", thinkingLevel: "xhigh" });
  assert.deepEqual(changed["resolved"], { modelProvider: "fake", model: "thinker" });
  const { providerOverride, modelOverride, thinkingLevel } = services.sessions.get("x")?.entry ?? {};
  assert.deepEqual([providerOverride, modelOverride, thinkingLevel], ["fake", "thinker", "xhigh"]);
  const cleared = await call("sessions.patch", { key: "x", model: null });
  assert.deepEqual(cleared["resolved"], { modelProvider: "fake", model: "small" });
  services.db.close();
});

Deno.test("sessions.patch sets spawnedBy of a sub-agent once", async () => {
  const { services, call } = setUp();
  const key = "agent:main:subagent:u1";
  await call("sessions.patch", { key, spawnedBy: "agent:main:main" });
  await call("sessions.patch", { key, spawnedBy: "agent:main:main" });
  for (const spawnedBy of ["agent:main:x", null]) {
    await assert.rejects(
      call("sessions.patch", { key, spawnedBy }),
      refusal("INVALID_REQUEST", `Cannot change spawnedBy of "${key}": it is already set`),
    );
  }
  services.db.close();
});

Deno.test("sessions.patch needs admin for what loosens a guard, write for the rest", async () => {
  const { services, call } = setUp();
  const writer = { scopes: ["operator.write"] };
  await call("sessions.patch", { key: "x", label: "Mine" }, writer);
  for (
    const change of [{ elevatedLevel: "full" }, { execSecurity: "full" }, { sendPolicy: "allow" }, { execAsk: null }]
  ) {
    const params = { key: "x", ...change };
    await assert.rejects(call("sessions.patch", params, writer), refusal("FORBIDDEN", "missing scope: operator.admin"));
    await assert.rejects(
      call("sessions.patch", params, { ...writer, protocol: 3 }),
      refusal("INVALID_REQUEST", "missing scope: operator.admin"),
    );
  }
  services.db.close();
});

Deno.test("sessions.reset stops runs, gives a new id and keeps the label", async () => {
  const { services, call, say } = setUp();
  const before = say("x", "hi", "pong");
  services.sessions.update("x", { label: "Notes", thinkingLevel: "low" });
  const { ok, key, entry } = await call("sessions.reset", { key: "x" });
  assert.deepEqual([ok, key], [true, "agent:main:x"]);
  assert.ok(entry !== null && typeof entry === "object" && "sessionId" in entry && "label" in entry);
  assert.notEqual(entry.sessionId, before);
  assert.equal(entry.label, "Notes");
  assert.deepEqual(services.runs.aborted, ["agent:main:x"]);
  assert.equal(services.transcript.count(before), 2);
  assert.deepEqual(services.bus.names(), ["sessions.changed"]);
  services.db.close();
});

Deno.test("sessions.delete removes the session and says whether there was one", async () => {
  const { services, call, say } = setUp();
  const sessionId = say("x", "hi");
  const answer = { ok: true, key: "agent:main:x", archived: [] };
  assert.deepEqual(await call("sessions.delete", { key: "x" }), { ...answer, deleted: true });
  assert.equal(services.transcript.count(sessionId), 0);
  assert.deepEqual(await call("sessions.delete", { key: "x" }), { ...answer, deleted: false });
  assert.deepEqual(services.bus.names(), ["sessions.changed"]);
  const kept = say("y", "hi");
  await call("sessions.delete", { key: "y", deleteTranscript: false });
  assert.equal(services.transcript.count(kept), 1);
  services.db.close();
});

Deno.test("sessions.delete refuses the main session under every name", async () => {
  const { services, call, say } = setUp();
  say("main", "hi");
  for (const key of ["main", "agent:main:main"]) {
    await assert.rejects(
      call("sessions.delete", { key }),
      refusal("INVALID_REQUEST", "Cannot delete the main session (agent:main:main)."),
    );
  }
  assert.deepEqual(services.runs.aborted, []);
  services.db.close();
});

Deno.test("sessions.delete waits fifteen seconds for a run to end and then says that it is active", async () => {
  const { services, call, say } = setUp();
  say("x", "hi");
  const run = { runId: "r1", state: "running", startedAt: 1, text: "", seq: 1, message: undefined } as const;
  services.runs.stuck = true;
  services.runs.live.set("agent:main:x", [run]);
  const refused = assert.rejects(
    call("sessions.delete", { key: "x" }),
    refusal("UNAVAILABLE", "Session agent:main:x is still active; try again in a moment."),
  );
  await passTime(services.clock, 15_100);
  await refused;
  assert.ok(services.sessions.get("x"));

  const deleted = call("sessions.delete", { key: "x" });
  await passTime(services.clock, 1000);
  services.runs.live.delete("agent:main:x");
  await passTime(services.clock, 100);
  assert.equal((await deleted)["deleted"], true);
  services.db.close();
});

/** Moves the clock in the steps of the poll, and lets the handler take each. */
async function passTime(clock: { advance(ms: number): void }, ms: number): Promise<void> {
  for (let passed = 0; passed <= ms; passed += 20) {
    clock.advance(20);
    await Promise.resolve();
    await Promise.resolve();
    await Promise.resolve();
  }
}

Deno.test("subscriptions decide who hears of sessions and of messages", async () => {
  const services = fakeServices();
  const [lists, reads, idle] = [1, 2, 3].map((n) => fakeClient({ connId: `c${n}` }));
  assert.ok(lists && reads && idle);
  services.bus.recipients.push(lists, reads, idle);
  const call = (name: string, params: unknown, client: typeof lists) =>
    callMethod(sessionMethods, name, params, services, client);
  assert.deepEqual(await call("sessions.subscribe", {}, lists), { subscribed: true });
  assert.deepEqual(await call("sessions.messages.subscribe", { key: "main" }, reads), {
    subscribed: true,
    key: "agent:main:main",
  });
  const session = services.sessions.ensure("main");
  const append = () =>
    createSessionNotifier(services).messageAppended(
      session,
      services.transcript.append(session.sessionId, userSays("hi")),
    );
  append();
  assert.deepEqual(services.bus.delivered.map(({ connId, event }) => [connId, event]), [
    ["c2", "session.message"],
    ["c1", "sessions.changed"],
  ]);
  const message = services.bus.delivered[0]?.payload;
  assert.ok(message !== null && typeof message === "object" && "messageSeq" in message && "sessionKey" in message);
  assert.deepEqual([message.messageSeq, message.sessionKey], [1, "agent:main:main"]);

  assert.deepEqual(await call("sessions.unsubscribe", {}, lists), { subscribed: false });
  await call("sessions.messages.unsubscribe", { key: "agent:main:main" }, reads);
  append();
  assert.equal(services.bus.delivered.length, 2);
  services.db.close();
});

Deno.test("one client cannot hold more than 256 subscriptions", async () => {
  const services = fakeServices();
  const client = fakeClient();
  const subscribe = (key: string) =>
    callMethod(sessionMethods, "sessions.messages.subscribe", { key }, services, client);
  for (let n = 0; n < 256; n++) await subscribe(`s${n}`);
  await subscribe("s0");
  await assert.rejects(subscribe("one-more"), { name: "GatewayError" });
  assert.equal(client.topics.size, 256);
  services.db.close();
});

Deno.test("the scopes are the lower ones of both generations", () => {
  const access = Object.fromEntries(sessionMethods.map((method) => [method.name, method.access]));
  assert.deepEqual(access, {
    "sessions.list": "operator.read",
    "sessions.preview": "operator.read",
    "sessions.resolve": "operator.read",
    "sessions.describe": "operator.read",
    "sessions.patch": "operator.write",
    "sessions.reset": "operator.admin",
    "sessions.delete": "operator.write",
    "sessions.subscribe": "operator.read",
    "sessions.unsubscribe": "operator.read",
    "sessions.messages.subscribe": "operator.read",
    "sessions.messages.unsubscribe": "operator.read",
  });
});
