/** Tests of session_rule.ts: where a node may speak, and how often. */
import assert from "node:assert/strict";
import { FakeClock } from "../../tests/helpers/fake_clock.ts";
import { EventGate, ownSession, sessionRight } from "./session_rule.ts";

const rules = { defaultAgentId: "main", mainKey: "main", scope: "per-sender" } as const;
const right = (key: string, called: readonly string[] = []) =>
  sessionRight(key, "abc", rules, (each) => called.includes(each));

Deno.test("a node speaks in its own session, the main one, and those of the default agent that are nobody else's", () => {
  for (
    const key of ["agent:main:main", `agent:main:${ownSession("abc")}`, "agent:main:work", "agent:main:notes:2026"]
  ) {
    assert.equal(right(key), "own", key);
  }
  assert.equal(sessionRight("global", "abc", { ...rules, scope: "global" }, () => false), "own");
});

Deno.test("chats of channels, other nodes, other agents, jobs and subagents are closed until they call the node", () => {
  for (
    const key of [
      "agent:main:node-other",
      "agent:main:telegram:direct:42",
      "agent:main:direct:ann",
      "agent:main:slack:t1:direct:u1",
      "agent:main:telegram:group:-100",
      "agent:main:slack:channel:c1",
      "agent:main:telegram:group:-100:topic:5",
      "agent:main:main:thread:7",
      "agent:main:subagent:1",
      "agent:main:cron:1",
      "agent:main:hook:1",
      "agent:other:main",
      "global",
      "unknown",
    ]
  ) {
    assert.equal(right(key), undefined, key);
    assert.equal(right(key, [key]), "called", key);
  }
});

Deno.test("a node sends a few events at once and then one a second; another node is not slowed by it", () => {
  const clock = new FakeClock();
  const gate = new EventGate(clock);
  const take = (node = "a") => gate.take(node, "run", 3, 1);
  assert.deepEqual([take(), take(), take(), take()], [true, true, true, false]);
  assert.equal(take("b"), true);
  clock.advance(999);
  assert.equal(take(), false);
  clock.advance(1);
  assert.deepEqual([take(), take()], [true, false]);
  clock.advance(120_000);
  gate.sweep();
  assert.deepEqual([take(), take(), take(), take()], [true, true, true, false]);
});
