/** Who tries to get more than was given. That a node calls no method of operators and hears no event: tests/scopes_test.ts. */
import assert from "node:assert/strict";
import { type Json, TestClient } from "../helpers/client.ts";
import { gatewayTest } from "../helpers/gateway.ts";
import { invokeParams, TestNode } from "../nodes/lab.ts";

const BOX = { commands: ["system.run", "system.which"] };
const ALLOW = { gateway: { nodes: { allowCommands: ["system.run"] } } };
/** Everything but the administrator's scope. */
const WITHOUT_ADMIN = ["operator.read", "operator.write", "operator.approvals", "operator.pairing"];

gatewayTest("an operator without admin", {}, {
  "turns no dangerous command on, by whatever door": async (gateway) => {
    await using owner = await gateway.connect();
    await using clerk = await gateway.connect({ scopes: WITHOUT_ADMIN });
    await using node = await TestNode.connect(gateway, { ...BOX, protocol: 4 });
    const { pendingRequestId: requestId } = await owner.request("node.describe", { nodeId: node.id });
    const { hash } = await owner.request("config.get", {});
    const { hash: rulesHash } = await owner.request("exec.approvals.get", {});
    const raw = JSON.stringify({ gateway: { nodes: { allowCommands: ["system.run"] } } });
    const file = { version: 1, defaults: { security: "full", ask: "off" } };
    const doors: readonly (readonly [string, Json])[] = [
      ["node.pair.approve", { requestId }],
      ["node.pair.approve", { requestId, allowCommands: ["system.run"] }],
      ["node.pair.approve", { requestId, allowCommands: ["*"] }],
      ["node.commands.set", { nodeId: node.id, allowCommands: ["system.run"] }],
      ["config.patch", { raw, baseHash: hash }],
      ["exec.approvals.set", { file, baseHash: rulesHash }],
      ["exec.approvals.node.set", { nodeId: node.id, file }],
    ];
    for (const [method, params] of doors) {
      const { ok, error } = await clerk.call(method, params);
      assert.deepEqual([ok, error?.message], [false, "missing scope: operator.admin"], method);
    }
    const view = await owner.request("node.describe", { nodeId: node.id });
    assert.deepEqual([view["commands"], view["allowedCommands"], view["approvalState"]], [
      [],
      undefined,
      "pending-approval",
    ]);
    assert.equal((await owner.request("config.get", {}))["hash"], hash);
    const run = await clerk.call("node.invoke", invokeParams(node.id, "system.run", { command: ["id"] }));
    assert.equal(run.ok, false);
    assert.deepEqual(node.asked, []);
  },

  "gets nothing for itself by asking for more scopes on the same device": async (gateway) => {
    await using clerk = await gateway.connect({ scopes: WITHOUT_ADMIN });
    for (
      const params of [{ scopes: ["operator.admin"] }, { grant: { admin: true } }, { role: "operator", admin: true }]
    ) {
      const { error } = await clerk.call("node.commands.set", { nodeId: "x", allowCommands: [], ...params });
      assert.equal(error?.message, "missing scope: operator.admin");
    }
  },

  "cannot name a wildcard that means everything, and neither can the owner by mistake": async (gateway) => {
    await using owner = await gateway.connect();
    await using node = await TestNode.connect(gateway, BOX);
    for (const list of [["*"], [".*"], ["system"], ["system.ru*"], ["SYSTEM.RUN"], ["system.run.*"]]) {
      await owner.request("node.commands.set", { nodeId: node.id, allowCommands: list });
      const { ok } = await owner.call("node.invoke", invokeParams(node.id, "system.run", { command: ["id"] }));
      assert.equal(ok, false, JSON.stringify(list));
    }
    for (const command of ["system.run ", "System.Run", "system.run\u0000", "system․run", "system.run\n"]) {
      const { ok } = await owner.call("node.invoke", invokeParams(node.id, command, { command: ["id"] }));
      assert.equal(ok, false, JSON.stringify(command));
    }
    assert.deepEqual(node.asked, []);
  },
});

/** Somebody asks, another client allows it once; the approval's id. */
async function allowed(owner: TestClient, other: TestClient, request: Json): Promise<string> {
  const { id } = await owner.request("exec.approval.request", { host: "node", twoPhase: true, ...request });
  await other.request("exec.approval.resolve", { id, decision: "allow-once" });
  return String(id);
}

