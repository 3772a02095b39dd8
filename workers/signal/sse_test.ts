/** Unit tests of the event stream's reader. */
import assert from "node:assert/strict";
import { createSseReader, type SseItem } from "./sse.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const event = (data: string, more: Partial<Extract<SseItem, { kind: "event" }>> = {}): SseItem => ({
  kind: "event",
  event: "message",
  data,
  id: undefined,
  ...more,
});

/** The items of a text that comes in pieces of `size` bytes. */
function read(text: string, size: number): SseItem[] {
  const reader = createSseReader();
  const all = bytes(text);
  const items: SseItem[] = [];
  for (let at = 0; at < all.length; at += size) items.push(...reader.push(all.slice(at, at + size)));
  return items;
}

Deno.test("events are the same however the bytes are cut, also inside a character and a line end", () => {
  for (const end of ["\n", "\r\n", "\r"]) {
    const text = [
      ":keep",
      "",
      "event:receive",
      "id: 7",
      'data: {"a":',
      'data:"žluť 🐎"}',
      "",
      "data",
      "",
      "retry: 5",
      "",
      "data: last",
      "",
      "",
    ].join(end);
    const whole = [
      { kind: "comment" },
      event('{"a":\n"žluť 🐎"}', { event: "receive", id: "7" }),
      event("", { id: "7" }),
      event("last", { id: "7" }),
    ];
    for (const size of [1, 2, 3, 5, 7, 1000]) {
      assert.deepEqual(read(text + end, size), whole, `${JSON.stringify(end)} in pieces of ${size}`);
    }
  }
});

Deno.test("an event without its blank line is not there yet", () => {
  const reader = createSseReader();
  assert.deepEqual(reader.push(bytes("data: one\n")), []);
  assert.deepEqual(reader.push(bytes("\n")), [event("one")]);
});

Deno.test("a line or an event that is too long is skipped as a whole, and the next one is read", () => {
  const reader = createSseReader({ line: 20, event: 30 });
  assert.deepEqual(reader.push(bytes(`id: 1\ndata: ${"x".repeat(50)}`)), []);
  assert.deepEqual(reader.push(bytes(`${"x".repeat(5_000)}\n\n`)), [{ kind: "oversized", id: "1" }]);
  assert.deepEqual(reader.push(bytes("data: 12345678901234\ndata: 12345678901234\ndata: 1234567890\n\n")), [
    { kind: "oversized", id: "1" },
  ]);
  assert.deepEqual(reader.push(bytes(`:${"c".repeat(90)}\ndata: fine\n\n`)), [
    { kind: "comment" },
    event("fine", { id: "1" }),
  ]);
});
