/** The WhatsApp worker: the real library in its real worker under its real permissions. */
import assert from "node:assert/strict";
import { AGAINST, link, SHIPPED_ENTRY, startLinked, startWorker, text } from "../servers/whatsapp/lab.ts";
import { startFakeWhatsApp, textOf } from "../servers/whatsapp/server.ts";
import { eventually } from "../helpers/wait.ts";

Deno.test(`${AGAINST} links by QR code, hears a message and answers it`, async () => {
  await using server = startFakeWhatsApp();
  await using worker = await startWorker(server);
  await worker.waitState("login_required");
  await link(server, worker);
  assert.deepEqual(worker.steps().map(({ kind }) => kind), ["show", "wait", "done"]);
  const anna = server.person("4917000000002", { name: "Anna" });
  await server.say(anna, "hello");
  const { event } = await worker.nextInbound();
  assert.deepEqual(event, {
    dedupeKey: "4917000000002@s.whatsapp.net||IN000001",
    timestamp: event.timestamp,
    chat: { id: "+4917000000002", kind: "direct" },
    sender: {
      id: "+4917000000002",
      aliases: ["700000000002@lid", "4917000000002@s.whatsapp.net"],
      name: "Anna",
    },
    kind: "message",
    messageId: "IN000001",
    text: "hello",
    media: [],
    mentioned: false,
  });
  const value = await worker.request(text("+4917000000002", "hi **Anna**"));
  const sent = await server.waitText("hi *Anna*");
  assert.ok(value.kind === "receipt");
  assert.deepEqual(value.receipt.messageIds, [sent.id]);
  // The owner's own phone shows the answer too.
  assert.deepEqual([...sent.readers].sort(), ["4915100000001", "4917000000002"]);
  await eventually("the receipt", () => server.undelivered().length === 0);
  assert.deepEqual(server.faults, []);
  assert.deepEqual(worker.malformed, []);
});

Deno.test(`${AGAINST} links by a code typed into the phone`, async () => {
  await using server = startFakeWhatsApp();
  await using worker = await startWorker(server);
  await worker.waitState("login_required");
  await worker.request({ type: "login.start", flow: "code" });
  assert.equal((await worker.waitStep("input")).kind, "input");
  await worker.request({ type: "login.start", flow: "code", input: { phone: "+49 151 00000001" } });
  const step = await worker.waitStep("show");
  assert.ok(step.kind === "show" && step.what === "code");
  assert.match(step.value, /^[0-9A-Z]{4}-[0-9A-Z]{4}$/u);
  await eventually("the code at the server", () => server.enterCode(step.value).then(() => true, () => false));
  await worker.waitState("connected", 30_000);
  assert.deepEqual(server.faults, []);
});

Deno.test(`${AGAINST} a restart needs no login: keys and sessions come back from main`, async () => {
  await using server = startFakeWhatsApp();
  const first = await startWorker(server);
  await link(server, first);
  const anna = server.person("4917000000002");
  await server.say(anna, "one");
  await first.nextInbound();
  await first.request(text("+4917000000002", "answer one"));
  await first.stop();
  await server.say(anna, "while you were away");
  await using second = await startWorker(server, { store: first.store, saved: first.saved });
  await second.waitState("connected");
  assert.deepEqual(second.steps(), []);
  const { event } = await second.nextInbound();
  assert.equal(event.kind === "message" && event.text, "while you were away");
  await second.request(text("+4917000000002", "answer two"));
  await server.waitText("answer two");
  assert.deepEqual(server.faults, []);
});

Deno.test(`${AGAINST} the shipped entry refuses the test server's certificate`, async () => {
  await using server = startFakeWhatsApp();
  await using worker = await startWorker(server, { entry: SHIPPED_ENTRY });
  await worker.waitState("login_required");
  await worker.request({ type: "login.start", flow: "qr" });
  const step = await worker.waitStep("failed");
  assert.match(step.text, /could not prove that it is WhatsApp: noise intermediate certificate signature invalid/u);
  assert.equal(worker.steps().some(({ kind }) => kind === "show"), false);
  assert.equal(server.linked, false);
});

Deno.test(`${AGAINST} a send that is repeated is seen once`, async () => {
  await using lab = await startLinked();
  const { server, worker } = lab;
  server.person("4917000000002");
  const [first, second] = [
    await worker.request(text("+4917000000002", "once", "key-1")),
    await worker.request(text("+4917000000002", "once", "key-1")),
  ];
  assert.ok(first.kind === "receipt" && second.kind === "receipt");
  assert.deepEqual(first.receipt.messageIds, second.receipt.messageIds);
  assert.equal(server.sent.filter(({ message }) => textOf(message) === "once").length, 1);
  assert.equal(server.repeated.get(first.receipt.messageIds[0] ?? ""), 2);
});

Deno.test(`${AGAINST} what the worker had read but main had not taken comes up again after a crash`, async () => {
  await using server = startFakeWhatsApp();
  const first = await startWorker(server);
  await link(server, first);
  const anna = server.person("4917000000002");
  await server.say(anna, "do not lose me");
  const { event } = await first.nextInbound({ ack: false });
  // The library has told WhatsApp that it arrived, so the server will not send it again.
  await eventually("the receipt", () => server.undelivered().length === 0);
  first.kill();
  await using second = await startWorker(server, { store: first.store, saved: first.saved });
  await second.waitState("connected");
  const again = await second.nextInbound();
  assert.deepEqual(again.event, event);
  await eventually("an empty journal", () => (second.store.get("journal")?.size ?? 0) === 0);
  assert.deepEqual(server.faults, []);
});

Deno.test(`${AGAINST} the same stanza twice is one event for the inbox`, async () => {
  await using lab = await startLinked();
  const { server, worker } = lab;
  const anna = server.person("4917000000002");
  worker.refuseStore(undefined);
  server.fault("drop");
  await worker.waitState("reconnecting");
  const id = await server.say(anna, "twice");
  await worker.waitState("connected");
  const first = await worker.nextInbound({ ack: false });
  try {
    server.repeat(id);
  } catch {
    // It has arrived already: then there is nothing to repeat.
  }
  worker.ack(first.seq);
  await eventually("the receipt", () => server.undelivered().length === 0);
  const keys = worker.reports.flatMap((report) => report.type === "inbound" ? [report.inbound.dedupeKey] : []);
  assert.equal(new Set(keys).size, 1);
  assert.deepEqual(server.faults, []);
});

Deno.test(`${AGAINST} a message that cannot be decrypted is asked for again`, async () => {
  await using lab = await startLinked();
  const { server, worker } = lab;
  const anna = server.person("4917000000002");
  await server.say(anna, "first");
  await worker.nextInbound();
  await server.say(anna, "second", { broken: true });
  const { event } = await worker.nextInbound();
  assert.equal(event.kind === "message" && event.text, "second");
});

Deno.test(`${AGAINST} refusals of WhatsApp are told by their code`, async () => {
  await using lab = await startLinked();
  const { server, worker } = lab;
  server.person("4917000000002");
  for (const [code, expected] of [["463", "forbidden"], ["429", "rate_limited"], ["479", "platform"]] as const) {
    server.refuseMessages(1, code);
    await assert.rejects(worker.request(text("+4917000000002", code)), (error) => {
      const { error: shape } = error as { error: { code: string; outcome: string; platformCode: string } };
      assert.deepEqual([shape.code, shape.outcome, shape.platformCode], [expected, "not_sent", code]);
      return true;
    });
  }
});
