/** What the model gets to read, and what of the attachments reaches it. */
import assert from "node:assert/strict";
import type { Message } from "../../schemas/message.ts";
import { png, RunLab, textOf } from "../../tests/helpers/run_lab.ts";
import { assistantSays, fakeConfig, userSays } from "../../tests/helpers/services.ts";
import { readAttachments } from "./attachments.ts";
import { forModel } from "./history.ts";
import { createStamp } from "./prompt.ts";
import { isSilent, mayBeSilent } from "./silence.ts";

const limits = { vision: true, tokens: 100_000 };

Deno.test("a message of agent carries its time for the model only, unless it carries one already", async () => {
  const lab = new RunLab();
  lab.send("hello", { method: "agent", runId: "a1" });
  const call = lab.call();
  assert.match(call.prompt, /^\[[A-Z][a-z]{2} \d{4}-\d{2}-\d{2} \d{2}:\d{2} [^\]]+\] hello$/u);
  await call.answer("hi");
  assert.deepEqual(lab.lines(), ["user: hello", "assistant: hi"]);
  lab.send("[Sun 2026-11-22 11:03 UTC] again", { method: "agent", runId: "a2" });
  assert.equal(lab.call(1).prompt, "[Sun 2026-11-22 11:03 UTC] again");
});

Deno.test("the stamp names weekday, date, minute and zone", () => {
  assert.equal(createStamp("UTC")(Date.UTC(2026, 10, 22, 11, 3)), "Sun 2026-11-22 11:03 UTC");
});

Deno.test("system events stand before the next message and are told once", async () => {
  const lab = new RunLab();
  lab.services.sessions.update("main", { systemEvents: ["door opened", "door closed"] });
  lab.send("what happened", { runId: "r1" });
  const call = lab.call();
  assert.equal(call.prompt, "System: door opened\nSystem: door closed\n\nwhat happened");
  await call.answer("a door");
  assert.equal(lab.services.sessions.get("main")?.entry.systemEvents, undefined);
  lab.send("and now", { runId: "r2" });
  assert.equal(lab.call(1).prompt, "and now");
});

Deno.test("the system prompt is the agent's, then the configured one, then the built-in one", () => {
  const { agents } = fakeConfig();
  const configured = new RunLab({ config: { agents: { ...agents, systemPrompt: "You are terse." } } });
  configured.send("hi");
  assert.equal(configured.call().request.system, "You are terse.");
  const plain = new RunLab();
  plain.send("hi", { extraSystemPrompt: "Speak French." });
  const { system } = plain.call().request;
  assert.ok(system.startsWith("You are an assistant") && system.endsWith("\n\nSpeak French."));
});

Deno.test("an agent's model is used, and the session's choice beats it", () => {
  const { agents } = fakeConfig();
  const list = agents.list.map((agent) => ({ ...agent, model: "fake/thinker" }));
  const lab = new RunLab({ config: { agents: { ...agents, list } } });
  lab.send("hi", { sessionKey: "a" });
  assert.equal(lab.call().request.target.model, "thinker");
  lab.services.sessions.update("b", { providerOverride: "fake", modelOverride: "small" });
  lab.send("hi", { sessionKey: "b" });
  assert.equal(lab.call(1).request.target.model, "small");
});

Deno.test("history beyond the budget is cut at a user message", () => {
  const past = [userSays("a".repeat(300)), assistantSays("b"), userSays("c"), assistantSays("d")];
  assert.deepEqual(forModel(past, { vision: true, tokens: 30 }).map(textOf), ["c", "d"]);
  assert.equal(forModel(past, limits).length, 4);
});

Deno.test("tool calls without a result and results without a call do not reach the model", () => {
  const call = (id: string): Message => ({
    role: "assistant",
    content: [{ type: "toolCall", id, name: "t", arguments: {} }],
    timestamp: 1,
  });
  const result = (id: string): Message => ({
    role: "toolResult",
    toolCallId: id,
    toolName: "t",
    content: [{ type: "text", text: id }],
    isError: false,
    timestamp: 1,
  });
  const kept = forModel([userSays("x"), call("1"), result("1"), call("2"), result("3")], limits);
  assert.deepEqual(kept.map(({ role }) => role), ["user", "assistant", "toolResult"]);
});

Deno.test("old images leave a line, and a model without eyes gets none", () => {
  const image = (): Message => ({
    role: "user",
    content: [{ type: "image", data: "AAAA", mimeType: "image/png" }],
    timestamp: 1,
  });
  const past = Array.from({ length: 6 }, image);
  const seen = forModel(past, limits).flatMap(({ content }) => content.map(({ type }) => type));
  assert.deepEqual(seen, ["text", "text", "image", "image", "image", "image"]);
  const blind = forModel(past, { ...limits, vision: false }).flatMap(({ content }) => content.map(({ type }) => type));
  assert.deepEqual(new Set(blind), new Set(["text"]));
});

Deno.test("a failed answer without text does not reach the model", () => {
  const failed: Message = { role: "assistant", content: [], timestamp: 1, stopReason: "error", errorMessage: "no" };
  assert.deepEqual(forModel([userSays("x"), failed], limits).map(({ role }) => role), ["user"]);
});

