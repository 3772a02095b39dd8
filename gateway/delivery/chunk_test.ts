/** Chunking: examples of each preference, and properties over many made-up texts (fixed seed). */
import assert from "node:assert/strict";
import { type ChunkLimits, chunkMarkdown, chunksOf } from "./chunk.ts";

const limits = (maxText: number, more: Partial<ChunkLimits> = {}): ChunkLimits => ({
  maxText,
  maxLines: 0,
  mode: "length",
  ...more,
});

Deno.test("a text that fits is one part, without the white space around it", () => {
  assert.deepEqual(chunkMarkdown("hello\n\nworld\n", limits(40)), ["hello\n\nworld"]);
  assert.deepEqual(chunkMarkdown(" \n\n ", limits(40)), []);
  assert.deepEqual(chunkMarkdown("", limits(40)), []);
});

Deno.test("paragraphs are preferred to lines, lines to sentences, sentences to spaces", () => {
  assert.deepEqual(chunkMarkdown(`${"a".repeat(20)}\n\n${"b".repeat(8)}\n${"c".repeat(20)}`, limits(40)), [
    "a".repeat(20),
    `${"b".repeat(8)}\n${"c".repeat(20)}`,
  ]);
  assert.deepEqual(chunkMarkdown(`${"a".repeat(20)}\n${"b".repeat(30)}`, limits(40)), ["a".repeat(20), "b".repeat(30)]);
  assert.deepEqual(chunkMarkdown("One sentence stands here. And another one stands here.", limits(40)), [
    "One sentence stands here.",
    "And another one stands here.",
  ]);
  assert.deepEqual(chunkMarkdown("word ".repeat(12).trim(), limits(32)), [
    "word word word word word word",
    "word word word word word word",
  ]);
});

Deno.test("a cut fence is closed and opened again with its info string, and code keeps its indentation", () => {
  const code = ["```ts", "if (true) {", "    first();", "    second();", "}", "```"].join("\n");
  const parts = chunkMarkdown(code, limits(40));
  assert.deepEqual(parts, ["```ts\nif (true) {\n    first();\n```", "```ts\n    second();\n}\n```"]);
});

Deno.test("a text before a fence is cut off there rather than the block in its middle", () => {
  const parts = chunkMarkdown(`${"Some words of text. ".repeat(3)}\n\`\`\`\ncode one\ncode two\n\`\`\``, limits(80));
  assert.deepEqual(parts.at(-1), "```\ncode one\ncode two\n```");
});

Deno.test("mode newline cuts at the last blank line, however early", () => {
  const text = `short\n\n${"x".repeat(20)}\n${"y".repeat(20)}`;
  assert.equal(chunkMarkdown(text, limits(40, { mode: "newline" }))[0], "short");
  assert.equal(chunkMarkdown(text, limits(40))[0], `short\n\n${"x".repeat(20)}`);
});

Deno.test("no part has more lines than allowed, repaired fences included", () => {
  const text = ["intro", "```js", ...Array.from({ length: 60 }, (_, i) => `line(${i});`), "```", "end"].join("\n");
  for (const part of chunkMarkdown(text, limits(2000, { maxLines: 17 }))) {
    assert.ok(part.split("\n").length <= 17, part);
    assert.equal((part.match(/```/gu) ?? []).length % 2, 0, part);
  }
});

Deno.test("a hard cut splits no emoji and no joined character", () => {
  const family = "👨‍👩‍👧‍👦";
  for (const part of chunkMarkdown(family.repeat(40), limits(50))) {
    assert.equal(part.length % family.length, 0);
  }
});

/** A small generator with a fixed seed, so that a failure can be repeated. */
function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

const PIECES = [
  "word ",
  "Another sentence ends. ",
  "\n",
  "\n\n",
  "\n```ts\n",
  "\n```\n",
  "\n~~~\n",
  "\n  ```python\n",
  "🙂",
  "🇩🇪",
  "é",
  "    indented\n",
  "- item\n",
  "中文句子。",
  "x".repeat(60),
  "`code` ",
  "\t",
];

function madeUp(next: () => number): string {
  const count = 1 + Math.floor(next() * 60);
  return Array.from({ length: count }, () => PIECES[Math.floor(next() * PIECES.length)]).join("");
}

/** Fence lines and white space left out: what repair and trimming may change. */
const bare = (text: string): string => text.replaceAll(/^[ \t]*(```|~~~)\w*[ \t]*$/gmu, "").replaceAll(/\s+/gu, "");

Deno.test("parts are within the limits, end to end make up the text, and are stable while it grows", () => {
  for (let seed = 1; seed <= 1500; seed++) {
    const next = random(seed);
    const text = madeUp(next);
    const rules = limits(40 + Math.floor(next() * 200), {
      maxLines: next() < 0.3 ? 5 + Math.floor(next() * 10) : 0,
      mode: next() < 0.5 ? "length" : "newline",
    });
    const chunks = chunksOf(text, rules);
    let from = 0;
    const raw: string[] = [];
    for (const { text: part, end } of chunks) {
      assert.ok(part.length <= rules.maxText, `seed ${seed}: ${part.length} > ${rules.maxText}`);
      if (rules.maxLines > 0) assert.ok(part.split("\n").length <= rules.maxLines, `seed ${seed}: lines`);
      assert.ok(part.isWellFormed(), `seed ${seed}: surrogate`);
      raw.push(text.slice(from, end));
      from = end;
    }
    assert.equal(bare(chunks.map((chunk) => chunk.text).join("\n")), bare(text), `seed ${seed}`);
    assert.equal(raw.join("").trimEnd(), text.trimEnd(), `seed ${seed}: ends`);
  }
});

Deno.test("a very long text is cut in good time", () => {
  const started = performance.now();
  const parts = chunkMarkdown("Some words stand here, and more of them.\n".repeat(20_000), limits(2_000));
  assert.ok(parts.length > 300);
  assert.ok(performance.now() - started < 5_000);
});
