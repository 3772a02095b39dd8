/** Conversations over WhatsApp: what comes in, what goes out, and in which form. */
import assert from "node:assert/strict";
import type { InboundMessage } from "../../schemas/worker/content.ts";
import { AGAINST, startLinked, text } from "../servers/whatsapp/lab.ts";
import { textOf } from "../servers/whatsapp/server.ts";
import type { ChannelWorker } from "../helpers/channel_worker.ts";
import { eventually } from "../helpers/wait.ts";

const ANNA = "+4917000000002";

async function nextMessage(worker: ChannelWorker): Promise<InboundMessage> {
  const { event } = await worker.nextInbound();
  assert.ok(event.kind === "message", `a ${event.kind} came`);
  return event;
}

Deno.test(`${AGAINST} people behind a hidden id are known by their number, with the id as alias`, async () => {
  await using lab = await startLinked();
  const { server, worker } = lab;
  const anna = server.person("4917000000002", { name: "Anna", addressing: "lid" });
  await server.say(anna, "hello");
  const event = await nextMessage(worker);
  assert.equal(event.chat.id, ANNA);
  assert.equal(event.sender.id, ANNA);
  assert.ok(event.sender.aliases?.includes(`${anna.lid}@lid`));
  await worker.request(text(ANNA, "answer"));
  const sent = await server.waitText("answer");
  assert.ok(sent.readers.includes("4917000000002"));
  assert.deepEqual(server.faults, []);
});

for (const addressing of ["lid", "pn"] as const) {
  Deno.test(`${AGAINST} groups with ${addressing} addresses: mention, answer to us, reply with a quote`, async () => {
    await using lab = await startLinked();
    const { server, worker } = lab;
    const anna = server.person("4917000000002", { name: "Anna", addressing });
    const bert = server.person("4917000000003", { name: "Bert", addressing });
    const group = server.group("Garden", [anna, bert], addressing);
    await server.say(anna, "just talking", { group });
    const plain = await nextMessage(worker);
    assert.deepEqual(plain.chat, { id: group.jid, kind: "group", title: "Garden" });
    assert.equal(plain.sender.id, ANNA);
    assert.equal(plain.mentioned, false);

    const own = addressing === "lid" ? `${server.owner.lid}@lid` : `${server.owner.number}@s.whatsapp.net`;
    const words = { extendedTextMessage: { text: "@bot how are you", contextInfo: { mentionedJid: [own] } } };
    const id = await server.say(bert, words, { group });
    const called = await nextMessage(worker);
    assert.equal(called.mentioned, true);
    assert.equal(called.mentionsOthers, undefined);

    const value = await worker.request({
      type: "send",
      message: { target: { chatId: group.jid, kind: "group", replyToId: id }, text: "fine", idempotencyKey: "g1" },
    });
    const sent = await server.waitText("fine");
    assert.deepEqual([...sent.readers].sort(), ["4917000000002", "4917000000003"]);
    assert.equal(sent.message.extendedTextMessage?.contextInfo?.stanzaId, id);
    assert.equal(
      sent.message.extendedTextMessage?.contextInfo?.quotedMessage?.extendedTextMessage?.text,
      "@bot how are you",
    );

    assert.ok(value.kind === "receipt");
    const contextInfo = {
      stanzaId: value.receipt.messageIds[0] ?? "",
      participant: own,
      quotedMessage: { conversation: "fine" },
    };
    await server.say(anna, { extendedTextMessage: { text: "good", contextInfo } }, { group });
    assert.deepEqual((await nextMessage(worker)).replyTo, {
      messageId: value.receipt.messageIds[0],
      fromSelf: true,
      text: "fine",
    });
    assert.deepEqual(server.faults, []);
  });
}

