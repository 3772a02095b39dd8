/** Tests of calls to nodes: repeats, limits, sizes, pieces. */
import assert from "node:assert/strict";
import { NodeLab } from "../../tests/helpers/node_lab.ts";
import { MAX_CALLS } from "./calls.ts";

/** A lab with a protocol 3 node, whose commands work at once. */
function ready(commands: readonly string[] = ["system.which"], platform = "linux") {
  const lab = new NodeLab();
  return {
    lab,
    client: lab.connect({ protocol: 3, commands, platform }),
    [Symbol.dispose]: () => lab[Symbol.dispose](),
  };
}

Deno.test("a repeat shares the running call and gets the kept answer, large ones from disk, errors too", async () => {
  using made = ready();
  const { lab, client } = made;
  const call = { idempotencyKey: "k", params: { a: 1 } };
  const both = [lab.invoke(call), lab.invoke(call)];
  assert.equal(lab.asked().length, 1);
  const large = JSON.stringify({ text: "é".repeat(300_000) });
  lab.nodes.answer(client, { id: lab.lastAsked().id, nodeId: "n1", ok: true, payloadJSON: large });
  for (const answer of await Promise.all(both)) assert.equal(answer.payloadJSON, large);
  assert.equal((await lab.invoke(call)).payloadJSON, large);
  const dir = `${lab.stateDir}/node-results`;
  assert.equal([...Deno.readDirSync(dir)].length, 1);
  assert.equal(lab.asked().length, 1, "the node was asked once");
  await assert.rejects(lab.invoke({ ...call, params: { a: 2 } }), /belongs to another call/u);
  const elsewhere = lab.invoke({ ...call, caller: "somebody else" });
  assert.equal(lab.asked().length, 2, "keys of another caller are other keys");
  lab.nodes.answer(client, { id: lab.lastAsked().id, nodeId: "n1", ok: false, error: { message: "no" } });
  await assert.rejects(elsewhere, { message: "no" });
  await assert.rejects(lab.invoke({ ...call, caller: "somebody else" }), { message: "no" });
  lab.clock.advance(10 * 60_000);
  lab.nodes.sweep();
  assert.equal([...Deno.readDirSync(dir)].length, 0);
  lab.invoke(call).catch(() => {});
  assert.equal(lab.asked().length, 3, "after ten minutes the key is free");
});

Deno.test("what was refused before the node heard of it may be tried again with the same key", async () => {
  using made = ready(["system.which", "system.run"]);
  const { lab, client } = made;
  const call = { idempotencyKey: "k", command: "system.run", params: { command: ["ls"] } };
  await assert.rejects(lab.invoke(call), { code: "INVALID_REQUEST" });
  lab.nodes.pairing.setAllowed("n1", ["system.run"]);
  const answer = lab.invoke(call);
  lab.nodes.answer(client, { id: lab.lastAsked().id, nodeId: "n1", ok: true, payloadJSON: "{}" });
  await answer;
});

Deno.test("a caller that stops waiting does not end the call for another", async () => {
  using made = ready();
  const { lab, client } = made;
  const stop = new AbortController();
  const call = { idempotencyKey: "k" };
  const first = lab.invoke({ ...call, signal: stop.signal });
  const second = lab.invoke(call);
  stop.abort();
  await assert.rejects(first, /stopped waiting/u);
  lab.nodes.answer(client, { id: lab.lastAsked().id, nodeId: "n1", ok: true, payloadJSON: "1" });
  assert.equal((await second).payload, 1);
});

Deno.test("calls under way are bounded a node and in all", async () => {
  using lab = new NodeLab();
  const count = MAX_CALLS.total / MAX_CALLS.perNode + 1;
  const clients = Array.from({ length: count }, (_, index) => lab.connect({ nodeId: `m${index}`, protocol: 3 }));
  const calls = clients.slice(0, -1).flatMap(({ deviceId = "" }) =>
    Array.from({ length: MAX_CALLS.perNode }, () => lab.invoke({ nodeId: deviceId }))
  );
  for (const call of calls) call.catch(() => {});
  await assert.rejects(lab.invoke({ nodeId: "m0" }), { code: "UNAVAILABLE", message: /this node/u });
  await assert.rejects(lab.invoke({ nodeId: `m${count - 1}` }), {
    code: "UNAVAILABLE",
    message: /all nodes together/u,
  });
  for (const client of clients) lab.disconnect(client);
  assert.deepEqual(new Set((await Promise.allSettled(calls)).map(({ status }) => status)), new Set(["rejected"]));
  lab.connect({ nodeId: "m0", protocol: 3 });
  lab.invoke({ nodeId: "m0" }).catch(() => {});
});

