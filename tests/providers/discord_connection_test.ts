/**
 * Connections of the Discord worker: resume, new sessions, fatal refusals, silence. The other side is our own fake of
 * Discord, not the real service.
 */
import assert from "node:assert/strict";
import { eventually } from "../helpers/wait.ts";
import { startFakeDiscord } from "../servers/discord/server.ts";
import { MESSAGE_CONTENT } from "../servers/discord/sockets.ts";
import { Refusal, refuse } from "../servers/discord/refusal.ts";
import { startDiscordLab } from "./discord_lab.ts";

const textOf = (event: { readonly kind: string; readonly text?: string }) => event.text;

for (
  const [what, breakIt] of [
    ["a broken line", "drop"],
    ["close 4000", 4000],
    ["close 1001", 1001],
    ["a request to reconnect (op 7)", "op7"],
  ] as const
) {
  Deno.test(`${what} is resumed: what was said meanwhile arrives once, nothing twice`, async () => {
    await using lab = await startDiscordLab();
    const { discord, worker } = lab;
    discord.say("before");
    assert.equal(textOf((await worker.nextInbound()).event), "before");
    if (breakIt === "drop") discord.gateway.drop();
    else if (breakIt === "op7") discord.gateway.sendRaw({ op: 7, d: null });
    else discord.gateway.close(breakIt);
    await worker.waitState("reconnecting");
    discord.say("meanwhile");
    await worker.waitState("connected");
    discord.say("after");
    assert.equal(textOf((await worker.nextInbound()).event), "meanwhile");
    assert.equal(textOf((await worker.nextInbound()).event), "after");
    assert.deepEqual([discord.gateway.identifies, discord.gateway.resumes], [1, 1]);
    discord.gateway.repeatLast();
    discord.say("last");
    assert.equal(textOf((await worker.nextInbound()).event), "last");
  });
}

Deno.test("a session that Discord has forgotten is replaced, and what was missed is fetched", async () => {
  await using lab = await startDiscordLab();
  const { discord, worker } = lab;
  discord.say("before");
  await worker.nextInbound();
  discord.gateway.forget();
  discord.gateway.drop();
  await worker.waitState("reconnecting");
  discord.say("meanwhile");
  discord.say("in the thread", { in: discord.world.thread.id });
  await worker.waitState("connected", 20_000);
  assert.equal(discord.gateway.identifies, 2, "op 9 asks for a new session");
  const { event } = await worker.nextInbound();
  assert.equal(textOf(event), "meanwhile");
  assert.equal(event.chat.guildId, discord.world.guildId);
  assert.equal(event.chat.title, "general");
});

Deno.test("an invalid session that may be resumed is resumed on the same line", async () => {
  await using lab = await startDiscordLab();
  lab.discord.gateway.sendRaw({ op: 9, d: true });
  await eventually("the resume", () => lab.discord.gateway.resumes === 1);
  lab.discord.say("still here");
  assert.equal(textOf((await lab.worker.nextInbound()).event), "still here");
  assert.equal(lab.discord.gateway.identifies, 1);
});

Deno.test("beats without an answer end the connection, and it is resumed", async () => {
  await using lab = await startDiscordLab({ prepare: ({ gateway }) => gateway.faults.heartbeatMs = 200 });
  const { discord, worker } = lab;
  discord.gateway.faults.noAck = true;
  await worker.waitState("reconnecting");
  discord.gateway.faults.noAck = false;
  await worker.waitState("connected");
  assert.ok(discord.gateway.resumes >= 1);
  assert.equal(discord.gateway.identifies, 1);
  discord.say("alive");
  assert.equal(textOf((await worker.nextInbound()).event), "alive");
});

Deno.test("a server that says nothing at all is left, also when it does not let go", async () => {
  await using lab = await startDiscordLab({ config: { silenceSeconds: 1 } });
  lab.discord.gateway.freeze();
  await lab.worker.waitState("reconnecting");
  await lab.worker.waitState("connected");
  assert.equal(lab.discord.gateway.identifies, 1);
});

