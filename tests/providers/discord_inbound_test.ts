/** What comes in from Discord, through the real worker. The other side is our own fake of Discord, not the real service. */
import assert from "node:assert/strict";
import type { Inbound, InboundMessage } from "../../schemas/worker/content.ts";
import type { ChannelWorker } from "../helpers/channel_worker.ts";
import { eventually } from "../helpers/wait.ts";
import { startDiscordLab } from "./discord_lab.ts";

async function next<K extends Inbound["kind"]>(worker: ChannelWorker, kind: K): Promise<Extract<Inbound, { kind: K }>> {
  const { event } = await worker.nextInbound();
  assert.equal(event.kind, kind, JSON.stringify(event));
  return event as Extract<Inbound, { kind: K }>;
}

const message = (worker: ChannelWorker): Promise<InboundMessage> => next(worker, "message");

Deno.test("a server's message says where it was, whether we are meant, and whether others are", async () => {
  await using lab = await startDiscordLab();
  const { discord: { world, ...discord }, worker } = lab;
  discord.say("nobody is meant");
  const plain = await message(worker);
  assert.deepEqual(plain.chat, {
    id: world.general.id,
    kind: "channel",
    title: "general",
    guildId: world.guildId,
    guildName: "Friends of tests",
  });
  assert.equal(plain.mentioned, false);
  assert.equal(plain.mentionsOthers, undefined);
  assert.deepEqual(plain.sender.aliases, [`user:${world.anna.id}`, "anna"]);

  discord.say(`<@${world.bot.id}> and <@${world.bert.id}>, see <#${world.general.id}>`);
  const named = await message(worker);
  assert.deepEqual([named.mentioned, named.mentionsOthers], [true, true]);
  assert.equal(named.text, "@clawbot and @bert, see #general");

  discord.say(`<@&${world.botRole.id}> our role`);
  const role = await message(worker);
  assert.deepEqual([role.mentioned, role.mentionsOthers, role.text], [true, undefined, "@clawbot our role"]);

  discord.say(`<@&${world.otherRole.id}> another role`);
  const other = await message(worker);
  assert.deepEqual([other.mentioned, other.mentionsOthers], [false, true]);

  discord.say("@everyone listen");
  const all = await message(worker);
  assert.deepEqual([all.mentioned, all.mentionsOthers], [false, true], "everybody is nobody in particular");
});

Deno.test("a thread is a chat of its own that hangs on its channel", async () => {
  await using lab = await startDiscordLab();
  const { discord, worker } = lab;
  const { thread, general, guildId } = discord.world;
  discord.say("in the thread", { in: thread.id });
  const event = await message(worker);
  assert.deepEqual(event.chat, {
    id: thread.id,
    kind: "channel",
    title: "a thread",
    guildId,
    guildName: "Friends of tests",
    parentId: general.id,
    parentTitle: "general",
  });
});

Deno.test("a worker that resumes a session knows a thread by asking for it, and keeps the order", async () => {
  await using lab = await startDiscordLab();
  const { discord, worker } = lab;
  await eventually("the saved session", () => JSON.stringify(worker.saved).includes('"seq"'));
  await worker.stop();
  const { thread, general, botRole, guildId } = discord.world;
  discord.say("one", { in: thread.id });
  discord.say("two", { in: thread.id });
  const second = await lab.again({ saved: worker.saved });
  const first = await message(second);
  assert.deepEqual([first.text, first.chat.parentId, first.chat.parentTitle], ["one", general.id, "general"]);
  assert.equal(first.chat.guildName, "Friends of tests");
  assert.equal((await message(second)).text, "two");
  discord.say(`<@&${botRole.id}> three`, { in: general.id });
  assert.deepEqual([(await message(second)).mentioned], [true], "its own role is known again");
  for (const path of [`/channels/${thread.id}`, `/channels/${general.id}`, `/guilds/${guildId}`]) {
    assert.equal(discord.requests.filter((each) => each.path === path).length, 1, path);
  }
});

