/** Tests of json_depth.ts. */
import assert from "node:assert/strict";
import { isTooDeep, MAX_LEVELS } from "./json_depth.ts";

const nested = (levels: number, inside: string) => "[".repeat(levels) + inside + "]".repeat(levels);
const long = JSON.stringify("x".repeat(70_000));

Deno.test("a long text is too deep beyond the limit, whatever its brackets are", () => {
  assert.equal(isTooDeep(nested(MAX_LEVELS, long)), false);
  assert.equal(isTooDeep(nested(MAX_LEVELS + 1, long)), true);
  assert.equal(isTooDeep('{"a":'.repeat(20_000) + "1" + "}".repeat(20_000)), true);
  assert.equal(isTooDeep("[".repeat(100_000)), true, "also when it is no JSON");
});

Deno.test("brackets in strings do not count, however the string is escaped", () => {
  const brackets = "[".repeat(1_000);
  for (const text of [brackets, `\\"${brackets}`, `"${brackets}\\`, `\\\\${brackets}`, `x\\`]) {
    assert.equal(isTooDeep(JSON.stringify([text, long])), false, text.slice(0, 8));
    assert.equal(isTooDeep(JSON.stringify([text]) + nested(300, long)), true, "and what follows them does");
  }
});

Deno.test("many objects side by side, short texts and open strings are not too deep", () => {
  assert.equal(isTooDeep(JSON.stringify(Array.from({ length: 20_000 }, () => ({ a: [] })))), false);
  assert.equal(isTooDeep("[".repeat(10_000)), false);
  assert.equal(isTooDeep('"' + "[".repeat(100_000)), false);
});

Deno.test("ten megabytes are looked through quickly", () => {
  const started = performance.now();
  isTooDeep(JSON.stringify({ payloadJSON: JSON.stringify({ base64: "QUJD".repeat(2_500_000) }) }));
  isTooDeep("[".repeat(10_000_000));
  assert.ok(performance.now() - started < 1_000);
});
