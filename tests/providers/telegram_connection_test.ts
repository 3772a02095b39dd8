/** Telegram's connection: long poll, offset, conflicts, bad tokens, waits, drops. The other side is our strict server. */
import assert from "node:assert/strict";
import { createServer, request as forward } from "node:http";
import { manifest } from "../../workers/telegram/manifest.ts";
import { assertDenials } from "../helpers/denials.ts";
import { eventually, within } from "../helpers/wait.ts";
import { Refusal } from "../servers/telegram/refusal.ts";
import { OTHER_SIDE, startTelegram } from "../servers/telegram/server.ts";
import { startWorkerFor, telegramLab, TOKEN } from "./telegram_lab.ts";

const test = (name: string, body: () => Promise<void>) => Deno.test(`${name} [other side: ${OTHER_SIDE}]`, body);

for (const isolation of ["worker", "process"] as const) {
  Deno.test(`${isolation}: the Telegram worker with grammY reaches its platform's host and nothing else`, async () => {
    await assertDenials({
      manifest,
      entry: new URL("../fixtures/workers/probe_telegram.ts", import.meta.url),
      isolation,
      config: (address) => ({ apiRoot: address }),
      secrets: { botToken: TOKEN },
    });
  });

  test(`${isolation}: a bot connects, says who it is, registers its menu and hears a message`, async () => {
    await using lab = await telegramLab({ isolation });
    const { server, worker, bot } = lab;
    const state = worker.states().find((each) => each.state === "connected");
    assert.equal(state?.self?.["username"], "house_bot");
    assert.equal(state?.self?.["privacyMode"], false);
    assert.equal(state?.self?.["mode"], "polling");
    assert.ok(bot.commands.some(({ command }) => command === "status"));
    const anna = server.people.person(11, "Anna", "anna_k");
    const room = server.people.direct(anna);
    server.people.say(room, anna, "hello");
    const event = await lab.nextMessage();
    assert.equal(event.text, "hello");
    assert.deepEqual(event.chat, { id: "11", kind: "direct", title: "Anna" });
    assert.equal(event.sender.id, "11");
    assert.ok(event.sender.aliases?.includes("anna_k"));
    await lab.send({ target: { chatId: "11" }, text: "hi **Anna**" });
    assert.equal(lab.last(11)["text"], "hi Anna");
    assert.deepEqual(worker.malformed, []);
  });
}

test("the offset is confirmed only after main has the event, and saved for the next worker", async () => {
  await using lab = await telegramLab();
  const { server, worker, bot } = lab;
  const anna = server.people.person(11, "Anna");
  const room = server.people.direct(anna);
  const { updateIds } = server.people.say(room, anna, "do not lose me");
  const first = await worker.nextInbound({ ack: false });
  const calls = server.callsOf("getUpdates").length;
  assert.equal(bot.updates.pending().length, 1, "not confirmed while main is silent");
  assert.equal(server.callsOf("getUpdates").length, calls, "no poll while main is silent");
  worker.ack(first.seq);
  await eventually("the confirmation", () => bot.updates.pending().length === 0);
  assert.equal(worker.saved["updateId"], updateIds[0]);
  assert.equal(worker.saved["botId"], "7001");
});

test("an event that main never got comes again to the next worker, one that it got does not", async () => {
  await using lab = await telegramLab();
  const { server, worker } = lab;
  const anna = server.people.person(11, "Anna");
  const room = server.people.direct(anna);
  server.people.say(room, anna, "first");
  assert.equal((await lab.nextMessage()).text, "first");
  await eventually("the save", () => worker.saved["updateId"] !== undefined);
  server.people.say(room, anna, "second");
  await worker.nextInbound({ ack: false });
  worker.kill();
  await using next = await startWorkerFor(server, { saved: worker.saved });
  const { event } = await next.nextInbound();
  assert.ok(event.kind === "message" && event.text === "second");
  assert.equal(server.callsOf("getUpdates").at(-1)?.values["offset"], Number(worker.saved["updateId"]) + 1);
});