Deno.test(`${AGAINST} a mention of somebody else and our number in the text are told apart`, async () => {
  await using lab = await startLinked();
  const { server, worker } = lab;
  const anna = server.person("4917000000002");
  const group = server.group("Garden", [anna]);
  const contextInfo = { mentionedJid: [`${anna.lid}@lid`] };
  await server.say(anna, { extendedTextMessage: { text: "@anna hi", contextInfo } }, { group });
  const other = await nextMessage(worker);
  assert.deepEqual([other.mentioned, other.mentionsOthers], [false, true]);
  await server.say(anna, "ask +49 151 00000001 please", { group });
  assert.equal((await nextMessage(worker)).mentioned, true);
});

Deno.test(`${AGAINST} wrapped messages are unwrapped, places and cards become words, edits replace`, async () => {
  await using lab = await startLinked();
  const { server, worker } = lab;
  const anna = server.person("4917000000002");
  await server.say(anna, {
    ephemeralMessage: { message: { extendedTextMessage: { text: "vanishing", contextInfo: { expiration: 86400 } } } },
  });
  assert.equal((await nextMessage(worker)).text, "vanishing");
  // The chat's messages disappear, so ours do too.
  await worker.request(text(ANNA, "me too"));
  assert.equal((await server.waitText("me too")).message.extendedTextMessage?.contextInfo?.expiration, 86400);

  await server.say(anna, { locationMessage: { degreesLatitude: 52.5, degreesLongitude: 13.4, name: "Gate" } });
  assert.equal((await nextMessage(worker)).text, "Location: Gate, (52.5, 13.4)");
  const vcard = "BEGIN:VCARD\nFN:Carl\nTEL;waid=491:+49 170 1\nEND:VCARD";
  await server.say(anna, { contactMessage: { displayName: "Carl", vcard } });
  assert.equal((await nextMessage(worker)).text, "Contact: Carl, +49 170 1");

  const id = await server.say(anna, "helo");
  await nextMessage(worker);
  const key = { id, remoteJid: `${server.owner.number}@s.whatsapp.net`, fromMe: true };
  await server.say(anna, { protocolMessage: { key, type: 14, editedMessage: { conversation: "hello" } } });
  const edited = await nextMessage(worker);
  assert.deepEqual([edited.messageId, edited.text, edited.edited], [id, "hello", true]);
  await server.say(anna, { protocolMessage: { key, type: 0 } });
  const { event } = await worker.nextInbound();
  assert.equal(event.kind === "note" && event.text, `deleted the message ${id}`);
});

Deno.test(`${AGAINST} reactions in both directions, typing, read marks`, async () => {
  await using lab = await startLinked();
  const { server, worker } = lab;
  const anna = server.person("4917000000002");
  const id = await server.say(anna, "hello");
  await nextMessage(worker);
  const target = { chatId: ANNA };
  await worker.request({ type: "react", target, messageId: id, emoji: "👍" });
  const reaction = await server.waitSent("the reaction", ({ type }) => type === "reaction");
  assert.deepEqual(
    [
      reaction.message.reactionMessage?.text,
      reaction.message.reactionMessage?.key?.id,
      reaction.message.reactionMessage?.key?.fromMe,
    ],
    ["👍", id, false],
  );
  await worker.request({ type: "typing", target, on: true });
  await eventually(
    "the sign of typing",
    () => server.nodes("chatstate").some(({ content }) => Array.isArray(content) && content[0]?.tag === "composing"),
  );
  await worker.request({ type: "read", target, messageId: id, senderId: ANNA });
  await eventually(
    "the read mark",
    () => server.nodes("receipt").some(({ attrs }) => attrs["type"] === "read" && attrs["id"] === id),
  );

  const value = await worker.request(text(ANNA, "answer"));
  assert.ok(value.kind === "receipt");
  const own = value.receipt.messageIds[0] ?? "";
  const marks = () => worker.reports.flatMap((report) => report.type === "mark" ? [report.mark] : []).join();
  server.receipt(own, anna);
  await eventually("the first mark", () => marks() === "delivered");
  server.receipt(own, anna, "read");
  await eventually("both marks", () => marks() === "delivered,read");
  const key = { id: own, remoteJid: `${server.owner.number}@s.whatsapp.net`, fromMe: false };
  await server.say(anna, { reactionMessage: { key, text: "🎉", senderTimestampMs: Date.now() } });
  const { event } = await worker.nextInbound();
  assert.ok(event.kind === "reaction");
  assert.deepEqual([event.emoji, event.messageId, event.onOwnMessage], ["🎉", own, true]);
  assert.deepEqual(server.faults, []);
});

