/** What goes out to Discord, through the real worker. The other side is our own fake of Discord, not the real service. */
import assert from "node:assert/strict";
import type { ChannelError } from "../../schemas/worker/channel.ts";
import type { Outbound } from "../../schemas/worker/content.ts";
import { ChannelFailure } from "../../gateway/supervisor/types.ts";
import { Refusal, refuse } from "../servers/discord/refusal.ts";
import { type DiscordLab, startDiscordLab } from "./discord_lab.ts";

let keys = 0;
const send = async (lab: DiscordLab, message: Partial<Outbound>, deadlineMs?: number) => {
  const target = { chatId: lab.discord.world.general.id };
  const value = await lab.worker.request(
    { type: "send", message: { target, idempotencyKey: `key-${++keys}`, ...message } },
    deadlineMs,
  );
  assert.ok(value.kind === "receipt");
  return value.receipt;
};

async function failure(work: Promise<unknown>): Promise<ChannelError> {
  const error = await work.then(() => undefined, (thrown: unknown) => thrown);
  assert.ok(error instanceof ChannelFailure, String(error));
  return error.error;
}

const lastForm = (lab: DiscordLab) =>
  lab.discord.requests.findLast(({ path }) => path.endsWith("/messages"))?.form ?? {};

Deno.test("a text goes out as Markdown, tables as code, nobody is rung, and it can be repeated safely", async () => {
  await using lab = await startDiscordLab();
  const table = "before\n\n| a | b |\n|---|---|\n| **1** | 22 |\n\n@everyone";
  const message = { text: table, idempotencyKey: "a key that is longer than what Discord takes as a nonce" };
  const first = await send(lab, message);
  const form = lastForm(lab);
  assert.equal(form["content"], "before\n\n```\na | b\n--|---\n1 | 22\n```\n\n@everyone");
  assert.deepEqual(form["allowed_mentions"], { parse: [], replied_user: false });
  assert.equal(String(form["nonce"]).length, 25);
  assert.equal(form["enforce_nonce"], true);
  assert.deepEqual((await send(lab, message)).messageIds, first.messageIds, "Discord answers with the first message");
  assert.equal(lab.discord.sent().length, 1);
  await send(lab, { ...message, idempotencyKey: "another" });
  assert.equal(lab.discord.sent().length, 2);
});

Deno.test("replies, silence, previews and targets go where they are meant", async () => {
  await using lab = await startDiscordLab();
  const { world } = lab.discord;
  const said = lab.discord.say("a question");
  const target = { chatId: `channel:${world.general.id}`, replyToId: said.id };
  await send(lab, { target, text: "an answer", silent: true, linkPreview: false });
  const form = lastForm(lab);
  assert.deepEqual(form["message_reference"], { message_id: said.id, fail_if_not_exists: false });
  assert.equal(form["flags"], (1 << 12) | (1 << 2));
  await send(lab, { target: { chatId: world.general.id, replyToId: "99" }, text: "to something that is gone" });
  await send(lab, { target: { chatId: world.thread.id }, text: "into the thread" });
  assert.equal(lab.discord.sent(world.thread.id).length, 1);
  const direct = await send(lab, { target: { chatId: `user:${world.bert.id}` }, text: "hello Bert" });
  assert.equal(direct.chatId, world.directChannel(world.bert).id);
  await send(lab, { target: { chatId: `user:${world.bert.id}` }, text: "again" });
  assert.equal(lab.discord.requests.filter(({ path }) => path === "/users/@me/channels").length, 1);
  const odd = await failure(send(lab, { target: { chatId: "general" }, text: "x" }));
  assert.equal(odd.code, "invalid");
  assert.match(odd.message, /channel:<id> or user:<id>/u);
});

