/** Unit tests of the text that Discord gets. */
import assert from "node:assert/strict";
import { toDiscordMarkdown } from "./format.ts";

Deno.test("Markdown stays as it is", () => {
  const text = "# Head\n\n**bold** _it_ `code` [site](https://example.org)\n> quote\n- one\n\n```ts\na | b\n--|--\n```";
  assert.equal(toDiscordMarkdown(text), text);
  assert.equal(toDiscordMarkdown("a\r\nb\0"), "a\nb");
});

Deno.test("a table becomes aligned code, its marks are taken out", () => {
  assert.equal(
    toDiscordMarkdown("x\n| name | n |\n|:---|---:|\n| **Anna** | 1 |\n| Bert \\| Co | 22 |\ny"),
    "x\n```\nname      | n\n----------|---\nAnna      | 1\nBert | Co | 22\n```\ny",
  );
});

Deno.test("a table inside a fence, also an unclosed one or one of tildes, is left alone", () => {
  for (const fence of ["```", "~~~", "````"]) {
    const text = `${fence}\n| a | b |\n|---|---|\n| 1 | 2 |`;
    assert.equal(toDiscordMarkdown(text), text);
    assert.equal(toDiscordMarkdown(`${text}\n${fence}`), `${text}\n${fence}`);
  }
});

Deno.test("a table whose padding would not fit stays unpadded, and as written when even that is too long", () => {
  const rows = Array.from({ length: 30 }, (_, index) => `| ${index} | b |`);
  const table = ["| a long head of the first column | b |", "|---|---|", ...rows].join("\n");
  const loose = toDiscordMarkdown(table, table.length + 8);
  assert.equal(loose, `\`\`\`\n${table}\n\`\`\``);
  assert.equal(toDiscordMarkdown(table, table.length), table);
});

Deno.test("back-ticks in a cell cannot end the block", () => {
  const text = toDiscordMarkdown("| a | b |\n|---|---|\n| ``` | @everyone |");
  assert.equal(text.match(/```/gu)?.length, 2);
});