Deno.test("a result that is too large, or nested too deeply, fails with the limit", async () => {
  using made = ready();
  const { lab, client } = made;
  const tooMuch = lab.invoke();
  const payloadJSON = JSON.stringify("x".repeat(20 * 1024 * 1024));
  lab.nodes.answer(client, { id: lab.lastAsked().id, nodeId: "n1", ok: true, payloadJSON });
  await assert.rejects(tooMuch, { code: "UNAVAILABLE", message: /result too large: the limit is 20 MiB/u });
  const nested = lab.invoke();
  const deep = "[".repeat(5_000_000);
  lab.nodes.answer(client, { id: lab.lastAsked().id, nodeId: "n1", ok: true, payloadJSON: deep });
  await assert.rejects(nested, { code: "UNAVAILABLE", message: /nested deeper than 200 levels/u });
});

Deno.test("pieces in order are the payload of a bare answer; a repeated piece is ignored, a missing one ends the call", async () => {
  using made = ready();
  const { lab, client } = made;
  const piece = (seq: number, chunk: string) =>
    lab.nodes.progress(client, { invokeId: lab.lastAsked().id, nodeId: "n1", seq, chunk });
  const whole = lab.invoke();
  assert.deepEqual(piece(0, '{"base64":"'), { ok: true });
  assert.deepEqual(piece(1, "QUJD"), { ok: true });
  assert.deepEqual(piece(1, "again"), { ok: true, ignored: true });
  piece(2, '"}');
  lab.nodes.answer(client, { id: lab.lastAsked().id, nodeId: "n1", ok: true, payload: null });
  assert.deepEqual((await whole).payload, { base64: "QUJD" });
  assert.equal([...Deno.readDirSync(`${lab.stateDir}/node-results`)].length, 0, "the pieces are gone");

  const own = lab.invoke();
  piece(0, "noise");
  lab.nodes.answer(client, { id: lab.lastAsked().id, nodeId: "n1", ok: true, payloadJSON: "1" });
  assert.equal((await own).payload, 1, "an answer with a payload says more than its pieces");

  const gap = lab.invoke();
  piece(1, "x");
  await assert.rejects(gap, /piece 0 of the result is missing/u);
  assert.deepEqual(piece(0, "x"), { ok: true, ignored: true });
});

Deno.test("pieces beyond the limit end the call and free the disk", async () => {
  using made = ready();
  const { lab, client } = made;
  const answer = lab.invoke();
  const { id } = lab.lastAsked();
  const chunk = "x".repeat(16 * 1024 * 1024);
  for (let seq = 0; seq < 5; seq++) lab.nodes.progress(client, { invokeId: id, nodeId: "n1", seq, chunk });
  await assert.rejects(answer, /the limit is 64 MiB/u);
  assert.equal([...Deno.readDirSync(`${lab.stateDir}/node-results`)].length, 0);
});

Deno.test("parameters beyond 8 MiB are refused before anything is sent", async () => {
  using made = ready();
  await assert.rejects(made.lab.invoke({ params: "x".repeat(9 << 20) }), /larger than 8 MiB/u);
  assert.equal(made.lab.asked().length, 0);
});

Deno.test("a call whose caller is gone already is not made", async () => {
  using made = ready();
  const { lab } = made;
  await assert.rejects(lab.invoke({ signal: AbortSignal.abort() }), /stopped waiting/u);
  assert.equal(lab.asked().length, 0);
});

Deno.test("a large answer without room on disk is given once, and a repeat hears why it is not there", async () => {
  using made = ready();
  const { lab, client } = made;
  Deno.writeTextFileSync(`${lab.stateDir}/node-results`, "no folder");
  const call = { idempotencyKey: "k", params: {} };
  const first = lab.invoke(call);
  const payloadJSON = JSON.stringify("x".repeat(300_000));
  lab.nodes.answer(client, { id: lab.lastAsked().id, nodeId: "n1", ok: true, payloadJSON });
  assert.equal((await first).payloadJSON, payloadJSON);
  await assert.rejects(lab.invoke(call), { code: "UNAVAILABLE", message: /on disk/u });
});
