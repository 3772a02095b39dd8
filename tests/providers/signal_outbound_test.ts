/** What we do on Signal: messages, files, quotes, edits, reactions, signs, and every kind of refusal. */
import assert from "node:assert/strict";
import { ACCOUNT, type Fault, OTHER_SIDE } from "../servers/signal/server.ts";
import { IO_ERROR, Refusal, type ResultType, sendRefusal } from "../servers/signal/refusal.ts";
import { failureOf, jpeg, signalLab } from "./signal_lab.ts";

const test = (name: string, body: () => Promise<void>) => Deno.test(`${name} [other side: ${OTHER_SIDE}]`, body);

test("text with styles to a person, an account id, a username and a group", async () => {
  await using lab = await signalLab();
  const { server, anna, direct } = lab;
  const receipt = await lab.send({ target: direct, text: "🐎 **bold** [site](https://example.org) `x`" });
  const sent = lab.last();
  assert.deepEqual([sent.to, sent.account, sent.message], [
    anna.number,
    ACCOUNT,
    "🐎 bold site (https://example.org) x",
  ]);
  assert.deepEqual(sent.styles, [{ start: 3, length: 4, style: "BOLD" }, { start: 35, length: 1, style: "MONOSPACE" }]);
  assert.deepEqual(receipt, {
    messageIds: [`${sent.timestamp}:${ACCOUNT}`],
    chatId: anna.number,
    at: sent.timestamp,
  });
  assert.equal((await lab.send({ target: { chatId: `uuid:${anna.uuid}` }, text: "id" })).chatId, `uuid:${anna.uuid}`);
  await lab.send({ target: { chatId: "username:anna.01" }, text: "name" });
  assert.equal(lab.last().to, "u:anna.01");
  const group = server.world.group("House", [anna]);
  for (const chatId of [group.id, `signal:group:${group.id}`]) {
    assert.equal((await lab.send({ target: { chatId }, text: "all" })).chatId, group.id);
    assert.equal(lab.last().to, group.id);
  }
  await lab.send({ target: direct, text: "***" });
  assert.equal(lab.last().message, "———");
  await lab.send({ target: direct, text: "x".repeat(4000) });
});

test("files go as data, with text and a harmless name", async () => {
  await using lab = await signalLab();
  const media = {
    kind: "image",
    mimeType: "image/jpeg; q=1",
    fileName: "a;b,c=/d\\é.jpg",
    data: jpeg(3_000_000),
  } as const;
  await lab.send({ target: lab.direct, text: "*look*", media });
  const { message, attachments, styles } = lab.last();
  assert.equal(message, "look");
  assert.equal(styles.length, 1);
  assert.equal(attachments[0]?.mime, "image/jpeg");
  assert.equal(attachments[0].name, "a_b_c_d_é.jpg");
  assert.deepEqual(attachments[0].data, jpeg(3_000_000));
  await lab.send({ target: lab.direct, media: { kind: "document", mimeType: "odd", data: jpeg(10) } });
  assert.deepEqual([lab.last().message, lab.last().attachments[0]?.mime], ["", "application/octet-stream"]);
});

test("quotes carry author and text, of people and of ourselves", async () => {
  await using lab = await signalLab();
  const { server, anna, direct } = lab;
  await server.people.say(anna, "question");
  const { messageId, timestamp } = await lab.nextMessage();
  const own = await lab.send({ target: { ...direct, replyToId: messageId }, text: "answer" });
  assert.deepEqual(lab.last().quote, { timestamp, author: anna.number, message: "question" });
  await lab.send({ target: { ...direct, replyToId: String(own.at) }, text: "more" });
  assert.deepEqual(lab.last().quote, { timestamp: own.at, author: ACCOUNT, message: "answer" });
  const group = server.world.group("House", [anna]);
  await lab.send({ target: { chatId: group.id, replyToId: "1600000000000" }, text: "unknown author" });
  assert.equal(lab.last().quote, undefined);
});

test("edits, deletions, reactions, typing; read marks only when wanted, and only in private chats", async () => {
  await using lab = await signalLab();
  const { server, anna, direct, worker } = lab;
  const { messageIds: [messageId = ""], at } = await lab.send({ target: direct, text: "old" });
  await worker.request({ type: "edit", target: direct, messageId, text: "**new**" });
  assert.deepEqual([lab.last().edits, lab.last().message, lab.last().styles.length], [at, "new", 1]);
  const foreign = await failureOf(worker, { type: "edit", target: direct, messageId: `5:${anna.number}`, text: "x" });
  assert.equal(foreign.code, "invalid");
  await worker.request({ type: "delete", target: direct, messageId });
  assert.equal(server.callsOf("remoteDelete")[0]?.params["targetTimestamp"], at);
  await server.people.say(anna, "react to this");
  const event = await lab.nextMessage();
  const react = { type: "react", target: direct, messageId: event.messageId, emoji: "👍" } as const;
  await worker.request(react);
  await worker.request({ ...react, messageId: String(event.timestamp), senderId: anna.number ?? "", remove: true });
  const [set, removed] = server.callsOf("sendReaction");
  assert.deepEqual([set?.params["targetAuthor"], set?.params["targetTimestamp"]], [anna.number, event.timestamp]);
  assert.deepEqual([removed?.params["remove"], removed?.outcome], [true, "ok"]);
  await worker.request({ type: "typing", target: direct, on: true });
  await worker.request({ type: "typing", target: direct, on: false });
  assert.deepEqual(server.callsOf("sendTyping").map(({ params }) => params["stop"]), [undefined, true]);
  const read = { type: "read", target: direct, messageId: event.messageId, senderId: anna.number ?? "" } as const;
  await worker.request(read);
  assert.equal(server.callsOf("sendReceipt").length, 0);

  await using open = await signalLab({ config: { sendReadReceipts: true } });
  const group = open.server.world.group("House", [open.anna]);
  await open.worker.request({ ...read, senderId: open.anna.number ?? "" });
  await open.worker.request({ ...read, target: { chatId: group.id, kind: "group" } });
  assert.deepEqual(open.server.callsOf("sendReceipt").map(({ params, outcome }) => [params["type"], outcome]), [
    ["read", "ok"],
  ]);
});