Deno.test("files, buttons, polls, reactions, typing, edits and deletions", async () => {
  await using lab = await startDiscordLab();
  const { discord, worker } = lab;
  const target = { chatId: discord.world.general.id };
  const data = new Uint8Array([1, 2, 3]);
  const media = { kind: "document" as const, mimeType: "text/plain", fileName: "a/b.txt", data };
  const buttons = [Array.from({ length: 7 }, (_, index) => ({ label: `b${index}`, data: `d${index}` }))];
  const { messageIds: [id = ""] } = await send(lab, { text: "a file", media, buttons });
  const stored = discord.world.messages.get(id);
  assert.deepEqual(stored?.files, [{ name: "a_b.txt", type: "text/plain", bytes: new Uint8Array([1, 2, 3]) }]);
  assert.equal(stored?.message.components?.length, 2, "a row holds five");
  await worker.request({ type: "edit", target, messageId: id, text: "another text" });
  assert.equal(discord.world.messages.get(id)?.message.content, "another text");
  await worker.request({ type: "react", target, messageId: id, emoji: "👀" });
  assert.deepEqual(discord.world.messages.get(id)?.reactions, ["👀"]);
  await worker.request({ type: "react", target, messageId: id, emoji: "👀", remove: true });
  assert.deepEqual(discord.world.messages.get(id)?.reactions, []);
  await worker.request({ type: "react", target, messageId: id, emoji: "<:party:123456>" });
  assert.deepEqual(discord.world.messages.get(id)?.reactions, ["party:123456"]);
  await worker.request({ type: "typing", target, on: true });
  await worker.request({ type: "typing", target, on: false });
  assert.deepEqual(discord.routes.typing, [target.chatId]);
  await worker.request({ type: "delete", target, messageId: id });
  assert.equal(discord.world.messages.has(id), false);
  const poll = { target, question: "Tea?", options: ["yes", "no"], maxSelections: 2, idempotencyKey: "poll" };
  const asked = await worker.request({ type: "poll", poll });
  assert.ok(asked.kind === "receipt" && asked.pollId !== undefined);
  assert.deepEqual(lastForm(lab)["poll"], {
    question: { text: "Tea?" },
    answers: [{ poll_media: { text: "yes" } }, { poll_media: { text: "no" } }],
    duration: 24,
    allow_multiselect: true,
    layout_type: 1,
  });
});

Deno.test("what Discord would refuse for its size is refused before it is sent", async () => {
  await using lab = await startDiscordLab({ config: { mediaMaxMb: 0.001 } });
  const { worker, discord } = lab;
  for (
    const [message, code] of [
      [{ text: "x".repeat(2001) }, "invalid"],
      [{ text: "  " }, "invalid"],
      [{ text: "x", media: { kind: "image", mimeType: "image/png", data: new Uint8Array(2000) } }, "too_large"],
      [{ text: "x", buttons: [[{ label: "a", data: "d" }, { label: "b", data: "d" }]] }, "invalid"],
    ] as const
  ) {
    const copy: Partial<Outbound> = structuredClone(message) as Partial<Outbound>;
    const error = await failure(send(lab, copy));
    assert.deepEqual([error.code, error.outcome, error.retryable], [code, "not_sent", false]);
  }
  const poll = {
    target: { chatId: discord.world.general.id },
    question: "?",
    options: ["x".repeat(56), "y"],
    idempotencyKey: "p",
  };
  assert.equal((await failure(worker.request({ type: "poll", poll }))).code, "invalid");
  assert.equal(discord.requests.some(({ path }) => path.endsWith("/messages")), false);
});

Deno.test("refusals are told apart: rights, places that are not there, people who take no messages", async () => {
  await using lab = await startDiscordLab();
  const { world } = lab.discord;
  for (
    const [chatId, code, platformCode] of [
      [world.locked.id, "forbidden", "50001"],
      [world.readOnly.id, "forbidden", "50013"],
      ["123456789012345678", "not_found", "10003"],
      [`user:${world.otherBot.id}`, "forbidden", "50007"],
    ] as const
  ) {
    const error = await failure(send(lab, { target: { chatId }, text: "x" }));
    assert.deepEqual(
      [error.code, error.platformCode, error.outcome, error.retryable],
      [code, platformCode, "not_sent", false],
    );
  }
  const target = { chatId: world.general.id };
  const foreign = lab.discord.say("not ours");
  const edit = await failure(lab.worker.request({ type: "edit", target, messageId: foreign.id, text: "x" }));
  assert.equal(edit.code, "forbidden");
  const gone = await failure(lab.worker.request({ type: "delete", target, messageId: "99" }));
  assert.deepEqual([gone.code, gone.platformCode], ["not_found", "10008"]);
});

