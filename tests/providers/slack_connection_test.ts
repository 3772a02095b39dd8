/** Slack's connection (real worker, real Bolt, real permissions). Other side: our strict Slack server (tests/servers/slack). */
import assert from "node:assert/strict";
import { channelPermissions, workerFlags } from "../../gateway/supervisor/permissions.ts";
import { manifest } from "../../workers/slack/manifest.ts";
import { assertDenials } from "../helpers/denials.ts";
import { eventually, within } from "../helpers/wait.ts";
import { Refusal } from "../servers/slack/refusal.ts";
import { startSlack } from "../servers/slack/server.ts";
import { failureOf, slackLab, startWorkerFor, test } from "./slack_lab.ts";

const refuse = (code: string) => ({ kind: "refuse" as const, refusal: new Refusal(code) });

for (const isolation of ["worker", "process"] as const) {
  test(`Slack as a ${isolation} reaches its platform and nothing else`, async () => {
    await assertDenials({
      manifest,
      entry: new URL("../fixtures/workers/probe_slack.ts", import.meta.url),
      isolation,
      config: (address) => ({ apiRoot: `${address}/api` }),
    });
  });

  test(`as a ${isolation}: connects by one socket, says who it is, and takes a message`, async () => {
    await using lab = await slackLab({ isolation });
    const connected = lab.worker.states().find(({ state }) => state === "connected");
    assert.equal(connected?.sentence, "Connected as @house_bot in The House");
    assert.deepEqual([connected?.self?.["mode"], connected?.self?.["botId"]], ["socket", "B0HOUSE"]);
    const { delivered } = lab.server.people.say({ user: lab.alice.id, channel: lab.dm.id, text: "hello" });
    assert.equal((await lab.nextMessage()).text, "hello");
    await delivered;
    assert.equal(lab.server.sockets.live(), 1);
    assert.deepEqual(lab.worker.malformed, []);
  });
}

test("Slack's worker has the network of Slack and the system's release, nothing else", () => {
  assert.deepEqual(workerFlags(channelPermissions(manifest.permissions({}))), [
    "--allow-net=*.slack.com:443",
    "--allow-sys=osRelease",
    "--deny-run",
    "--deny-read",
    "--deny-write",
    "--deny-env",
    "--deny-ffi",
    "--deny-import",
  ]);
});

test("another server gets its own address and the hosts that were named, and is shown", () => {
  const config = { apiRoot: "https://slack.example.org/api", socketHosts: ["wss.example.org:443"] };
  assert.deepEqual(manifest.permissions(config).net, ["slack.example.org:443", "wss.example.org:443"]);
  assert.deepEqual(manifest.foreignAddresses(config), ["https://slack.example.org/api", "wss.example.org:443"]);
  assert.equal(manifest.webhookPath({}), undefined);
  assert.equal(manifest.webhookPath({ mode: "http" }), "/slack/events");
  assert.equal(manifest.missing({}, new Set(["botToken"])).length, 1);
  assert.equal(manifest.missing({ mode: "http" }, new Set(["botToken", "signingSecret"])).length, 0);
});

for (const code of ["invalid_auth", "account_inactive", "token_revoked"]) {
  test(`${code} stops the account and says what to do; nothing is left unhandled`, async () => {
    await using lab = await slackLab({ connected: false, before: ({ bot }) => void (bot.revoked = code) });
    const state = await lab.worker.waitState("bad_credentials");
    assert.deepEqual([state.userAction, state.platformCode], ["set_token", code]);
    assert.equal(lab.server.callsOf("auth.test").length, 1);
    assert.equal(lab.server.callsOf("apps.connections.open").length, 0);
    assert.equal(lab.worker.ended, undefined);
  });
}

test("a void app-level token stops the account as well", async () => {
  await using lab = await slackLab({
    connected: false,
    before: (server) => server.fail("apps.connections.open", refuse("invalid_auth")),
  });
  assert.equal((await lab.worker.waitState("bad_credentials")).platformCode, "invalid_auth");
});

test("tokens of the wrong kind are told before anything is asked", async () => {
  await using lab = await slackLab({ connected: false, secrets: { appToken: "xoxb-not-an-app-token" } });
  const state = await lab.worker.waitState("bad_credentials");
  assert.match(state.sentence, /xapp-/u);
  assert.equal(lab.server.calls.length, 0);
});

