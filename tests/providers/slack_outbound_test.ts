/** What goes out to Slack (real worker, real Bolt). Other side: our strict Slack server (tests/servers/slack). */
import assert from "node:assert/strict";
import { manifest } from "../../workers/slack/manifest.ts";
import { ratelimited, Refusal } from "../servers/slack/refusal.ts";
import { bytesOf, failureOf, receiptOf, slackLab, startWorkerFor, test } from "./slack_lab.ts";

const refuse = (code: string) => ({ kind: "refuse" as const, refusal: new Refusal(code) });

test("a message, its id, its place; a thread; a person instead of a chat; a channel by name", async () => {
  await using lab = await slackLab();
  const receipt = await lab.send({ target: { chatId: lab.general.id }, text: "hello **you** & <them>" });
  const message = lab.last(lab.general.id);
  assert.deepEqual([receipt.messageIds, receipt.chatId], [[message.ts], lab.general.id]);
  assert.equal(message.text, "hello *you* &amp; &lt;them&gt;");
  await lab.send({ target: { chatId: lab.general.id, threadId: message.ts }, text: "in the thread" });
  assert.equal(lab.last(lab.general.id).thread_ts, message.ts);
  await lab.send({ target: { chatId: lab.general.id, replyToId: message.ts }, text: "a reply opens one" });
  assert.equal(lab.last(lab.general.id).thread_ts, message.ts);
  for (const chatId of [lab.alice.id, `user:${lab.alice.id}`, `slack:${lab.alice.id}`]) {
    assert.equal((await lab.send({ target: { chatId }, text: "psst" })).chatId, lab.dm.id);
  }
  assert.equal(lab.server.callsOf("conversations.open").length, 1);
  assert.equal((await lab.send({ target: { chatId: "#general" }, text: "by name" })).chatId, lab.general.id);
  assert.equal((await lab.send({ target: { chatId: `channel:${lab.general.id}` }, text: "x" })).chatId, lab.general.id);
});

test("an agent cannot ring at everybody, whatever it is made to write", async () => {
  await using lab = await slackLab();
  await lab.send({ target: { chatId: lab.general.id }, text: `<!channel> <!here> @channel <@${lab.alice.id}>` });
  const { text } = lab.last(lab.general.id);
  assert.equal(text, `&lt;!channel&gt; &lt;!here&gt; @channel <@${lab.alice.id}>`);
  assert.equal(lab.server.callsOf("chat.postMessage").at(-1)?.values["link_names"], "false");
});

test("edit, delete and reactions; what is so already is no error", async () => {
  await using lab = await slackLab();
  const target = { chatId: lab.general.id };
  const { messageIds: [messageId = ""] } = await lab.send({
    target,
    text: "old",
    buttons: [[{ label: "Go", data: "go" }]],
  });
  assert.notEqual(lab.last(lab.general.id).blocks, undefined);
  await lab.worker.request({ type: "edit", target, messageId, text: "_new_" });
  assert.deepEqual([lab.last(lab.general.id).text, lab.last(lab.general.id).blocks], ["_new_", undefined]);
  for (const emoji of ["👍", ":eyes:", "eyes"]) await lab.worker.request({ type: "react", target, messageId, emoji });
  assert.deepEqual([...lab.last(lab.general.id).reactions.keys()], ["+1", "eyes"]);
  for (let twice = 0; twice < 2; twice++) {
    await lab.worker.request({ type: "react", target, messageId, emoji: "👀", remove: true });
  }
  assert.equal(lab.last(lab.general.id).reactions.get("eyes")?.size, 0);
  assert.equal((await failureOf(lab.worker, { type: "react", target, messageId, emoji: "🫥" })).code, "invalid");
  const long = await failureOf(lab.worker, { type: "edit", target, messageId, text: "&".repeat(1_000) });
  assert.deepEqual([long.code, long.outcome], ["too_large", "not_sent"]);
  for (let twice = 0; twice < 2; twice++) await lab.worker.request({ type: "delete", target, messageId });
  assert.deepEqual(lab.server.written(lab.general.id), []);
  const { ts } = lab.server.people.say({ user: lab.alice.id, channel: lab.general.id, text: "hers" });
  assert.equal((await failureOf(lab.worker, { type: "edit", target, messageId: ts, text: "x" })).code, "forbidden");
});

