/** Unit tests of reading one model call's stream. */
import assert from "node:assert/strict";
import type { ModelTarget } from "../../schemas/worker/agent.ts";
import { ModelFault } from "./errors.ts";
import type { StreamPart } from "./sdk_model.ts";
import { readStep } from "./sdk_stream.ts";

const TARGET: ModelTarget = { provider: "acme", model: "m", api: "openai-completions" };
type Finish = Extract<StreamPart, { type: "finish" }>;

const finish = (unified: Finish["finishReason"]["unified"], total?: number): StreamPart => ({
  type: "finish",
  finishReason: { unified, raw: undefined },
  usage: {
    inputTokens: { total, noCache: undefined, cacheRead: 3, cacheWrite: undefined },
    outputTokens: { total: 2.4, text: undefined, reasoning: undefined },
  },
});
const text = (delta: string): StreamPart => ({ type: "text-delta", id: "t", delta });
const call = (toolCallId: string, toolName: string, input: string): StreamPart => ({
  type: "tool-call",
  toolCallId,
  toolName,
  input,
});

function read(parts: readonly StreamPart[], signal = new AbortController().signal) {
  let cancelled = false;
  const stream = new ReadableStream<StreamPart>({
    start: (controller) => {
      for (const part of parts) controller.enqueue(part);
    },
    cancel: () => {
      cancelled = true;
    },
  });
  const deltas: string[] = [];
  const done = readStep(stream, { signal, delta: (_, piece) => deltas.push(piece) }, TARGET);
  return { done, deltas, cancelled: () => cancelled };
}

/** The same with the end of the stream that `read` leaves open. */
function readAll(parts: readonly StreamPart[]) {
  const stream = ReadableStream.from(parts);
  return readStep(stream, { signal: new AbortController().signal, delta: () => {} }, TARGET);
}

Deno.test("an answer without end is cut off, and its stream is left", async () => {
  const { done, deltas, cancelled } = read([
    { type: "text-start", id: "t" },
    ...Array(6).fill(text("x".repeat(1 << 20))),
  ]);
  const { step } = await done;
  assert.equal(step.stopReason, "length");
  assert.equal(step.text.length, 5 << 20);
  assert.equal(deltas.length, 5);
  assert.ok(cancelled());
});

Deno.test("tool calls get usable ids, names and arguments", async () => {
  const { step } = await readAll([
    call("a", "one", '{"x":1}'),
    call("a", "two", ""),
    call("", "", "[1]"),
    call("d", "four", "{"),
    finish("tool-calls", 10),
  ]);
  const [one, two, three, four] = step.toolCalls;
  assert.deepEqual(one, { id: "a", name: "one", arguments: { x: 1 } });
  assert.deepEqual([two?.name, two?.arguments, two?.invalid], ["two", {}, undefined]);
  assert.equal(new Set(step.toolCalls.map(({ id }) => id)).size, 4);
  assert.deepEqual([three?.name, three?.invalid], ["unknown", "Cannot read the arguments: not a JSON object"]);
  assert.match(four?.invalid ?? "", /not valid JSON/u);
  assert.equal(step.stopReason, "toolUse");
});

Deno.test("half a tool call of a message cut at its limit is not carried out", async () => {
  const { step } = await readAll([text("a"), call("a", "one", "{}"), finish("length", 10)]);
  assert.deepEqual([step.toolCalls, step.stopReason], [[], "length"]);
});

Deno.test("what the provider signed stays on its part, and empty texts are left out", async () => {
  const signed = { acme: { signature: "s" } };
  const { content } = await readAll([
    { type: "reasoning-start", id: "r" },
    { type: "reasoning-delta", id: "r", delta: "hm" },
    { type: "reasoning-delta", id: "r", delta: "", providerMetadata: signed },
    { type: "reasoning-end", id: "r" },
    { type: "text-start", id: "t" },
    { type: "text-end", id: "t" },
    finish("stop", 10),
  ]);
  assert.deepEqual(content, [{ type: "reasoning", text: "hm", providerOptions: signed }]);
});

Deno.test("usage is whole numbers that add up, and absent when the endpoint counts nothing", async () => {
  const { step } = await readAll([text("a"), finish("stop", 10)]);
  assert.deepEqual(step.usage, { input: 7, output: 2, cacheRead: 3, total: 12 });
  const none = finish("stop");
  if (none.type === "finish") none.usage.outputTokens.total = undefined;
  assert.equal((await readAll([text("a"), none])).step.usage, undefined);
});

Deno.test("a stream that ends early, is filtered or reports an error is a fault", async () => {
  const kinds = async (parts: readonly StreamPart[]) => {
    const error = await readAll(parts).then(() => undefined, (error: unknown) => error);
    assert.ok(error instanceof ModelFault);
    return error.kind;
  };
  assert.equal(await kinds([text("a")]), "unreachable");
  assert.equal(await kinds([text("a"), finish("interrupted")]), "unreachable");
  assert.equal(await kinds([text("a"), finish("content-filter")]), "refusal");
  assert.equal(await kinds([finish("error")]), "unknown");
  assert.equal(await kinds([{ type: "error", error: { type: "overloaded_error" } }]), "unreachable");
});

Deno.test("an aborted call rejects with the abort, whatever had come", async () => {
  const abort = new AbortController();
  abort.abort();
  const stream = ReadableStream.from([text("a"), finish("stop", 1)]);
  await assert.rejects(readStep(stream, { signal: abort.signal, delta: () => {} }, TARGET), { name: "AbortError" });
});
