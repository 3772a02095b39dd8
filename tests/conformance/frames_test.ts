/** Frames after the handshake: order of answers, two answers, sequence numbers, what is announced. */
import assert from "node:assert/strict";
import { METHODS } from "../../gateway/rpc/registry.ts";
import { EVENTS } from "../../schemas/event/mod.ts";
import { type Ev, type TestClient } from "../helpers/client.ts";
import { gatewayTest } from "../helpers/gateway.ts";

/** Numbered events start at 1 and have no gap. */
function assertGapless(client: TestClient): number {
  const seqs = client.frames.filter((frame): frame is Ev => frame.type === "event" && frame.seq !== undefined)
    .map((event) => event.seq);
  assert.deepEqual(seqs, seqs.map((_, index) => index + 1));
  return seqs.length;
}

const say = (text: string, sessionKey = "main") => ({ message: text, sessionKey, idempotencyKey: crypto.randomUUID() });

gatewayTest("frames", {}, {
  "hello announces exactly the methods and events of the tables": async (gateway) => {
    await using client = await gateway.connect();
    const features = Object(client.hello["features"]);
    const methods = METHODS.filter((method) => method.advertised !== false).map((method) => method.name);
    assert.deepEqual([...features.methods].sort(), methods.sort());
    assert.deepEqual([...features.events].sort(), [...new Set(EVENTS.map((event) => event.name))].sort());
  },
  "a slow answer does not hold back a quick one": async (gateway) => {
    await using client = await gateway.connect();
    const slow = client.sendRequest("agent.wait", { runId: "nobody", timeoutMs: 400 });
    const quick = client.sendRequest("health");
    await client.waitRes(quick);
    assert.equal(client.frames.some((frame) => frame.type === "res" && frame.id === slow), false);
    assert.equal(Object((await client.waitRes(slow)).payload).status, "timeout");
  },
  "agent answers twice on one id: accepted, then the end after its events": async (gateway) => {
    await using client = await gateway.connect();
    const params = say("bench:5:0");
    const { first, second } = await client.requestTwice("agent", params);
    const accepted = Object(first.payload);
    assert.deepEqual([accepted.status, accepted.runId], ["accepted", params.idempotencyKey]);
    assert.ok(Number.isInteger(accepted.acceptedAt));
    const final = Object(second.payload);
    assert.deepEqual([final.status, final.runId], ["ok", params.idempotencyKey]);
    assert.equal(final.result.payloads[0].text.trim(), "w0 w1 w2 w3 w4");
    const end = client.frames.findIndex((f) =>
      f.type === "event" && f.event === "agent" && Object(f.payload["data"]).phase === "end"
    );
    assert.ok(end !== -1 && end < client.frames.indexOf(second), "the lifecycle end comes before the final answer");
  },
  "the events of a run carry its own gapless seq and cumulative text": async (gateway) => {
    await using client = await gateway.connect();
    const params = say("bench:6:2");
    await client.requestTwice("agent", params);
    const events = client.events("agent").filter((event) => event.payload["runId"] === params.idempotencyKey);
    assert.deepEqual(events.map((event) => event.payload["seq"]), events.map((_, index) => index + 1));
    let text = "";
    for (const { payload } of events.filter((event) => event.payload["stream"] === "assistant")) {
      const data = Object(payload["data"]);
      text += data.delta;
      assert.equal(data.text, text);
      assert.equal(payload["sessionKey"], "agent:main:main");
    }
    assert.equal(text.trim(), "w0 w1 w2 w3 w4 w5");
    const states = client.events("chat").map((event) => event.payload["state"]);
    assert.equal(states.at(-1), "final");
    assert.equal(states.filter((state) => state === "final").length, 1);
  },
  "every client counts its own events without gaps, whatever the others may see": async (gateway) => {
    await using reader = await gateway.connect({ scopes: ["operator.read"] });
    await using pairing = await gateway.connect({ scopes: ["operator.pairing"] });
    await using late = await gateway.connect();
    await late.requestTwice("agent", say("bench:10:1"));
    await reader.waitEvent((event) => event.event === "chat" && event.payload["state"] === "final");
    assert.ok(assertGapless(reader) >= 10);
    assert.ok(assertGapless(late) >= 10);
    assertGapless(pairing);
    assert.equal(pairing.events("agent").length, 0, "no scope, no event");
  },
  "tool progress goes without seq, to clients with the capability that take part": async (gateway, model) => {
    model.script({ kind: "tool", name: "time", args: {} });
    await using able = await gateway.connect({ caps: ["tool-events"] });
    await using plain = await gateway.connect();
    const { second } = await able.requestTwice("agent", say("what time is it?", "agent:main:tools"));
    assert.equal(Object(second.payload).status, "ok");
    const tools = able.events("agent").filter((event) => event.payload["stream"] === "tool");
    assert.deepEqual(tools.map((event) => Object(event.payload["data"]).phase), ["start", "result"]);
    assert.ok(tools.every((event) => event.seq === undefined));
    assert.equal(plain.events("agent").some((event) => event.payload["stream"] === "tool"), false);
    assertGapless(able);
    assertGapless(plain);
  },
  "unknown keys from a client are ignored, at every level": async (gateway) => {
    await using client = await gateway.connect({ extra: { profile: "x", computerUse: { a: 1 } } });
    client.send({ type: "req", id: "k", method: "health", params: { probe: false, novelty: 1 }, traceparent: "00-1" });
    assert.equal((await client.waitRes("k")).ok, true);
  },
});
