/** Tests of the approval of nodes: who waits, who is approved of what, and how approvals end. */
import assert from "node:assert/strict";
import { NodeLab } from "../../tests/helpers/node_lab.ts";
import { REQUEST_TTL_MS } from "./pairing.ts";

const events = (lab: NodeLab) =>
  lab.bus.published.filter(({ event }) => event.startsWith("node.pair.")).map(({ event, payload }) =>
    event === "node.pair.requested" ? "requested" : Object(payload).decision
  );

Deno.test("a protocol 4 node waits for approval of its commands, and they work once it is given", async () => {
  using lab = new NodeLab();
  lab.connect({ commands: ["system.which", "system.run"] });
  const waiting = lab.nodes.get("n1");
  assert.deepEqual([waiting?.approvalState, waiting?.commands, waiting?.caps], ["pending-approval", [], []]);
  assert.deepEqual(waiting?.pendingDeclaredCommands, ["system.run", "system.which"]);
  const [request] = lab.nodes.pairing.list().pending;
  assert.deepEqual(request?.requiredApproveScopes, ["operator.pairing", "operator.admin"]);
  assert.deepEqual(request?.dangerousCommands, ["system.run"]);
  assert.equal(request?.requestId, waiting?.pendingRequestId);
  await assert.rejects(lab.invoke(), {
    code: "INVALID_REQUEST",
    options: { details: { reason: "command not approved", command: "system.which" } },
  });

  lab.approve();
  const approved = lab.nodes.get("n1");
  assert.deepEqual([approved?.approvalState, approved?.commands, approved?.caps], [
    "approved",
    ["system.which"],
    ["system"],
  ]);
  assert.equal(approved?.pendingRequestId, undefined);
  assert.equal(approved?.offCommands?.[0]?.command, "system.run");
  assert.deepEqual(
    events(lab),
    ["requested", "requested", "approved", "approved"],
    "owners hear of it, and the node itself",
  );
  assert.equal(lab.bus.delivered.filter(({ event }) => event === "node.pair.resolved").length, 2);
});

Deno.test("a protocol 3 node needs no approval, and dangerous commands are off for it too", async () => {
  using lab = new NodeLab();
  lab.connect({ protocol: 3, commands: ["system.which", "system.run"] });
  const node = lab.nodes.get("n1");
  assert.deepEqual([node?.approvalState, node?.commands], [undefined, ["system.which"]]);
  assert.deepEqual(lab.nodes.pairing.list().pending, []);
  await assert.rejects(lab.invoke({ command: "system.run" }), /dangerous/u);
  lab.nodes.pairing.setAllowed("n1", ["system.run"]);
  assert.deepEqual(lab.nodes.get("n1")?.commands, ["system.run", "system.which"]);
  lab.nodes.pairing.setAllowed("n1", []);
  assert.deepEqual(lab.nodes.get("n1")?.commands, ["system.which"]);
});

Deno.test("an approval turns on the dangerous commands that it names, and only declared ones", () => {
  using lab = new NodeLab();
  lab.connect({ platform: "android", commands: ["camera.list", "camera.snap", "sms.send"] });
  const [request] = lab.nodes.pairing.list().pending;
  assert.throws(() => lab.nodes.pairing.approve(request?.requestId ?? "", ["screen.record"]), /does not declare/u);
  lab.approve("n1", ["camera.*"]);
  assert.deepEqual(lab.nodes.get("n1")?.commands, ["camera.list", "camera.snap"]);
  assert.deepEqual(lab.nodes.pairing.list().paired[0]?.allowedCommands, ["camera.list", "camera.snap"]);
  lab.lists.denyCommands = ["camera.snap"];
  assert.deepEqual(lab.nodes.get("n1")?.commands, ["camera.list"], "the deny list of the configuration wins");
});

Deno.test("a wider declaration makes a new request, and what was approved works meanwhile", () => {
  using lab = new NodeLab();
  const first = lab.connect();
  lab.approve();
  lab.disconnect(first);
  const same = lab.connect({ connId: "c2" });
  assert.deepEqual(lab.nodes.pairing.list().pending, [], "nothing new, nothing to approve");
  lab.disconnect(same);
  lab.connect({ connId: "c3", commands: ["system.which", "system.notify"] });
  const node = lab.nodes.get("n1");
  assert.deepEqual([node?.approvalState, node?.commands], ["pending-approval", ["system.which"]]);
  assert.equal(lab.nodes.pairing.list().pending[0]?.isRepair, true);
  lab.approve();
  assert.deepEqual(lab.nodes.get("n1")?.commands, ["system.notify", "system.which"]);
});

Deno.test("a request shows one declaration for ever: another one gets another id", () => {
  using lab = new NodeLab();
  const first = lab.connect();
  const shown = lab.nodes.pairing.list().pending[0]?.requestId ?? "";
  lab.disconnect(first);
  lab.connect({ connId: "c2", commands: ["system.which", "system.run"] });
  assert.throws(() => lab.nodes.pairing.approve(shown, []), { message: "unknown requestId" });
  assert.equal(lab.nodes.pairing.list().pending.length, 1);
  assert.deepEqual(events(lab), [
    ...["requested", "requested"],
    ...["rejected", "rejected"],
    ...["requested", "requested"],
  ]);
});

