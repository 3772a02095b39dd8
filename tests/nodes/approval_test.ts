/** Nodes of both generations on a real gateway: who may be called, who decides about it, and how it ends. */
import assert from "node:assert/strict";
import { makeIdentity, TestClient } from "../helpers/client.ts";
import { gatewayTest, TestGateway } from "../helpers/gateway.ts";
import { eventually } from "../helpers/wait.ts";
import { invokeParams, TestNode } from "./lab.ts";

gatewayTest("nodes and their approval", {}, {
  "a protocol 3 node is usable at once; its dangerous commands are not, and the refusal says what to do": async (
    gateway,
  ) => {
    await using owner = await gateway.connect();
    await using node = await TestNode.connect(gateway, { commands: ["system.run", "system.which"] });
    node.answerer = () => ({ bins: { uname: "/bin/uname" } });
    const answer = await owner.request("node.invoke", invokeParams(node.id, "system.which", { bins: ["uname"] }));
    assert.deepEqual(answer, {
      ok: true,
      nodeId: node.id,
      command: "system.which",
      payload: { bins: { uname: "/bin/uname" } },
      payloadJSON: '{"bins":{"uname":"/bin/uname"}}',
    });
    const { error } = await owner.call("node.invoke", invokeParams(node.id, "system.run", { command: ["ls"] }));
    assert.equal(error?.code, "INVALID_REQUEST");
    assert.match(error?.message ?? "", /^node command not allowed: .*gateway\.nodes\.allowCommands/u);
    assert.deepEqual(error?.details, { reason: "command not allowlisted", command: "system.run" });
    for (
      const [command, reason] of [
        ["canvas.present", "command not allowlisted"],
        ["system.notify", "command not declared by node"],
        ["system.execApprovals.get", "command not allowlisted"],
        ["  ", "command required"],
      ]
    ) {
      const refused = await owner.call("node.invoke", invokeParams(node.id, command ?? ""));
      assert.deepEqual([Object(refused.error?.details).reason, refused.error?.code], [reason, "INVALID_REQUEST"]);
    }
    assert.equal(node.asked.length, 1, "nothing that was refused reached the node");
  },

  "a protocol 4 node waits; the owner approves; the node hears of it and is called": async (gateway) => {
    await using owner = await gateway.connect();
    await using node = await TestNode.connect(gateway, { protocol: 4, commands: ["system.run", "system.which"] });
    const { payload: request } = await owner.waitEvent("node.pair.requested");
    assert.deepEqual(request["requiredApproveScopes"], ["operator.pairing", "operator.admin"]);
    assert.deepEqual(request["commands"], ["system.run", "system.which"]);
    const before = await owner.request("node.describe", { nodeId: node.id });
    assert.deepEqual([before["approvalState"], before["commands"], before["pendingRequestId"]], [
      "pending-approval",
      [],
      request["requestId"],
    ]);
    const early = await owner.call("node.invoke", invokeParams(node.id, "system.which"));
    assert.equal(Object(early.error?.details).reason, "command not approved");

    await using pairer = await gateway.connect({ scopes: ["operator.pairing", "operator.write"] });
    const tooLittle = await pairer.call("node.pair.approve", { requestId: request["requestId"] });
    assert.equal(tooLittle.error?.message, "missing scope: operator.admin");

    const approved = await owner.request("node.pair.approve", {
      requestId: request["requestId"],
      allowCommands: ["system.run"],
    });
    assert.equal(Object(approved["node"]).token, undefined);
    const told = await node.client.waitEvent("node.pair.resolved");
    assert.deepEqual([told.payload["decision"], told.seq], ["approved", undefined]);
    await owner.waitEvent("node.pair.resolved");
    assert.deepEqual((await owner.request("node.describe", { nodeId: node.id }))["commands"], [
      "system.run",
      "system.which",
    ]);
    await owner.request("node.invoke", invokeParams(node.id, "system.run", { command: ["ls"], approved: true }));
    assert.equal(node.asked[0]?.["paramsJSON"], '{"command":["ls"]}', "an approval that nobody gave is not passed on");
    const gone = await owner.call("node.pair.approve", { requestId: request["requestId"] });
    assert.equal(gone.error?.message, "unknown requestId");
  },

  "a plain node is approved with write; turning dangerous commands on takes the administrator": async (gateway) => {
    await using owner = await gateway.connect();
    await using pairer = await gateway.connect({ scopes: ["operator.pairing", "operator.write"] });
    await using node = await TestNode.connect(gateway, { protocol: 4, platform: "web", commands: ["canvas.present"] });
    const { payload } = await owner.waitEvent((e) =>
      e.event === "node.pair.requested" && e.payload["nodeId"] === node.id
    );
    const { requestId } = payload;
    const dangerous = await pairer.call("node.pair.approve", { requestId, allowCommands: ["canvas.present"] });
    assert.equal(dangerous.error?.message, "missing scope: operator.admin");
    await pairer.request("node.pair.approve", { requestId });
    const set = await pairer.call("node.commands.set", { nodeId: node.id, allowCommands: ["camera.snap"] });
    assert.equal(set.error?.message, "missing scope: operator.admin");
    const { allowCommands } = await owner.request("node.commands.set", {
      nodeId: node.id,
      allowCommands: ["camera.snap", "camera.snap "],
    });
    assert.deepEqual(allowCommands, ["camera.snap"]);
  },

  "a device that is removed, or loses its node token, loses what was approved of it": async (gateway) => {
    await using owner = await gateway.connect();
    for (const [method, more] of [["device.pair.remove", {}], ["device.token.revoke", { role: "node" }]] as const) {
      const node = await TestNode.connect(gateway, { protocol: 4 });
      const { pendingRequestId } = await owner.request("node.describe", { nodeId: node.id });
      await owner.request("node.pair.approve", { requestId: pendingRequestId });
      await owner.request(method, { deviceId: node.id, ...more });
      assert.equal((await node.client.closed).code, 4001);
      await using again = await TestNode.connect(gateway, { protocol: 4, device: node.device });
      const view = await owner.request("node.describe", { nodeId: again.id });
      assert.deepEqual([view["approvalState"], view["commands"]], ["pending-approval", []], method);
    }
  },

  "names and approvals outlive a restart of the gateway": async (gateway) => {
    const owner = await gateway.connect();
    const node = await TestNode.connect(gateway, { protocol: 4 });
    const { pendingRequestId } = await owner.request("node.describe", { nodeId: node.id });
    await owner.request("node.pair.approve", { requestId: pendingRequestId });
    await owner.request("node.rename", { nodeId: node.id, displayName: "Attic" });
    await gateway.restart();
    await Promise.all([owner.closed, node.client.closed]);
    await using after = await gateway.connect();
    const away = await after.request("node.describe", { nodeId: node.id });
    assert.deepEqual([away["connected"], away["displayName"], away["approvalState"]], [false, "Attic", "approved"]);
    await using back = await TestNode.connect(gateway, { protocol: 4, device: node.device });
    await after.request("node.invoke", invokeParams(back.id, "system.which"));
  },

  "a node without a device is refused, by both generations": async (gateway) => {
    for (const protocol of [3, 4] as const) {
      await using stranger = await TestClient.open(gateway.url);
      const res = await stranger.handshake({
        protocol,
        role: "node",
        token: gateway.token,
        commands: ["system.which"],
        client: { id: "node-host", mode: "node" },
      });
      assert.equal(res.ok, false);
      assert.equal((await stranger.closed).code, 1008);
    }
  },

  "a node calls nothing of operators, and is closed after ten tries": async (gateway) => {
    await using node = await TestNode.connect(gateway);
    const METHODS = ["node.invoke", "node.list", "node.pair.approve", "config.get", "exec.approval.resolve"];
    for (let count = 0; count < 10; count++) {
      const method = METHODS[count % METHODS.length] ?? "";
      const { error } = await node.client.call(method, {});
      assert.deepEqual([error?.code, error?.message], ["INVALID_REQUEST", "unauthorized role: node"], method);
    }
    node.client.sendRequest("node.invoke", {});
    assert.equal((await node.client.closed).code, 1008);
  },

  "the older store: ask, approve with a token, verify, remove": async (gateway) => {
    await using owner = await gateway.connect({ protocol: 3 });
    const wish = { nodeId: "legacy-1", displayName: "Old phone", platform: "ios", commands: ["canvas.present"] };
    const { request, created, status } = await owner.request("node.pair.request", wish);
    assert.deepEqual([status, created], ["pending", true]);
    const { node } = await owner.request("node.pair.approve", { requestId: Object(request).requestId });
    const { token } = Object(node);
    assert.equal((await owner.request("node.pair.verify", { nodeId: "legacy-1", token }))["ok"], true);
    assert.deepEqual(await owner.request("node.pair.verify", { nodeId: "legacy-1", token: "x" }), { ok: false });
    assert.deepEqual(await owner.request("node.pair.remove", { nodeId: "legacy-1" }), { nodeId: "legacy-1" });
    assert.deepEqual(await owner.request("node.pair.verify", { nodeId: "legacy-1", token }), { ok: false });
    const { error } = await owner.call("node.pair.remove", { nodeId: "legacy-1" });
    assert.equal(error?.message, "unknown nodeId");
    const other = await owner.request("node.pair.request", wish);
    const rejected = await owner.request("node.pair.reject", { requestId: Object(other["request"]).requestId });
    assert.equal(rejected["nodeId"], "legacy-1");
  },
});

Deno.test("the configuration's lists decide at each call, without a restart", async () => {
  await using gateway = await TestGateway.start({
    config: { gateway: { nodes: { allowCommands: ["system.run"], denyCommands: ["system.which"] } } },
  });
  await using owner = await gateway.connect();
  await using node = await TestNode.connect(gateway, {
    commands: ["system.run", "system.which"],
    device: makeIdentity(),
  });
  await owner.request("node.invoke", invokeParams(node.id, "system.run", { command: ["ls"] }));
  const denied = await owner.call("node.invoke", invokeParams(node.id, "system.which"));
  assert.match(denied.error?.message ?? "", /denyCommands/u);
  const { hash } = await owner.request("config.get", {});
  const raw = JSON.stringify({ gateway: { nodes: { allowCommands: [], denyCommands: [] } } });
  await owner.request("config.patch", { raw, baseHash: hash });
  await eventually("the new lists", async () => {
    const { commands } = await owner.request("node.describe", { nodeId: node.id });
    return JSON.stringify(commands) === '["system.which"]';
  });
});
