/** What BlueBubbles posts, through the real worker: trusted, read, completed, once. */
import assert from "node:assert/strict";
import { eventually } from "../helpers/wait.ts";
import { OTHER_SIDE, PASSWORD } from "../servers/bluebubbles/server.ts";
import { shown } from "../servers/bluebubbles/world.ts";
import { ANNA, BEN, bubblesLab, postHook, SECRET, startWorkerFor } from "./bluebubbles_lab.ts";

const test = (name: string, body: () => Promise<void>) => Deno.test(`${name} [other side: ${OTHER_SIDE}]`, body);
const picture = { guid: "at_0_PIC", name: "a/b.png", mimeType: "image/png", bytes: new Uint8Array(20).fill(7) };

test("direct chats and groups are told apart by the chat's name, wherever the server writes it", async () => {
  await using lab = await bubblesLab();
  const { server } = lab;
  const direct = server.world.direct(ANNA);
  const group = server.world.group("House", [ANNA, BEN]);
  for (const where of ["top", "chats", "none"] as const) {
    const { guid } = await sayAndRead(lab, () => server.say(direct, ANNA, `hi ${where}`, { where }), (message) => {
      assert.deepEqual(message.chat, { id: direct.guid, kind: "direct" });
      assert.deepEqual([message.text, message.sender.id], [`hi ${where}`, ANNA]);
    });
    assert.ok(guid);
    await sayAndRead(lab, () => server.say(group, "Ben@Example.org", "all", { where }), (message) => {
      assert.equal(message.chat.id, group.guid);
      assert.deepEqual([message.chat.kind, message.sender.id, message.mentioned], ["group", BEN, undefined]);
    });
  }
  await server.post("new-message", {
    ...shown(server.world.add({ chat: direct, sender: ANNA, text: "?" }), "none"),
    guid: "X",
  });
  assert.deepEqual(lab.dropped(), ["no_chat"], "a chat that nobody knows is not guessed");
});

async function sayAndRead(
  lab: Awaited<ReturnType<typeof bubblesLab>>,
  say: () => Promise<{ readonly guid: string }>,
  check: (message: Awaited<ReturnType<typeof lab.nextMessage>>) => void,
) {
  const [said, message] = await Promise.all([say(), lab.nextMessage()]);
  assert.equal(message.messageId, said.guid);
  check(message);
  return said;
}

test("only our own secret opens the webhook, never the server's password and never a place", async () => {
  await using lab = await bubblesLab();
  const { worker } = lab;
  const body = { type: "typing-indicator", data: {} };
  const status = (query: Record<string, string>, headers: Record<string, string> = {}) =>
    postHook(worker, body, { query, headers });
  for (const query of [{}, { secret: "" }, { secret: PASSWORD }, { password: PASSWORD }, { secret: `${SECRET}x` }]) {
    assert.equal(await status({ ...query }), 401, JSON.stringify(query));
  }
  assert.equal(await status({}, { "x-forwarded-for": "127.0.0.1", host: "127.0.0.1" }), 401);
  for (const query of [{ secret: SECRET }, { password: SECRET }, { guid: SECRET }]) {
    assert.equal(await status({ ...query }), 200);
  }
  assert.equal(await status({}, { authorization: `Bearer ${SECRET}` }), 200);
  assert.equal(await status({}, { "x-webhook-secret": SECRET }), 200);
  assert.equal(await postHook(worker, new TextEncoder().encode("{")), 400);
  assert.equal(await postHook(worker, { data: {} }), 400);
  assert.equal(await postHook(worker, { type: "new-message", data: { text: "no guid" } }), 200);
  assert.equal(worker.reports.some(({ type }) => type === "inbound"), false);
});

test("a webhook is answered after the commit, and a refused one may come again", async () => {
  await using lab = await bubblesLab();
  const { server, worker } = lab;
  const chat = server.world.direct(ANNA);
  let answered = false;
  const said = server.say(chat, ANNA, "wait").then(() => answered = true);
  const { seq } = await worker.nextInbound({ ack: false });
  assert.equal(answered, false);
  worker.ack(seq);
  await said;
  assert.equal(answered, true);
});

test("repeats, old webhooks, own and empty messages are dropped, each with its reason", async () => {
  await using lab = await bubblesLab();
  const { server } = lab;
  const chat = server.world.direct(ANNA);
  const [message] = await Promise.all([server.say(chat, ANNA, "once"), lab.nextMessage()]);
  for (let round = 0; round < 3; round++) {
    assert.deepEqual(await server.post("new-message", shown(message)), [200]);
    assert.deepEqual(await server.post("updated-message", { ...shown(message), dateRead: Date.now() }), [200]);
  }
  await server.say(chat, ANNA, "last week", { dateCreated: Date.now() - 6 * 86_400_000 });
  await server.post("new-message", shown(server.world.add({ chat, sender: undefined, text: "mine" })));
  await server.say(chat, ANNA, " ");
  await server.say(chat, "", "nobody");
  await server.say(chat, ANNA, "", { extra: { itemType: 2, groupTitle: "New name" } });
  assert.deepEqual(lab.dropped(), ["stale", "own_message", "empty", "no_sender", "group_change"]);
  assert.equal(lab.worker.reports.filter(({ type }) => type === "inbound").length, 1);
});

