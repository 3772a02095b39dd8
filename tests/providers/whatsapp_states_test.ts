/** The life of a WhatsApp account: every way in which a connection ends, and what becomes of the account. */
import assert from "node:assert/strict";
import { ChannelFailure } from "../../gateway/supervisor/types.ts";
import { AGAINST, link, startLinked, startWorker, text } from "../servers/whatsapp/lab.ts";
import { type Fault, startFakeWhatsApp, textOf } from "../servers/whatsapp/server.ts";
import { eventually, pause } from "../helpers/wait.ts";

const ANNA = "+4917000000002";

for (
  const [fault, code] of [["stream:503", "503"], ["stream:500", "500"], ["drop", "428"]] as const satisfies readonly (
    readonly [Fault, string]
  )[]
) {
  Deno.test(`${AGAINST} ${fault}: connects again and loses nothing`, async () => {
    await using lab = await startLinked();
    const { server, worker } = lab;
    const anna = server.person("4917000000002");
    await server.say(anna, "before");
    await worker.nextInbound();
    server.fault(fault);
    const lost = await worker.waitState("reconnecting");
    assert.equal(lost.platformCode, code);
    assert.ok(lost.retryInMs !== undefined && lost.attempt === 1);
    await server.say(anna, "meanwhile");
    await worker.waitState("connected");
    const { event } = await worker.nextInbound();
    assert.equal(event.kind === "message" && event.text, "meanwhile");
    await worker.request(text(ANNA, "after"));
    await server.waitText("after");
    assert.deepEqual(server.faults, []);
  });
}

Deno.test(`${AGAINST} 515: connects again at once, without a word of trouble`, async () => {
  await using lab = await startLinked();
  const { server, worker } = lab;
  const logins = server.logins;
  server.fault("stream:515");
  await server.waitConnected(logins + 1);
  await worker.waitState("connected");
  assert.equal(worker.states().some(({ state }) => state === "reconnecting"), false);
});

Deno.test(`${AGAINST} dead air: a server that says nothing any more is noticed`, async () => {
  await using lab = await startLinked({ config: { web: { heartbeatSeconds: 1, reconnect: { initialMs: 20 } } } });
  const { server, worker } = lab;
  server.fault("dead air");
  const lost = await worker.waitState("reconnecting", 20_000);
  assert.equal(lost.platformCode, "408");
  await worker.waitState("connected");
});

Deno.test(`${AGAINST} 440: stops, and leaves the other session alone`, async () => {
  await using lab = await startLinked();
  const { server, worker } = lab;
  const logins = server.logins;
  server.fault("conflict");
  const state = await worker.waitState("conflict");
  assert.deepEqual([state.platformCode, state.userAction], ["440", "stop_other_session"]);
  await pause(500);
  assert.equal(server.logins, logins);
  await assert.rejects(worker.request(text(ANNA, "x")), (error) => {
    assert.ok(error instanceof ChannelFailure);
    assert.deepEqual([error.error.code, error.error.outcome], ["unreachable", "not_sent"]);
    return true;
  });
});

for (
  const [code, expected, action] of [
    [401, "logged_out", "login"],
    [403, "bad_credentials", "login"],
    [411, "bad_credentials", "login"],
    [405, "bad_credentials", "fix_config"],
  ] as const
) {
  Deno.test(`${AGAINST} ${code}: stops with the reason and keeps the keys`, async () => {
    await using lab = await startLinked();
    const { server, worker } = lab;
    server.refuseLogins(9, code);
    server.fault("drop");
    const state = await worker.waitState(expected);
    assert.deepEqual([state.platformCode, state.userAction], [String(code), action]);
    if (code === 405) assert.match(state.sentence, /outdated: update the gateway, or set channels.whatsapp.version/u);
    assert.ok((worker.store.get("creds")?.size ?? 0) > 0, "the keys are kept");
  });
}

Deno.test(`${AGAINST} an outdated version is refused before anybody can scan`, async () => {
  await using server = startFakeWhatsApp();
  await using worker = await startWorker(server, { config: { version: "2.3000.1" } });
  await worker.waitState("login_required");
  await worker.request({ type: "login.start", flow: "qr" });
  assert.match((await worker.waitStep("failed")).text, /version 2.3000.1 of its web client as outdated/u);
});

Deno.test(`${AGAINST} after 401 a new login replaces the old keys, and only when a phone has agreed`, async () => {
  await using lab = await startLinked();
  const { server, worker } = lab;
  server.refuseLogins(1, 401);
  server.fault("drop");
  await worker.waitState("logged_out");
  // Taken only now: the library may still save what the first login brought.
  const old = worker.store.get("creds")?.get("main");
  await worker.request({ type: "login.start", flow: "qr" });
  await eventually("a second code", () => worker.steps().filter(({ kind }) => kind === "show").length === 2);
  assert.equal(worker.store.get("creds")?.get("main"), old);
  const step = worker.steps().findLast(({ kind }) => kind === "show");
  if (step?.kind === "show") {
    assert.match(step.text, /can get a number banned/u);
    server.scan(step.value);
  }
  await worker.waitState("connected");
  assert.notEqual(worker.store.get("creds")?.get("main"), old);
});

