import assert from "node:assert/strict";
import { messageIdOf } from "./message_id.ts";

Deno.test("the same key gives the same id, each part its own", () => {
  assert.equal(messageIdOf("a"), messageIdOf("a", 0));
  assert.equal(new Set([messageIdOf("a"), messageIdOf("a", 1), messageIdOf("b")]).size, 3);
  assert.match(messageIdOf("a"), /^3EB0[0-9A-F]{18}$/u);
});