gatewayTest("approvals that are claimed or used again", { config: ALLOW }, {
  "a claim is taken off whatever its form, and the node learns of no approval": async (gateway) => {
    await using owner = await gateway.connect();
    await using node = await TestNode.connect(gateway, BOX);
    const claims: readonly Json[] = [
      { approved: true },
      { approved: true, approvalDecision: "allow-always" },
      { approved: 1, runId: "x" },
      { approved: "true", runId: "" },
      { approvalDecision: "allow-once" },
      { approved: true, runId: null },
      { approved: true, runId: { $ne: "" } },
      { approved: true, runId: "__proto__" },
      { approved: true, runId: "constructor" },
    ];
    for (const claim of claims) {
      await owner.request("node.invoke", invokeParams(node.id, "system.run", { command: ["id"], ...claim }));
      const sent = JSON.parse(String(node.asked.at(-1)?.["paramsJSON"]));
      assert.deepEqual([sent.approved, sent.approvalDecision], [undefined, undefined], JSON.stringify(claim));
    }
    // A second key of the same name: the last one counts for us as it does for the node.
    const text = `{"command":["id"],"approved":false,"approved":true}`;
    owner.send(
      `{"type":"req","id":"twice","method":"node.invoke","params":{"nodeId":"${node.id}","command":"system.run",` +
        `"idempotencyKey":"${crypto.randomUUID()}","params":${text}}}`,
    );
    await owner.waitRes("twice");
    assert.equal(JSON.parse(String(node.asked.at(-1)?.["paramsJSON"])).approved, undefined);
  },

  "an approval is good for its command, its node and its folder, for one run and for no other": async (gateway) => {
    await using owner = await gateway.connect();
    await using other = await gateway.connect();
    await using node = await TestNode.connect(gateway, BOX);
    await using second = await TestNode.connect(gateway, BOX);
    const passes = async (at: TestNode, runId: string, params: Json): Promise<boolean> => {
      const wish = { approved: true, approvalDecision: "allow-once", runId, ...params };
      await owner.request("node.invoke", invokeParams(at.id, "system.run", wish));
      return JSON.parse(String(at.asked.at(-1)?.["paramsJSON"])).approved === true;
    };
    const command = ["rm", "old.txt"];
    const ask = { command: "rm old.txt", commandArgv: command, nodeId: node.id, cwd: "/srv" };
    const id = await allowed(owner, other, ask);
    const good = { command, cwd: "/srv" };
    const replays: readonly (readonly [string, TestNode, Json])[] = [
      ["another command", node, { ...good, command: ["rm", "-rf", "/"] }],
      ["one more word", node, { ...good, command: [...command, "new.txt"] }],
      ["words cut elsewhere", node, { ...good, command: ["rm old.txt"] }],
      ["a raw text that says something else", node, { ...good, rawCommand: "rm -rf /" }],
      ["another folder", node, { ...good, cwd: "/" }],
      ["no folder", node, { command }],
      ["another node", second, good],
      ["variables that nobody saw", node, { ...good, env: { LD_PRELOAD: "/tmp/x.so" } }],
    ];
    for (const [name, at, params] of replays) assert.equal(await passes(at, id, params), false, name);
    assert.equal(await passes(node, `${id} `, good), false, "another id");
    assert.equal(await passes(node, id, good), true, "itself; no attempt has used it up");
    assert.equal(await passes(node, id, good), false, "a second time");
    const denied = String(
      (await owner.request("exec.approval.request", { ...ask, host: "node", twoPhase: true }))["id"],
    );
    assert.equal(await passes(node, denied, good), false, "not decided yet");
    await other.request("exec.approval.resolve", { id: denied, decision: "deny" });
    assert.equal(await passes(node, denied, good), false, "denied");
  },
});

gatewayTest("a node that wants to be an operator", {}, {
  "cannot connect as both, nor with an operator's scopes": async (gateway) => {
    for (const more of [{ scopes: ["operator.admin"] }, { scopes: ["operator.read", "operator.write"] }]) {
      const client = await TestClient.open(gateway.url);
      const res = await client.handshake({
        token: gateway.token,
        role: "node",
        client: { id: "node-host", mode: "node", platform: "linux" },
        commands: ["system.which"],
        ...more,
      });
      if (res.ok) {
        const { error } = await client.call("config.get", {});
        assert.equal(error?.message, "unauthorized role: node");
        assert.deepEqual(Object(Object(res.payload).auth).scopes ?? [], []);
      }
      await client.close();
    }
  },
});
