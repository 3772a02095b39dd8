/** The Signal worker's connection: what it may reach, its event stream and all ways in which that breaks, linking. */
import assert from "node:assert/strict";
import { channelPermissions, workerFlags } from "../../gateway/supervisor/permissions.ts";
import { manifest } from "../../workers/signal/manifest.ts";
import { assertDenials } from "../helpers/denials.ts";
import { eventually } from "../helpers/wait.ts";
import { Refusal } from "../servers/signal/refusal.ts";
import { ACCOUNT, OTHER_SIDE } from "../servers/signal/server.ts";
import { failureOf, signalLab, startWorkerFor } from "./signal_lab.ts";

const test = (name: string, body: () => Promise<void>) => Deno.test(`${name} [other side: ${OTHER_SIDE}]`, body);

for (const isolation of ["worker", "process"] as const) {
  Deno.test(`${isolation}: the Signal worker reaches its daemon and nothing else`, async () => {
    await assertDenials({
      manifest,
      entry: new URL("../fixtures/workers/probe_signal.ts", import.meta.url),
      isolation,
      config: (address) => ({ httpUrl: address, account: ACCOUNT }),
    });
  });

  test(`${isolation}: it connects, says who it is and hears a message`, async () => {
    await using lab = await signalLab({ isolation });
    const state = lab.worker.states().find((each) => each.state === "connected");
    assert.equal(state?.self?.["id"], ACCOUNT);
    assert.equal(state?.self?.["daemon"], "0.13.19");
    await lab.server.people.say(lab.anna, "hello");
    const event = await lab.nextMessage();
    assert.equal(event.text, "hello");
    const probe = await lab.worker.request({ type: "probe" });
    assert.ok(
      probe.kind === "probe" && probe.facts["daemonReachable"] === true && probe.facts["eventsFlowing"] === true,
    );
    assert.deepEqual(lab.worker.malformed, []);
    assert.deepEqual(lab.server.callsOf("sendReceipt"), []);
  });
}

Deno.test("Signal's worker has one address of the network and nothing else", () => {
  assert.deepEqual(workerFlags(channelPermissions(manifest.permissions({ account: ACCOUNT }))), [
    "--allow-net=127.0.0.1:8080",
    "--deny-sys",
    "--deny-run",
    "--deny-read",
    "--deny-write",
    "--deny-env",
    "--deny-ffi",
    "--deny-import",
  ]);
});

for (const lineEnd of ["\n", "\r\n", "\r"] as const) {
  test(`events cut at every byte, over many lines that end in ${JSON.stringify(lineEnd)}`, async () => {
    await using lab = await signalLab({ signal: { split: "bytes", manyLines: true, lineEnd, keepAliveMs: 40 } });
    for (const text of ["příliš žluťoučký 🐎", "zwei\nZeilen", "three"]) {
      await lab.server.people.say(lab.anna, text);
      assert.equal((await lab.nextMessage()).text, text);
    }
  });
}

test("without a daemon the account waits and says so, and goes on when there is one", async () => {
  await using lab = await signalLab({
    connected: false,
    before: (server) => server.fail("check", { kind: "status", status: 404 }, 2),
  });
  const waiting = await lab.worker.waitState("reconnecting");
  assert.equal(waiting.userAction, "start_daemon");
  assert.match(waiting.sentence, /no signal-cli daemon/u);
  await lab.worker.waitState("connected");
  await lab.server.down();
  const absent = await eventually(
    "the absence",
    () =>
      lab.worker.states().findLast(({ state, sentence }) =>
        state === "reconnecting" && /cannot be reached/u.test(sentence)
      ),
  );
  assert.equal(absent.userAction, "start_daemon");
  await lab.server.up();
  await lab.worker.waitState("connected");
  await lab.server.people.say(lab.anna, "back");
  assert.equal((await lab.nextMessage()).text, "back");
});

test("an HTTP answer that is no stream, a redirect and a server error are no connection", async () => {
  await using lab = await signalLab({
    connected: false,
    before(server) {
      server.fail("events", { kind: "status", status: 302 });
      server.fail("events", { kind: "status", status: 500, body: "<html>" });
      server.fail("events", { kind: "status", status: 200, body: "hello" });
    },
  });
  await lab.worker.waitState("connected");
  const sentences = lab.worker.states().map(({ sentence }) => sentence).join("\n");
  assert.match(sentences, /no signal-cli daemon at this address \(302\)/u);
  assert.match(sentences, /answered events with 500/u);
});

