/** Tests of calls to nodes: one socket a node, answers, deadlines, policy, approvals, and what screens keep. */
import assert from "node:assert/strict";
import { invalid } from "../../schemas/error.ts";
import { NodeLab } from "../../tests/helpers/node_lab.ts";
import { eventually } from "../../tests/helpers/wait.ts";

/** A lab with a protocol 3 node, whose commands work at once. */
function ready(commands: readonly string[] = ["system.which"], platform = "linux") {
  const lab = new NodeLab();
  return {
    lab,
    client: lab.connect({ protocol: 3, commands, platform }),
    [Symbol.dispose]: () => lab[Symbol.dispose](),
  };
}

Deno.test("a call reaches exactly the node's socket, with less time than the caller has, and brings back its text", async () => {
  using made = ready();
  const { lab, client } = made;
  lab.connect({ nodeId: "n2", protocol: 3 });
  const answer = lab.invoke({ params: { bins: ["uname"] }, timeoutMs: 5_000 });
  const [asked, ...others] = lab.asked();
  assert.deepEqual(others, []);
  assert.deepEqual(
    [asked?.connId, asked?.nodeId, asked?.command, asked?.paramsJSON, asked?.timeoutMs],
    ["conn-n1", "n1", "system.which", '{"bins":["uname"]}', 4_750],
  );
  const payloadJSON = '{"bins":{"uname": "/bin/uname"}}';
  assert.deepEqual(lab.nodes.answer(client, { id: asked?.id ?? "", nodeId: "n1", ok: true, payloadJSON }), {
    ok: true,
  });
  assert.deepEqual(await answer, {
    nodeId: "n1",
    command: "system.which",
    payload: { bins: { uname: "/bin/uname" } },
    payloadJSON,
  });
});

Deno.test("payloads come as text, as values, under the wrong name, or not at all", async () => {
  using made = ready();
  const { lab, client } = made;
  const cases: readonly (readonly [Record<string, unknown>, unknown, string | null])[] = [
    [{ payloadJSON: "[1]" }, [1], "[1]"],
    [{ payload: { a: 1 }, payloadJSON: null }, { a: 1 }, null],
    [{ payloadJSON: { moved: true } }, { moved: true }, null],
    [{ payload: null, payloadJSON: null, error: null }, null, null],
    [{}, null, null],
    [{ payloadJSON: "not json" }, "not json", '"not json"'],
  ];
  for (const [members, payload, payloadJSON] of cases) {
    const answer = lab.invoke();
    lab.nodes.answer(client, { id: lab.lastAsked().id, nodeId: "n1", ok: true, ...members });
    const got = await answer;
    assert.deepEqual([got.payload, got.payloadJSON], [payload, payloadJSON], JSON.stringify(members));
  }
});

Deno.test("the node's own error is passed on, with and without its words", async () => {
  using made = ready();
  const { lab, client } = made;
  for (
    const [error, message, details] of [
      [{ code: "CAMERA_DISABLED", message: "off" }, "off", { nodeError: { code: "CAMERA_DISABLED", message: "off" } }],
      [{ code: null, message: null }, "node invoke failed", { nodeError: {} }],
      [null, "node invoke failed", { nodeError: null }],
    ] as const
  ) {
    const answer = lab.invoke();
    lab.nodes.answer(client, { id: lab.lastAsked().id, nodeId: "n1", ok: false, error });
    await assert.rejects(answer, (thrown: Error & { options?: { details?: unknown } }) => {
      assert.deepEqual([thrown.message, thrown.options?.details], [message, details]);
      return true;
    });
  }
});

Deno.test("another node cannot answer, nor speak for this one; late and unknown answers are ignored", async () => {
  using made = ready();
  const { lab, client } = made;
  const other = lab.connect({ nodeId: "n2", protocol: 3 });
  const answer = lab.invoke({ timeoutMs: 1_000 });
  const { id } = lab.lastAsked();
  assert.throws(() => lab.nodes.answer(other, { id, nodeId: "n1", ok: true }), { message: "nodeId mismatch" });
  assert.deepEqual(lab.nodes.answer(other, { id, nodeId: "n2", ok: true }), { ok: true, ignored: true });
  assert.throws(() => lab.nodes.progress(other, { invokeId: id, nodeId: "n1", seq: 0, chunk: "" }), /nodeId mismatch/u);
  assert.deepEqual(lab.nodes.progress(other, { invokeId: id, nodeId: "n2", seq: 0, chunk: "x" }), {
    ok: true,
    ignored: true,
  });
  lab.clock.advance(1_000);
  await assert.rejects(answer, { message: "node invoke timed out" });
  assert.deepEqual(lab.nodes.answer(client, { id, nodeId: "n1", ok: true }), { ok: true, ignored: true });
});

