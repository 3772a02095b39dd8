/** Tests of the frames between main and a worker process: every message comes back, no bytes do harm. */
import assert from "node:assert/strict";
import { createFrameReader, encodeFrame, MAX_FRAME_JSON } from "./codec.ts";

/** A small generator with a fixed seed, so that a failure can be repeated. */
function random(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor(state / 2 ** 32 * below);
  };
}

function join(chunks: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(chunks.reduce((sum, { byteLength }) => sum + byteLength, 0));
  let at = 0;
  for (const chunk of chunks) {
    out.set(chunk, at);
    at += chunk.byteLength;
  }
  return out;
}

function read(stream: Uint8Array, sizes: () => number) {
  const messages: unknown[] = [];
  const faults: string[] = [];
  const reader = createFrameReader((message) => messages.push(message), (reason) => faults.push(reason));
  for (let at = 0; at < stream.byteLength;) {
    const size = Math.max(1, sizes());
    reader.push(stream.slice(at, at + size));
    at += size;
  }
  return { messages, faults };
}

function value(next: (below: number) => number, depth: number): unknown {
  switch (next(depth > 4 ? 6 : 8)) {
    case 0:
      return null;
    case 1:
      return next(2) === 1;
    case 2:
      return next(1_000_000) - 500_000;
    case 3:
      return ["", "text", "grüße 👋", "a\u0000b", "x".repeat(next(3000))][next(5)];
    case 4:
      return new Uint8Array(next(500)).map(() => next(256));
    case 5:
      return "__proto__";
    case 6:
      return Array.from({ length: next(5) }, () => value(next, depth + 1));
    default:
      return Object.fromEntries(
        ["type", "op", "data", "constructor", "m", "b"].slice(0, next(6)).map((key) => [key, value(next, depth + 1)]),
      );
  }
}

Deno.test("every message comes back as it was, however the stream is cut", () => {
  const next = random(42);
  for (let round = 0; round < 400; round++) {
    const messages = Array.from({ length: 1 + next(4) }, () => value(next, 0));
    const stream = join(messages.flatMap((message) => encodeFrame(message)));
    const back = read(stream, () => next(next(2) === 0 ? 4 : 5000));
    assert.deepEqual(back, { messages, faults: [] }, `round ${round}`);
  }
});

Deno.test("changed bytes give other messages, no message or a fault, and never an exception", () => {
  const next = random(7);
  let faults = 0;
  let undefinedMessages = 0;
  for (let round = 0; round < 2_000; round++) {
    const stream = join(encodeFrame({ type: "reply", op: "1", value: { kind: "media", data: new Uint8Array(40) } }));
    for (let flips = 0; flips <= next(4); flips++) stream[next(stream.byteLength)] = next(256);
    const back = read(stream, () => 1 + next(60));
    faults += back.faults.length;
    undefinedMessages += back.messages.filter((message) => message === undefined).length;
  }
  assert.ok(faults > 0 && undefinedMessages > 0, "both ways out were taken");
});

Deno.test("a length beyond the limits is a fault at once, without waiting for the bytes", () => {
  const header = new Uint8Array(8);
  new DataView(header.buffer).setUint32(0, MAX_FRAME_JSON + 1);
  const { messages, faults } = read(join([header, ...encodeFrame({ ok: true })]), () => 8);
  assert.deepEqual([messages, faults], [[], [`a frame of ${MAX_FRAME_JSON + 1} bytes`]]);
});

Deno.test("bytes cannot be put where the message has no place for them", () => {
  const frame = (json: unknown, bytes: number): Uint8Array => {
    const text = new TextEncoder().encode(JSON.stringify(json));
    const header = new Uint8Array(8);
    const view = new DataView(header.buffer);
    view.setUint32(0, text.byteLength);
    view.setUint32(4, bytes);
    return join([header, text, new Uint8Array(bytes)]);
  };
  for (
    const bad of [
      frame({ m: { a: 1 }, b: [[["a"], 2]] }, 2),
      frame({ m: { a: null }, b: [[["b"], 2]] }, 2),
      frame({ m: {}, b: [[["__proto__", "polluted"], 2]] }, 2),
      frame({ m: { a: null }, b: [[["a"], 2]] }, 3),
      frame({ m: { a: null }, b: [[["a"], 2], [["a"], 2]] }, 4),
      frame({ m: null }, 0),
      frame([], 0),
    ]
  ) assert.deepEqual(read(bad, () => 16), { messages: [undefined], faults: [] });
  assert.equal(Reflect.get({}, "polluted"), undefined);
});

Deno.test("a message that cannot be framed is refused before anything is written", () => {
  const loop: Record<string, unknown> = {};
  loop["self"] = loop;
  assert.throws(() => encodeFrame(loop), /nested too deeply/u);
  assert.throws(() => encodeFrame(Array.from({ length: 65 }, () => new Uint8Array(1))), /more than 64/u);
  assert.throws(() => encodeFrame("x".repeat(MAX_FRAME_JSON + 1)), /bytes of JSON/u);
});