test("a zombie stream is found by its silence, and the account is not called connected before it lives again", async () => {
  await using lab = await signalLab({ config: { eventIdleMs: 300 } });
  const { server, worker } = lab;
  server.streams.silent = true;
  const silent = await worker.waitState("reconnecting");
  assert.match(silent.sentence, /silent/u);
  assert.equal(silent.userAction, undefined);
  await eventually("another try", () => server.streams.opened >= 3);
  assert.equal(worker.states().at(-1)?.state, "reconnecting");
  const probe = await worker.request({ type: "probe" });
  assert.ok(probe.kind === "probe");
  assert.deepEqual([probe.facts["daemonReachable"], probe.facts["eventsFlowing"]], [true, false]);
  server.streams.silent = false;
  await worker.waitState("connected");
  await server.people.say(lab.anna, "awake");
  assert.equal((await lab.nextMessage()).text, "awake");
});

test("keep-alive comments alone keep the stream and the account alive", async () => {
  await using lab = await signalLab({ config: { eventIdleMs: 300 } });
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  assert.equal(lab.server.streams.opened, 1);
  assert.equal(lab.worker.states().at(-1)?.state, "connected");
  assert.ok(lab.worker.reports.filter(({ type }) => type === "alive").length >= 1);
});

test("dropped streams are opened again, and waits grow while they drop at once", async () => {
  await using lab = await signalLab({ config: { retry: { minDelayMs: 40, maxDelayMs: 400, jitter: 0 } } });
  const { server, worker } = lab;
  for (let round = 0; round < 3; round++) {
    server.streams.drop();
    await worker.waitState("reconnecting");
    await worker.waitState("connected");
    await server.people.say(lab.anna, `round ${round}`);
    assert.equal((await lab.nextMessage()).text, `round ${round}`);
  }
  server.fail("events", { kind: "status", status: 500 }, 4);
  server.streams.drop();
  await eventually(
    "growing waits",
    () => worker.states().some(({ attempt = 0, retryInMs }) => attempt === 4 && retryInMs === 320),
  );
  await worker.waitState("connected");
});

test("the next event is taken when the one before is in the inbox, and not earlier", async () => {
  await using lab = await signalLab();
  const { server, worker, anna } = lab;
  for (const text of ["one", "two", "three"]) await server.people.say(anna, text);
  const first = await worker.nextInbound({ ack: false });
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.equal(worker.reports.filter(({ type }) => type === "inbound").length, 1);
  worker.ack(first.seq);
  const texts = [first.event, await lab.nextMessage(), await lab.nextMessage()];
  assert.deepEqual(texts.map((event) => event.kind === "message" && event.text), ["one", "two", "three"]);
});

test("a daemon that keeps its events gives what came without a reader; another one has lost it", async () => {
  for (const keepsEvents of [true, false]) {
    await using lab = await signalLab({ signal: { keepsEvents } });
    const { server, anna } = lab;
    await server.people.say(anna, "before");
    await lab.nextMessage();
    await eventually("its place to be saved", () => !keepsEvents || lab.worker.saved["lastEventId"] === "1");
    await lab.worker.stop();
    await eventually("no reader", () => server.streams.open === 0);
    await server.people.say(anna, "between");
    await using next = await startWorkerFor(server, { saved: lab.worker.saved });
    await next.waitState("connected");
    await server.people.say(anna, "after");
    const { event } = await next.nextInbound();
    assert.ok(event.kind === "message");
    assert.equal(event.text, keepsEvents ? "between" : "after");
    assert.equal(server.streams.lost, 1);
  }
});

test("receive mode manual: a subscription after the stream, wrapped events, and its end with the account", async () => {
  await using lab = await signalLab({ config: { receiveMode: "manual" }, signal: { manual: true } });
  const { server, worker } = lab;
  await server.people.say(lab.anna, "wrapped");
  assert.equal((await lab.nextMessage()).text, "wrapped");
  server.streams.drop();
  await worker.waitState("reconnecting");
  await worker.waitState("connected");
  assert.equal(server.subscriptions.size, 1);
  await server.people.say(lab.anna, "again");
  assert.equal((await lab.nextMessage()).text, "again");
  await worker.stop();
  assert.equal(server.subscriptions.size, 0);
});

test("receive mode manual with a daemon that has no subscriptions over HTTP: it is read as it is", async () => {
  await using lab = await signalLab({
    config: { receiveMode: "manual" },
    before: (server) =>
      server.fail("subscribeReceive", { kind: "refuse", refusal: new Refusal(-32601, "Method not implemented") }),
  });
  await lab.server.people.say(lab.anna, "plain");
  assert.equal((await lab.nextMessage()).text, "plain");
});

test("an address that the worker was not given is told as such, and not tried again", async () => {
  await using lab = await signalLab({ permissions: { net: ["127.0.0.1:1"], sys: [], run: [] }, connected: false });
  const state = await lab.worker.waitState("bad_credentials");
  assert.equal(state.userAction, "restart_gateway");
  assert.equal(lab.server.checks, 0);
});