test("a token that is revoked meanwhile is found out by a failed send, and by Slack's own event", async () => {
  await using lab = await slackLab();
  lab.server.bot.revoked = "token_revoked";
  const message = { target: { chatId: lab.dm.id }, text: "x", idempotencyKey: "k" };
  const error = await failureOf(lab.worker, { type: "send", message });
  assert.deepEqual([error.code, error.fatal, error.outcome], ["unauthorized", true, "not_sent"]);
  await lab.worker.waitState("bad_credentials");
  await eventually("the socket to be closed", () => lab.server.sockets.live() === 0);

  await using second = await slackLab();
  second.server.bot.revoked = "account_inactive";
  await within("the acknowledgement", second.server.people.event({ type: "app_uninstalled" }));
  assert.equal((await second.worker.waitState("bad_credentials")).platformCode, "account_inactive");
});

test("an event is acknowledged after the inbox has it and not before, and comes again until then", async () => {
  await using lab = await slackLab({ slack: { ackMs: 300 } });
  lab.server.people.say({ user: lab.alice.id, channel: lab.dm.id, text: "keep me" });
  const first = await lab.worker.nextInbound({ ack: false });
  const again = await lab.worker.nextInbound({ ack: false });
  assert.deepEqual(lab.server.sockets.acks, []);
  assert.equal(first.event.dedupeKey, again.event.dedupeKey, "main knows it by its key");
  assert.deepEqual(lab.server.sockets.sent.slice(0, 2).map(({ retry }) => retry), [0, 1]);
  lab.worker.ack(first.seq);
  lab.worker.ack(again.seq);
  await eventually("the acknowledgement", () => lab.server.sockets.unacknowledged() === 0);
});

test("a worker that dies before the commit loses nothing", async () => {
  const server = await startSlack({ ackMs: 60_000 });
  try {
    const alice = server.world.addUser("alice");
    const dm = server.world.direct(alice.id, server.bot.userId);
    const first = await startWorkerFor(server);
    await first.waitState("connected");
    server.people.say({ user: alice.id, channel: dm.id, text: "once" });
    await first.nextInbound({ ack: false });
    first.kill();
    await eventually("the socket to be closed", () => server.sockets.live() === 0);
    await using second = await startWorkerFor(server);
    const { event } = await second.nextInbound();
    assert.equal(event.kind === "message" && event.text, "once");
    await eventually("the acknowledgement", () => server.sockets.unacknowledged() === 0);
    await first[Symbol.asyncDispose]();
  } finally {
    await server.close();
  }
});

for (const reason of ["refresh_requested", "warning"]) {
  test(`${reason}: a fresh socket at once, never two, and what happened in between arrives`, async () => {
    await using lab = await slackLab();
    lab.server.sockets.disconnect(reason);
    await lab.worker.waitState("reconnecting");
    lab.server.people.say({ user: lab.alice.id, channel: lab.dm.id, text: "in between" });
    await lab.worker.waitState("connected", 3_000);
    assert.equal((await lab.nextMessage()).text, "in between");
    assert.equal(lab.server.sockets.most(), 1);
    assert.equal(lab.server.callsOf("auth.test").length, 1);
  });
}

test("a connection that breaks comes back by itself, again and again, with one socket at a time", async () => {
  await using lab = await slackLab();
  for (let round = 0; round < 12; round++) {
    lab.server.sockets.drop();
    await lab.worker.waitState("reconnecting");
    await lab.worker.waitState("connected");
  }
  assert.equal(lab.server.sockets.most(), 1);
  lab.server.people.say({ user: lab.alice.id, channel: lab.dm.id, text: "still here" });
  assert.equal((await lab.nextMessage()).text, "still here");
});

test("a connection that stands but says nothing any more is found out and replaced", async () => {
  await using lab = await slackLab({ slack: { pingMs: 200 } });
  lab.server.sockets.mute();
  await lab.worker.waitState("reconnecting", 25_000);
  await lab.worker.waitState("connected", 10_000);
});

test("pings count as signs of life", async () => {
  await using lab = await slackLab({ slack: { pingMs: 100 } });
  await eventually("a sign of life", () => lab.worker.reports.filter(({ type }) => type === "alive").length >= 3);
});

test("too many sockets is explained as a conflict and tried again", async () => {
  await using lab = await slackLab();
  lab.server.sockets.refuseNext("too_many_websockets", 2);
  lab.server.sockets.drop();
  const state = await lab.worker.waitState("conflict");
  assert.deepEqual([state.userAction, state.platformCode], ["stop_other_session", "too_many_websockets"]);
  assert.match(state.sentence, /ten connections/u);
  await lab.worker.waitState("connected");
});

test("Socket Mode that was switched off is told, and taken up when it is on again", async () => {
  await using lab = await slackLab();
  lab.server.sockets.disconnect("link_disabled");
  const state = await lab.worker.waitState("reconnecting");
  assert.equal(state.userAction, "fix_config");
  await lab.worker.waitState("connected");
});