Deno.test("a reply carries what it answers; being answered to is no mention, writing the name is", async () => {
  await using lab = await startDiscordLab();
  const { discord, worker } = lab;
  const { world } = discord;
  const target = { chatId: world.general.id };
  await worker.request({ type: "send", message: { target, text: "what I said", idempotencyKey: "k" } });
  const own = await message(worker);
  assert.equal(own.sender.isSelf, true);
  discord.say("I disagree", { replyTo: own.messageId });
  const reply = await message(worker);
  assert.deepEqual(reply.replyTo, { messageId: own.messageId, text: "what I said", fromSelf: true });
  assert.equal(reply.mentioned, false, "the core decides what an answer to us means");
  discord.say(`<@${world.bot.id}> I disagree`, { replyTo: own.messageId });
  assert.equal((await message(worker)).mentioned, true);
});

Deno.test("bots and webhooks are marked, and a webhook's name is no proof of who it is", async () => {
  await using lab = await startDiscordLab();
  const { discord, worker } = lab;
  discord.say("beep", { from: discord.world.otherBot });
  assert.equal((await message(worker)).sender.isBot, true);
  const hook = { ...discord.world.anna, id: "99887766554433221" };
  discord.say("", { from: hook, more: { webhook_id: hook.id, embeds: [{ title: "Build", description: "failed" }] } });
  const event = await message(worker);
  assert.equal(event.sender.isBot, true);
  assert.deepEqual(event.sender.aliases, [`user:${hook.id}`]);
  assert.equal(event.text, "Build\nfailed");
});

Deno.test("attachments come as references and are fetched from the media host alone, within the limit", async () => {
  await using lab = await startDiscordLab({ config: { mediaMaxMb: 0.01 } });
  const { discord, worker } = lab;
  const bytes = new Uint8Array(3000).fill(7);
  discord.say("", { files: [{ name: "cat.png", type: "image/png", bytes }] });
  const event = await message(worker);
  const [media] = event.media;
  assert.ok(media);
  assert.deepEqual([media.kind, media.mimeType, media.fileName, media.bytes], ["image", "image/png", "cat.png", 3000]);
  const fetched = await worker.request({ type: "media.fetch", ref: media.ref, maxBytes: 1_000_000 });
  assert.ok(fetched.kind === "media");
  assert.deepEqual(new Uint8Array(fetched.data), bytes);
  assert.equal(fetched.mimeType, "image/png");
  const code = (expected: string) => (error: unknown) => (error as { error: { code: string } }).error.code === expected;
  await assert.rejects(worker.request({ type: "media.fetch", ref: media.ref, maxBytes: 100 }), code("too_large"));
  discord.say("", { files: [{ name: "big.bin", type: "application/zip", bytes: new Uint8Array(20_000) }] });
  const [big] = (await message(worker)).media;
  await assert.rejects(worker.request({ type: "media.fetch", ref: big?.ref ?? "", maxBytes: 1e6 }), code("too_large"));
  for (const ref of ["http://127.0.0.1:1/x", "https://cdn.discordapp.com/x", "file:///etc/passwd", "nonsense"]) {
    await assert.rejects(worker.request({ type: "media.fetch", ref, maxBytes: 1e6 }), code("invalid"));
  }
  const gone = media.ref.replace("cat.png", "dog.png");
  await assert.rejects(worker.request({ type: "media.fetch", ref: gone, maxBytes: 1e6 }), code("not_found"));
});

Deno.test("edits of people come as edits; looked-up links and our own edits do not", async () => {
  await using lab = await startDiscordLab();
  const { discord, worker } = lab;
  const said = discord.say("first words");
  assert.equal((await message(worker)).text, "first words");
  discord.gateway.emit("MESSAGE_UPDATE", { ...said, guild_id: discord.world.guildId, embeds: [{ title: "x" }] }, {
    direct: false,
  });
  discord.edit(said.id, "second words");
  const edited = await message(worker);
  assert.deepEqual([edited.text, edited.edited, edited.messageId], ["second words", true, said.id]);
  assert.match(edited.dedupeKey, new RegExp(`^edit:${said.id}:\\d+$`, "u"));
});