test("buttons stand in blocks within Slack's limits", async () => {
  await using lab = await slackLab();
  const rows = Array.from(
    { length: 8 },
    (_, row) =>
      Array.from(
        { length: 8 },
        (_, column) => ({ label: `${row}/${column} ${"x".repeat(100)}`, data: `d${row}${column}` }),
      ),
  );
  await lab.send({ target: { chatId: lab.general.id }, text: "word ".repeat(1_500), buttons: rows });
  const { blocks } = lab.last(lab.general.id);
  assert.ok(Array.isArray(blocks) && blocks.length === 3 + 8);
});

test("a text of the full length is taken in one message, also where it grows by escaping", async () => {
  await using lab = await slackLab();
  await lab.send({ target: { chatId: lab.general.id }, text: "<>&".repeat(1_333) });
  assert.equal(lab.server.written(lab.general.id).length, 1);
  assert.equal(manifest.capabilities.maxText, 4_000);
});

test("files: three steps, the words with the file, the id of the message; into a thread as well", async () => {
  await using lab = await slackLab();
  const media = { kind: "image" as const, mimeType: "image/png", fileName: "cat.png", data: bytesOf(70_000) };
  const target = { chatId: lab.general.id };
  const receipt = await lab.send({ target, text: "a **cat**", media });
  const message = lab.last(lab.general.id);
  assert.deepEqual([receipt.messageIds, message.text, message.files?.length], [[message.ts], "a *cat*", 1]);
  const file = lab.server.world.files.get(message.files?.[0]?.id ?? "");
  assert.deepEqual([file?.bytes, file?.name], [media.data, "cat.png"]);
  await lab.send({ target: { ...target, threadId: message.ts }, media: { ...media, data: bytesOf(10) } });
  assert.equal(lab.last(lab.general.id).thread_ts, message.ts);
  const both = await lab.send({
    target,
    text: "which?",
    media: { ...media, data: bytesOf(10) },
    buttons: [[{ label: "A", data: "a" }]],
  });
  assert.equal(both.messageIds.length, 2);
  assert.deepEqual(lab.server.intruders, [], "the token is not shown to the upload address");
  await lab.worker.request({ type: "delete", target, messageId: receipt.messageIds[0] ?? "" });
});

test("an upload that fails was seen by nobody; one whose sharing is unknown is asked about, not repeated", async () => {
  await using lab = await slackLab();
  const media = { kind: "document" as const, mimeType: "text/plain", fileName: "a.txt", data: bytesOf(100) };
  const message = { target: { chatId: lab.general.id }, text: "notes", media, idempotencyKey: "file-1" };
  lab.server.fail("upload", { kind: "drop" });
  const failed = await failureOf(lab.worker, { type: "send", message });
  assert.deepEqual([failed.outcome, failed.retryable], ["not_sent", true]);
  lab.server.fail("files.completeUploadExternal", { kind: "lose" });
  const lost = await failureOf(lab.worker, { type: "send", message });
  assert.equal(lost.outcome, "unknown");
  // Another worker, as after a crash: what it needs to know stands in the key store.
  const { store } = lab.worker;
  assert.equal(store.get("upload")?.size, 1);
  await lab.worker.stop();
  await using second = await startWorkerFor(lab.server, { store });
  await second.waitState("connected");
  const receipt = receiptOf(await second.request({ type: "send", message: { ...message, repeat: true } }));
  assert.deepEqual(receipt.messageIds, [lab.last(lab.general.id).ts]);
  assert.equal(lab.server.written(lab.general.id).length, 1);
  assert.equal(store.get("upload")?.size, 0);
});