test("an old daemon cannot edit, and nothing is sent a second time", async () => {
  await using lab = await signalLab({ signal: { version: "0.11.11" } });
  const { messageIds: [messageId = ""] } = await lab.send({ target: lab.direct, text: "old" });
  const failure = await failureOf(lab.worker, { type: "edit", target: lab.direct, messageId, text: "new" });
  assert.deepEqual([failure.code, failure.outcome], ["unsupported", "not_sent"]);
  assert.equal(lab.server.written().length, 1);
});

test("every refusal has its class and its outcome", async () => {
  await using lab = await signalLab();
  const { server, anna, worker, direct } = lab;
  const result = (type: ResultType, more = {}): Fault => ({ kind: "refuse", refusal: sendRefusal(type, anna, more) });
  const refuse = (code: number, reason: string): Fault => ({ kind: "refuse", refusal: new Refusal(code, reason) });
  const cases: readonly (readonly [Fault, string, string, boolean])[] = [
    [result("UNREGISTERED_FAILURE"), "not_found", "not_sent", false],
    [result("IDENTITY_FAILURE"), "forbidden", "not_sent", false],
    [result("RATE_LIMIT_FAILURE", { token: "t", retryAfterSeconds: 7 }), "rate_limited", "not_sent", true],
    [result("NETWORK_FAILURE"), "unreachable", "unknown", true],
    [refuse(-1, "The user +1 is not registered."), "not_found", "not_sent", false],
    [refuse(-4, "Failed to send message due to untrusted identities"), "forbidden", "not_sent", false],
    [refuse(-5, "Failed to send message due to rate limiting"), "rate_limited", "not_sent", true],
    [refuse(IO_ERROR, "Connection reset"), "unreachable", "unknown", true],
    [refuse(-32600, "bad request"), "invalid", "not_sent", false],
    [refuse(-32601, "Method not implemented"), "unsupported", "not_sent", false],
    [refuse(-32603, "Failed to send message: Timeout (IOException)"), "platform", "unknown", true],
    [{ kind: "status", status: 404 }, "unreachable", "not_sent", true],
    [{ kind: "status", status: 307 }, "unreachable", "not_sent", true],
    [{ kind: "status", status: 413 }, "too_large", "not_sent", false],
    [{ kind: "status", status: 429 }, "rate_limited", "not_sent", true],
    [{ kind: "status", status: 500, body: "<html>" }, "platform", "unknown", true],
    [{ kind: "status", status: 200, body: "<html>" }, "platform", "unknown", false],
    [{ kind: "noAnswer" }, "platform", "unknown", false],
    [{ kind: "drop" }, "unreachable", "unknown", true],
    [{ kind: "lose" }, "unreachable", "unknown", true],
  ];
  for (const [fault, code, outcome, retryable] of cases) {
    server.fail("send", fault);
    const failure = await failureOf(worker, {
      type: "send",
      message: { target: direct, text: "x", idempotencyKey: crypto.randomUUID() },
    });
    assert.deepEqual(
      [failure.code, failure.outcome, failure.retryable],
      [code, outcome, retryable],
      JSON.stringify(fault),
    );
    if (JSON.stringify(fault).includes("retryAfterSeconds")) {
      assert.equal(failure.retryAfterMs, 7_000);
      assert.match(failure.message, /submitRateLimitChallenge/u);
    }
  }
  assert.equal(server.written().length, 1, "only the lost answer was carried out, and once");
  assert.equal(server.callsOf("send").length, cases.length);
});

test("wrong addresses and empty messages are refused before anything leaves", async () => {
  await using lab = await signalLab();
  const before = lab.server.calls.length;
  for (const chatId of ["anna", "123", "group:short"]) {
    const message = { target: { chatId }, text: "x", idempotencyKey: chatId };
    assert.equal((await failureOf(lab.worker, { type: "send", message })).code, "invalid");
  }
  const empty = { target: lab.direct, text: "  ", idempotencyKey: "empty" };
  assert.equal((await failureOf(lab.worker, { type: "send", message: empty })).code, "invalid");
  const stranger = { target: { chatId: "+15557777777" }, text: "x", idempotencyKey: "s" };
  assert.equal(lab.server.calls.length, before);
  assert.equal((await failureOf(lab.worker, { type: "send", message: stranger })).code, "not_found");
  const group = lab.server.world.group("Closed", []);
  group.member = false;
  const outside = { target: { chatId: group.id }, text: "x", idempotencyKey: "g" };
  assert.equal((await failureOf(lab.worker, { type: "send", message: outside })).code, "forbidden");
});