test("the saved number of another bot is not used: its updates would be skipped", async () => {
  await using lab = await telegramLab({ saved: { botId: "42", updateId: 999_999, at: Date.now() } });
  assert.equal(lab.server.callsOf("getUpdates")[0]?.values["offset"], undefined);
});

test("a message delivered twice has the same key, so that main refuses the second one", async () => {
  await using lab = await telegramLab();
  const { server, bot } = lab;
  const anna = server.people.person(11, "Anna");
  const { updateIds } = server.people.say(server.people.direct(anna), anna, "once");
  const one = await lab.nextMessage();
  await eventually("the confirmation", () => bot.updates.pending().length === 0);
  await eventually("the next poll", () => bot.updates.polls.open === 1);
  bot.updates.repeat(updateIds[0] ?? 0);
  const two = await lab.nextMessage();
  assert.equal(one.dedupeKey, two.dedupeKey);
});

test("there is never more than one poll, also over a restart and many messages", async () => {
  await using lab = await telegramLab();
  const { server, worker, bot } = lab;
  const anna = server.people.person(11, "Anna");
  const room = server.people.direct(anna);
  for (let index = 0; index < 150; index++) server.people.say(room, anna, `m${index}`);
  for (let index = 0; index < 150; index++) assert.equal((await lab.nextMessage()).text, `m${index}`);
  await worker.stop();
  await using next = await startWorkerFor(server, { saved: worker.saved });
  await next.waitState("connected");
  server.people.say(room, anna, "after");
  const { event } = await next.nextInbound();
  assert.ok(event.kind === "message" && event.text === "after");
  assert.equal(bot.updates.polls.most, 1);
  assert.equal(bot.updates.polls.conflicts, 0);
});