Deno.test("a wait that Discord asks for goes to the core, exact and without a repeat of our own", async () => {
  await using lab = await startDiscordLab();
  const { discord } = lab;
  const waits = (seconds: number, global: boolean) =>
    new Refusal(429, { message: "You are being rate limited.", retry_after: seconds, global }, {
      "retry-after": String(Math.ceil(seconds)),
      ...(global ? { "x-ratelimit-global": "true", "x-ratelimit-scope": "global" } : { "x-ratelimit-scope": "shared" }),
    });
  discord.faults.push({ method: "POST", path: /messages$/u, how: waits(1.5, false), times: 1 });
  const error = await failure(send(lab, { text: "x" }));
  assert.deepEqual([error.code, error.outcome, error.retryAfterMs], ["rate_limited", "not_sent", 1500]);
  assert.equal(discord.requests.filter(({ path }) => path.endsWith("/messages")).length, 1);
  discord.faults.push({ method: "POST", path: /typing$/u, how: waits(0.2, true), times: 1 });
  const target = { chatId: discord.world.general.id };
  const all = await failure(lab.worker.request({ type: "typing", target, on: true }));
  assert.match(all.message, /with everything/u);
});

Deno.test("a bucket that is nearly empty is waited for, so that Discord never has to refuse", async () => {
  await using lab = await startDiscordLab();
  const { discord } = lab;
  discord.routes.bucket = { limit: 3, windowMs: 600 };
  await Promise.all(Array.from({ length: 8 }, (_, index) => send(lab, { text: `m${index}` })));
  assert.equal(discord.sent().length, 8);
  assert.equal(discord.requests.filter(({ status }) => status === 429).length, 0);
});

Deno.test("outcomes are honest: a fault of the server or a lost answer is unknown, a closed door is not", async () => {
  await using lab = await startDiscordLab();
  const { discord } = lab;
  const once = (how: Refusal | "lost") => discord.faults.push({ method: "POST", path: /messages$/u, how, times: 1 });
  once(new Refusal(500, { message: "500: Internal Server Error", code: 0 }));
  const server = await failure(send(lab, { text: "x" }));
  assert.deepEqual([server.code, server.outcome, server.retryable], ["platform", "unknown", true]);
  assert.equal(discord.requests.filter(({ path }) => path.endsWith("/messages")).length, 1, "no repeat of the library");
  once("lost");
  const message = { text: "once", idempotencyKey: "the same" };
  const lost = await failure(send(lab, message));
  assert.deepEqual([lost.code, lost.outcome, lost.retryable], ["unreachable", "unknown", true]);
  assert.equal(discord.requests.filter(({ form }) => form["content"] === "once").length, 1, "nor of the runtime");
  await send(lab, message);
  assert.equal(discord.sent().length, 1, "the repeat found the first one");
  once(refuse(503, 0, "no healthy upstream"));
  assert.equal((await failure(send(lab, { text: "y" }))).outcome, "not_sent");
  await discord.stop();
  // The first call may go out on a connection that was kept: nobody can know then what became of it.
  assert.equal((await failure(send(lab, { text: "z" }))).code, "unreachable");
  const closed = await failure(send(lab, { text: "z" }));
  assert.deepEqual([closed.code, closed.outcome, closed.retryable], ["unreachable", "not_sent", true]);
});

Deno.test("a call that hangs ends with the stop of the account, which takes no longer than it may", async () => {
  await using lab = await startDiscordLab();
  lab.discord.faults.push({ method: "POST", path: /messages$/u, how: "hang", times: 1 });
  const hanging = failure(send(lab, { text: "x" }));
  await new Promise((resolve) => setTimeout(resolve, 200));
  const begun = performance.now();
  await lab.worker.stop();
  assert.ok(performance.now() - begun < 5_000);
  const error = await hanging;
  assert.equal(error.outcome, "unknown");
});

Deno.test("a probe and a login say who the bot is", async () => {
  await using lab = await startDiscordLab();
  const probe = await lab.worker.request({ type: "probe" });
  assert.ok(probe.kind === "probe");
  assert.deepEqual([probe.facts["username"], probe.facts["ready"]], ["clawbot", true]);
  await lab.worker.request({ type: "login.start", flow: "token" });
  const done = await lab.worker.waitStep("done");
  assert.ok(done.kind === "done" && done.account === "clawbot");
  const { self } = lab.worker.states().at(-1) ?? {};
  assert.deepEqual(self, {
    id: lab.discord.world.bot.id,
    username: "clawbot",
    applicationId: lab.discord.world.applicationId,
    messageContent: true,
  });
});
