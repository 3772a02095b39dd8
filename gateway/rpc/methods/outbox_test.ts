/** send and poll to channels, outbox.*, message.explain and message.refusals as clients see them. */
import assert from "node:assert/strict";
import { DeliveryLab, type LabOptions, settle } from "../../../tests/helpers/delivery_lab.ts";
import { callMethod, fakeServices } from "../../../tests/helpers/services.ts";
import { MediaError } from "../../delivery/media.ts";
import type { Inbound } from "../../../schemas/worker/content.ts";
import type { Services } from "../services.ts";
import { outboxMethods } from "./outbox.ts";
import { sendMethods } from "./send.ts";

function open(options: LabOptions = {}, change: Partial<Services> = {}) {
  const lab = new DeliveryLab(options);
  const { db, outbox, inbox, trail } = lab;
  const base = fakeServices();
  const services: Services = {
    ...fakeServices({ db, outbox, inbox, trail, channels: { ...base.channels, ...lab.channels }, ...change }),
    clock: lab.clock,
  };
  const call = (name: string, params: unknown) =>
    callMethod([...sendMethods, ...outboxMethods], name, params, services);
  return { lab, services, call };
}

const base = { channel: "fake", to: "c1", message: "hello", idempotencyKey: "k1" };

Deno.test("send answers with what the platform said, and the session shows the message", async () => {
  const { lab, services, call } = open();
  const { deliveryId, ...answer } = await call("send", base);
  assert.deepEqual(answer, {
    runId: "k1",
    messageId: "m1",
    messageIds: ["m1"],
    channel: "fake",
    accountId: "default",
    chatId: "c1",
    conversationId: "agent:main:main",
    status: "sent",
  });
  assert.equal(typeof deliveryId, "string");
  const session = services.sessions.ensure("main");
  assert.deepEqual(services.transcript.last(session.sessionId)?.message.content, [{ type: "text", text: "hello" }]);
  await call("send", base);
  assert.deepEqual(
    lab.platform.texts,
    ["hello"],
    "a repeat sends nothing, even when the answer cache has forgotten it",
  );
  assert.equal(services.transcript.count(session.sessionId), 1);
});

Deno.test("send takes the chat with its channel in front, and mirrors into the session that was last used there", async () => {
  const { lab, services, call } = open();
  services.sessions.update("agent:main:fake:group:c7", { lastChannel: "fake", lastTo: "c7", chatType: "group" });
  const answer = await call("send", { ...base, to: "fake:c7", threadId: "t1", replyToId: "q1" });
  assert.deepEqual([answer["chatId"], answer["conversationId"]], ["c7", "agent:main:main:thread:t1"]);
  const again = await call("send", { ...base, to: "c7", idempotencyKey: "k2" });
  assert.equal(again["conversationId"], "agent:main:fake:group:c7");
  const [first] = lab.platform.calls;
  assert.ok(first?.type === "send");
  assert.deepEqual(first.message.target, { chatId: "c7", threadId: "t1", replyToId: "q1" });
});

Deno.test("a dry run says what would be sent and sends nothing", async () => {
  const { lab, call } = open({ policy: { maxText: 40 } });
  const answer = await call("send", { ...base, mediaUrl: "https://example.org/a.png", dryRun: true });
  assert.equal(answer["status"], "dry_run");
  assert.deepEqual(answer["parts"], [{ text: "hello", media: 0 }, { media: 1 }]);
  await settle();
  assert.deepEqual([lab.platform.calls, lab.outbox.list()], [[], []]);
});

Deno.test("the status is the truth: queued, unknown, or an error when nothing was sent", async () => {
  const { lab, call } = open();
  lab.state = "reconnecting";
  const waiting = call("send", base);
  await settle();
  lab.clock.advance(8_000);
  const queued = await waiting;
  assert.deepEqual([queued["status"], queued["messageId"]], ["queued", undefined]);
  lab.state = "connected";
  lab.outbox.wake("fake", "default");
  await settle();
  lab.platform.script.push("lost");
  assert.equal((await call("send", { ...base, idempotencyKey: "k2" }))["status"], "unknown");
  lab.platform.script.push({ code: "forbidden", message: "the bot was blocked", retryable: false });
  await assert.rejects(call("send", { ...base, idempotencyKey: "k3" }), {
    code: "UNAVAILABLE",
    message: "The message was not sent: the bot was blocked",
  });
});

Deno.test("send refuses what it cannot send, and an attachment that cannot be fetched sends nothing", async () => {
  const fetchMedia = () =>
    Promise.reject(new MediaError('Cannot fetch media from "10.0.0.1": the address is not public'));
  const { lab, call } = open({}, { fetchMedia });
  await assert.rejects(call("send", { ...base, channel: "nowhere" }), { message: "unsupported channel: nowhere" });
  await assert.rejects(call("send", { ...base, accountId: "b" }), {
    message: 'Cannot send over "fake": there is no account "b"',
  });
  await assert.rejects(call("send", { ...base, to: "fake:" }), /value of "to" is empty/u);
  await assert.rejects(call("send", { ...base, mediaUrl: "http://10.0.0.1/" }), {
    code: "INVALID_REQUEST",
    message: 'Cannot fetch media from "10.0.0.1": the address is not public',
  });
  await settle();
  assert.deepEqual(lab.platform.calls, []);
});

