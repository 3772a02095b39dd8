/** Telegram's webhook mode: the gateway's port takes the posts, the worker checks and takes them. Our strict server posts. */
import assert from "node:assert/strict";
import { eventually } from "../helpers/wait.ts";
import { OTHER_SIDE } from "../servers/telegram/server.ts";
import { type Lab, startWorkerFor, telegramLab, TOKEN } from "./telegram_lab.ts";

const test = (name: string, body: () => Promise<void>) => Deno.test(`${name} [other side: ${OTHER_SIDE}]`, body);
const SECRET = "a-secret-of-the-webhook_1";
const HEADER = "x-telegram-bot-api-secret-token";

/** Plays the gateway's HTTP server: hands every post to the worker. */
async function webhookLab(): Promise<Lab> {
  const house: { lab?: Lab } = {};
  const front = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    const worker = house.lab?.worker;
    if (!worker || worker.ended !== undefined) return new Response(null, { status: 503 });
    const value = await worker.request({
      type: "webhook",
      path: new URL(request.url).pathname,
      query: {},
      headers: Object.fromEntries(request.headers),
      body: new Uint8Array(await request.arrayBuffer()),
    });
    return value.kind === "http"
      ? new Response(value.body, { status: value.status })
      : new Response(null, { status: 503 });
  });
  const lab = await telegramLab({
    config: { webhookUrl: `http://127.0.0.1:${front.addr.port}/telegram-webhook` },
    secrets: { webhookSecret: SECRET },
    telegram: { allowHttpWebhook: true },
  });
  house.lab = lab;
  return {
    ...lab,
    async [Symbol.asyncDispose]() {
      await lab[Symbol.asyncDispose]();
      await front.shutdown();
    },
  };
}

const post = async (lab: Lab, headers: Record<string, string>, body: string) => {
  const value = await lab.worker.request({
    type: "webhook",
    path: "/telegram-webhook",
    query: {},
    headers,
    body: new TextEncoder().encode(body),
  });
  return value.kind === "http" ? value.status : undefined;
};

test("updates come over the webhook, are answered after main has them, and nothing polls", async () => {
  await using lab = await webhookLab();
  const { server, bot, worker } = lab;
  assert.equal(bot.updates.webhook()?.secret, SECRET);
  assert.equal(worker.states().find(({ state }) => state === "connected")?.self?.["mode"], "webhook");
  const anna = server.people.person(11, "Anna");
  const room = server.people.direct(anna);
  server.people.say(room, anna, "over the hook");
  const { seq, event } = await worker.nextInbound({ ack: false });
  assert.ok(event.kind === "message" && event.text === "over the hook");
  assert.equal(bot.updates.pending().length, 1, "Telegram waits for the answer");
  worker.ack(seq);
  await eventually("the answer", () => bot.updates.pending().length === 0);
  server.people.say(room, anna, "and again");
  assert.equal((await lab.nextMessage()).text, "and again");
  assert.equal(server.callsOf("getUpdates").length, 0);
});

test("a post without the secret, with a wrong one, or that is no JSON is refused and reaches nobody", async () => {
  await using lab = await webhookLab();
  const update = JSON.stringify({ update_id: 1, message: {} });
  assert.equal(await post(lab, {}, update), 401);
  assert.equal(await post(lab, { [HEADER]: `${SECRET}x` }, update), 401);
  assert.equal(await post(lab, { [HEADER]: SECRET.toUpperCase() }, update), 401);
  assert.equal(await post(lab, { [HEADER]: SECRET }, "{"), 400);
  assert.equal(await post(lab, { [HEADER]: SECRET }, update), 200, "unreadable, but confirmed: it would come for ever");
  assert.equal(lab.worker.reports.filter(({ type }) => type === "inbound").length, 0);
});

test("a secret that could be guessed or that Telegram would refuse is a fault of the configuration", async () => {
  for (const webhookSecret of ["short", "with blanks and ümlauts in it"]) {
    await using lab = await telegramLab({
      connected: false,
      config: { webhookUrl: "https://house.example/telegram-webhook" },
      secrets: { webhookSecret },
    });
    const state = await lab.worker.waitState("bad_credentials");
    assert.match(state.sentence, /webhookSecret/u);
    assert.equal(state.userAction, "fix_config");
  }
});

test("an http address is refused by Telegram, which the state says", async () => {
  await using lab = await telegramLab({
    connected: false,
    config: { webhookUrl: "http://house.example/telegram-webhook" },
    secrets: { webhookSecret: SECRET },
  });
  assert.match((await lab.worker.waitState("reconnecting")).sentence, /HTTPS URL must be provided/u);
});

test("a post in polling mode is not taken", async () => {
  await using lab = await telegramLab();
  assert.equal(await post(lab, { [HEADER]: SECRET }, "{}"), 404);
});

test("back to polling: the webhook is taken away and what waited there arrives", async () => {
  await using lab = await webhookLab();
  const { server, bot, worker } = lab;
  await worker.stop();
  const anna = server.people.person(11, "Anna");
  server.people.say(server.people.direct(anna), anna, "while you changed");
  assert.equal(bot.updates.pending().length, 1);
  await using polling = await startWorkerFor(server, { token: TOKEN });
  const { event } = await polling.nextInbound();
  assert.ok(event.kind === "message" && event.text === "while you changed");
  assert.equal(bot.updates.webhook(), undefined);
});