for (const honoursClientId of [false, true]) {
  test(`a lost answer, then a repeat by another worker: one message (client ids honoured: ${honoursClientId})`, async () => {
    await using lab = await slackLab({ slack: { honoursClientId } });
    const root = lab.server.people.say({ user: lab.alice.id, channel: lab.general.id, text: "root" }).ts;
    const places = [{ chatId: lab.general.id }, { chatId: lab.general.id, threadId: root }, { chatId: lab.alice.id }];
    const messages = places.map((target, index) => ({
      target,
      text: `once ${index}`,
      idempotencyKey: `lost-${index}`,
    }));
    for (const message of messages) {
      lab.server.fail("chat.postMessage", { kind: "lose" });
      const error = await failureOf(lab.worker, { type: "send", message });
      assert.deepEqual([error.code, error.outcome], ["unreachable", "unknown"]);
    }
    lab.worker.kill();
    await using second = await startWorkerFor(lab.server);
    await second.waitState("connected");
    for (const message of messages) {
      const receipt = receiptOf(await second.request({ type: "send", message: { ...message, repeat: true } }));
      const found = lab.server.written(receipt.chatId).filter(({ text }) => text === message.text);
      assert.deepEqual(found.map(({ ts }) => ts), receipt.messageIds);
    }
    const unsent = { target: { chatId: lab.general.id }, text: "never left", idempotencyKey: "dropped", repeat: true };
    await second.request({ type: "send", message: unsent });
    assert.equal(lab.last(lab.general.id).text, "never left");
  });
}

test("a repeat that cannot look is not sent: its outcome stays unknown", async () => {
  await using lab = await slackLab({ slack: { scopes: ["chat:write"] } });
  const message = { target: { chatId: lab.general.id }, text: "x", idempotencyKey: "k", repeat: true };
  const error = await failureOf(lab.worker, { type: "send", message });
  assert.deepEqual([error.code, error.outcome], ["forbidden", "unknown"]);
  assert.match(error.message, /channels:history/u);
  assert.deepEqual(lab.server.written(lab.general.id), []);
});

test("a 429 is told with its wait and not repeated by the library", async () => {
  await using lab = await slackLab();
  lab.server.fail("chat.postMessage", { kind: "refuse", refusal: ratelimited(7) });
  const message = { target: { chatId: lab.general.id }, text: "x", idempotencyKey: "k" };
  const error = await failureOf(lab.worker, { type: "send", message });
  assert.deepEqual([error.code, error.retryAfterMs, error.outcome, error.retryable], [
    "rate_limited",
    7_000,
    "not_sent",
    true,
  ]);
  assert.equal(lab.server.callsOf("chat.postMessage").length, 1);
});

test("errors by the table: what happened, whether again, and whether it may be there", async () => {
  await using lab = await slackLab();
  const { world, bot } = lab.server;
  const closed = world.addConversation("channel", [bot.userId], "old");
  closed.archived = true;
  const foreign = world.addConversation("channel", [lab.alice.id], "private-talk");
  const send = (chatId: string, more: Record<string, string> = {}) =>
    failureOf(lab.worker, { type: "send", message: { target: { chatId, ...more }, text: "x", idempotencyKey: "k" } });
  assert.deepEqual((await send("C0NOWHERE")).code, "not_found");
  assert.match((await send(foreign.id)).message, /\/invite/u);
  assert.deepEqual((await send(closed.id)).platformCode, "is_archived");
  assert.equal((await send(lab.general.id, { threadId: "1.000001" })).code, "not_found");
  assert.equal((await send("nonsense")).code, "invalid");
  assert.equal((await send("U0NOBODY")).code, "not_found");
  assert.equal((await send(lab.general.id, { threadId: "nonsense" })).code, "invalid");
  const method = "chat.postMessage";
  const cases = [
    [refuse("internal_error"), "platform", "unknown", true],
    [refuse("fatal_error"), "platform", "unknown", true],
    [refuse("service_unavailable"), "platform", "not_sent", true],
    [refuse("msg_too_long"), "too_large", "not_sent", false],
    [refuse("some_new_word"), "invalid", "not_sent", false],
    [{ kind: "html", status: 503 }, "platform", "not_sent", true],
    [{ kind: "html", status: 500 }, "platform", "unknown", true],
    [{ kind: "html", status: 200 }, "platform", "unknown", true],
    [{ kind: "drop" }, "unreachable", "unknown", true],
    [{ kind: "redirect", to: "http://127.0.0.1:1/" }, "unreachable", "unknown", true],
  ] as const;
  for (const [fault, code, outcome, retryable] of cases) {
    lab.server.fail(method, fault);
    const error = await send(lab.general.id);
    assert.deepEqual([error.code, error.outcome, error.retryable], [code, outcome, retryable], JSON.stringify(fault));
  }
  const scope = new Refusal("missing_scope", { needed: "chat:write", provided: "none" });
  lab.server.fail(method, { kind: "refuse", refusal: scope });
  assert.match((await send(lab.general.id)).message, /lacks the scope chat:write/u);
  assert.deepEqual(lab.server.written(lab.general.id), []);
  const empty = { target: { chatId: lab.general.id }, text: "  ", idempotencyKey: "k" };
  assert.equal((await failureOf(lab.worker, { type: "send", message: empty })).code, "invalid");
});

