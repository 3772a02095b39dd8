/** Nodes on the page: what is read, what is asked of the gateway, and commands in plain words. */
import assert from "node:assert/strict";
import { RequestError } from "../../client/link.ts";
import { type Answer, scene as bare } from "./fake_scene.ts";
import { NodeDesk } from "./node_desk.ts";
import { abilitiesOf, abilityOf, isDangerous, switchesOf } from "./nodes_model.ts";
import { readLink, readNodePairs, readNodes } from "./nodes_parse.ts";

const NODE = {
  nodeId: "n1",
  displayName: "Phone",
  platform: "web",
  deviceFamily: "iPhone",
  caps: [],
  commands: ["canvas.present", "camera.snap"],
  offCommands: [{ command: "camera.clip", reason: "off" }, { command: "contacts.search", reason: "not here" }, {}],
  connected: true,
  paired: true,
  approvalState: "approved",
};
const REQUEST = { requestId: "r1", nodeId: "n1", caps: [], commands: ["camera.snap", "location.get"], ts: 1 };

function scene(answers: Record<string, Answer> = {}, scopes?: readonly string[]) {
  const one = bare({
    "node.list": () => ({ ts: 1_005_000, nodes: [NODE] }),
    "node.pair.list": () => ({ pending: [REQUEST], paired: [{ nodeId: "n1", allowedCommands: ["camera.snap"] }] }),
    ...answers,
  }, scopes);
  const desk = new NodeDesk(one.store, one.wire, one.timers);
  return { ...one, desk, state: () => one.store.get().nodes };
}

Deno.test("Nodes and requests are read together and again when something changes", async () => {
  const { desk, state, settle, calls, pass } = scene();
  desk.refresh();
  await settle();
  assert.equal(state().nodes[0]?.platform, "iPhone");
  assert.equal(state().skewMs, 5_000);
  assert.deepEqual(state().requests[0]?.dangerous, ["camera.snap"], "an older gateway does not name them");
  assert.deepEqual(state().allowed, { n1: ["camera.snap"] });
  desk.event("nodes.changed");
  desk.event("node.pair.requested");
  await pass(300);
  assert.equal(calls("node.list").length, 2);
  assert.equal(calls("node.pair.list").length, 2);
});

Deno.test("An approval passes what was ticked and nothing else", async () => {
  const { desk, state, settle, calls } = scene();
  desk.refresh();
  await settle();
  const [request] = state().requests;
  assert.ok(request);
  assert.equal(await desk.approve(request, []), true);
  assert.equal(await desk.approve(request, ["camera.snap"]), true);
  assert.deepEqual(calls("node.pair.approve"), [
    { requestId: "r1" },
    { requestId: "r1", allowCommands: ["camera.snap"] },
  ]);
});

Deno.test("A switch changes its own command and leaves the others", async () => {
  const { desk, settle, calls } = scene();
  desk.refresh();
  await settle();
  await desk.toggle("n1", "camera.clip", true);
  await desk.toggle("n1", "camera.snap", false);
  assert.deepEqual(calls("node.commands.set").map((one) => one["allowCommands"]), [["camera.snap", "camera.clip"], []]);
});

Deno.test("Removing takes approval and device; a node without approvals is removed, too", async () => {
  const { desk, state, settle, calls, answers } = scene();
  desk.refresh();
  await settle();
  const [node] = state().nodes;
  assert.ok(node);
  answers["node.pair.remove"] = () => {
    throw new RequestError("INVALID_REQUEST", "unknown nodeId");
  };
  assert.equal(await desk.remove(node), true);
  assert.deepEqual(calls("device.pair.remove"), [{ deviceId: "n1" }]);
  answers["node.pair.remove"] = () => {
    throw new RequestError("UNAVAILABLE", "busy");
  };
  assert.equal(await desk.remove(node), false);
  assert.equal(state().failures["node:n1"]?.text, "busy");
  assert.deepEqual(state().busy, []);
});

Deno.test("A link that comes after its dialog was closed opens nothing", async () => {
  const { desk, state, settle, answers } = scene();
  answers["node.link"] = () => ({ available: true, url: "https://h/node#code=x", qrDataUrl: "data:text/html,x" });
  void desk.makeLink();
  desk.closeLink();
  await settle();
  assert.equal(state().link, undefined);
  await desk.makeLink();
  const { link } = state();
  assert.equal(link?.state === "ready" && link.qr, undefined, "only a PNG is a picture");
});

Deno.test("Without the right to pair, the list says so and the rest works", async () => {
  const { desk, state, settle, calls } = scene({}, ["operator.read"]);
  desk.refresh();
  await settle();
  assert.equal(state().nodes.length, 1);
  assert.deepEqual(state().failures["requests"], { kind: "right", text: "operator.pairing" });
  assert.equal(calls("node.pair.list").length, 0);
});

Deno.test("Commands become words in one order, each ability once; strangers keep their names", () => {
  assert.deepEqual(
    abilitiesOf(["x.y", "canvas.present", "canvas.hide", "camera.snap", "location.get"]),
    ["photos", "location", "pages", { command: "x.y" }],
  );
  assert.equal(abilityOf("system.run"), "run");
  for (const command of ["camera.list", "camera.snap", "screen.record", "sms.send", "system.run", "contacts.add"]) {
    assert.equal(isDangerous(command), true, command);
  }
  for (const command of ["canvas.eval", "location.get", "contacts.search", "system.which"]) {
    assert.equal(isDangerous(command), false, command);
  }
  const [node] = readNodes({ nodes: [NODE] }).nodes;
  assert.ok(node);
  assert.deepEqual(switchesOf(node, ["screen.record"]), ["camera.clip", "camera.snap", "screen.record"]);
});

Deno.test("Payloads of nodes are read with care", () => {
  assert.deepEqual(readNodes({ nodes: [7, {}, { nodeId: "" }] }).nodes, []);
  assert.deepEqual(readNodePairs("no"), { requests: [], allowed: {} });
  assert.deepEqual(readLink({ available: false, reason: "Set gateway.tls" }), {
    state: "unavailable",
    reason: "Set gateway.tls",
  });
  assert.equal(readLink({ available: true, url: "javascript:1" }).state, "unavailable");
});

Deno.test("This browser becomes a node with a code of its own, and without one by the page alone", async () => {
  const { desk, calls, answers } = scene();
  answers["node.link"] = () => ({ available: true, code: "a-b", expiresAtMs: 1 });
  assert.equal(await desk.pageHere(), "/node#code=a-b");
  assert.deepEqual(calls("node.link"), [{ codeOnly: true }]);
  answers["node.link"] = () => {
    throw new RequestError("FORBIDDEN", "missing scope");
  };
  assert.equal(await desk.pageHere(), "/node");
});
