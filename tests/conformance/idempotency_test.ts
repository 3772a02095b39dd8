/** Repeats of side-effecting calls, in flight, afterwards and after a restart (idempotency facts, sections 1 and 2). */
import assert from "node:assert/strict";
import { makeIdentity } from "../helpers/client.ts";
import { gatewayTest } from "../helpers/gateway.ts";
import { within } from "../helpers/wait.ts";

const key = () => crypto.randomUUID();

gatewayTest("idempotency", {}, {
  "side-effecting methods without a key are refused": async (gateway) => {
    await using client = await gateway.connect();
    for (const method of ["agent", "chat.send", "send"]) {
      const res = await client.call(method, { message: "hi", sessionKey: "main", to: "main", channel: "webchat" });
      assert.equal(res.error?.code, "INVALID_REQUEST", method);
      assert.match(String(res.error?.message), new RegExp(`^invalid ${method} params: .*idempotencyKey`, "u"));
    }
  },
  "agent in flight: accepted again for protocol 3, in_flight for protocol 4, and the run starts once": async (
    gateway,
    model,
  ) => {
    for (const [protocol, status] of [[3, "accepted"], [4, "in_flight"]] as const) {
      const before = model.requests.length;
      await using client = await gateway.connect({ protocol });
      const params = { message: "bench:40:10", sessionKey: "agent:main:flight", idempotencyKey: key() };
      const first = client.sendRequest("agent", params);
      await client.waitRes(first);
      const repeat = Object(await client.request("agent", params));
      assert.deepEqual([repeat.status, repeat.runId], [status, params.idempotencyKey]);
      await client.waitRes(first, (res) => Object(res.payload).status !== "accepted");
      assert.equal(model.requests.length - before, 1, "one model call");
    }
  },
  "agent afterwards: the final answer as the only one": async (gateway, model) => {
    await using client = await gateway.connect();
    const params = { message: "bench:3:0", sessionKey: "agent:main:after", idempotencyKey: key() };
    const { second } = await client.requestTwice("agent", params);
    const before = model.requests.length;
    const id = client.sendRequest("agent", params);
    assert.deepEqual((await client.waitRes(id)).payload, second.payload);
    await client.request("health");
    assert.equal(client.frames.filter((frame) => frame.type === "res" && frame.id === id).length, 1);
    assert.equal(model.requests.length, before);
  },
  "chat.send: started, in_flight, ok": async (gateway) => {
    await using client = await gateway.connect();
    const params = { message: "bench:30:10", sessionKey: "agent:main:chat", idempotencyKey: key() };
    assert.equal((await client.request("chat.send", params))["status"], "started");
    assert.equal((await client.request("chat.send", params))["status"], "in_flight");
    await client.waitEvent((e) =>
      e.event === "chat" && e.payload["runId"] === params.idempotencyKey && e.payload["state"] === "final"
    );
    assert.equal((await client.request("chat.send", params))["status"], "ok");
  },
  "a failed run answers its repeats with the same error and payload": async (gateway, model) => {
    model.script({ kind: "error", status: 401, message: "bad key" });
    await using client = await gateway.connect();
    const params = { message: "hello", sessionKey: "agent:main:fails", idempotencyKey: key() };
    const { second } = await client.requestTwice("agent", params);
    assert.equal(second.ok, false);
    assert.equal(Object(second.payload).status, "error");
    const repeat = await client.call("agent", params);
    assert.deepEqual([repeat.ok, repeat.error, repeat.payload], [false, second.error, second.payload]);
  },
  "a refused call does not use up its key": async (gateway) => {
    await using client = await gateway.connect();
    const idempotencyKey = key();
    const refused = await client.call("chat.send", { sessionKey: "main", idempotencyKey });
    assert.equal(refused.ok, false);
    const params = { sessionKey: "agent:main:again", message: "bench:1:0", idempotencyKey };
    assert.equal((await client.request("chat.send", params))["status"], "started");
  },
  "the key belongs to the device: another device with the same key runs its own": async (gateway) => {
    await using one = await gateway.connect({ device: makeIdentity() });
    await using two = await gateway.connect({ device: makeIdentity() });
    const params = { channel: "webchat", to: "agent:main:main", message: "note", idempotencyKey: key() };
    const first = await one.request("send", params);
    assert.deepEqual(await one.request("send", params), first, "the same device gets the same answer");
    assert.notDeepEqual(await two.request("send", params), first, "another device sends its own");
  },
  "results survive a restart": async (gateway, model) => {
    const device = makeIdentity();
    const agent = { message: "bench:4:0", sessionKey: "agent:main:restart", idempotencyKey: key() };
    const send = { channel: "webchat", to: "agent:main:main", message: "once", idempotencyKey: key() };
    const before = await (async () => {
      await using client = await gateway.connect({ device });
      const { second } = await client.requestTwice("agent", agent);
      return { final: second.payload, sent: await client.request("send", send) };
    })();
    await gateway.restart();
    const calls = model.requests.length;
    await using client = await gateway.connect({ device });
    assert.deepEqual(await client.request("agent", agent), before.final);
    assert.deepEqual(await client.request("send", send), before.sent);
    assert.equal(model.requests.length, calls, "no second model call");
  },
  "agent.wait finds the end of a run, also when it has ended": async (gateway) => {
    await using client = await gateway.connect();
    const params = { message: "bench:5:20", sessionKey: "agent:main:wait", idempotencyKey: key() };
    const running = client.requestTwice("agent", params);
    const wait = { runId: params.idempotencyKey, timeoutMs: 5_000 };
    const [during] = await Promise.all([client.request("agent.wait", wait), running]);
    assert.equal(during["status"], "ok");
    const after = await within("the stored end", client.request("agent.wait", wait), 2_000);
    assert.equal(after["status"], "ok");
    assert.ok(Number(after["endedAt"]) >= Number(after["startedAt"]));
  },
});