test("a daemon of one account is used as it is, and must be told which one", async () => {
  await using lab = await signalLab({ signal: { multi: false } });
  await lab.server.people.say(lab.anna, "single");
  assert.equal((await lab.nextMessage()).text, "single");
  await lab.send({ target: lab.direct, text: "answer" });
  await using nameless = await startWorkerFor(lab.server, { config: { account: undefined } });
  const state = await nameless.waitState("bad_credentials");
  assert.equal(state.userAction, "fix_config");
  assert.match(state.sentence, /channels\.signal\.account/u);
});

test("the only account of the daemon is the one; among several one has to be chosen", async () => {
  await using lab = await signalLab({ config: { account: undefined } });
  await using other = await signalLab({
    config: { account: undefined },
    signal: { accounts: [ACCOUNT, "+15550001001"] },
    connected: false,
  });
  const state = await other.worker.waitState("bad_credentials");
  assert.match(state.sentence, /2 accounts/u);
  assert.equal(lab.worker.states().at(-1)?.self?.["id"], ACCOUNT);
});

test("linking by QR code: a code, a second one when it ran out, then connected without a restart", async () => {
  await using lab = await signalLab({ connected: false, signal: { accounts: [], linkMs: 700 } });
  const { server, worker } = lab;
  const state = await worker.waitState("login_required");
  assert.equal(state.userAction, "login");
  const failure = await failureOf(worker, {
    type: "send",
    message: { target: lab.direct, text: "too early", idempotencyKey: "e" },
  });
  assert.deepEqual([failure.code, failure.outcome], ["unreachable", "not_sent"]);
  const login = worker.request({ type: "login.start", flow: "qr" });
  const codes = () => worker.steps().flatMap((step) => step.kind === "show" ? [step] : []);
  await eventually("the second code", () => codes().length === 2);
  const code = codes().at(-1);
  assert.equal(code?.what, "qr");
  assert.match(code.value, /^sgnl:\/\/linkdevice/u);
  server.scan(code.value, ACCOUNT);
  const done = await worker.waitStep("done");
  assert.ok(done.kind === "done" && done.account === ACCOUNT);
  await login;
  await worker.waitState("connected");
  assert.equal(worker.saved["account"], ACCOUNT);
  assert.equal(server.callsOf("finishLink")[0]?.params["deviceName"], "OpenClaw gateway");
});

test("linking: what is linked already, one account alone, a cancelled login, another number", async () => {
  await using lab = await signalLab();
  await lab.worker.request({ type: "login.start", flow: "qr" });
  assert.match((await lab.worker.waitStep("done")).text, /already has/u);

  await using empty = await signalLab({ connected: false, signal: { accounts: [] } });
  const cancelled = empty.worker.request({ type: "login.start", flow: "qr" });
  await empty.worker.waitStep("show");
  await empty.worker.request({ type: "login.cancel" });
  assert.match((await empty.worker.waitStep("failed")).text, /cancelled/u);
  await cancelled;
  const again = empty.worker.request({ type: "login.start", flow: "qr" });
  const shown = await eventually("a new code", () => empty.worker.steps().filter(({ kind }) => kind === "show")[1]);
  empty.server.scan(shown.kind === "show" ? shown.value : "", "+15550009999");
  assert.match((await empty.worker.waitStep("done")).text, /but channels\.signal\.account is/u);
  await again;

  await using single = await signalLab({
    connected: false,
    signal: { multi: false },
    config: { account: undefined },
  });
  await single.worker.waitState("bad_credentials");
  await single.worker.request({ type: "login.start", flow: "qr" });
  assert.match((await single.worker.waitStep("failed")).text, /without -a/u);
});

test("a device that Signal has thrown out is told at the first send, and works again when it is let in", async () => {
  await using lab = await signalLab();
  lab.server.fail("send", {
    kind: "refuse",
    refusal: new Refusal(-32603, "Failed to send message: [401] Authorization failed! (AuthorizationFailedException)"),
  });
  const request = { type: "send", message: { target: lab.direct, text: "x", idempotencyKey: "x" } } as const;
  const failure = await failureOf(lab.worker, request);
  assert.deepEqual([failure.code, failure.outcome, failure.retryable], ["unauthorized", "not_sent", false]);
  await lab.worker.waitState("login_required");
  await lab.send({ target: lab.direct, text: "again" });
  await lab.worker.waitState("connected");
});

test("logged out: nothing is read any more until the account is linked again", async () => {
  await using lab = await signalLab();
  await lab.worker.request({ type: "logout" });
  await lab.worker.waitState("logged_out");
  await eventually("no reader", () => lab.server.streams.open === 0);
  await lab.worker.request({ type: "login.start", flow: "qr" });
  await lab.worker.waitState("connected");
});
