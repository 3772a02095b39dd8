/** The outbox: order, retries, rate limits, time limits, what is told to whom, and what an owner may do. */
import assert from "node:assert/strict";
import { delivery, DeliveryLab, settle } from "../../tests/helpers/delivery_lab.ts";
import { STOPPED } from "./give_up.ts";

const long = (parts: number): string => Array.from({ length: parts }, (_, i) => `${i}`.repeat(30)).join("\n\n");

Deno.test("a delivery is sent, and its receipt tells the truth", async () => {
  const lab = new DeliveryLab();
  const ids = lab.outbox.enqueue(delivery());
  assert.deepEqual(lab.states(), ["queued"]);
  const result = await lab.outbox.settled("g", 1000);
  assert.deepEqual(result, { state: "sent", messageIds: ["m1"], chatId: "c1", error: undefined });
  assert.deepEqual(lab.outbox.enqueue(delivery()), ids, "a repeat with the same id is not delivered twice");
  await settle();
  assert.deepEqual(lab.platform.texts, ["hello"]);
});

Deno.test("the row is committed as attempting before the platform is called", async () => {
  const lab = new DeliveryLab();
  const seen: string[] = [];
  lab.platform.onCall = () => seen.push(...lab.states());
  lab.outbox.enqueue(delivery());
  await settle();
  assert.deepEqual(seen, ["attempting"]);
});

Deno.test("a transaction that is undone leaves nothing to send", async () => {
  const lab = new DeliveryLab();
  assert.throws(() =>
    lab.db.transaction(() => {
      lab.outbox.enqueue(delivery());
      throw new Error("the run failed");
    })
  );
  await settle();
  assert.deepEqual(lab.platform.calls, []);
});

Deno.test("parts of a chat are sent in order, other chats beside them", async () => {
  const lab = new DeliveryLab({ policy: { maxText: 40 } });
  lab.platform.script.push("hang");
  lab.outbox.enqueue(delivery({ text: long(3) }));
  lab.outbox.enqueue(delivery({ groupId: "h", target: { chatId: "c2" }, text: "other" }));
  await settle();
  assert.deepEqual(lab.platform.texts, ["other"]);
  lab.platform.release();
  await settle();
  assert.deepEqual(lab.platform.texts, ["other", "0".repeat(30), "1".repeat(30), "2".repeat(30)]);
});

Deno.test("only the first part quotes, and only the last text has the buttons", async () => {
  const lab = new DeliveryLab({ policy: { maxText: 40 } });
  const buttons = [[{ label: "Yes", data: "y" }]];
  lab.outbox.enqueue(delivery({ text: long(2), target: { chatId: "c1", replyToId: "q", threadId: "t" }, buttons }));
  await settle();
  const sends = lab.platform.calls.flatMap((call) => call.type === "send" ? [call.message] : []);
  assert.deepEqual(sends.map(({ target }) => target), [
    { chatId: "c1", replyToId: "q", threadId: "t" },
    { chatId: "c1", threadId: "t" },
  ]);
  assert.deepEqual(sends.map((message) => message.buttons), [undefined, buttons]);
  assert.notEqual(sends[0]?.idempotencyKey, sends[1]?.idempotencyKey);
});

Deno.test("an attachment takes a short text along as its caption, a long one follows the text", async () => {
  const lab = new DeliveryLab();
  const data = new Uint8Array([1, 2, 3]);
  const media = [{ kind: "image", mimeType: "image/png", fileName: "a.png", data }] as const;
  lab.outbox.enqueue(delivery({ text: "look", media }));
  lab.outbox.enqueue(delivery({ groupId: "h", text: "x ".repeat(800), media }));
  await settle();
  const sends = lab.platform.calls.flatMap((call) => call.type === "send" ? [call.message] : []);
  assert.deepEqual(sends.map((each) => [each.text?.length, each.media?.data.length]), [
    [4, 3],
    [1599, undefined],
    [undefined, 3],
  ]);
});

Deno.test("what was not sent is tried again with growing waits, then given up, and the owner is told", async () => {
  const lab = new DeliveryLab({ policy: { retry: { attempts: 3, minMs: 100, maxMs: 1000, jitter: 0 } } });
  const no = { code: "unreachable", message: "no route" } as const;
  lab.platform.script.push(no, no, no);
  lab.outbox.enqueue(delivery());
  await settle();
  assert.equal(lab.platform.calls.length, 1);
  lab.clock.advance(99);
  await settle();
  assert.equal(lab.platform.calls.length, 1);
  lab.clock.advance(1);
  await settle();
  assert.equal(lab.platform.calls.length, 2);
  lab.clock.advance(200);
  await settle();
  assert.deepEqual(lab.states(), ["failed"]);
  assert.equal(lab.told.length, 1);
  assert.equal(lab.told[0]?.state, "failed");
  assert.match(lab.told[0]?.sentence ?? "", /was not sent: no route\. Then: openclaw outbox retry /u);
});