Deno.test("a node that goes away fails its calls at once; the close of an older socket forgets nothing", async () => {
  using made = ready();
  const { lab, client } = made;
  const onOld = lab.invoke();
  const newer = lab.connect({ connId: "conn-new", protocol: 3 });
  const onNew = lab.invoke();
  lab.disconnect(client);
  await assert.rejects(onOld, { message: "node disconnected (system.which)" });
  assert.equal(lab.nodes.get("n1")?.connected, true);
  lab.nodes.answer(newer, { id: lab.lastAsked().id, nodeId: "n1", ok: true, payloadJSON: "1" });
  assert.equal((await onNew).payload, 1);
  lab.disconnect(newer);
  assert.equal(lab.nodes.get("n1")?.connected, false);
  await assert.rejects(lab.invoke(), {
    message: "node not connected",
    options: { details: { code: "NOT_CONNECTED" }, retryable: true },
  });
});

Deno.test("times are bounded: thirty seconds when none is named, ten minutes at most", async () => {
  using made = ready();
  const { lab } = made;
  for (const [timeoutMs, bound] of [[undefined, 30_000], [0, 30_000], [99_999_999, 600_000]] as const) {
    const answer = lab.invoke({ timeoutMs });
    answer.catch(() => {});
    lab.clock.advance(bound - 1);
    assert.equal(await Promise.race([answer, Promise.resolve("waits")]).catch(() => "ended"), "waits");
    lab.clock.advance(1);
    await assert.rejects(answer, {
      options: { details: { nodeError: { code: "TIMEOUT", message: "node invoke timed out" } }, retryable: true },
    });
  }
});

Deno.test("a push is checked and kept first, and the error of a node that fails says that it was kept", async () => {
  using made = ready(["canvas.a2ui.push", "canvas.present"], "ios");
  const { lab, client } = made;
  const push = () => lab.invoke({ command: "canvas.a2ui.push", params: { messages: [{ x: 1 }] } });
  lab.pushError = invalid("at /0: no such component");
  await assert.rejects(push(), { message: "at /0: no such component" });
  assert.equal(lab.asked().length, 0);
  lab.pushError = undefined;
  const answer = push();
  assert.deepEqual(lab.screenCalls, [["push", { nodeId: "n1" }, [{ x: 1 }]]]);
  const error = { code: "A2UI_HOST_UNAVAILABLE", message: "no page" };
  lab.nodes.answer(client, { id: lab.lastAsked().id, nodeId: "n1", ok: false, error });
  await assert.rejects(answer, { message: /^no page; the surfaces are kept/u });

  const refused = lab.invoke({ command: "canvas.present", params: { url: "javascript:1" } });
  await assert.rejects(refused, { code: "INVALID_REQUEST" });
  const shown = lab.invoke({ command: "canvas.present", params: { url: "a.html" } });
  assert.equal(lab.screenCalls.length, 1);
  lab.nodes.answer(client, { id: lab.lastAsked().id, nodeId: "n1", ok: true, payloadJSON: "{}" });
  await shown;
  assert.deepEqual(lab.screenCalls[1], ["present", { nodeId: "n1" }, { kind: "path", path: "a.html" }]);
});

Deno.test("the rules of a node's host are reached by the gateway's own methods only", async () => {
  using made = ready(["system.execApprovals.get"]);
  const { lab } = made;
  const call = { command: "system.execApprovals.get" };
  await assert.rejects(lab.invoke(call), /use exec\.approvals\.node\.get or exec\.approvals\.node\.set/u);
  lab.invoke({ ...call, internal: true }).catch(() => {});
  assert.equal(lab.lastAsked().command, "system.execApprovals.get");
  lab.lists.denyCommands = ["system.execApprovals.*"];
  await assert.rejects(lab.invoke({ ...call, internal: true }), /denyCommands/u);
});

Deno.test("a claimed approval is sent on only when it is one", async () => {
  using made = ready(["system.run"]);
  const { lab } = made;
  lab.lists.allowCommands = ["system.run"];
  const params = { command: ["ls"], approved: true, runId: "r1" };
  lab.invoke({ command: "system.run", params }).catch(() => {});
  assert.equal(lab.lastAsked().paramsJSON, '{"command":["ls"],"runId":"r1"}');
  lab.redeemed.push("r1");
  lab.invoke({ command: "system.run", params }).catch(() => {});
  assert.equal(lab.lastAsked().paramsJSON, JSON.stringify(params));
  await Promise.resolve();
});