Deno.test(`${AGAINST} logging out tells WhatsApp and forgets the keys`, async () => {
  await using lab = await startLinked();
  const { server, worker } = lab;
  await worker.request({ type: "logout" });
  await worker.waitState("logged_out");
  await eventually("the end of the device", () => !server.linked);
  assert.equal(worker.store.size, 0);
  assert.equal(worker.states().at(-1)?.state, "logged_out");
});

Deno.test(`${AGAINST} a login can be cancelled, and a second one of a linked account says so`, async () => {
  await using server = startFakeWhatsApp();
  await using worker = await startWorker(server);
  await worker.request({ type: "login.start", flow: "qr" });
  await worker.waitStep("show");
  await worker.request({ type: "login.cancel" });
  assert.match((await worker.waitStep("failed")).text, /cancelled/u);
  assert.equal(worker.store.size, 0);
  await link(server, worker);
  await worker.request({ type: "login.start", flow: "qr" });
  const done = worker.steps().at(-1);
  assert.match(done?.kind === "done" ? done.text : "", /Already linked as \+4915100000001/u);
});

Deno.test(`${AGAINST} linking too often in a day is refused with the reason`, async () => {
  await using server = startFakeWhatsApp();
  const linked = Array.from({ length: 4 }, (_, index) => Date.now() - index * 1000);
  await using worker = await startWorker(server, { saved: { relinks: { attempts: [], linked } } });
  await worker.request({ type: "login.start", flow: "qr" });
  const step = await worker.waitStep("failed");
  assert.match(step.text, /linked too often today. Linking again and again can get a number banned by WhatsApp/u);
});

Deno.test(`${AGAINST} keys that main cannot keep end the connection before anything is acknowledged`, async () => {
  await using lab = await startLinked();
  const { server, worker } = lab;
  const anna = server.person("4917000000002");
  worker.refuseStore("the disk is full");
  await server.say(anna, "while the disk is full");
  const lost = await worker.waitState("reconnecting");
  assert.match(lost.sentence, /Cannot (?:save|read) the keys: .*the disk is full/u);
  assert.deepEqual(server.undelivered().length, 1, "WhatsApp was not told that it arrived");
  worker.refuseStore(undefined);
  await worker.waitState("connected", 30_000);
  const { event } = await worker.nextInbound();
  assert.equal(event.kind === "message" && event.text, "while the disk is full");
  await worker.request(text(ANNA, "kept"));
  await server.waitText("kept");
  assert.deepEqual(server.faults, []);
  assert.equal(worker.ended, undefined);
});

Deno.test(`${AGAINST} an answer whose confirmation is lost is unknown, and safe to send again`, async () => {
  await using lab = await startLinked();
  const { server, worker } = lab;
  server.person("4917000000002");
  server.holdAcks(true);
  const sending = worker.request(text(ANNA, "maybe", "k"));
  sending.catch(() => {});
  await server.waitText("maybe");
  server.fault("drop");
  await assert.rejects(sending, (error) => {
    assert.ok(error instanceof ChannelFailure);
    assert.deepEqual([error.error.code, error.error.outcome, error.error.retryable], ["unreachable", "unknown", true]);
    return true;
  });
  server.holdAcks(false);
  await worker.waitState("connected");
  await worker.request(text(ANNA, "maybe", "k"));
  assert.equal(server.sent.filter(({ message }) => textOf(message) === "maybe").length, 1);
  assert.deepEqual(server.faults, []);
});

Deno.test(`${AGAINST} a crash in the middle of a send breaks no session`, async () => {
  await using server = startFakeWhatsApp();
  const first = await startWorker(server);
  await link(server, first);
  server.person("4917000000002");
  server.holdAcks(true);
  first.request(text(ANNA, "one", "a")).catch(() => {});
  await server.waitText("one");
  first.kill();
  server.holdAcks(false);
  await using second = await startWorker(server, { store: first.store, saved: first.saved });
  await second.waitState("connected");
  await second.request(text(ANNA, "one", "a"));
  await second.request(text(ANNA, "two", "b"));
  await server.waitText("two");
  assert.equal(server.sent.filter(({ message }) => textOf(message) === "one").length, 1);
  // A key used twice would show here: the receiver refuses it.
  assert.deepEqual(server.faults, []);
});

Deno.test(`${AGAINST} as a process of its own it links, hears and answers just the same`, async () => {
  await using lab = await startLinked({ isolation: "process" });
  const { server, worker } = lab;
  const anna = server.person("4917000000002");
  await server.say(anna, "hello");
  const { event } = await worker.nextInbound();
  assert.equal(event.kind === "message" && event.text, "hello");
  await worker.request(text(ANNA, "hi"));
  await server.waitText("hi");
  assert.deepEqual([server.faults, worker.malformed], [[], []]);
});