Deno.test("a resume that is never answered is given up for a new session", async () => {
  await using lab = await startDiscordLab({
    config: { silenceSeconds: 2 },
    prepare: ({ gateway }) => gateway.faults.heartbeatMs = 300,
  });
  const { discord, worker } = lab;
  discord.gateway.faults.ignoreResume = true;
  discord.gateway.drop();
  await worker.waitState("reconnecting");
  await worker.waitState("connected", 30_000);
  assert.equal(discord.gateway.identifies, 2);
});

for (
  const [code, action, words] of [
    [4004, "set_token", /bot token/u],
    [4010, "fix_config", /4010/u],
    [4011, "fix_config", /too many servers/u],
    [4012, "fix_config", /4012/u],
    [4013, "fix_config", /intents/u],
  ] as const
) {
  Deno.test(`close ${code} is the end of the account, with a sentence and no crash`, async () => {
    await using lab = await startDiscordLab({
      until: "bad_credentials",
      prepare: ({ gateway }) => gateway.faults.refuseWith = code,
    });
    const state = lab.worker.states().at(-1);
    assert.equal(state?.platformCode, String(code));
    assert.equal(state?.userAction, action);
    assert.match(state?.sentence ?? "", words);
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    assert.equal(lab.discord.gateway.identifies, 1, "it is not tried again");
    assert.equal(lab.worker.ended, undefined, "the worker lives");
  });
}

Deno.test("an intent that is off (4014) is explained: which one, and where to switch it on", async () => {
  await using lab = await startDiscordLab({
    until: "bad_credentials",
    prepare: ({ gateway }) => gateway.faults.forbiddenIntents = MESSAGE_CONTENT,
  });
  const state = lab.worker.states().at(-1);
  assert.equal(state?.platformCode, "4014");
  assert.equal(state?.userAction, "enable_intents");
  assert.match(state?.sentence ?? "", /Message Content Intent.*Developer Portal.*Privileged Gateway Intents/u);
  assert.equal(lab.worker.ended, undefined);
  const probe = await lab.worker.request({ type: "probe" });
  assert.ok(probe.kind === "probe");
  assert.deepEqual(probe.facts["intents"], { messageContent: false });
  assert.match(String(probe.facts["sentence"]), /Message Content Intent is off/u);
  await lab.worker.request({ type: "login.start", flow: "token" });
  const step = await lab.worker.waitStep("failed");
  assert.ok(step.kind === "failed" && /Message Content Intent is off/u.test(step.text));
});

Deno.test("without the Message Content intent the account works with what Discord shows it", async () => {
  await using lab = await startDiscordLab({
    config: { intents: { messageContent: false } },
    prepare: ({ gateway }) => gateway.faults.forbiddenIntents = MESSAGE_CONTENT,
  });
  const { discord, worker } = lab;
  assert.match(worker.states().at(-1)?.sentence ?? "", /reads only direct messages and what mentions it/u);
  discord.say("nobody sees this");
  discord.say(`<@${discord.world.bot.id}> this is for you`);
  assert.equal(textOf((await worker.nextInbound()).event), "@clawbot this is for you");
});

Deno.test("a token that Discord does not know is the end of the account", async () => {
  await using lab = await startDiscordLab({ token: "MTIz.wrong.token", until: "bad_credentials" });
  const state = lab.worker.states().at(-1);
  assert.equal(state?.userAction, "set_token");
  assert.equal(lab.discord.gateway.identifies, 0);
  const text = JSON.stringify(lab.worker.reports);
  assert.ok(!text.includes("MTIz.wrong.token"), "the token stands in no report");
});

Deno.test("a platform that cannot be reached is tried again with growing waits, and the session is kept", async () => {
  await using lab = await startDiscordLab();
  const { discord, worker } = lab;
  discord.faults.push({ path: /^\/gateway\/bot$/u, how: new Refusal(503, { message: "down" }), times: 3 });
  discord.gateway.drop();
  const waits: number[] = [];
  for (let round = 0; round < 4; round++) waits.push((await worker.waitState("reconnecting")).retryInMs ?? 0);
  await worker.waitState("connected");
  assert.ok((waits[3] ?? 0) > (waits[1] ?? 0), waits.join(" "));
  assert.deepEqual([discord.gateway.identifies, discord.gateway.resumes], [1, 1]);
});

