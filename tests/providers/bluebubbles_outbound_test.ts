/** What the BlueBubbles worker sends, what macOS allows, and what every trouble becomes. */
import assert from "node:assert/strict";
import { channelPermissions, workerFlags } from "../../gateway/supervisor/permissions.ts";
import type { ChannelRequest } from "../../gateway/supervisor/types.ts";
import { manifest } from "../../workers/bluebubbles/manifest.ts";
import { assertDenials } from "../helpers/denials.ts";
import { type BubblesServer, OTHER_SIDE, PASSWORD } from "../servers/bluebubbles/server.ts";
import { ANNA, BEN, bubblesLab, failureOf, postHook, SECRET } from "./bluebubbles_lab.ts";

const test = (name: string, body: () => Promise<void>) => Deno.test(`${name} [other side: ${OTHER_SIDE}]`, body);
const sendTo = (chatId: string, key: string): ChannelRequest => ({
  type: "send",
  message: { target: { chatId }, text: "hello", idempotencyKey: key },
});
const lastBody = (server: BubblesServer, path: string) =>
  server.calls.findLast((call) => call.path === path)?.body ?? {};

for (const isolation of ["worker", "process"] as const) {
  test(`BlueBubbles as a ${isolation}: a webhook in, an answer out, an end in order`, async () => {
    await using lab = await bubblesLab({ isolation });
    const { server, worker } = lab;
    const chat = server.world.direct(ANNA);
    const [, message] = await Promise.all([server.say(chat, ANNA, "hello"), lab.nextMessage()]);
    const target = { chatId: message.chat.id };
    await worker.request({ type: "typing", target, on: true });
    await worker.request({ type: "typing", target, on: false });
    await worker.request({ type: "read", target, messageId: message.messageId, senderId: ANNA });
    await worker.request({ type: "react", target, messageId: message.messageId, emoji: "👍" });
    await worker.request({ type: "react", target, messageId: message.messageId, emoji: "👍", remove: true });
    const receipt = await lab.send({ target: { ...target, replyToId: message.messageId }, text: "# Fine\n**yes**" });
    const [own] = server.written(chat);
    assert.deepEqual([own?.text, own?.guid], ["Fine\nyes", receipt.messageIds[0]]);
    assert.equal(lastBody(server, "/message/text")["selectedMessageGuid"], message.messageId);
    assert.deepEqual(server.mac.signs.map(({ kind }) => kind), ["typing", "read"]);
    assert.deepEqual(server.mac.reactions.map(({ reaction }) => reaction), ["like", "-like"]);
    await worker.request({ type: "edit", target, messageId: own?.guid ?? "", text: "**no**" });
    assert.equal(own?.text, "no");
    await worker.request({ type: "delete", target, messageId: own?.guid ?? "" });
    assert.ok(own?.retracted);
    await worker.stop();
    assert.deepEqual(worker.malformed, []);
  });

  Deno.test(`BlueBubbles as a ${isolation} reaches its server and nothing else`, async () => {
    await assertDenials({
      manifest,
      entry: new URL("../fixtures/workers/probe_bluebubbles.ts", import.meta.url),
      isolation,
      config: (address) => ({ serverUrl: address }),
      secrets: { password: PASSWORD, webhookSecret: SECRET },
    });
  });
}

Deno.test("BlueBubbles' worker has one host; addresses with a password in them are refused", () => {
  const flags = workerFlags(channelPermissions(manifest.permissions({ serverUrl: "http://192.168.1.20:1234/" })));
  assert.deepEqual(flags.slice(0, 3), ["--allow-net=192.168.1.20:1234", "--deny-sys", "--deny-run"]);
  const secrets = new Set(["password", "webhookSecret"]);
  assert.deepEqual(manifest.missing({ serverUrl: "https://mac.example.org" }, secrets), []);
  for (const serverUrl of ["ftp://x", "http://h/?password=1", "http://u:p@h", ""]) {
    assert.equal(manifest.missing({ serverUrl }, secrets).length, 1);
    assert.deepEqual(manifest.permissions({ serverUrl }).net, []);
  }
  assert.equal(manifest.missing({}, new Set()).length, 3);
});

test("a secret that is short or the password itself is refused before anything is listened to", async () => {
  for (
    const [webhookSecret, text] of [["short", /16 characters/u], [
      PASSWORD,
      /must not be the server's password/u,
    ]] as const
  ) {
    await using lab = await bubblesLab({ secrets: { webhookSecret }, connected: false });
    const state = await lab.worker.waitState("bad_credentials");
    assert.match(state.sentence, text);
    assert.equal(state.userAction, "fix_config");
  }
});

