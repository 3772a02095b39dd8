/** Streams on their way out: drafts by edits, roll-over, blocks, silence, failures, and what a crash leaves. */
import assert from "node:assert/strict";
import { DeliveryLab, type LabOptions, settle } from "../../tests/helpers/delivery_lab.ts";
import { openReplyStream, type ReplySpec } from "./coalesce.ts";
import type { MediaOut } from "./types.ts";

const spec: ReplySpec = {
  channel: "fake",
  accountId: "default",
  target: { chatId: "c1" },
  groupId: "g",
  inboxId: "in1",
  runId: "r1",
  sessionKey: undefined,
};

function open(options: LabOptions = {}) {
  const lab = new DeliveryLab({ ...options, policy: { streaming: "edit", ...options.policy } });
  const { outbox, channels, clock } = lab;
  const stream = openReplyStream({ outbox, channels, clock, policy: () => lab.policy }, spec);
  /** The run ends with this answer; undefined: without one. */
  const end = (text: string | undefined, media: readonly MediaOut[] = []) => {
    if (text !== undefined) outbox.enqueue({ ...spec, class: "reply", text, media });
    stream.close();
  };
  const pass = async (ms: number) => {
    lab.clock.advance(ms);
    await settle();
  };
  return { lab, stream, pass, end };
}

Deno.test("a growing answer is one message that is edited, and its last edit is the answer", async () => {
  const { lab, stream, pass, end } = open();
  stream.update("Hello");
  await pass(700);
  assert.deepEqual(lab.platform.texts, ["Hello"]);
  stream.update("Hello wor");
  stream.update("Hello world, this");
  await pass(500);
  assert.deepEqual(lab.platform.texts, ["Hello world, this"]);
  assert.equal(lab.platform.calls.length, 2, "edits keep the pace");
  end("Hello world, this is it.");
  await settle();
  assert.deepEqual(lab.platform.texts, ["Hello world, this is it."]);
  assert.deepEqual(lab.states(), ["sent"]);
  assert.deepEqual((await lab.outbox.settled("g", 10)).messageIds, ["m1"]);
});

Deno.test("an answer that is ready at once needs no draft", async () => {
  const { lab, stream, pass, end } = open();
  stream.update("Quick");
  end("Quick.");
  await pass(5_000);
  assert.deepEqual(lab.platform.calls.map((call) => call.type), ["send"]);
});

Deno.test("a long answer rolls over into new messages that stay where they are", async () => {
  const { lab, stream, pass, end } = open({ policy: { maxText: 60 } });
  const text = Array.from({ length: 8 }, (_, i) => `Sentence number ${i} stands here.`).join(" ");
  for (let end = 10; end < text.length; end += 10) {
    stream.update(text.slice(0, end));
    await pass(600);
  }
  for (let round = 0; round < 10; round++) await pass(600);
  const before = lab.platform.messages.map((message) => message.id);
  const calls = lab.platform.calls.length;
  end(text);
  for (let round = 0; round < 10; round++) await settle();
  assert.equal(lab.platform.texts.join(" "), text);
  assert.ok(lab.platform.calls.length <= calls + 2, "messages that show their text already are left alone");
  assert.deepEqual(lab.platform.messages.map((message) => message.id).slice(0, before.length), before);
});

Deno.test("a draft under way cannot overtake the answer", async () => {
  const { lab, stream, pass, end } = open();
  lab.platform.script.push("ok", "hang");
  stream.update("one");
  await pass(700);
  stream.update("one two");
  await pass(500);
  end("one two three");
  await settle();
  assert.deepEqual(lab.platform.texts, ["one"]);
  lab.platform.release();
  await settle();
  assert.deepEqual(lab.platform.texts, ["one two three"]);
});

Deno.test("an attachment follows the draft, which keeps the text", async () => {
  const { lab, stream, pass, end } = open();
  stream.update("Look at this");
  await pass(700);
  end("Look at this", [{ kind: "image", mimeType: "image/png", fileName: "a.png", data: new Uint8Array(3) }]);
  await settle();
  assert.deepEqual(lab.platform.texts, ["Look at this", "[a.png]"]);
});

Deno.test("a draft that was deleted is replaced by a new message", async () => {
  const { lab, stream, pass, end } = open();
  stream.update("partial");
  await pass(700);
  lab.platform.messages.length = 0;
  end("the whole answer");
  await settle();
  assert.deepEqual(lab.platform.texts, ["the whole answer"]);
  assert.deepEqual(lab.states(), ["sent"]);
});

Deno.test("a draft that fails costs nothing", async () => {
  const { lab, stream, pass, end } = open();
  lab.platform.script.push({ code: "forbidden", retryable: false });
  stream.update("partial");
  await pass(700);
  stream.update("partial answer");
  await pass(5_000);
  assert.equal(lab.platform.calls.length, 1, "it is not tried again and again");
  end("answer");
  await settle();
  assert.deepEqual(lab.platform.texts, ["answer"]);
  assert.deepEqual(lab.told, []);
});