test("every way in which an address is refused is waited after and overcome", async () => {
  await using lab = await slackLab({
    connected: false,
    before: (server) => {
      const open = "apps.connections.open";
      server.fail(open, refuse("internal_error"));
      server.fail(open, { kind: "html", status: 502 });
      server.fail(open, { kind: "html", status: 200 });
      server.fail(open, { kind: "drop" });
      server.fail(open, { kind: "refuse", refusal: new Refusal("ratelimited", {}, 1) });
    },
  });
  await lab.worker.waitState("connected");
  const reconnecting = lab.worker.states().filter(({ state }) => state === "reconnecting");
  assert.equal(reconnecting.length, 5);
  assert.match(reconnecting.at(-1)?.sentence ?? "", /asks to wait 1 s/u);
  assert.equal(lab.worker.ended, undefined);
});

test("a missing scope for Socket Mode is a matter of the configuration", async () => {
  await using lab = await slackLab({
    connected: false,
    before: (server) => {
      const refusal = new Refusal("missing_scope", { needed: "connections:write", provided: "none" });
      server.fail("apps.connections.open", { kind: "refuse", refusal });
    },
  });
  const state = await lab.worker.waitState("bad_credentials");
  assert.equal(state.userAction, "fix_config");
  assert.match(state.sentence, /connections:write/u);
});

test("frames that nobody understands do no harm", async () => {
  await using lab = await slackLab();
  for (
    const text of [
      "not json",
      "{}",
      "[]",
      "null",
      '{"type":"events_api"}',
      '{"type":"events_api","envelope_id":"e1","payload":{}}',
    ]
  ) {
    lab.server.sockets.raw(text);
  }
  await lab.server.people.event({ type: "message", channel: 7 });
  await lab.server.people.event({ type: "team_join", user: {} });
  lab.server.people.say({ user: lab.alice.id, channel: lab.dm.id, text: "fine" });
  assert.equal((await lab.nextMessage()).text, "fine");
  assert.equal(lab.worker.ended, undefined);
});

test("stopping closes the socket in order, also in mid-connect", async () => {
  await using lab = await slackLab();
  await lab.worker.stop();
  assert.equal(lab.worker.ended, "stopped");
  await eventually("the socket to be closed", () => lab.server.sockets.live() === 0);

  await using early = await slackLab({
    connected: false,
    before: (server) => server.fail("apps.connections.open", { kind: "hang" }),
  });
  await eventually("the address to be asked for", () => early.server.callsOf("apps.connections.open").length > 0);
  await early.worker.stop(6_000);
  assert.equal(early.worker.ended, "stopped");
});

test("probe and login ask Slack who the bot is and what it may do", async () => {
  const scopes = ["chat:write", "im:history", "channels:history", "users:read", "channels:read"];
  await using lab = await slackLab({ slack: { scopes } });
  const probe = await lab.worker.request({ type: "probe" });
  assert.ok(probe.kind === "probe");
  assert.deepEqual([probe.facts["name"], probe.facts["team"]], ["house_bot", "The House"]);
  assert.ok(Array.isArray(probe.facts["missingScopes"]) && probe.facts["missingScopes"].includes("app_mentions:read"));
  await lab.worker.request({ type: "login.start", flow: "token" });
  assert.equal((await lab.worker.waitStep("done")).kind, "done");
  lab.server.bot.revoked = "invalid_auth";
  await lab.worker.request({ type: "login.start", flow: "token" });
  assert.equal((await lab.worker.waitStep("failed")).kind, "failed");
});

test("two accounts have nothing to do with each other", async () => {
  await using one = await slackLab();
  await using two = await slackLab();
  one.server.people.say({ user: one.alice.id, channel: one.dm.id, text: "for one" });
  two.server.people.say({ user: two.alice.id, channel: two.dm.id, text: "for two" });
  assert.equal((await one.nextMessage()).text, "for one");
  assert.equal((await two.nextMessage()).text, "for two");
  one.server.bot.revoked = "invalid_auth";
  one.server.sockets.drop();
  await one.worker.waitState("bad_credentials");
  two.server.people.say({ user: two.alice.id, channel: two.dm.id, text: "still" });
  assert.equal((await two.nextMessage()).text, "still");
});

test("no token stands in any report", async () => {
  await using lab = await slackLab();
  lab.server.fail("chat.postMessage", { kind: "drop" });
  const message = { target: { chatId: lab.dm.id }, text: "x", idempotencyKey: "k" };
  await failureOf(lab.worker, { type: "send", message });
  assert.doesNotMatch(JSON.stringify(lab.worker.reports), /xoxb-|xapp-/u);
});
