/** Tests of taking secrets out of what leaves a worker. */
import assert from "node:assert/strict";
import { hideSecrets, scrub, scrubAll } from "./scrub.ts";

Deno.test("known secrets are cut, also in their URL form; short ones are not", () => {
  hideSecrets(["p@ss word/1", "abc"]);
  assert.equal(scrub("user p@ss word/1 abc"), "user [secret] abc");
  assert.equal(scrub("https://host/?password=p%40ss%20word%2F1&x=1"), "https://host/?password=[secret]&x=1");
});

Deno.test("every string of a value is scrubbed, errors become text, depth is bounded", () => {
  hideSecrets(["p@ss word/1"]);
  const loop: Record<string, unknown> = {};
  loop["self"] = loop;
  assert.deepEqual(scrubAll({ a: ["x p@ss word/1"], e: new Error("p@ss word/1"), n: 1 }), {
    a: ["x [secret]"],
    e: "Error: [secret]",
    n: 1,
  });
  assert.match(JSON.stringify(scrubAll(loop)), /too deep/u);
});