Deno.test("a lost draft is found again by its key where the platform has one", async () => {
  const { lab, stream, pass, end } = open({ idempotent: true });
  lab.platform.script.push("lost");
  stream.update("partial");
  await pass(700);
  end("the whole answer");
  await settle();
  assert.deepEqual(lab.platform.texts, ["the whole answer"]);
});

Deno.test("a 429 on a draft pauses the account, and the edits with it", async () => {
  const { lab, stream, pass, end } = open();
  lab.platform.script.push("ok", { code: "rate_limited", retryAfterMs: 5_000 });
  stream.update("a");
  await pass(700);
  stream.update("a b");
  await pass(500);
  end("a b c");
  await pass(4_000);
  assert.equal(lab.platform.calls.length, 2);
  await pass(1_000);
  assert.deepEqual(lab.platform.texts, ["a b c"]);
});

Deno.test("a silent answer shows nothing and takes away what was shown", async () => {
  const { lab, stream, pass, end } = open();
  stream.update("NO_RE");
  await pass(2_000);
  assert.deepEqual(lab.platform.calls, []);
  stream.update("NOw something is said");
  await pass(700);
  assert.equal(lab.platform.texts.length, 1);
  stream.update("NOw something is said NO_REPLY");
  end(undefined);
  await settle();
  assert.deepEqual(lab.platform.texts, []);
});

Deno.test("a stopped run keeps what is shown and sends nothing else", async () => {
  const shown = open();
  shown.stream.update("Partial text");
  await shown.pass(700);
  shown.end(undefined);
  await shown.pass(5_000);
  assert.deepEqual(shown.lab.platform.texts, ["Partial text"]);
  const hidden = open();
  hidden.stream.update("Never shown");
  hidden.end(undefined);
  hidden.stream.update("Never shown, late");
  await hidden.pass(5_000);
  assert.deepEqual(hidden.lab.platform.calls, []);
});

Deno.test("typing is refreshed while the run goes on, and its failures are nobody's business", async () => {
  const { lab, pass, end } = open({ policy: { typing: true, streaming: "off" } });
  const typed = () => lab.platform.calls.filter((call) => call.type === "typing").length;
  assert.equal(typed(), 1);
  lab.platform.request = (request) => {
    lab.platform.calls.push(request);
    return Promise.reject(new Error("no typing here"));
  };
  await settle();
  await pass(6_000);
  await pass(6_000);
  assert.equal(typed(), 3);
  end(undefined);
  await pass(20_000);
  assert.equal(typed(), 4, "taken away once, then nothing");
});

Deno.test("blocks are sent when they are finished, the final answer is the rest", async () => {
  const { lab, stream, pass, end } = open({ policy: { streaming: "blocks" } });
  const paragraphs = Array.from({ length: 6 }, (_, i) => `${`Paragraph ${i} says something. `.repeat(20).trim()}`);
  const text = paragraphs.join("\n\n");
  for (let end = 50; end < text.length; end += 50) stream.update(text.slice(0, end));
  await settle();
  const early = lab.platform.texts.length;
  assert.ok(early >= 2, `${early} blocks`);
  end(text);
  await pass(1_000);
  const flat = (value: string) => value.replaceAll(/\s+/gu, " ");
  assert.equal(flat(lab.platform.texts.join(" ")), flat(text));
  for (const block of lab.platform.texts) assert.ok(block.length <= 1_200);
});

Deno.test("an answer that turns out different from its blocks is said whole", async () => {
  const { lab, stream, end } = open({ policy: { streaming: "blocks" } });
  stream.update("One sentence. ".repeat(100));
  end("Another answer.");
  await settle();
  assert.equal(lab.platform.texts.at(-1), "Another answer.");
});

Deno.test("a pause of the model ends a block at a whole sentence", async () => {
  const { lab, stream, pass, end } = open({ policy: { streaming: "blocks" } });
  const whole = "A sentence of some words. ".repeat(34);
  stream.update(`${whole}And a beginn`);
  await pass(1_000);
  assert.deepEqual(lab.platform.texts, [whole.trim()]);
  end(`${whole}And a beginning.`);
  await settle();
  assert.equal(lab.platform.texts[1], "And a beginning.");
});

Deno.test("after a crash the answer of the next process edits the draft of the last one", async () => {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/gateway.sqlite`;
  const { openDb } = await import("../storage/db.ts");
  const { lab, stream, pass } = open({ db: await openDb(path) });
  stream.update("The first half");
  await pass(700);
  const next = await lab.crash(path);
  next.outbox.recover();
  next.outbox.enqueue({ ...spec, class: "reply", text: "The whole answer", media: [] });
  await settle();
  assert.deepEqual(next.platform.texts, ["The whole answer"]);
  next.outbox.stop();
  next.db.close();
  await Deno.remove(folder, { recursive: true });
});