test("attachments that arrive later follow their text, or bring the message when there was none", async () => {
  await using lab = await bubblesLab();
  const { server, worker } = lab;
  const chat = server.world.direct(ANNA);
  await server.say(chat, ANNA, "\uFFFC");
  assert.deepEqual(lab.dropped(), ["empty"]);
  const [first] = server.world.messages;
  assert.ok(first);
  Object.assign(first, { text: "", files: [picture] });
  const [, whole] = await Promise.all([server.post("updated-message", shown(first)), lab.nextMessage()]);
  assert.deepEqual([whole.messageId, whole.text, whole.dedupeKey], [first.guid, "", `${first.guid}:media`]);
  assert.deepEqual(whole.media, [
    { ref: picture.guid, kind: "image", mimeType: "image/png", fileName: "a b.png", bytes: 20 },
  ]);
  const [second] = await Promise.all([server.say(chat, ANNA, "see this"), lab.nextMessage()]);
  second.files = [{ ...picture, guid: "at_0_TWO" }];
  const [, late] = await Promise.all([server.post("updated-message", shown(second)), lab.nextMessage()]);
  assert.deepEqual([late.messageId, late.text, late.media.length], [second.guid, "", 1]);
  await server.post("updated-message", shown(second));
  assert.equal(worker.reports.filter(({ type }) => type === "inbound").length, 3);
  const value = await worker.request({ type: "media.fetch", ref: picture.guid, maxBytes: 100 });
  assert.ok(value.kind === "media");
  assert.deepEqual([value.data.byteLength, value.mimeType, value.fileName], [20, "image/png", "a b.png"]);
});

test("edits, unsent messages and reactions come as what they are", async () => {
  await using lab = await bubblesLab();
  const { server } = lab;
  const chat = server.world.direct(ANNA);
  const [message] = await Promise.all([server.say(chat, ANNA, "tpyo"), lab.nextMessage()]);
  Object.assign(message, { text: "typo", edited: Date.now() });
  const [, edited] = await Promise.all([server.post("updated-message", shown(message)), lab.nextMessage()]);
  assert.deepEqual([edited.edited, edited.text, edited.messageId], [true, "typo", message.guid]);
  message.retracted = Date.now();
  const [, note] = await Promise.all([server.post("updated-message", shown(message)), lab.next()]);
  assert.equal(note.kind, "note");
  const { messageIds: [ours = ""] } = await lab.send({ target: { chatId: chat.guid }, text: "answer" });
  const foreign = server.world.add({ chat, sender: ANNA, text: "other" });
  const cases = [
    ["love", `p:0/${ours}`, { emoji: "❤️", added: true, messageId: ours, onOwnMessage: true }],
    ["-like", ours, { emoji: "👍", added: false, messageId: ours, onOwnMessage: true }],
    [2003, `bp:${foreign.guid}`, { emoji: "😂", added: true, messageId: foreign.guid, onOwnMessage: false }],
  ] as const;
  for (const [associatedMessageType, associatedMessageGuid, wanted] of cases) {
    const reaction = server.world.add({
      chat,
      sender: ANNA,
      text: "Loved something",
      extra: { associatedMessageType, associatedMessageGuid },
    });
    const [, event] = await Promise.all([server.post("message-reaction", shown(reaction)), lab.next()]);
    assert.ok(event.kind === "reaction");
    const { emoji, added, messageId, onOwnMessage } = event;
    assert.deepEqual({ emoji, added, messageId, onOwnMessage }, wanted);
  }
});

test("marks of our own messages are told", async () => {
  await using lab = await bubblesLab();
  const { server, worker } = lab;
  const chat = server.world.direct(ANNA);
  await lab.send({ target: { chatId: chat.guid }, text: "read me" });
  const [own] = server.written(chat);
  assert.ok(own);
  await server.post("updated-message", { ...shown(own), dateRead: Date.now() });
  const mark = await eventually("the mark", () => worker.reports.find((report) => report.type === "mark"));
  assert.ok(mark.type === "mark" && mark.mark === "read" && mark.messageId === own.guid);
});

test("what was posted while nobody listened is asked for at the next start, within the age limit", async () => {
  await using lab = await bubblesLab();
  const { server, worker } = lab;
  const chat = server.world.direct(ANNA);
  const [first] = await Promise.all([server.say(chat, ANNA, "before"), lab.nextMessage()]);
  await eventually("the time to be saved", () => worker.saved["safeUntil"] === first.dateCreated);
  await worker.stop();
  server.hooks.clear();
  await server.say(chat, ANNA, "meanwhile", { dateCreated: first.dateCreated + 5 });
  await using second = await startWorkerFor(server, { saved: worker.saved });
  const { event: again } = await second.nextInbound();
  const { event } = await second.nextInbound();
  assert.equal(again.dedupeKey, first.guid, "main's inbox knows it by the same key");
  assert.equal(event.kind === "message" ? event.text : "", "meanwhile");
});