Deno.test("a bot whose connections of the day are used up waits and says so", async () => {
  await using lab = await startDiscordLab({
    until: "reconnecting",
    prepare: ({ gateway }) => gateway.faults.remaining = 0,
  });
  const state = lab.worker.states().at(-1);
  assert.equal(state?.userAction, "wait");
  assert.match(state?.sentence ?? "", /used up its connections/u);
  assert.equal(state?.retryInMs, 60_000);
});

Deno.test("a gateway on a host that was not named is refused with the key that names it", async () => {
  await using other = await startFakeDiscord();
  await using lab = await startDiscordLab({
    until: "bad_credentials",
    prepare: (discord) =>
      discord.faults.push({
        path: /^\/gateway\/bot$/u,
        how: new Refusal(200, {
          url: other.base.replace("http", "ws"),
          shards: 1,
          session_start_limit: { total: 1, remaining: 1, reset_after: 1, max_concurrency: 1 },
        }),
        times: 9,
      }),
  });
  assert.match(lab.worker.states().at(-1)?.sentence ?? "", /channels\.discord\.gatewayHosts/u);
  assert.equal(lab.worker.ended, undefined);
});

Deno.test("a worker that crashed resumes where main has taken everything; a stop keeps the session too", async () => {
  await using lab = await startDiscordLab();
  const { discord, worker } = lab;
  discord.say("one");
  await worker.nextInbound();
  await eventually("the saved session", () => JSON.stringify(worker.saved).includes('"seq"'));
  discord.say("two");
  await worker.nextInbound({ ack: false });
  await new Promise((resolve) => setTimeout(resolve, 700));
  worker.kill();
  discord.say("three");
  const second = await lab.again({ saved: worker.saved });
  await second.waitState("connected");
  assert.equal(textOf((await second.nextInbound()).event), "two", "nobody had taken it");
  assert.equal(textOf((await second.nextInbound()).event), "three");
  await second.stop();
  discord.say("four");
  const third = await lab.again({ saved: second.saved });
  await third.waitState("connected");
  assert.equal(textOf((await third.nextInbound()).event), "four");
  assert.deepEqual([discord.gateway.identifies, discord.gateway.resumes], [1, 2]);
});

Deno.test("a stop does not wait for a server that does not let go", async () => {
  await using lab = await startDiscordLab();
  lab.discord.gateway.freeze();
  const begun = performance.now();
  await lab.worker.stop();
  assert.ok(performance.now() - begun < 5_000);
});

Deno.test("a token that is refused in mid-life ends the operation as fatal", async () => {
  await using lab = await startDiscordLab();
  lab.discord.faults.push({ method: "POST", path: /messages$/u, how: refuse(401, 0, "401: Unauthorized"), times: 1 });
  const message = { target: { chatId: lab.discord.world.general.id }, text: "x", idempotencyKey: "k" };
  await assert.rejects(lab.worker.request({ type: "send", message }), (error: unknown) => {
    const found = (error as { error: { code: string; fatal?: boolean; outcome: string } }).error;
    assert.deepEqual([found.code, found.fatal, found.outcome], ["unauthorized", true, "not_sent"]);
    return true;
  });
});

Deno.test("a logout gives the session up and says what is left to do", async () => {
  await using lab = await startDiscordLab();
  await lab.worker.request({ type: "logout" });
  await lab.worker.waitState("logged_out");
  await eventually("the end of the session", () => lab.discord.gateway.closes.includes(1000));
  assert.deepEqual(lab.worker.saved, {});
});

Deno.test("more than can be stored at once is left to Discord, and taken from it later: all of it, once, in order", async () => {
  await using lab = await startDiscordLab();
  const { discord, worker } = lab;
  const count = 1_200;
  for (let index = 0; index < count; index++) discord.say(`m${index}`);
  await worker.waitState("reconnecting");
  assert.equal(worker.reports.filter(({ type }) => type === "inbound").length, 64);
  for (let index = 0; index < count; index++) {
    assert.equal(textOf((await worker.nextInbound({ deadlineMs: 30_000 })).event), `m${index}`);
  }
  assert.equal(discord.gateway.identifies, 1);
  discord.say("the last");
  assert.equal(textOf((await worker.nextInbound()).event), "the last");
});