test("a person is found among the chats, or gets a new one; a chat is never guessed", async () => {
  await using lab = await bubblesLab();
  const { server, worker } = lab;
  server.world.group("House", [ANNA, BEN]);
  for (let index = 0; index < 250; index++) server.world.direct(`+1555020${String(index).padStart(4, "0")}`);
  const anna = server.world.direct(ANNA);
  await lab.send({ target: { chatId: "+1 (555) 010-0001" }, text: "found" });
  await lab.send({ target: { chatId: ANNA }, text: "remembered" });
  assert.deepEqual(server.written(anna).map(({ text }) => text), ["found", "remembered"]);
  assert.equal(server.calls.filter(({ path }) => path === "/chat/query").length, 2);
  await lab.send({ target: { chatId: BEN }, text: "first words" });
  assert.deepEqual(server.written(server.world.direct(BEN)).map(({ text }) => text), ["first words"]);
  assert.equal((await failureOf(worker, sendTo("nobody", "n"))).code, "invalid");
  assert.equal((await failureOf(worker, sendTo("chat_guid:iMessage;+;gone", "g"))).code, "not_found");
});

test("attachments go out with their text, and a failed second half does not repeat the first", async () => {
  await using lab = await bubblesLab();
  const { server, worker } = lab;
  const chat = server.world.direct(ANNA);
  const media = {
    kind: "image" as const,
    mimeType: "image/png",
    fileName: "a.png",
    data: new Uint8Array(2_000).fill(3),
  };
  server.fail("/message/text", { kind: "refuse", status: 503 });
  const message = { target: { chatId: chat.guid }, media, text: "caption", idempotencyKey: "both" };
  const error = await failureOf(worker, { type: "send", message });
  assert.deepEqual([error.code, error.outcome, error.retryable], ["platform", "not_sent", true]);
  const { messageIds } = await lab.send({ ...message, media: { ...media, data: new Uint8Array(2_000).fill(3) } });
  assert.equal(messageIds.length, 2);
  assert.deepEqual(server.written(chat).map(({ text, files }) => [text, files[0]?.bytes.byteLength]), [
    ["", 2_000],
    ["caption", undefined],
  ]);
  const names = server.calls.filter(({ path }) => path === "/message/text").map(({ body }) => body["tempGuid"]);
  assert.equal(new Set(names).size, 1, "one name for all attempts");
  server.fail("/message/attachment", { kind: "refuse", status: 413 });
  const large = { target: { chatId: chat.guid }, media: { ...media, data: new Uint8Array(9) }, idempotencyKey: "l" };
  assert.equal((await failureOf(worker, { type: "send", message: large })).code, "too_large");
});

test("what the server refuses or leaves open keeps its outcome; the password is in no word of it", async () => {
  await using lab = await bubblesLab();
  const { server, worker } = lab;
  const chat = server.world.direct(ANNA);
  const cases = [
    [{ kind: "refuse", status: 429, headers: { "retry-after": "7" } }, "rate_limited", "not_sent", true],
    [{ kind: "refuse", status: 500 }, "platform", "unknown", true],
    [{ kind: "refuse", status: 503 }, "platform", "not_sent", true],
    [{ kind: "html" }, "platform", "unknown", true],
    [{ kind: "drop" }, "unreachable", "unknown", true],
    [{ kind: "lose" }, "unreachable", "unknown", true],
    [{ kind: "redirect", to: "http://127.0.0.1:1/away" }, "invalid", "not_sent", false],
  ] as const;
  for (const [index, [fault, code, outcome, retryable]] of cases.entries()) {
    server.fail("/message/text", fault);
    const error = await failureOf(worker, sendTo(chat.guid, `case${index}`));
    assert.deepEqual([error.code, error.outcome, error.retryable], [code, outcome, retryable], JSON.stringify(fault));
    if (code === "rate_limited") assert.equal(error.retryAfterMs, 7_000);
  }
  assert.equal(server.written(chat).length, 1, "only the one whose answer was lost");
  server.mac.sending.add(String(lastBody(server, "/message/text")["tempGuid"]));
  const again = await failureOf(worker, sendTo(chat.guid, "case6"));
  assert.deepEqual([again.code, again.outcome], ["conflict", "unknown"]);
  const all = JSON.stringify(worker.reports);
  for (const secret of [PASSWORD, SECRET]) assert.ok(!all.includes(secret));
});

