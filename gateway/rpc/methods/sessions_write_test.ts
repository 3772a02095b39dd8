import assert from "node:assert/strict";
import { refusal, sessionSetUp as setUp } from "../../../tests/helpers/sessions.ts";

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