Deno.test("a request waits while its node is here and five minutes more; the same node finds it again", () => {
  using lab = new NodeLab();
  const first = lab.connect();
  const id = lab.nodes.pairing.list().pending[0]?.requestId;
  lab.clock.advance(REQUEST_TTL_MS * 3);
  assert.equal(lab.nodes.pairing.list().pending[0]?.requestId, id);
  lab.disconnect(first);
  lab.clock.advance(REQUEST_TTL_MS - 1);
  const second = lab.connect({ connId: "c2" });
  assert.equal(lab.nodes.pairing.list().pending[0]?.requestId, id);
  lab.disconnect(second);
  lab.clock.advance(REQUEST_TTL_MS);
  const told = () => lab.bus.published.filter(({ event }) => event === "nodes.changed").length;
  const before = told();
  lab.nodes.sweep();
  assert.equal(told(), before + 1, "pages that show the request hear of its end");
  assert.deepEqual(lab.nodes.pairing.list().pending, []);
});

Deno.test("a rejected node asks again when it connects the next time", () => {
  using lab = new NodeLab();
  const client = lab.connect();
  lab.nodes.pairing.reject(lab.nodes.pairing.list().pending[0]?.requestId ?? "");
  assert.deepEqual(lab.nodes.pairing.list().pending, []);
  assert.equal(lab.nodes.get("n1")?.approvalState, "pending-approval");
  lab.disconnect(client);
  lab.connect({ connId: "c2" });
  assert.equal(lab.nodes.pairing.list().pending.length, 1);
});

Deno.test("a removed approval is gone at once, and the node may ask again", async () => {
  using lab = new NodeLab();
  lab.connect({ commands: ["system.which", "system.run"] });
  lab.approve("n1", ["system.run"]);
  assert.equal(lab.nodes.pairing.remove("n1"), true);
  await assert.rejects(lab.invoke(), /approve/u);
  assert.equal(lab.nodes.pairing.list().pending.length, 1, "it waits again");
  lab.approve();
  assert.deepEqual(lab.nodes.get("n1")?.commands, ["system.which"], "what was dangerous is off again");
  assert.equal(lab.nodes.pairing.remove("nobody"), false);
});

Deno.test("the approval of a device that was removed says nothing about the device that is paired later", () => {
  using lab = new NodeLab();
  const client = lab.connect();
  lab.approve();
  lab.disconnect(client);
  lab.devices.delete("n1");
  lab.clock.advance(1_000);
  lab.connect({ connId: "c2" });
  assert.equal(lab.nodes.get("n1")?.approvalState, "pending-approval");
  assert.deepEqual(lab.nodes.get("n1")?.commands, []);
});

Deno.test("approvals, names and allowed commands survive a restart", () => {
  using lab = new NodeLab();
  lab.connect({ commands: ["system.run"] });
  lab.approve("n1", ["system.run"]);
  lab.nodes.rename("n1", " Attic ");
  const again = lab.make();
  again.connected(lab.connect({ connId: "c2", commands: ["system.run"], displayName: "vm" }));
  const node = again.get("n1");
  assert.deepEqual([node?.displayName, node?.commands, node?.approvalState], ["Attic", ["system.run"], "approved"]);
  assert.throws(() => again.rename("nobody", "x"), { message: "unknown nodeId" });
  assert.throws(() => again.rename("n1", "  "), { code: "INVALID_REQUEST" });
});

Deno.test("an older node's request gives out a token that is good until the approval is removed", () => {
  using lab = new NodeLab();
  const { pairing } = lab.nodes;
  const wish = { nodeId: "old", displayName: "Old", caps: [], commands: ["canvas.present"] };
  const { request, created } = pairing.request(wish);
  assert.equal(created, true);
  assert.equal(pairing.request(wish).request.requestId, request.requestId);
  assert.equal(pairing.request(wish).created, false);
  assert.deepEqual(request.requiredApproveScopes, ["operator.pairing", "operator.write"]);
  const { node } = pairing.approve(request.requestId, []);
  assert.ok((node.token ?? "").length >= 32);
  assert.equal(pairing.verify("old", node.token ?? "")?.nodeId, "old");
  assert.equal(pairing.verify("old", "wrong"), undefined);
  assert.equal(pairing.verify("other", node.token ?? ""), undefined);
  assert.equal(pairing.list().paired[0]?.token, undefined, "shown once");
  const stored = lab.db.get("SELECT token_hash FROM nodes WHERE node_id = 'old'");
  assert.ok(!JSON.stringify(stored).includes(node.token ?? "x"));
  assert.equal(pairing.remove("old"), true);
  assert.equal(pairing.verify("old", node.token ?? ""), undefined);
});

Deno.test("requests made by a method end after five minutes, and never fill the memory", () => {
  using lab = new NodeLab();
  for (let index = 0; index < 600; index++) {
    lab.nodes.pairing.request({ nodeId: `n${index}`, caps: [], commands: [] });
  }
  assert.equal(lab.nodes.pairing.list().pending.length, 512);
  lab.clock.advance(REQUEST_TTL_MS);
  assert.deepEqual(lab.nodes.pairing.list().pending, []);
});
