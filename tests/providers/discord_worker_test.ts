/**
 * The Discord worker with the real library under its real permission set. The other side is our own fake of Discord
 * (tests/servers/discord), not the real service.
 */
import assert from "node:assert/strict";
import { pause } from "../helpers/wait.ts";
import { startDiscordLab } from "./discord_lab.ts";

Deno.test("a message comes in and its answer goes out, in a direct chat", async () => {
  await using lab = await startDiscordLab();
  const { discord, worker } = lab;
  const said = discord.sayDirect("hello there");
  const { event } = await worker.nextInbound();
  assert.ok(event.kind === "message");
  assert.equal(event.text, "hello there");
  assert.equal(event.dedupeKey, said.id);
  assert.equal(event.messageId, said.id);
  assert.deepEqual(event.chat, { id: said.channel_id, kind: "direct" });
  assert.equal(event.sender.id, discord.world.anna.id);
  assert.equal(event.sender.name, "Anna");
  assert.equal(event.mentioned, true);
  const value = await worker.request({
    type: "send",
    message: { target: { chatId: event.chat.id, kind: "direct" }, text: "hello **Anna**", idempotencyKey: "k1" },
  });
  assert.ok(value.kind === "receipt");
  const [sent] = await discord.waitSent(1, said.channel_id);
  assert.equal(sent?.message.content, "hello **Anna**");
  assert.deepEqual(value.receipt.messageIds, [sent?.message.id]);
  const own = await worker.nextInbound();
  assert.ok(own.event.kind === "message" && own.event.sender.isSelf === true && own.event.sender.isBot === true);
  assert.deepEqual(worker.malformed, []);
  await pause(0);
});