Deno.test(`${AGAINST} read marks are private when the phone or the configuration says so`, async () => {
  await using lab = await startLinked({ config: { sendReadReceipts: false } });
  const { server, worker } = lab;
  const anna = server.person("4917000000002");
  const id = await server.say(anna, "hello");
  await nextMessage(worker);
  await worker.request({ type: "read", target: { chatId: ANNA }, messageId: id, senderId: ANNA });
  await worker.request(text(ANNA, "done"));
  assert.equal(server.nodes("receipt").some(({ attrs }) => attrs["type"]?.startsWith("read")), false);
});

Deno.test(`${AGAINST} polls, edits and deletions go out`, async () => {
  await using lab = await startLinked();
  const { server, worker } = lab;
  server.person("4917000000002");
  const target = { chatId: ANNA };
  const poll = { target, question: "Tea?", options: ["yes", "no"], idempotencyKey: "p1" };
  const made = await worker.request({ type: "poll", poll });
  assert.ok(made.kind === "receipt" && made.pollId === made.receipt.messageIds[0]);
  const { message } = await server.waitSent("the poll", ({ type }) => type === "poll");
  assert.deepEqual(message.pollCreationMessageV3?.options?.map(({ optionName }) => optionName), ["yes", "no"]);
  assert.equal(message.messageContextInfo?.messageSecret?.length, 32);

  const value = await worker.request(text(ANNA, "draft"));
  assert.ok(value.kind === "receipt");
  const messageId = value.receipt.messageIds[0] ?? "";
  await worker.request({ type: "edit", target, messageId, text: "**final**" });
  const edit = await server.waitText("*final*");
  assert.equal(edit.attrs["edit"], "1");
  assert.equal(edit.message.protocolMessage?.key?.id, messageId);
  await worker.request({ type: "delete", target, messageId });
  const revoke = await server.waitSent("the deletion", ({ attrs }) => attrs["edit"] === "7");
  assert.equal(revoke.message.protocolMessage?.key?.id, messageId);
});

Deno.test(`${AGAINST} the chat with oneself is heard, what the owner writes to others is not`, async () => {
  await using lab = await startLinked();
  const { server, worker } = lab;
  const anna = server.person("4917000000002");
  await server.say(server.owner, "a private word to Anna", { recipient: anna });
  await server.say(server.owner, "note to self");
  const event = await nextMessage(worker);
  assert.equal(event.text, "note to self");
  assert.deepEqual([event.sender.isSelf, event.sender.id, event.chat.id], [true, "+4915100000001", "+4915100000001"]);
  await worker.request(text("+4915100000001", "noted"));
  assert.deepEqual([...new Set((await server.waitText("noted")).readers)], ["4915100000001"]);
  assert.doesNotMatch(JSON.stringify(worker.reports), /private word/u);
});

Deno.test(`${AGAINST} a wrong address gives an error that says so`, async () => {
  await using lab = await startLinked();
  const { worker } = lab;
  await assert.rejects(worker.request(text("somebody", "x")), /it is no number and no chat of WhatsApp/u);
  await assert.rejects(worker.request(text("+4999999999", "x")), /./u);
});

Deno.test(`${AGAINST} long texts arrive whole and in order`, async () => {
  await using lab = await startLinked();
  const { server, worker } = lab;
  server.person("4917000000002");
  const parts = Array.from({ length: 5 }, (_, index) => `${index} ${"x".repeat(3_900)}`);
  for (const [index, part] of parts.entries()) await worker.request(text(ANNA, part, `long-${index}`));
  assert.deepEqual(server.sent.map(({ message }) => textOf(message)), parts);
});