Deno.test("an attachment is fetched within the account's limit and sent", async () => {
  const limits: number[] = [];
  const data = new Uint8Array([1, 2, 3]);
  const { lab, call } = open({}, {
    fetchMedia: (_url, { maxBytes }) => {
      limits.push(maxBytes);
      return Promise.resolve({ kind: "image", mimeType: "image/png", fileName: "a.png", data });
    },
  });
  const answer = await call("send", { ...base, mediaUrls: ["https://example.org/a.png"] });
  assert.equal(answer["status"], "sent");
  assert.deepEqual(limits, [8 * 1024 * 1024]);
  const [sent] = lab.platform.calls;
  assert.ok(sent?.type === "send");
  assert.deepEqual([sent.message.text, sent.message.media?.data], ["hello", data]);
});

Deno.test("a session whose policy forbids sending is obeyed", async () => {
  const { services, call } = open();
  services.sessions.update("main", { sendPolicy: "deny" });
  await assert.rejects(call("send", base), { message: "send blocked by session policy" });
});

Deno.test("poll sends a poll where the platform has them and refuses more than it allows", async () => {
  const { call } = open();
  const poll = { channel: "fake", to: "c1", question: "Tea?", options: ["yes", "no"], idempotencyKey: "p1" };
  const { deliveryId, ...answer } = await call("poll", poll);
  assert.equal(typeof deliveryId, "string");
  assert.deepEqual(answer, {
    runId: "p1",
    messageId: "m1",
    channel: "fake",
    accountId: "default",
    chatId: "c1",
    status: "sent",
  });
  await assert.rejects(call("poll", { ...poll, channel: "webchat" }), { message: "unsupported poll channel: webchat" });
  const many = Array.from({ length: 11 }, (_, i) => `${i}`);
  await assert.rejects(call("poll", { ...poll, options: many }), /at most 10 options/u);
  await assert.rejects(call("poll", { ...poll, maxSelections: 3 }), /more than the 2 options/u);
});

Deno.test("outbox.list, outbox.retry and outbox.drop show and decide about held messages", async () => {
  const { lab, call } = open();
  lab.platform.script.push("lost", "lost");
  await call("send", base);
  await call("send", { ...base, idempotencyKey: "k2" });
  const held: unknown = (await call("outbox.list", { state: "unknown", channel: "FAKE" }))["messages"];
  assert.ok(Array.isArray(held) && held.length === 2);
  assert.deepEqual([held[0].preview, held[0].chatId, held[0].attempts], ["hello", "c1", 1]);
  const { error, ...rest } = held[0];
  assert.match(error, /said no/u);
  const again = { ...rest, state: "queued", attempts: 0, possibleDuplicate: true };
  assert.deepEqual((await call("outbox.retry", { id: held[0].id }))["message"], again);
  const { message } = await call("outbox.drop", { id: held[1].id });
  assert.ok(typeof message === "object" && message !== null && "state" in message && message.state === "dropped");
  await settle();
  assert.equal(lab.platform.texts.length, 3);
  await assert.rejects(call("outbox.drop", { id: "none" }), /there is no such message/u);
});

const inbound: Inbound = {
  kind: "message",
  dedupeKey: "u1",
  chat: { id: "c1", kind: "direct" },
  sender: { id: "s1", name: "Ann" },
  timestamp: 1,
  messageId: "p77",
  text: "secret words",
  media: [],
};

Deno.test("message.explain tells the whole story by any id of it, without the words that were said", async () => {
  const { lab, call } = open();
  const { id } = lab.inbox.accept("fake", "default", inbound);
  lab.inbox.mark(id, "accepted", { runId: "r1", sessionKey: "agent:main:main" });
  lab.trail.add("r1", "run.started");
  lab.outbox.enqueue({
    class: "reply",
    channel: "fake",
    accountId: "default",
    target: { chatId: "c1" },
    text: "secret answer",
    media: [],
    groupId: "reply:r1",
    inboxId: id,
    runId: "r1",
    sessionKey: undefined,
  });
  await settle();
  const [row] = lab.outbox.list();
  const story = [
    "inbox.received",
    "inbox.accepted",
    "run.started",
    "outbox.queued",
    "outbox.attempting",
    "outbox.sent",
  ];
  for (const each of [id, "p77", "r1", row?.id, "m1"]) {
    const { steps } = await call("message.explain", { id: String(each) });
    assert.ok(Array.isArray(steps));
    assert.deepEqual(steps.map((step: { step: string }) => step.step), story, String(each));
    assert.doesNotMatch(JSON.stringify(steps), /secret/u);
  }
  await assert.rejects(call("message.explain", { id: "nothing" }), /Cannot explain "nothing"/u);
});

Deno.test("message.refusals counts by reason and lists the last ones", async () => {
  const { lab, call } = open();
  const { id } = lab.inbox.accept("fake", "default", inbound);
  assert.equal(lab.inbox.accept("fake", "default", inbound).fresh, false);
  lab.inbox.mark(id, "refused", { reason: "dm_policy" });
  lab.trail.refused("fake", "default", "dm_policy");
  lab.trail.refused("fake", "default", "dm_policy");
  lab.trail.refused("fake", "default", "no_mention");
  const { counts, latest } = await call("message.refusals", { channel: "fake" });
  assert.ok(Array.isArray(counts) && Array.isArray(latest));
  assert.deepEqual(counts.map(({ reason, count }) => [reason, count]), [["dm_policy", 2], ["no_mention", 1]]);
  assert.deepEqual(latest.map(({ senderName, reason }) => [senderName, reason]), [["Ann", "dm_policy"]]);
});
