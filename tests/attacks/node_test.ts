/** A hostile node on a real socket: floods, results that are none, names that deceive, lists without end. */
import assert from "node:assert/strict";
import { asJson, type Json, type TestClient } from "../helpers/client.ts";
import { gatewayTest, type TestGateway } from "../helpers/gateway.ts";
import { eventually, within } from "../helpers/wait.ts";
import { invokeParams, Raw, TestNode } from "../nodes/lab.ts";

const CAMERA = { gateway: { nodes: { allowCommands: ["camera.snap"] } } };
const WEB = { platform: "web", commands: ["camera.snap", "canvas.snapshot", "device.info"] };

const spooled = async ({ stateDir }: TestGateway): Promise<number> => {
  let bytes = 0;
  try {
    for await (const { name } of Deno.readDir(`${stateDir}/node-results`)) {
      bytes += (await Deno.stat(`${stateDir}/node-results/${name}`)).size;
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return bytes;
};

/** What the agent's tool made of the node's answer: the text for the model, and the pictures that it saw. */
async function toolAnswer(owner: TestClient, message: string): Promise<string> {
  const runId = crypto.randomUUID();
  await owner.request("chat.send", { sessionKey: "main", message, idempotencyKey: runId });
  const { payload } = await owner.waitEvent(
    ({ event, payload }) => event === "chat" && payload["runId"] === runId && payload["state"] === "final",
    20_000,
  );
  return JSON.stringify(payload["message"]);
}

gatewayTest("a node that floods", { config: CAMERA }, {
  "with pieces of a result takes no more disk than its limit, and nobody waits for it": async (gateway) => {
    await using owner = await gateway.connect();
    await using node = await TestNode.connect(gateway, WEB);
    node.answerer = () => undefined;
    const call = owner.call("node.invoke", invokeParams(node.id, "canvas.snapshot"), 60_000);
    const { id } = await eventually("the call", () => node.asked[0]);
    const chunk = "x".repeat(1 << 20);
    let worst = 0;
    for (let seq = 0; seq < 80; seq++) {
      node.client.sendRequest("node.invoke.progress", { invokeId: id, nodeId: node.id, seq, chunk });
      if (seq % 16 !== 0) continue;
      const started = performance.now();
      await owner.request("health", {});
      worst = Math.max(worst, performance.now() - started);
    }
    const { error } = await call;
    assert.match(error?.message ?? "", /result too large: the limit is 64 MiB/u);
    assert.ok(worst < 3_000, `${Math.round(worst)} ms`);
    await eventually("the disk to be free", async () => await spooled(gateway) === 0);
  },

  "with empty pieces, ended calls and calls of others changes nothing": async (gateway) => {
    await using owner = await gateway.connect();
    await using node = await TestNode.connect(gateway, WEB);
    node.answerer = () => undefined;
    const call = owner.call("node.invoke", invokeParams(node.id, "canvas.snapshot", {}, { timeoutMs: 20_000 }), 30_000);
    const { id } = await eventually("the call", () => node.asked[0]);
    let last = "";
    for (let seq = 0; seq < 5_000; seq++) {
      last = node.client.sendRequest("node.invoke.progress", { invokeId: id, nodeId: node.id, seq, chunk: "" });
    }
    await node.client.waitRes(last, () => true, 20_000);
    for (const invokeId of ["", "none", String(id).toUpperCase(), "__proto__", "constructor"]) {
      const { ok, payload } = await node.client.call("node.invoke.progress", {
        invokeId,
        nodeId: node.id,
        seq: 0,
        chunk: "x",
      });
      if (ok) assert.deepEqual(payload, { ok: true, ignored: true }, invokeId);
    }
    node.result(id, { payloadJSON: '"kept"' });
    assert.equal(Object((await call).payload).payload, "kept");
    assert.equal(await spooled(gateway), 0);
  },

  "with events is slowed down, while another node and the owner are served": async (gateway, model) => {
    await using owner = await gateway.connect();
    await using node = await TestNode.connect(gateway, WEB);
    await using other = await TestNode.connect(gateway, WEB);
    const before = model.requests.length;
    const event = (name: string, payload: Json) =>
      node.client.sendRequest("node.event", { event: name, payloadJSON: JSON.stringify(payload) });
    const runs: string[] = [];
    const notes: string[] = [];
    let last = "";
    for (let index = 0; index < 2_000; index++) {
      runs.push(event("agent.request", { message: `flood ${index}` }));
      notes.push(event("exec.finished", { sessionKey: "main", runId: `r${index}`, output: "x".repeat(1_000) }));
      last = event("no.such.event", { index });
    }
    const started = performance.now();
    assert.equal((await owner.request("node.invoke", invokeParams(other.id, "device.info")))["ok"], true);
    assert.ok(performance.now() - started < 5_000);
    await node.client.waitRes(last, () => true, 30_000);
    const seconds = Math.ceil((performance.now() - started) / 1_000);
    const handled = (ids: readonly string[]): number => {
      const wanted = new Set(ids);
      return node.client.frames.filter((frame) =>
        frame.type === "res" && wanted.has(frame.id) && Object(frame.payload).handled === true
      ).length;
    };
    // Five runs at once and one a second; thirty lines at once and five a second.
    assert.ok(handled(runs) >= 5 && handled(runs) <= 6 + seconds, `${handled(runs)} runs`);
    assert.ok(handled(notes) >= 5 && handled(notes) <= 31 + 5 * seconds, `${handled(notes)} lines in ${seconds} s`);
    await eventually("the runs to end", () => model.open === 0);
    assert.ok(model.requests.length - before <= 12, `${model.requests.length - before} runs`);
    const { queuedSystemEvents } = await owner.request("status", {});
    assert.ok(JSON.stringify(queuedSystemEvents).length < 200_000);
  },
});

gatewayTest("a node that answers with what is no answer", { config: CAMERA }, {
  "text that is no JSON, odd keys, wrong types: the caller gets a value or an error, and nothing else changes": async (
    gateway,
  ) => {
    await using owner = await gateway.connect();
    await using node = await TestNode.connect(gateway, WEB);
    const answer = async (members: Json) => {
      node.answerer = () => new Raw(members);
      return await owner.call("node.invoke", invokeParams(node.id, "device.info", undefined, { timeoutMs: 1_500 }));
    };
    const payload = async (members: Json): Promise<unknown> => Object((await answer(members)).payload).payload;
    assert.equal(await payload({ payloadJSON: "{not json" }), "{not json");
    assert.equal(await payload({ payloadJSON: "" }), "");
    assert.equal(await payload({ payloadJSON: "\u0000\u2028</script>" }), "\u0000\u2028</script>");
    assert.equal(await payload({ payloadJSON: "NaN" }), "NaN");
    const evil = '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"toString":1}';
    const taken = asJson(await payload({ payloadJSON: evil }));
    assert.deepEqual(Object.keys(taken), ["__proto__", "constructor", "toString"], "data, and only data");
    assert.equal(JSON.stringify((await owner.request("node.list", {}))["nodes"]).includes("polluted"), false);
    const deep = await answer({ payloadJSON: "[".repeat(100_000) + "]".repeat(100_000) });
    assert.match(deep.error?.message ?? "", /nested deeper/u);
    const unclosed = await answer({ payloadJSON: "[".repeat(5_000_000) });
    assert.match(unclosed.error?.message ?? "", /nested deeper/u);
    // A shape that the method does not take: the node is told, the caller waits for the deadline and no longer.
    const shapes: readonly Json[] = [{ ok: "yes" }, { ok: 1, payload: 1 }, { error: "text", ok: false }, { id: 7 }];
    for (const wrong of shapes) {
      const { error } = await answer(wrong);
      assert.equal(error?.message, "node invoke timed out", JSON.stringify(wrong));
    }
    const error = { code: "X".repeat(5_000), message: "y".repeat(500_000), details: { a: 1 }, stack: "secret" };
    const failed = await answer({ ok: false, error });
    assert.equal(failed.error?.message, "y".repeat(2_000));
    const { nodeError } = Object(failed.error?.details);
    assert.deepEqual([nodeError.code.length, Object.keys(nodeError)], [64, ["code", "message"]]);
    assert.equal(await payload({ payloadJSON: '"well again"' }), "well again");
  },

  "a frame beyond the limit ends that socket, fails its calls at once, and nobody else notices": async (gateway) => {
    await using owner = await gateway.connect();
    await using node = await TestNode.connect(gateway, WEB);
    node.answerer = () => undefined;
    const call = owner.call("node.invoke", invokeParams(node.id, "canvas.snapshot"), 20_000);
    const { id } = await eventually("the call", () => node.asked[0]);
    node.result(id, { payloadJSON: "x".repeat(26 << 20) });
    assert.equal((await within("the end", node.client.closed)).code, 1009);
    assert.match((await call).error?.message ?? "", /^node disconnected/u);
    assert.equal(owner.ws.readyState, 1);
    await using again = await TestNode.connect(gateway, { ...WEB, device: node.device });
    assert.equal((await owner.request("node.invoke", invokeParams(again.id, "device.info")))["ok"], true);
  },

  "a photo that is none is neither shown nor sent to the model": async (gateway, model) => {
    await using owner = await gateway.connect();
    await using node = await TestNode.connect(gateway, WEB);
    const html = new TextEncoder().encode("<!doctype html><script>alert(1)</script>").toBase64();
    const svg = new TextEncoder().encode('<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>').toBase64();
    const pictures: readonly (readonly [string, Json])[] = [
      ["HTML", { format: "jpg", base64: html }],
      ["SVG", { format: "image/svg+xml", base64: svg, width: 1, height: 1 }],
      ["a format with a header in it", { format: "jpg\r\nContent-Type: text/html", base64: html }],
      ["a data URL", { format: "jpg", base64: `data:text/html;base64,${html}` }],
      ["no text at all", { format: "jpg", base64: { toString: "x" } }],
      ["an array", { format: ["jpg"], base64: [html] }],
      ["broken base64", { format: "jpg", base64: "/9j/4AAQ*" }],
      ["nothing", {}],
    ];
    for (const [name, picture] of pictures) {
      node.answerer = () => new Raw({ payload: picture });
      model.script({ kind: "tool", name: "camera_snap", args: {} }, { kind: "relay" });
      const told = await toolAnswer(owner, name);
      assert.match(told, /Cannot (?:use|read)/u, `${name}: ${told}`);
      assert.ok(!told.includes(html.slice(0, 20)), name);
      assert.deepEqual(model.requests.at(-1)?.pictures, [], name);
      const { messages } = await owner.request("chat.history", { sessionKey: "main" });
      assert.ok(!JSON.stringify(messages).includes('"type":"image"'), name);
    }
    const files = await Array.fromAsync(Deno.readDir(`${gateway.stateDir}/canvas`)).catch(() => []);
    assert.deepEqual(files.map(({ name }) => name).filter((name) => name !== "index.html"), [], "nothing was kept");
  },
});

gatewayTest("a node that claims more than anybody reads", {}, {
  "lists beyond the limit are refused at the door, long ones within it stay cheap": async (gateway) => {
    await using owner = await gateway.connect();
    const many = (count: number, length: number) =>
      Array.from({ length: count }, (_, index) => `${index}`.padStart(length, "c"));
    for (const lists of [{ commands: many(20_000, 8) }, { caps: many(20_000, 8) }, { commands: many(4, 30_000) }]) {
      await assert.rejects(TestNode.connect(gateway, { ...WEB, ...lists }), `${Object.keys(lists)}`);
    }
    const before = (await owner.request("node.list", {}))["nodes"] as unknown[];
    assert.deepEqual(before, [], "what was refused left nothing behind");
    await using node = await TestNode.connect(gateway, { ...WEB, protocol: 4, commands: many(200, 100) });
    const view = await owner.request("node.describe", { nodeId: node.id });
    assert.ok(JSON.stringify(view).length < 256_000);
  },
});
