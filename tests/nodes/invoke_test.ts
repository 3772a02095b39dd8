/** Calls to nodes over real sockets: deadlines, repeats, sizes, attacks, and many nodes at once. */
import assert from "node:assert/strict";
import { makeIdentity } from "../helpers/client.ts";
import { gatewayTest, type TestGateway } from "../helpers/gateway.ts";
import { eventually } from "../helpers/wait.ts";
import { invokeParams, Raw, TestNode } from "./lab.ts";

const ios = { platform: "ios 26", commands: ["canvas.snapshot", "device.info"] } as const;

/** The files of results that wait on disk. */
async function spooled({ stateDir }: TestGateway): Promise<number> {
  const entries = await Array.fromAsync(Deno.readDir(`${stateDir}/node-results`)).catch(() => []);
  return entries.length;
}

gatewayTest("calls to nodes", {}, {
  "a node that goes away fails its calls at once": async (gateway) => {
    await using owner = await gateway.connect();
    await using node = await TestNode.connect(gateway, ios);
    node.answerer = () => undefined;
    const started = performance.now();
    const call = owner.call("node.invoke", invokeParams(node.id, "device.info"), 15_000);
    await eventually("the call at the node", () => node.asked[0]);
    await node.client.close();
    const { error } = await call;
    assert.deepEqual([error?.code, error?.message, error?.details], [
      "UNAVAILABLE",
      "node disconnected (device.info)",
      undefined,
    ]);
    assert.ok(performance.now() - started < 5_000);
    const again = await owner.call("node.invoke", invokeParams(node.id, "device.info"));
    assert.deepEqual([again.error?.message, again.error?.details], ["node not connected", { code: "NOT_CONNECTED" }]);
  },

  "a node that does not answer in time is given up, and its late answer is ignored": async (gateway) => {
    await using owner = await gateway.connect();
    await using node = await TestNode.connect(gateway, ios);
    node.answerer = () => undefined;
    const { error } = await owner.call("node.invoke", invokeParams(node.id, "device.info", {}, { timeoutMs: 200 }));
    assert.equal(error?.message, "node invoke timed out");
    assert.equal(Object(Object(error?.details).nodeError).code, "TIMEOUT");
    const late = await node.client.waitRes(node.result(node.asked[0]?.["id"], { payloadJSON: "1" }));
    assert.deepEqual(late.payload, { ok: true, ignored: true });
  },

  "the node's own error comes with its code": async (gateway) => {
    await using owner = await gateway.connect();
    await using node = await TestNode.connect(gateway, ios);
    node.answerer = () => new Raw({ ok: false, error: { code: "CANVAS_DISABLED", message: "CANVAS_DISABLED: off" } });
    const { error } = await owner.call("node.invoke", invokeParams(node.id, "canvas.snapshot"));
    assert.deepEqual([error?.code, error?.message], ["UNAVAILABLE", "CANVAS_DISABLED: off"]);
    assert.equal(Object(Object(error?.details).nodeError).code, "CANVAS_DISABLED");
  },

  "a key means one call: a repeat waits with it and gets its answer, another call under it is refused": async (
    gateway,
  ) => {
    await using owner = await gateway.connect();
    await using other = await gateway.connect({ device: makeIdentity() });
    await using node = await TestNode.connect(gateway, ios);
    let count = 0;
    node.answerer = () => ({ count: ++count });
    const params = invokeParams(node.id, "device.info", { a: 1 });
    const [first, second] = await Promise.all([
      owner.request("node.invoke", params),
      owner.request("node.invoke", params),
    ]);
    const third = await owner.request("node.invoke", params);
    assert.deepEqual([first["payload"], second["payload"], third["payload"]], [{ count: 1 }, { count: 1 }, {
      count: 1,
    }]);
    const changed = await owner.call("node.invoke", { ...params, params: { a: 2 } });
    assert.equal(changed.error?.code, "INVALID_REQUEST");
    assert.deepEqual((await other.request("node.invoke", params))["payload"], { count: 2 }, "keys of another device");
  },

  "another node cannot answer the call, and its own answer does not reach it": async (gateway) => {
    await using owner = await gateway.connect();
    await using node = await TestNode.connect(gateway, ios);
    await using thief = await TestNode.connect(gateway, ios);
    node.answerer = () => undefined;
    const call = owner.call("node.invoke", invokeParams(node.id, "device.info"));
    const { id } = await eventually("the call at the node", () => node.asked[0]);
    const forged = await thief.client.call("node.invoke.result", {
      id,
      nodeId: node.id,
      ok: true,
      payloadJSON: '"forged"',
    });
    assert.deepEqual([forged.error?.code, forged.error?.message], ["INVALID_REQUEST", "nodeId mismatch"]);
    const own = await thief.client.waitRes(thief.result(id, { payloadJSON: '"forged"' }));
    assert.deepEqual(own.payload, { ok: true, ignored: true });
    const piece = await thief.client.call("node.invoke.progress", {
      invokeId: id,
      nodeId: node.id,
      seq: 0,
      chunk: "x",
    });
    assert.equal(piece.error?.message, "nodeId mismatch");
    node.result(id, { payloadJSON: '"real"' });
    assert.equal(Object((await call).payload).payload, "real");
  },

  "a snapshot of ten megabytes arrives, its repeat comes from disk, and the text is left out": async (gateway) => {
    await using owner = await gateway.connect();
    await using node = await TestNode.connect(gateway, ios);
    const base64 = "QUJD".repeat(10 * 1024 * 1024 / 4);
    node.answerer = () => ({ format: "png", base64 });
    const params = invokeParams(node.id, "canvas.snapshot");
    for (const round of [1, 2]) {
      const answer = await owner.request("node.invoke", params, 30_000);
      assert.equal(answer["payloadJSON"], null);
      assert.equal(Object(answer["payload"]).base64.length, base64.length, `round ${round}`);
      assert.equal(await spooled(gateway), 1);
    }
    assert.equal(node.asked.length, 1);
    assert.equal(owner.ws.readyState, 1, "the answer did not count as a slow peer's");
  },

  "numbers that would grow when written anew go out as they came": async (gateway) => {
    await using owner = await gateway.connect();
    await using node = await TestNode.connect(gateway, ios);
    const payloadJSON = `[${Array.from({ length: 1_000_000 }, () => "1e20").join(",")}]`;
    node.answerer = () => new Raw({ payloadJSON });
    const id = owner.sendRequest("node.invoke", invokeParams(node.id, "device.info"));
    await owner.waitRes(id, () => true, 30_000);
    const text = owner.texts.find((each) => each.includes(`"id":"${id}"`)) ?? "";
    assert.ok(text.length < 2.1 * payloadJSON.length + 1_000, `${text.length} characters`);
  },

  "what is too large fails with the limit, and the node stays": async (gateway) => {
    await using owner = await gateway.connect();
    await using node = await TestNode.connect(gateway, ios);
    node.answerer = () => "x".repeat(21 * 1024 * 1024);
    const { error } = await owner.call("node.invoke", invokeParams(node.id, "canvas.snapshot"), 30_000);
    assert.equal(error?.code, "UNAVAILABLE");
    assert.match(error?.message ?? "", /result too large: the limit is 20 MiB/u);
    node.answerer = () => 1;
    assert.equal((await owner.request("node.invoke", invokeParams(node.id, "device.info")))["payload"], 1);
  },

  "pieces become the payload, and none stays on disk": async (gateway) => {
    await using owner = await gateway.connect();
    await using node = await TestNode.connect(gateway, ios);
    const before = await spooled(gateway);
    node.answerer = (_command, _params, { id }) => {
      ['{"base64":"', "QUJD".repeat(1_000), '"}'].forEach((chunk, seq) =>
        node.client.sendRequest("node.invoke.progress", { invokeId: id, nodeId: node.id, seq, chunk })
      );
      return new Raw({});
    };
    const answer = await owner.request("node.invoke", invokeParams(node.id, "canvas.snapshot"));
    assert.equal(Object(answer["payload"]).base64.length, 4_000);
    assert.equal(await spooled(gateway), before);
    node.answerer = (_command, _params, { id }) =>
      void node.client.sendRequest("node.invoke.progress", { invokeId: id, nodeId: node.id, seq: 1, chunk: "x" });
    const { error } = await owner.call("node.invoke", invokeParams(node.id, "canvas.snapshot"));
    assert.match(error?.message ?? "", /piece 0 of the result is missing/u);
  },

  "a frame of brackets only is refused without being parsed": async (gateway) => {
    await using owner = await gateway.connect();
    await using node = await TestNode.connect(gateway, ios);
    const started = performance.now();
    node.client.send(`{"type":"req","id":"deep","method":"node.event","params":${"[".repeat(20_000_000)}`);
    const refused = await node.client.waitRes("invalid", () => true, 20_000);
    assert.match(refused.error?.message ?? "", /nested deeper than/u);
    await owner.request("health", {});
    assert.ok(performance.now() - started < 5_000);
  },

  "the newest socket of a node is the node": async (gateway) => {
    await using owner = await gateway.connect();
    const device = makeIdentity();
    const older = await TestNode.connect(gateway, { ...ios, device });
    await using newer = await TestNode.connect(gateway, { ...ios, device });
    await older.client.close();
    await owner.request("node.invoke", invokeParams(device.id, "device.info"));
    assert.deepEqual([older.asked.length, newer.asked.length], [0, 1]);
    const { nodes } = await owner.request("node.list", {});
    assert.equal((nodes as { nodeId: string }[]).filter(({ nodeId }) => nodeId === device.id).length, 1);
  },

  "two hundred nodes are connected and called at once": async (gateway) => {
    await using owner = await gateway.connect();
    const nodes: TestNode[] = [];
    try {
      for (let count = 0; count < 200; count += 20) {
        nodes.push(
          ...await Promise.all(
            Array.from(
              { length: 20 },
              (_, index) => TestNode.connect(gateway, { ...ios, displayName: `Node ${count + index}`, record: false }),
            ),
          ),
        );
      }
      const answers = await Promise.all(
        nodes.map((node) => owner.request("node.invoke", invokeParams(node.id, "device.info"), 30_000)),
      );
      assert.deepEqual(answers.map(({ nodeId }) => nodeId), nodes.map(({ id }) => id));
      const list = await owner.request("node.list", {});
      const connected = (list["nodes"] as { connected: boolean }[]).filter((node) => node.connected);
      assert.equal(connected.length, 200);
    } finally {
      await Promise.all(nodes.map((node) => node.client.close()));
    }
  },
});