Deno.test("reactions say on whose message they are; each is an event of its own", async () => {
  await using lab = await startDiscordLab();
  const { discord, worker } = lab;
  const said = discord.say("hello");
  await message(worker);
  const target = { chatId: discord.world.general.id };
  const value = await worker.request({ type: "send", message: { target, text: "hi", idempotencyKey: "k" } });
  assert.ok(value.kind === "receipt");
  const ownId = value.receipt.messageIds[0] ?? "";
  await message(worker);
  discord.react(said.id, "👍", discord.world.bert);
  const foreign = await next(worker, "reaction");
  assert.deepEqual([foreign.emoji, foreign.added, foreign.onOwnMessage], ["👍", true, false]);
  discord.react(ownId, "🎉", discord.world.bert);
  const added = await next(worker, "reaction");
  assert.deepEqual([added.onOwnMessage, added.messageId, added.sender.id], [true, ownId, discord.world.bert.id]);
  discord.react(ownId, "🎉", discord.world.bert, false);
  const removed = await next(worker, "reaction");
  assert.deepEqual([removed.added, removed.onOwnMessage], [false, true]);
  assert.notEqual(added.dedupeKey, removed.dedupeKey);
});

Deno.test("a slash command is deferred in time, and its answer takes the place of the wait", async () => {
  await using lab = await startDiscordLab();
  const { discord, worker } = lab;
  await eventually("the commands", () => discord.world.commands !== undefined);
  const pressed = discord.slash("think", { level: "high" });
  // Main is slow: the deferral must not wait for it.
  const { event, seq } = await worker.nextInbound({ ack: false });
  await eventually("the deferral", () => pressed.deferredAfterMs !== undefined);
  assert.deepEqual(pressed.refused, []);
  worker.ack(seq);
  assert.ok(event.kind === "message" && event.nativeCommand === true && event.replyHandle !== undefined);
  assert.equal(event.text, "/think high");
  assert.equal(event.dedupeKey, `interaction:${pressed.id}`);
  const target = { chatId: event.chat.id, replyHandle: event.replyHandle };
  const send = (text: string, idempotencyKey: string) =>
    worker.request({ type: "send", message: { target, text, idempotencyKey } });
  const first = await send("thinking is high", "a");
  assert.equal(pressed.original?.content, "thinking is high");
  assert.ok(first.kind === "receipt");
  assert.deepEqual(first.receipt.messageIds, [pressed.original?.id]);
  await send("thinking is high", "a");
  await send("and more", "b");
  assert.equal(pressed.original?.content, "thinking is high", "a second part is a message of its own");
  assert.equal(discord.sent().length, 2);
  const later = discord.slash("status");
  const asked = await message(worker);
  assert.equal(asked.text, "and more", "our own message comes back");
  const status = await message(worker);
  await eventually("the deferral", () => later.deferredAfterMs !== undefined);
  later.expired = true;
  await worker.request({
    type: "send",
    message: {
      target: { chatId: status.chat.id, replyHandle: status.replyHandle ?? "" },
      text: "late",
      idempotencyKey: "c",
    },
  });
  assert.equal(discord.sent(discord.world.general.id).at(-1)?.message.content, "late");
});

Deno.test("the next worker answers a command that its predecessor deferred, in its place and once", async () => {
  await using lab = await startDiscordLab();
  const { discord, worker } = lab;
  await eventually("the commands", () => discord.world.commands !== undefined);
  const pressed = discord.slash("status");
  const event = await message(worker);
  await eventually("the saved session", () => JSON.stringify(worker.saved).includes('"seq"'));
  worker.kill();
  const second = await lab.again({ saved: worker.saved });
  await second.waitState("connected");
  const target = { chatId: event.chat.id, replyHandle: event.replyHandle ?? "" };
  await second.request({ type: "send", message: { target, text: "all is well", idempotencyKey: "a" } });
  assert.equal(pressed.original?.content, "all is well");
  second.kill();
  const third = await lab.again({ saved: worker.saved });
  await third.waitState("connected");
  await third.request({ type: "send", message: { target, text: "all is well", idempotencyKey: "a" } });
  assert.equal(discord.sent().length, 1, "an outcome that was lost is found again");
});