Deno.test("connected nodes come first, by name; every change is told", () => {
  using lab = new NodeLab();
  lab.pair("away");
  const client = lab.connect({ nodeId: "b", displayName: "Beta", protocol: 3 });
  lab.connect({ nodeId: "a", displayName: "alpha", protocol: 3 });
  assert.deepEqual(lab.nodes.list().map(({ nodeId }) => nodeId), ["a", "b", "away"]);
  lab.nodes.rename("a", "Zulu");
  assert.deepEqual(lab.nodes.list().map(({ nodeId }) => nodeId), ["b", "a", "away"]);
  assert.equal(lab.nodes.find("zulu").nodeId, "a");
  lab.disconnect(client);
  const told = lab.bus.published.filter(({ event }) => event === "nodes.changed").map(({ payload }) =>
    `${Object(payload).nodeId} ${Object(payload).reason}`
  );
  assert.deepEqual(told, ["b connected", "a connected", "a renamed", "b disconnected"]);
});

Deno.test("a session whose agent called the node is open to it while it stays", () => {
  using made = ready();
  const { lab, client } = made;
  const key = "agent:main:telegram:direct:42";
  assert.equal(lab.nodes.rightIn("n1", key), undefined);
  lab.invoke({ sessionKey: key }).catch(() => {});
  assert.equal(lab.nodes.rightIn("n1", key), "called");
  assert.equal(lab.nodes.rightIn("n2", key), undefined);
  lab.disconnect(client);
  assert.equal(lab.nodes.rightIn("n1", "agent:main:main"), undefined);
});

Deno.test("what stands on a node's canvas is answered in the chat that showed it, after a reconnect too", async () => {
  using made = ready(["canvas.present", "canvas.a2ui.push"], "ios");
  const { lab, client } = made;
  const key = "agent:main:telegram:direct:42";
  const shown = lab.invoke({ command: "canvas.present", params: { url: "a.html" }, sessionKey: key });
  assert.deepEqual(lab.shownFor, {}, "not before the node has said yes");
  lab.nodes.answer(client, { id: lab.lastAsked().id, nodeId: "n1", ok: true, payloadJSON: "{}" });
  await shown;
  assert.deepEqual(lab.shownFor, { sessionKey: key });
  lab.disconnect(client);
  lab.connect({ protocol: 3, platform: "ios", commands: ["canvas.present", "canvas.a2ui.push"] });
  assert.equal(lab.nodes.rightIn("n1", key), "called");
  lab.invoke({ command: "canvas.a2ui.push", params: { messages: [{ a: 1 }] } }).catch(() => {});
  assert.deepEqual(lab.shownFor, {}, "a push is kept at once, and this one is nobody's");
  assert.equal(lab.nodes.rightIn("n1", key), undefined);
});

Deno.test("what a node claims is cut to what lists can show and calls can use", () => {
  using lab = new NodeLab();
  const client = lab.connect({ protocol: 3, commands: ["system.which", "x".repeat(129), " "] });
  lab.disconnect(client);
  const permissions = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`p${index}`, true]));
  const node = { caps: [], commands: ["system.which"], permissions, pathEnv: "/bin:".repeat(10_000) };
  lab.nodes.connected({ ...client, node });
  const view = lab.nodes.get("n1");
  assert.deepEqual(view?.commands, ["system.which"]);
  assert.equal(view?.offCommands, undefined);
  assert.equal(view?.pathEnv?.length, 4_096);
  assert.equal(Object.keys(view?.permissions ?? {}).length, 64);
});

Deno.test("after the stop nothing is written any more", async () => {
  const lab = new NodeLab();
  const client = lab.connect({ protocol: 3 });
  const call = lab.invoke();
  lab[Symbol.dispose]();
  await assert.rejects(call, /node disconnected/u);
  lab.nodes.disconnected(client);
});

Deno.test("a node that plans its runs is asked for the plan of an approved one first", async () => {
  using made = ready(["system.run", "system.run.prepare"]);
  const { lab, client } = made;
  lab.lists.allowCommands = ["system.run"];
  lab.redeemed.push("r1");
  const run = () => lab.invoke({ command: "system.run", params: { command: ["ls"], approved: true, runId: "r1" } });
  const answer = run();
  assert.equal(lab.lastAsked().command, "system.run.prepare");
  const plan = { argv: ["/bin/ls"], commandText: "/bin/ls", cwd: "/" };
  lab.nodes.answer(client, { id: lab.lastAsked().id, nodeId: "n1", ok: true, payload: { plan } });
  await eventually("the run", () => lab.asked().length === 2);
  assert.deepEqual(JSON.parse(lab.lastAsked().paramsJSON ?? "").systemRunPlan, plan);
  lab.nodes.answer(client, { id: lab.lastAsked().id, nodeId: "n1", ok: true, payload: { exitCode: 0 } });
  assert.deepEqual((await answer).payload, { exitCode: 0 });

  const second = run();
  lab.disconnect(client);
  await assert.rejects(second, { message: "node disconnected (system.run)" });
});
