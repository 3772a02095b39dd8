/** Unit tests of the message checker. */
import assert from "node:assert/strict";
import { AgentCommand, AgentReport } from "./agent.ts";
import { messageChecker } from "./runtime.ts";

const check = messageChecker(AgentReport);

Deno.test("a message of the contract passes", () => {
  const message = { type: "run.delta", runId: "r", kind: "text", text: "" };
  assert.deepEqual(check(message), { ok: true, value: message });
  assert.ok(messageChecker(AgentCommand).is({ type: "ping", id: 0 }));
});

Deno.test("an error names the fault of the message that was meant", () => {
  const result = check({ type: "run.delta", runId: "", kind: "text", text: 1 });
  assert.ok(!result.ok);
  assert.match(result.error, /runId/u);
  assert.match(result.error, /text: must be string/u);
});

Deno.test("an unknown type, a missing type and things that are no messages are refused", () => {
  for (
    const value of [{ type: "run.fly" }, { type: "toString" }, {}, null, undefined, 3, "ready", [], { type: ["ready"] }]
  ) {
    const result = check(value);
    assert.ok(!result.ok, JSON.stringify(value));
    assert.match(result.error, /not a known message type/u);
  }
  assert.ok(!check({ type: "ready", more: 1 }).ok);
});