test("a platform that is gone was not reached: nothing was sent", async () => {
  await using lab = await slackLab();
  await lab.server.close();
  const message = { target: { chatId: lab.general.id }, text: "x", idempotencyKey: "k" };
  const error = await failureOf(lab.worker, { type: "send", message });
  assert.deepEqual([error.code, error.retryable], ["unreachable", true]);
});

test("a request body is sent once, also over a connection that breaks after it was used before", async () => {
  await using lab = await slackLab();
  await lab.send({ target: { chatId: lab.general.id }, text: "warm" });
  lab.server.fail("chat.postMessage", { kind: "lose" });
  const message = { target: { chatId: lab.general.id }, text: "one", idempotencyKey: "k" };
  await failureOf(lab.worker, { type: "send", message });
  assert.equal(lab.server.written(lab.general.id).filter(({ text }) => text === "one").length, 1);
});

test("typing is shown where Slack can show it, else it is unsupported and not asked for again", async () => {
  await using lab = await slackLab();
  const root = lab.server.people.say({ user: lab.alice.id, channel: lab.dm.id, text: "root" }).ts;
  const thread = { chatId: lab.dm.id, kind: "direct" as const, threadId: root };
  const channel = await failureOf(lab.worker, {
    type: "typing",
    target: { chatId: lab.general.id, kind: "channel" },
    on: true,
  });
  assert.equal(channel.code, "unsupported");
  for (let twice = 0; twice < 2; twice++) {
    assert.equal((await failureOf(lab.worker, { type: "typing", target: thread, on: true })).code, "unsupported");
  }
  assert.equal(lab.server.callsOf("assistant.threads.setStatus").length, 1);

  await using assistant = await slackLab({ before: ({ bot }) => bot.scopes.add("assistant:write") });
  const ts = assistant.server.people.say({ user: assistant.alice.id, channel: assistant.dm.id, text: "root" }).ts;
  const place = { chatId: assistant.dm.id, kind: "direct" as const, threadId: ts };
  await assistant.worker.request({ type: "typing", target: place, on: true });
  await assistant.worker.request({ type: "typing", target: place, on: false });
  assert.deepEqual(assistant.server.bot.statuses, ["is thinking…", ""]);
});

test("what Slack has not is unsupported", async () => {
  await using lab = await slackLab();
  const target = { chatId: lab.general.id };
  const poll = { target, question: "?", options: ["a", "b"], idempotencyKey: "k" };
  assert.equal((await failureOf(lab.worker, { type: "poll", poll })).code, "unsupported");
  const read = { type: "read" as const, target, messageId: "1.000001", senderId: lab.alice.id };
  assert.equal((await failureOf(lab.worker, read)).code, "unsupported");
});
