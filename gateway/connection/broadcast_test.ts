import assert from "node:assert/strict";
import { AgentEvent, AgentToolEvent } from "../../schemas/event/agent.ts";
import { ChatEvent } from "../../schemas/event/chat.ts";
import { PresenceEvent } from "../../schemas/event/presence.ts";
import { defineEvent } from "../../schemas/event/define.ts";
import { Closed, Type } from "../../schemas/primitives.ts";
import { Broadcast } from "./broadcast.ts";

const lifecycle = { runId: "r", seq: 1, ts: 1, stream: "lifecycle" as const, data: { phase: "start" as const } };
const parse = (frame: Uint8Array | undefined): Record<string, unknown> => JSON.parse(new TextDecoder().decode(frame));

Deno.test("a frame carries the receiver's own number and is made once per number", () => {
  const broadcast = new Broadcast(AgentEvent, lifecycle, undefined);
  const first = broadcast.frame(4, () => 7);
  assert.deepEqual(parse(first), { type: "event", event: "agent", payload: lifecycle, seq: 7 });
  assert.equal(broadcast.frame(4, () => 7), first);
  assert.equal(parse(broadcast.frame(4, () => 8))["seq"], 8);
});

Deno.test("protocols 3 and 4 share one serialisation when the event has no difference", () => {
  const broadcast = new Broadcast(AgentEvent, lifecycle, undefined);
  assert.equal(broadcast.frame(3, () => 1), broadcast.frame(4, () => 1));
});

Deno.test("tool progress goes without a number", () => {
  const frame = new Broadcast(AgentToolEvent, lifecycle, undefined).frame(4, () => assert.fail("took a number"));
  assert.equal("seq" in parse(frame), false);
});

Deno.test("an event that protocol 3 does not know gives it no frame and takes no number", () => {
  const event = defineEvent({
    name: "newer",
    access: "any",
    payload: Closed({ a: Type.Number() }),
    delivery: "ordered",
    forProtocol3: (payload) => payload.a > 1 ? { a: 1 } : undefined,
    description: "test",
  });
  assert.equal(new Broadcast(event, { a: 0 }, undefined).frame(3, () => assert.fail("took a number")), undefined);
  const both = new Broadcast(event, { a: 5 }, undefined);
  assert.deepEqual([parse(both.frame(3, () => 1))["payload"], parse(both.frame(4, () => 1))["payload"]], [{ a: 1 }, {
    a: 5,
  }]);
});

Deno.test("stateVersion is in the frame only when it was given", () => {
  const stateVersion = { presence: 2, health: 3 };
  const frame = new Broadcast(PresenceEvent, { presence: [] }, stateVersion).frame(3, () => 1);
  assert.deepEqual(parse(frame)["stateVersion"], stateVersion);
});

Deno.test("a chat delta may be dropped, a chat final may not", () => {
  const base = { runId: "r", sessionKey: "agent:main:main", seq: 1 };
  const message = { role: "assistant" as const, content: [], timestamp: 1 };
  assert.equal(
    new Broadcast(ChatEvent, { ...base, state: "delta", deltaText: "a", message }, undefined).droppable,
    true,
  );
  assert.equal(new Broadcast(ChatEvent, { ...base, state: "final" }, undefined).droppable, false);
});
