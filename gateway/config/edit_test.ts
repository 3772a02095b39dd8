/** Tests of edits that keep comments. */
import assert from "node:assert/strict";
import { editText, mergePatch } from "./edit.ts";

const FILE = `// my gateway
{
  gateway: { port: 18789 }, // the usual one
  channels: {
    bot: {
      // from the shop
      botToken: "x", // secret
      allowFrom: ["1", "2"],
    },
  },
}
`;

Deno.test("a changed value keeps every comment and every other line", async () => {
  const text = await editText(FILE, { channels: { bot: { allowFrom: ["3"], dmPolicy: "open" } } });
  assert.equal(text, FILE.replace(`["1", "2"],`, `["3"],\n      dmPolicy: "open",`));
});

Deno.test("null deletes, and an object that is not there is made", async () => {
  const text = await editText(FILE, { channels: { bot: null, other: { url: "ws://h" } } });
  assert.match(text, /\/\/ my gateway/u);
  assert.match(text, /\/\/ the usual one/u);
  assert.doesNotMatch(text, /botToken/u);
  assert.match(text, /other: \{\s+url: "ws:\/\/h",?\s+\}/u);
});

Deno.test("a file that is not there or empty becomes plain JSON", async () => {
  assert.deepEqual(JSON.parse(await editText(undefined, { a: { b: 1, c: null } })), { a: { b: 1 } });
  assert.deepEqual(JSON.parse(await editText(" \n", { a: 1 })), { a: 1 });
});

Deno.test("deleting the only key of a plain file works", async () => {
  assert.deepEqual(JSON.parse(await editText(`{"a":1}`, { a: null })), {});
});

Deno.test("a key that is given twice is left to a person", async () => {
  await assert.rejects(editText("{ a: 1, a: 2 } // c", { a: 3 }), /change it by hand/u);
});

Deno.test("the merge follows the standard's own examples", () => {
  const examples: [unknown, Parameters<typeof mergePatch>[1], unknown][] = [
    [{ a: "b" }, { a: "c" }, { a: "c" }],
    [{ a: "b" }, { b: "c" }, { a: "b", b: "c" }],
    [{ a: "b" }, { a: null }, {}],
    [{ a: ["b"] }, { a: "c" }, { a: "c" }],
    [{ a: { b: "c" } }, { a: { b: "d", c: null } }, { a: { b: "d" } }],
    [{ a: [{ b: "c" }] }, { a: [1] }, { a: [1] }],
    [["a", "b"], ["c", "d"], ["c", "d"]],
    [{ a: "foo" }, null, null],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [[1, 2], { a: "b", c: null }, { a: "b" }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ];
  for (const [target, patch, result] of examples) assert.deepEqual(mergePatch(target, patch), result);
});

Deno.test("keys that are reserved words may stand bare, in the file and in the patch", async () => {
  const raw = "{ // default: no\n  a: { default: { b: 'default: x' } }, list: [{ id: 'x', default: true }] }";
  const text = await editText(raw, { a: { default: { c: 1 }, import: { d: 2 } } });
  assert.match(text, /\/\/ default: no/u);
  assert.match(text, /'default: x'/u);
  const again = await editText(text, { a: { import: null } });
  assert.doesNotMatch(again, /import/u);
});
