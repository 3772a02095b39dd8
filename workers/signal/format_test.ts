/** Unit tests of Markdown as Signal's styled text. */
import assert from "node:assert/strict";
import { stylesOf, toSignal } from "./format.ts";

const shown = (markdown: string, tables?: "bullets" | "code" | "off") => {
  const styled = toSignal(markdown, tables);
  return [styled.text, ...stylesOf(styled)];
};

Deno.test("emphasis becomes ranges", () => {
  assert.deepEqual(shown("a **b** _c_ ~~d~~ `e` ||f||"), [
    "a b c d e f",
    "2:1:BOLD",
    "4:1:ITALIC",
    "6:1:STRIKETHROUGH",
    "8:1:MONOSPACE",
    "10:1:SPOILER",
  ]);
  assert.deepEqual(shown("***both*** **a *b* c**"), ["both a b c", "0:4:BOLD", "0:4:ITALIC", "5:5:BOLD", "7:1:ITALIC"]);
});

Deno.test("ranges count UTF-16 units", () => {
  assert.deepEqual(shown("🐎🐎 **kůň 🐎**"), ["🐎🐎 kůň 🐎", "5:6:BOLD"]);
});

Deno.test("links are written out, and an address alone stays as it is", () => {
  assert.deepEqual(shown('[the **site**](https://example.org/a_b_c "x") and https://example.org/d_e_f'), [
    "the site (https://example.org/a_b_c) and https://example.org/d_e_f",
    "4:4:BOLD",
  ]);
  assert.deepEqual(
    shown("<https://a.example> [https://b.example](https://b.example) ![cat](https://c.example/x.png)"),
    [
      "https://a.example https://b.example cat (https://c.example/x.png)",
    ],
  );
});

Deno.test("blocks: headings, lists, fences, rules", () => {
  assert.deepEqual(shown("\n# Title\n\n\n- one\n- [x] two\n---\n```ts\nconst **a** = 1;\n```\n"), [
    "Title\n\n• one\n☑ two\n———\nconst **a** = 1;",
    "0:5:BOLD",
    "23:16:MONOSPACE",
  ]);
  assert.deepEqual(shown("```\nstill growing"), ["still growing", "0:13:MONOSPACE"]);
});

Deno.test("tables become bullets, code, or stay", () => {
  const table = "| City | Temp | Sky |\n|---|---|---|\n| Brno | **3°** | fog |\n| Lyon | 9° | |";
  assert.deepEqual(shown(table), [
    "• Brno — Temp: 3°, Sky: fog\n• Lyon — Temp: 9°",
    "2:4:BOLD",
    "15:2:BOLD",
    "30:4:BOLD",
  ]);
  assert.equal(shown(table, "code")[1], `0:${table.length}:MONOSPACE`);
  assert.deepEqual(shown("a | b\n--|--", "off"), ["a | b\n--|--"]);
});

Deno.test("what is not closed is text, and no text costs too long", () => {
  assert.deepEqual(shown("2 * 3 * 4 snake_case_name **open \\*kept\\*"), ["2 * 3 * 4 snake_case_name **open *kept*"]);
  assert.deepEqual(shown("****"), ["———"]);
  const start = performance.now();
  for (const sign of ["*", "[", "`a`` ", "**a", "|| ", "_"]) toSignal(sign.repeat(20_000));
  assert.ok(performance.now() - start < 5_000);
});
