/** Tests of node.list, describe, rename and invoke on a service without sockets. */
import assert from "node:assert/strict";
import { NodeLab } from "../../../tests/helpers/node_lab.ts";
import { callMethod, fakeClient, fakeServices } from "../../../tests/helpers/services.ts";
import { nodeMethods } from "./nodes.ts";

function setUp() {
  const lab = new NodeLab();
  const services = fakeServices({ nodes: lab.nodes });
  const call = (name: string, params: unknown) => callMethod(nodeMethods, name, params, services, fakeClient());
  return {
    lab,
    call,
    [Symbol.dispose]: () => {
      lab[Symbol.dispose]();
      services.db.close();
    },
  };
}

Deno.test("node.list joins paired devices with live connections, connected ones first", async () => {
  using made = setUp();
  const { lab, call } = made;
  lab.pair("d1");
  const live = lab.connect({
    nodeId: "d3",
    protocol: 3,
    commands: ["system.which", "b", "system.which"],
    displayName: "vm",
  });
  const { nodes } = await call("node.list", {});
  assert.ok(Array.isArray(nodes));
  assert.deepEqual(nodes.map(({ nodeId, connected, paired }) => [nodeId, connected, paired]), [
    ["d3", true, true],
    ["d1", false, true],
  ]);
  assert.deepEqual(nodes[0].commands, ["system.which"]);
  assert.deepEqual(nodes[0].offCommands.map(({ command }: { command: string }) => command), ["b"]);
  lab.devices.delete("d3");
  assert.equal((await call("node.describe", { nodeId: "d3" }))["paired"], false);
  lab.disconnect(live);
  await assert.rejects(call("node.describe", { nodeId: "d3" }), { message: "unknown nodeId" });
});

Deno.test("node.rename gives a name that the node's own does not replace", async () => {
  using made = setUp();
  const { lab, call } = made;
  lab.connect({ displayName: "vm" });
  assert.deepEqual(await call("node.rename", { nodeId: "n1", displayName: " Attic " }), {
    nodeId: "n1",
    displayName: "Attic",
  });
  assert.equal((await call("node.describe", { nodeId: "n1" }))["displayName"], "Attic");
  await assert.rejects(call("node.rename", { nodeId: "n2", displayName: "x" }), { message: "unknown nodeId" });
});

Deno.test("announcements of newer nodes are taken and not used", async () => {
  using made = setUp();
  for (const name of ["node.pluginTools.update", "node.skills.update", "node.runnerInventory.update"]) {
    assert.deepEqual(await made.call(name, { tools: [] }), { ok: true, ignored: true });
  }
  for (const name of ["node.pending.drain", "node.pending.pull", "node.pending.ack"]) {
    assert.deepEqual((await made.call(name, {}))["items"], []);
  }
});