test("another program with the same token is a conflict that is explained, retried a few times and then given up", async () => {
  await using lab = await telegramLab();
  const { server, worker, bot } = lab;
  const rival = new AbortController();
  const rivalry = (async () => {
    while (!rival.signal.aborted) {
      await bot.updates.getUpdates({ timeout: 5 }, rival.signal).catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  })();
  const first = await worker.waitState("conflict");
  assert.equal(first.platformCode, "409");
  assert.equal(first.userAction, "stop_other_session");
  assert.match(first.sentence, /same token/u);
  assert.ok((first.retryInMs ?? 0) > 0);
  const last = await eventually("the end", () => {
    const state = worker.states().at(-1);
    return state?.state === "conflict" && state.retryInMs === undefined ? state : undefined;
  }, 20_000);
  assert.match(last.sentence, /Gave up/u);
  const polls = server.callsOf("getUpdates").length;
  await new Promise((resolve) => setTimeout(resolve, 200));
  assert.equal(server.callsOf("getUpdates").length, polls, "no further poll");
  rival.abort();
  await rivalry;
});

test("a rival that leaves again ends the conflict", async () => {
  await using lab = await telegramLab();
  const { server, worker, bot } = lab;
  const rival = new AbortController();
  const poll = bot.updates.getUpdates({ timeout: 5 }, rival.signal).catch(() => {});
  await worker.waitState("conflict");
  rival.abort();
  await poll;
  await worker.waitState("connected");
  const anna = server.people.person(11, "Anna");
  server.people.say(server.people.direct(anna), anna, "still there?");
  assert.equal((await lab.nextMessage()).text, "still there?");
});

for (const [token, code] of [[`7001:${"x".repeat(35)}`, "401"], ["7001:short", "404"]] as const) {
  test(`a token that Telegram does not know (${code}) ends the account and asks for a new one`, async () => {
    await using lab = await telegramLab({ token, connected: false });
    const state = await lab.worker.waitState("bad_credentials");
    assert.equal(state.platformCode, code);
    assert.equal(state.userAction, "set_token");
    const calls = lab.server.calls.length;
    await new Promise((resolve) => setTimeout(resolve, 200));
    assert.equal(lab.server.calls.length, calls, "no further call");
    assert.ok(!JSON.stringify(lab.worker.reports).includes(token));
  });
}

test("text that is no token at all is refused without asking Telegram", async () => {
  await using lab = await telegramLab({ token: "my secret bot", connected: false });
  const state = await lab.worker.waitState("bad_credentials");
  assert.match(state.sentence, /no bot token/u);
  assert.equal(lab.server.calls.length, 0);
});

test("a token that is revoked later ends the account", async () => {
  await using lab = await telegramLab();
  lab.server.revoke(TOKEN);
  const state = await lab.worker.waitState("bad_credentials");
  assert.equal(state.platformCode, "401");
});

test("a poll that is told to wait (429) waits that long and goes on", async () => {
  await using lab = await telegramLab();
  const { server, worker } = lab;
  server.fail("getUpdates", {
    kind: "refuse",
    refusal: new Refusal(429, "Too Many Requests: retry after 1", { retry_after: 1 }),
  });
  const state = await worker.waitState("reconnecting");
  assert.equal(state.retryInMs, 1000);
  const before = server.callsOf("getUpdates").at(-1)?.at ?? 0;
  await worker.waitState("connected");
  const after = server.callsOf("getUpdates").find(({ at, outcome }) => at > before && outcome === "ok")?.at ?? 0;
  assert.ok(after - before >= 950, `waited ${after - before} ms`);
});

for (
  const [name, fault] of [
    ["500 in JSON", { kind: "refuse", refusal: new Refusal(500, "Internal Server Error") }],
    ["502 in HTML", { kind: "html", status: 502 }],
    ["a dropped connection", { kind: "drop" }],
    ["an answer that is lost", { kind: "lose" }],
  ] as const
) {
  test(`${name} in mid-poll: reconnecting, then connected, nothing lost and nothing doubled`, async () => {
    await using lab = await telegramLab();
    const { server, worker } = lab;
    const anna = server.people.person(11, "Anna");
    const room = server.people.direct(anna);
    server.people.say(room, anna, "before");
    assert.equal((await lab.nextMessage()).text, "before");
    server.fail("getUpdates", fault, 3);
    const state = await worker.waitState("reconnecting");
    assert.ok((state.retryInMs ?? 0) > 0);
    server.people.say(room, anna, "meanwhile");
    assert.equal((await lab.nextMessage()).text, "meanwhile");
    await worker.waitState("connected");
    server.people.say(room, anna, "after");
    assert.equal((await lab.nextMessage()).text, "after");
    const texts = worker.reports.flatMap((each) =>
      each.type === "inbound" && each.inbound.kind === "message" ? [each.inbound.text] : []
    );
    assert.deepEqual(texts, ["before", "meanwhile", "after"]);
  });
}

test("Telegram is away at start: the account connects when it comes back", async () => {
  await using lab = await telegramLab({
    connected: false,
    before: (server) => server.fail("getMe", { kind: "html", status: 502 }, 3),
  });
  await lab.worker.waitState("reconnecting");
  await lab.worker.waitState("connected");
});

test("an answer that redirects to another host is not followed", async () => {
  let reached = 0;
  const other = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, () => {
    reached++;
    return new Response("{}");
  });
  try {
    await using lab = await telegramLab({
      connected: false,
      before: (server) =>
        server.fail("getMe", { kind: "redirect", to: `http://127.0.0.1:${other.addr.port}/bot${TOKEN}/getMe` }),
    });
    await lab.worker.waitState("reconnecting");
    await lab.worker.waitState("connected");
    assert.equal(reached, 0);
  } finally {
    await other.shutdown();
  }
});