Deno.test("every attempt carries the same key", async () => {
  const lab = new DeliveryLab({ idempotent: true });
  lab.platform.script.push("lost", "lost", "ok");
  lab.outbox.enqueue(delivery());
  await settle();
  for (let round = 0; round < 4; round++) {
    lab.clock.advance(60_000);
    await settle();
  }
  const keys = lab.platform.calls.flatMap((call) => call.type === "send" ? [call.message.idempotencyKey] : []);
  assert.equal(keys.length, 3);
  assert.equal(new Set(keys).size, 1);
  assert.deepEqual(lab.platform.texts, ["hello"], "the platform dropped the repeats");
  assert.deepEqual(lab.states(), ["sent"]);
  assert.equal(lab.outbox.list()[0]?.possibleDuplicate, false);
});

Deno.test("a permanent error ends the row at once and stops the later parts", async () => {
  const lab = new DeliveryLab({ policy: { maxText: 40 } });
  lab.platform.script.push("ok", { code: "forbidden", message: "blocked by the user", retryable: false });
  lab.outbox.enqueue(delivery({ text: long(3) }));
  const result = await lab.outbox.settled("g", 1000);
  assert.equal(result.state, "failed");
  assert.deepEqual(lab.states(), ["sent", "failed", "failed"]);
  assert.equal(lab.outbox.list()[0]?.error, STOPPED);
  assert.equal(lab.told.length, 1, "one note, not one for each part");
});

Deno.test("a retry by the owner takes the stopped parts along, and drop ends them", async () => {
  const lab = new DeliveryLab({ policy: { maxText: 40 } });
  lab.platform.script.push("ok", { code: "forbidden", retryable: false });
  lab.outbox.enqueue(delivery({ text: long(3) }));
  await settle();
  const failed = lab.outbox.list().find((row) => row.part === 1);
  assert.equal(lab.outbox.retry(failed?.id ?? "").state, "queued");
  await settle();
  assert.deepEqual(lab.states(), ["sent", "sent", "sent"]);
  assert.equal(lab.platform.texts.length, 3);
  assert.throws(() => lab.outbox.drop(failed?.id ?? ""), /Cannot drop ".*": it is sent/u);
  assert.throws(() => lab.outbox.retry("nothing"), /Cannot retry "nothing": there is no such message/u);
});

Deno.test("a lost answer is held by default, and the truth is said", async () => {
  const lab = new DeliveryLab();
  lab.platform.script.push("lost");
  lab.outbox.enqueue(delivery());
  assert.equal((await lab.outbox.settled("g", 1000)).state, "unknown");
  lab.clock.advance(3_600_000);
  await settle();
  assert.equal(lab.platform.calls.length, 1, "never blindly sent again");
  assert.match(lab.told[0]?.sentence ?? "", /may or may not have arrived/u);
  const [row] = lab.outbox.list({ state: "unknown" });
  lab.outbox.retry(row?.id ?? "");
  await settle();
  assert.equal(lab.outbox.list()[0]?.possibleDuplicate, true);
  assert.deepEqual(lab.platform.texts, ["hello", "hello"]);
});

Deno.test("under resend a lost answer is sent again and recorded as a possible duplicate", async () => {
  const lab = new DeliveryLab({ policy: { unknown: "resend" } });
  lab.platform.script.push("lost");
  lab.outbox.enqueue(delivery());
  await settle();
  lab.clock.advance(10_000);
  await settle();
  assert.deepEqual(lab.states(), ["sent"]);
  assert.equal(lab.outbox.list()[0]?.possibleDuplicate, true);
  assert.equal(lab.platform.texts.length, 2);
});

Deno.test("a platform that forgets keys is not trusted with an old one", async () => {
  const lab = new DeliveryLab({ idempotent: true, policy: { repeatSafeMs: 60_000 } });
  lab.platform.script.push("lost", { code: "unreachable", retryAfterMs: 90_000 }, "lost");
  lab.outbox.enqueue(delivery());
  await settle();
  lab.clock.advance(1_000);
  await settle();
  lab.clock.advance(90_000);
  await settle();
  assert.deepEqual(lab.states(), ["unknown"]);
});

Deno.test("a 429 pauses the whole account for its wait and does not use up the attempts", async () => {
  const lab = new DeliveryLab({ policy: { retry: { attempts: 2, minMs: 10, maxMs: 10, jitter: 0 } } });
  lab.platform.script.push(
    ...Array.from({ length: 4 }, () => ({ code: "rate_limited", retryAfterMs: 7_000 } as const)),
  );
  lab.outbox.enqueue(delivery());
  await settle();
  lab.outbox.enqueue(delivery({ groupId: "h", target: { chatId: "c2" } }));
  await settle();
  assert.equal(lab.platform.calls.length, 1, "the other chat waits, too");
  lab.clock.advance(6_999);
  await settle();
  assert.equal(lab.platform.calls.length, 1);
  for (let round = 0; round < 4; round++) {
    lab.clock.advance(7_000);
    await settle();
  }
  assert.deepEqual([...lab.states(), ...lab.states("h")], ["sent", "sent"]);
});