Deno.test("a command that main does not take leaves no waiting sign", async () => {
  await using lab = await startDiscordLab();
  const { discord, worker } = lab;
  await eventually("the commands", () => discord.world.commands?.length === 8);
  const pressed = discord.slash("new", { text: "x".repeat(100_001) });
  await eventually("the sign to go", () => pressed.removed);
  assert.equal(worker.ended, undefined);
});

Deno.test("a pressed button is acknowledged in time and says what stood on it", async () => {
  await using lab = await startDiscordLab();
  const { discord, worker } = lab;
  const target = { chatId: discord.world.general.id };
  const buttons = [[{ label: "Allow", data: "approve:1", style: "primary" as const }, {
    label: "Deny",
    data: "deny:1",
  }]];
  await worker.request({ type: "send", message: { target, text: "May I?", buttons, idempotencyKey: "k" } });
  const asked = await message(worker);
  const pressed = discord.press(asked.messageId, "approve:1", discord.world.bert);
  const event = await next(worker, "button");
  assert.deepEqual([event.data, event.messageId, event.sender.id], [
    "approve:1",
    asked.messageId,
    discord.world.bert.id,
  ]);
  assert.equal(event.replyHandle, undefined, "an edit of the original would overwrite the question");
  await eventually("the acknowledgement", () => pressed.deferredAfterMs !== undefined);
});

Deno.test("commands are registered with what the configuration adds, and cleared when they are off", async () => {
  const customCommands = [{ command: "/Weather", description: "Show it" }, { command: "bad name!", description: "x" }];
  await using lab = await startDiscordLab({ config: { customCommands } });
  const { discord, worker } = lab;
  const names = await eventually("the commands", () => discord.world.commands?.map(({ name }) => name));
  assert.deepEqual(names, ["new", "reset", "stop", "status", "model", "think", "queue", "help", "weather"]);
  const line = worker.logs().find(({ event }) => event === "discord.commands_refused");
  assert.deepEqual(line?.fields["commands"], ["bad name!"]);
  await worker.stop();
  await lab.again({ saved: worker.saved, config: { ...lab.config, commands: { native: false } } });
  await eventually("the empty list", () => discord.world.commands?.length === 0);
});

Deno.test("forwards, polls and stickers are told in words; notices of the platform are not messages", async () => {
  await using lab = await startDiscordLab();
  const { discord, worker } = lab;
  discord.say("", {
    more: {
      message_reference: { type: 1, message_id: "1", channel_id: "2" },
      message_snapshots: [{ message: { content: "the news" } }],
    } as Record<string, unknown>,
  });
  const forward = await message(worker);
  assert.deepEqual([forward.text, forward.replyTo], ["[Forwarded] the news", undefined]);
  discord.say("look", { more: { sticker_items: [{ id: "1", name: "wave", format_type: 1 }] } });
  assert.equal((await message(worker)).text, "look\n[Sticker: wave]");
  discord.say("", { more: { type: 6 } });
  discord.say("", { more: { type: 7 } });
  const note = await next(worker, "note");
  assert.equal(note.text, "Anna joined the server");
  const dropped = worker.logs().filter(({ event }) => event === "discord.dropped").map(({ fields }) =>
    fields["reason"]
  );
  assert.deepEqual(dropped, ["system message 6"]);
});

Deno.test("a flood waits in order, and the window never holds more than it may", async () => {
  await using lab = await startDiscordLab();
  const { discord, worker } = lab;
  for (let index = 0; index < 200; index++) discord.say(`m${index}`);
  await eventually("the window to fill", () => worker.reports.filter(({ type }) => type === "inbound").length === 64);
  for (let index = 0; index < 200; index++) assert.equal((await message(worker)).text, `m${index}`);
});

Deno.test("a payload that is not valid is left out and said, and the connection lives on", async () => {
  await using lab = await startDiscordLab();
  const { discord, worker } = lab;
  discord.gateway.emit("MESSAGE_CREATE", { id: 5, content: {} }, { direct: false });
  discord.gateway.sendRaw("nonsense");
  discord.say("fine");
  assert.equal((await message(worker)).text, "fine");
  assert.ok(worker.logs().some(({ event }) => event === "discord.event_lost"));
});
