/** Tests of find.ts. */
import assert from "node:assert/strict";
import type { NodeView } from "../../schemas/method/nodes.ts";
import { findNode } from "./find.ts";

const node = (nodeId: string, displayName: string, connected = true): NodeView => ({
  nodeId,
  displayName,
  caps: [],
  commands: [],
  paired: true,
  connected,
});
const NODES = [node("aaaa1111", "Kitchen"), node("aaaa2222", "Phone"), node("bbbb3333", "phone", false)];

Deno.test("a node is found by id, by the beginning of it, and by name in any case, a connected one before others", () => {
  assert.equal(findNode(NODES, "aaaa1111").displayName, "Kitchen");
  assert.equal(findNode(NODES, "BBBB").nodeId, "bbbb3333");
  assert.equal(findNode(NODES, " kitchen ").nodeId, "aaaa1111");
  assert.equal(findNode(NODES, "PHONE").nodeId, "aaaa2222");
});

Deno.test("none or more than one: the error names the choice", () => {
  assert.throws(() => findNode(NODES, "aaaa"), /Cannot choose a node for "aaaa": Kitchen \(aaaa1111\), Phone/u);
  assert.throws(() => findNode(NODES, "tv"), /Cannot find node "tv": Kitchen/u);
  assert.throws(() => findNode([], "tv"), /Cannot find node "tv": there is none/u);
});