Deno.test("messages of one chat keep the platform's pace", async () => {
  const lab = new DeliveryLab({ policy: { paceMs: 1_000, maxText: 40 } });
  lab.outbox.enqueue(delivery({ text: long(3) }));
  await settle();
  assert.equal(lab.platform.texts.length, 1);
  lab.clock.advance(999);
  await settle();
  assert.equal(lab.platform.texts.length, 1);
  lab.clock.advance(1);
  await settle();
  assert.equal(lab.platform.texts.length, 2);
});

Deno.test("an account that is not connected keeps its messages until their time is over", async () => {
  const lab = new DeliveryLab();
  lab.state = "reconnecting";
  lab.outbox.enqueue(delivery());
  lab.outbox.enqueue(delivery({ groupId: "late", class: "notice" }));
  await settle();
  lab.clock.advance(14 * 60_000);
  await settle();
  assert.deepEqual(lab.states(), ["queued"]);
  lab.clock.advance(60_000);
  await settle();
  assert.deepEqual(lab.states(), ["expired"]);
  assert.match(lab.told[0]?.error ?? "", /not connected \(reconnecting\)/u);
  lab.state = "connected";
  lab.outbox.wake("fake", "default");
  await settle();
  assert.deepEqual(lab.states("late"), ["sent"], "a notice lives longer");
});

Deno.test("a lost answer that expires while it waits is unknown, not expired", async () => {
  const lab = new DeliveryLab({ idempotent: true });
  lab.platform.script.push("lost");
  lab.outbox.enqueue(delivery());
  await settle();
  lab.state = "reconnecting";
  lab.clock.advance(16 * 60_000);
  await settle();
  assert.deepEqual(lab.states(), ["unknown"]);
});

Deno.test("an error that is fatal for the account waits for the owner's repair", async () => {
  const lab = new DeliveryLab();
  lab.platform.script.push({ code: "unauthorized", retryable: false, fatal: true });
  lab.outbox.enqueue(delivery());
  await settle();
  assert.deepEqual(lab.states(), ["queued"]);
  lab.clock.advance(30_000);
  await settle();
  assert.deepEqual(lab.states(), ["sent"]);
});

Deno.test("an error without a class has an open outcome", async () => {
  const lab = new DeliveryLab();
  lab.platform.request = () => Promise.reject(new Error("boom"));
  lab.outbox.enqueue(delivery());
  await settle();
  assert.deepEqual(lab.states(), ["unknown"]);
});

Deno.test("a poll is sent as one and its id comes back", async () => {
  const lab = new DeliveryLab();
  lab.outbox.enqueue(delivery({ poll: { question: "Tea?", options: ["yes", "no"] } }));
  await settle();
  const [call] = lab.platform.calls;
  assert.equal(call?.type, "poll");
  assert.deepEqual(lab.states(), ["sent"]);
});

Deno.test("drain lets a call under way finish and starts nothing that must wait", async () => {
  const lab = new DeliveryLab();
  lab.platform.script.push("hang");
  lab.outbox.enqueue(delivery());
  await settle();
  let done = false;
  const drained = lab.outbox.drain(5_000).then(() => done = true);
  lab.clock.advance(1_000);
  await settle();
  assert.equal(done, false);
  lab.platform.release();
  await settle();
  lab.clock.advance(50);
  await drained;
  assert.deepEqual(lab.states(), ["sent"]);
  lab.outbox.enqueue(delivery({ groupId: "h" }));
  await settle();
  assert.deepEqual(lab.states("h"), ["queued"], "it waits for the next start");
});

Deno.test("a full outbox refuses with a word to the owner and does not throw into the run", async () => {
  const lab = new DeliveryLab();
  lab.state = "reconnecting";
  lab.db.run(
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000) " +
      "INSERT INTO outbox (id, class, channel, account, chat_id, group_id, part, message, state, next_attempt_at, " +
      "expires_at, idempotency_key, created_at, updated_at) SELECT 'f' || i, 'reply', 'fake', 'default', 'c9', 'f' || i, " +
      "0, '{\"target\":{\"chatId\":\"c9\"}}', 'queued', 0, 9e15, 'f', 0, 0 FROM n",
  );
  lab.outbox.enqueue(delivery());
  await settle();
  assert.deepEqual(lab.states(), ["failed"]);
  assert.equal(lab.told.length, 1);
});