test("macOS and the Private API decide what can be done, and the reason is said", async () => {
  const reasons = async (before: (server: BubblesServer) => void, config = {}) => {
    await using lab = await bubblesLab({ before, config });
    const { server, worker } = lab;
    const chat = server.world.direct(ANNA);
    const { messageIds: [messageId = ""] } = await lab.send({
      target: { chatId: chat.guid, replyToId: "gone" },
      text: "x",
    })
      .catch(() => lab.send({ target: { chatId: chat.guid }, text: "x" }));
    const target = { chatId: chat.guid };
    const answers: Record<string, string> = {};
    const requests: ChannelRequest[] = [
      { type: "edit", target, messageId, text: "y" },
      { type: "react", target, messageId, emoji: "❤️" },
      { type: "typing", target, on: true },
      { type: "delete", target, messageId },
    ];
    for (const request of requests) {
      const thrown = await failureOf(worker, request).catch(() => undefined);
      answers[request.type] = thrown === undefined ? "done" : `${thrown.code}: ${thrown.message}`;
    }
    return answers;
  };
  const now = await reasons(() => {});
  assert.deepEqual(now, { edit: "done", react: "done", typing: "done", delete: "done" });
  const tahoe = await reasons((server) => void (server.mac.settings.macOS = "26.0"));
  assert.match(tahoe["edit"] ?? "", /^unsupported: .*macOS 26/u);
  assert.equal(tahoe["delete"], "done");
  const old = await reasons((server) => void (server.mac.settings.macOS = "12.6"));
  assert.match(old["delete"] ?? "", /macOS 12 cannot/u);
  const plain = await reasons((server) => void (server.mac.settings.privateApi = false));
  for (const type of ["edit", "react", "typing", "delete"]) assert.match(plain[type] ?? "", /Private API/u);
  const off = await reasons(() => {}, { actions: { reactions: false } });
  assert.match(off["react"] ?? "", /actions\.reactions is off/u);
});

test("a wrong password stops the account; a server that is away is waited for", async () => {
  await using lab = await bubblesLab();
  const { server, worker } = lab;
  server.fail("/ping", { kind: "drop" }, 2);
  const away = await worker.waitState("reconnecting");
  assert.ok(!away.sentence.includes(PASSWORD));
  await worker.waitState("connected");
  const probe = await worker.request({ type: "probe" });
  assert.equal(probe.kind === "probe" ? probe.facts["macOS"] : undefined, "15.1");
  await worker.request({ type: "login.start", flow: "check" });
  server.changePassword("another one");
  const state = await worker.waitState("bad_credentials");
  assert.deepEqual([state.userAction, state.platformCode], ["set_token", "401"]);
  await worker.request({ type: "login.start", flow: "check" });
  assert.deepEqual(worker.steps().map(({ kind }) => kind), ["wait", "done", "wait", "failed"]);
  const { code, fatal } = await failureOf(worker, sendTo(server.world.direct(ANNA).guid, "k"));
  assert.deepEqual([code, fatal], ["unauthorized", true]);
  assert.equal(await postHook(worker, { type: "other" }), 200);
});

test("a download ends at its limit, and an unknown reaction is refused with what there is", async () => {
  await using lab = await bubblesLab();
  const { server, worker } = lab;
  const bytes = new Uint8Array(5_000);
  server.world.add({
    chat: server.world.direct(ANNA),
    sender: ANNA,
    text: "",
    files: [{ guid: "big", name: "big.bin", mimeType: "application/pdf", bytes }],
  });
  const fetch = (maxBytes: number): ChannelRequest => ({ type: "media.fetch", ref: "big", maxBytes });
  assert.equal((await failureOf(worker, fetch(4_999))).code, "too_large");
  const value = await worker.request(fetch(5_000));
  assert.equal(value.kind === "media" ? value.mimeType : undefined, "application/pdf");
  assert.equal((await failureOf(worker, { type: "media.fetch", ref: "none", maxBytes: 9 })).code, "not_found");
  const chat = server.world.direct(ANNA);
  const react: ChannelRequest = { type: "react", target: { chatId: chat.guid }, messageId: "m", emoji: "🦊" };
  assert.match((await failureOf(worker, react)).message, /has ❤️ 👍/u);
});