Deno.test("pictures of tools count as images of the past, and the newest stay", () => {
  const turn = (id: number): Message[] => [
    { role: "user", content: [{ type: "text", text: "photo" }], timestamp: id },
    { role: "assistant", content: [{ type: "toolCall", id: `c${id}`, name: "snap", arguments: {} }], timestamp: id },
    {
      role: "toolResult",
      toolCallId: `c${id}`,
      toolName: "snap",
      content: [{ type: "text", text: "taken" }, { type: "image", data: "AAAA", mimeType: "image/png" }],
      isError: false,
      timestamp: id,
    },
  ];
  const past = [1, 2, 3, 4, 5, 6].flatMap(turn);
  const kinds = (vision: boolean) =>
    forModel(past, { vision, tokens: 100_000 }).filter(({ role }) => role === "toolResult")
      .map(({ content }) => content.at(-1)?.type);
  assert.deepEqual(kinds(true), ["text", "text", "image", "image", "image", "image"]);
  assert.deepEqual(kinds(false), ["text", "text", "text", "text", "text", "text"]);
});

Deno.test("images are known by their bytes, and anything else is named as left out", () => {
  const jpeg = new Uint8Array(12);
  jpeg.set([0xff, 0xd8, 0xff]);
  const { images, leftOut } = readAttachments([
    png(),
    { fileName: "photo", content: `data:text/plain;base64,${jpeg.toBase64()}` },
    { fileName: "letter.pdf", mimeType: "image/png", content: btoa("%PDF-1.7 text") },
  ]);
  assert.deepEqual(images.map(({ mimeType }) => mimeType), ["image/png", "image/jpeg"]);
  assert.deepEqual(leftOut, ["letter.pdf"]);
});

Deno.test("an image may have five million bytes and not one more", () => {
  assert.equal(readAttachments([png(5_000_000)]).images.length, 1);
  assert.throws(() => readAttachments([png(5_000_001, "big.png")]), {
    code: "INVALID_REQUEST",
    message: 'Cannot take attachment "big.png": 5000001 bytes are more than 5000000',
  });
});

Deno.test("an attachment that is no base64 is refused", () => {
  for (const content of [undefined, "", 5, "a", "ab!=", "data:image/png;base64,"]) {
    assert.throws(() => readAttachments([{ content }]), { code: "INVALID_REQUEST" }, String(content));
  }
});

Deno.test("an image goes to a model that can see", async () => {
  const lab = new RunLab();
  lab.services.sessions.update("main", { providerOverride: "fake", modelOverride: "thinker" });
  lab.send("look", { runId: "r1", attachments: [png()] });
  const call = lab.call();
  assert.deepEqual(call.request.messages.at(-1)?.content.map(({ type }) => type), ["text", "image"]);
  await call.answer("a picture");
  assert.deepEqual(lab.lines(), ["user: look|<image>", "assistant: a picture"]);
});

Deno.test("an answer of a model that cannot see says that the image was not used", async () => {
  const lab = new RunLab();
  lab.send("look", { runId: "r1", attachments: [png()] });
  const call = lab.call();
  assert.ok(call.prompt.includes("image(s) not shown"));
  await call.answer("no idea");
  const note = "(The model small cannot see images, so the attached images were not used.)";
  assert.equal(textOf(lab.history().at(-1)), `no idea\n\n${note}`);
  const final = lab.events("chat", "r1").at(-1);
  assert.ok(JSON.stringify(final?.["message"]).includes("cannot see images"));
  const deltas = lab.events("chat", "r1").filter(({ state }) => state === "delta").map(({ deltaText }) => deltaText);
  assert.equal(deltas.join(""), `no idea\n\n${note}`);
});

Deno.test("a file that is no image is left out, and both the message and the answer say so", async () => {
  const lab = new RunLab();
  lab.send("read", { runId: "r1", attachments: [{ fileName: "a.pdf", content: btoa("%PDF-1.7 something") }] });
  await lab.call().answer("done");
  assert.deepEqual(lab.lines(), [
    "user: read|[a.pdf was left out: it is no PNG, JPEG, GIF or WebP image]",
    "assistant: done\n\n(Left out, because only images can be attached: a.pdf.)",
  ]);
});

Deno.test("silence is the token as a word at either end", () => {
  for (const text of ["", "  ", "NO_REPLY", " NO_REPLY.", "well then NO_REPLY"]) assert.ok(isSilent(text), text);
  for (const text of ["NO_REPLYING", "no reply", "xNO_REPLY"]) assert.equal(isSilent(text), false, text);
  for (const text of ["", "N", "NO_REPLY", " NO_REPLY it"]) assert.ok(mayBeSilent(text), text);
  for (const text of ["Now", "NO_REPLYING", `${"x".repeat(80)}`]) assert.equal(mayBeSilent(text), false, text);
});

Deno.test("what was said before many large pictures is still known, without them", () => {
  const lab = new RunLab();
  const { sessions, transcript } = lab.services;
  const { sessionId } = sessions.ensure("main");
  transcript.append(sessionId, userSays("my name is Ada"));
  const picture = `iVBORw0KGgo${"A".repeat(3_000_001)}`;
  for (let index = 0; index < 6; index++) {
    transcript.append(sessionId, {
      role: "user",
      timestamp: index,
      content: [
        { type: "text", text: `picture "${index}" \u0000é` },
        { type: "image", data: picture, mimeType: "image/png" },
      ],
    });
  }
  lab.send("who am I?");
  const texts = lab.call().request.messages.map(textOf);
  const seen = (index: number) => `picture "${index}" \u0000é|[an image that is not shown any more]`;
  assert.deepEqual(texts.slice(0, 5), ["my name is Ada", ...[0, 1, 2, 3].map(seen)]);
  assert.equal(texts.length, 8);
});
