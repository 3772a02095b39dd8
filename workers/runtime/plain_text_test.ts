/** Tests of Markdown as plain text. */
import assert from "node:assert/strict";
import { toPlainText } from "./plain_text.ts";

Deno.test("signs go, words stay", () => {
  assert.equal(toPlainText("# Title\n**bold** _it_ *also* ~~gone~~ `code`"), "Title\nbold it also gone code");
  assert.equal(toPlainText("snake_case_name 2*3*4 \\*not\\*"), "snake_case_name 2*3*4 *not*");
});

Deno.test("links keep their address, lists their marks, tables become bullets", () => {
  assert.equal(
    toPlainText("[site](https://example.org) ![](https://x/y.png)"),
    "site (https://example.org) https://x/y.png",
  );
  assert.equal(toPlainText("* one\n  + [x] two"), "- one\n  - ☑ two");
  assert.equal(toPlainText("| A | B |\n|---|---|\n| 1 | **2** |"), "- 1 – B: 2");
});

Deno.test("code blocks lose their fences and nothing else", () => {
  assert.equal(toPlainText("Here:\n```ts\nconst a_b_c = `**x**`;\n```\nDone"), "Here:\nconst a_b_c = `**x**`;\nDone");
});
