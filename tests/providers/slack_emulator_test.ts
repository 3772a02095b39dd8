/** The real worker before an emulator that strangers wrote (npm emulate 0.12.2), with our bridge for what it has not: sockets. */
import assert from "node:assert/strict";
import type { Outbound } from "../../schemas/worker/content.ts";
import { manifest } from "../../workers/slack/manifest.ts";
import { startChannelWorker } from "../helpers/channel_worker.ts";
import { within } from "../helpers/wait.ts";
import { ALL_SCOPES } from "../servers/slack/accounts.ts";
import { OTHER_SIDE, startBridge } from "../servers/slack/bridge.ts";
import { APP_TOKEN, BOT_TOKEN } from "../servers/slack/server.ts";
import { bytesOf, ENTRY, receiptOf } from "./slack_lab.ts";

const USER_TOKEN = "xoxp-9999-8888-alicealicealice";
const MORE = ["channels:join", "channels:manage", "channels:write", "files:read", "files:write"];

const recordOf = (value: unknown): Record<string, unknown> =>
  typeof value === "object" && value !== null ? { ...value } : {};
const rowsOf = (value: unknown): Record<string, unknown>[] => Array.isArray(value) ? value.map(recordOf) : [];

Deno.test(`text in, thread and reaction out, edit, file, repeat, delete [other side: ${OTHER_SIDE}]`, async (t) => {
  await using bridge = await startBridge({
    botToken: BOT_TOKEN,
    appToken: APP_TOKEN,
    userToken: USER_TOKEN,
    scopes: [...ALL_SCOPES, ...MORE],
  });
  const config = { apiRoot: bridge.url };
  await using worker = await startChannelWorker({
    entry: ENTRY,
    permissions: manifest.permissions(config),
    config,
    secrets: { botToken: BOT_TOKEN, appToken: APP_TOKEN },
  });
  const connected = await worker.waitState("connected");
  assert.match(connected.sentence, /The House/u);
  const { channels } = await bridge.call(USER_TOKEN, "conversations.list", {});
  const channel = String(rowsOf(channels).find(({ name }) => name === "general")?.["id"]);
  for (const token of [USER_TOKEN, BOT_TOKEN]) await bridge.call(token, "conversations.join", { channel });
  const posted = await bridge.call(USER_TOKEN, "chat.postMessage", { channel, text: "hello &amp; welcome" });
  const ts = String(posted["ts"]);
  const target = { chatId: channel, threadId: ts };
  const send = async (message: Partial<Outbound> & { idempotencyKey: string }) =>
    receiptOf(await worker.request({ type: "send", message: { target, ...message } }));
  const thread = async () =>
    rowsOf((await bridge.call(USER_TOKEN, "conversations.replies", { channel, ts }))["messages"]);

  await t.step("a message of a person, with the names that the emulator knows", async () => {
    const told = bridge.tell({ ...recordOf(posted["message"]), channel, channel_type: "channel", ts });
    const { event } = await worker.nextInbound();
    await within("the acknowledgement", told);
    assert.ok(event.kind === "message");
    assert.deepEqual([event.text, event.chat.title, event.sender.name], ["hello & welcome", "general", "alice"]);
  });

  await t.step("an answer in the thread, a reaction, an edit, each read back from the emulator", async () => {
    const { messageIds: [messageId = ""] } = await send({ text: "hi **you**", idempotencyKey: "one" });
    assert.equal((await thread()).at(-1)?.["text"], "hi *you*");
    await worker.request({ type: "react", target, messageId: ts, emoji: "👍" });
    await worker.request({ type: "react", target, messageId: ts, emoji: "👍" });
    const { message } = await bridge.call(USER_TOKEN, "reactions.get", { channel, timestamp: ts });
    assert.deepEqual(rowsOf(recordOf(message)["reactions"]).map(({ name, count }) => [name, count]), [["+1", 1]]);
    await worker.request({ type: "edit", target, messageId, text: "hi _all_" });
    assert.equal((await thread()).at(-1)?.["text"], "hi _all_");
  });

  await t.step("a repeat finds its first message by the metadata and sends nothing", async () => {
    const first = await send({ text: "only once", idempotencyKey: "two" });
    const again = await send({ text: "only once", idempotencyKey: "two", repeat: true });
    assert.deepEqual(again.messageIds, first.messageIds);
    assert.equal((await thread()).filter(({ text }) => text === "only once").length, 1);
  });

  await t.step("a file with words goes up and comes down again", async () => {
    const data = bytesOf(3_000);
    const media = { kind: "document" as const, mimeType: "text/plain", fileName: "notes.txt", data: data.slice() };
    const receipt = await send({ text: "my **notes**", media, idempotencyKey: "three" });
    assert.match(receipt.messageIds[0] ?? "", /^\d+\.\d+$/u);
    const row = (await thread()).find(({ ts }) => ts === receipt.messageIds[0]);
    assert.equal(row?.["text"], "my *notes*");
    const ref = String(rowsOf(row?.["files"])[0]?.["id"]);
    const fetched = await worker.request({ type: "media.fetch", ref, maxBytes: 10_000 });
    assert.ok(fetched.kind === "media");
    assert.deepEqual(fetched.data, data);
  });

  await t.step("a message is deleted; what the emulator does not know is told by its word", async () => {
    const { messageIds: [messageId = ""] } = await send({ text: "gone", idempotencyKey: "four" });
    await worker.request({ type: "delete", target, messageId });
    assert.ok(!(await thread()).some(({ text }) => text === "gone"));
    const message = { target: { chatId: "C0NOWHERE" }, text: "x", idempotencyKey: "five" };
    await assert.rejects(worker.request({ type: "send", message }), /channel_not_found/u);
  });
  assert.deepEqual(worker.malformed, []);
});
