/** Tests of bytes as lines. */
import assert from "node:assert/strict";
import { createLines } from "./lines.ts";

function read(chunks: readonly Uint8Array[], most?: number) {
  const lines: string[] = [];
  let tooLong = 0;
  const reader = createLines((line) => lines.push(line), () => tooLong++, most);
  for (const chunk of chunks) reader.push(chunk);
  reader.end();
  return { lines, tooLong };
}
const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("lines are found wherever the chunks are cut, also within a character", () => {
  const whole = bytes('äöü\r\n\n{"a":"🔥"}\nrest');
  const single = [...whole].map((byte) => Uint8Array.of(byte));
  const wanted = ["äöü", '{"a":"🔥"}', "rest"];
  assert.deepEqual(read([whole]).lines, wanted);
  assert.deepEqual(read(single).lines, wanted);
});

Deno.test("a line without an end is passed over once, and the next one is read", () => {
  const { lines, tooLong } = read([bytes("x".repeat(6)), bytes("y".repeat(6)), bytes("\nfine\n")], 10);
  assert.deepEqual([lines, tooLong], [["fine"], 1]);
});