test("with a proxy every call and every file goes through it, to a port where nobody but the proxy answers", async () => {
  await using server = await startTelegram();
  server.addBot({ token: TOKEN, username: "house_bot" });
  const asked = new Set<string>();
  const proxy = createServer((request, response) => {
    const target = new URL(request.url ?? "");
    asked.add(target.host);
    const { method, headers } = request;
    const onward = forward(`${server.url}${target.pathname}`, { method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    onward.on("error", () => response.destroy());
    response.on("close", () => onward.destroy());
    request.pipe(onward);
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  try {
    const address = proxy.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const config = { apiRoot: "http://localhost:64999", proxy: `http://127.0.0.1:${port}` };
    await using worker = await startWorkerFor(server, { config });
    await worker.waitState("connected");
    const anna = server.people.person(11, "Anna");
    server.people.sendFile(server.people.direct(anna), anna, "document", new Uint8Array(300));
    const { event } = await worker.nextInbound();
    assert.ok(event.kind === "message");
    const value = await worker.request({ type: "media.fetch", ref: event.media[0]?.ref ?? "", maxBytes: 1000 });
    assert.ok(value.kind === "media" && value.data.byteLength === 300);
    assert.deepEqual([...asked], ["localhost:64999"]);
  } finally {
    proxy.closeAllConnections();
    await new Promise<void>((resolve) => proxy.close(() => resolve()));
  }
});

test("an update that cannot be read is logged and passed over, the next one arrives", async () => {
  await using lab = await telegramLab();
  const { server, worker, bot } = lab;
  bot.updates.push("message", { message_id: "not a number" });
  const anna = server.people.person(11, "Anna");
  server.people.say(server.people.direct(anna), anna, "good");
  assert.equal((await lab.nextMessage()).text, "good");
  assert.ok(worker.logs().some(({ event }) => event === "telegram.update_unreadable"));
  await eventually("the confirmation", () => bot.updates.pending().length === 0);
});

test("a webhook that an earlier program left is removed before polling", async () => {
  await using lab = await telegramLab({
    before: (_, bot) => bot.updates.setWebhook({ url: "https://old.example/hook", secret: "" }, undefined),
  });
  assert.equal(lab.bot.updates.webhook(), undefined);
});

test("a stop aborts the waiting poll at once and leaves none behind", async () => {
  await using lab = await telegramLab({ config: { pollSeconds: 50 } });
  await eventually("the long poll", () => lab.bot.updates.polls.open === 1);
  await within("the stop", lab.worker.stop(), 5_000);
  await eventually("the poll's end", () => lab.bot.updates.polls.open === 0);
});

test("probe and the token check tell who the bot is and whether privacy mode hides group messages", async () => {
  await using lab = await telegramLab({ privacy: true });
  const value = await lab.worker.request({ type: "probe" });
  assert.ok(value.kind === "probe");
  assert.equal(value.facts["username"], "house_bot");
  assert.equal(value.facts["privacyMode"], true);
  assert.equal(value.facts["webhookUrl"], "");
  await lab.worker.request({ type: "login.start", flow: "token" });
  const step = await lab.worker.waitStep("done");
  assert.ok(step.kind === "done" && /@house_bot.*privacy mode is on/u.test(step.text));
});

test("no report of the worker ever holds the token", async () => {
  await using lab = await telegramLab();
  const { server, worker } = lab;
  const anna = server.people.person(11, "Anna");
  const room = server.people.direct(anna);
  server.people.sendFile(room, anna, "photo", new Uint8Array(10));
  const event = await lab.nextMessage();
  server.world.files.clear();
  await assert.rejects(worker.request({ type: "media.fetch", ref: event.media[0]?.ref ?? "x", maxBytes: 1e6 }));
  server.fail("sendMessage", { kind: "drop" });
  await assert.rejects(lab.send({ target: { chatId: "11" }, text: "x" }));
  server.fail("getUpdates", { kind: "drop" }, 2);
  await worker.waitState("reconnecting");
  assert.ok(!JSON.stringify(worker.reports).includes(TOKEN.split(":")[1] ?? ""));
});
