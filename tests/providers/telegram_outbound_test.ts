/** What the worker writes on Telegram, and what it makes of Telegram's refusals. The other side is our strict server. */
import assert from "node:assert/strict";
import type { Outbound } from "../../schemas/worker/content.ts";
import type { ChannelRequest } from "../../gateway/supervisor/types.ts";
import { Refusal } from "../servers/telegram/refusal.ts";
import { type Fault, OTHER_SIDE } from "../servers/telegram/server.ts";
import { failureOf, jpeg, telegramLab } from "./telegram_lab.ts";

const test = (name: string, body: () => Promise<void>) => Deno.test(`${name} [other side: ${OTHER_SIDE}]`, body);

async function lab(options = {}) {
  const made = await telegramLab(options);
  const { people } = made.server;
  const anna = people.person(11, "Anna");
  return { ...made, anna, direct: people.direct(anna), [Symbol.asyncDispose]: made[Symbol.asyncDispose] };
}

const DM = { chatId: "11" };
const send = (message: Partial<Outbound>): ChannelRequest => ({
  type: "send",
  message: { target: DM, idempotencyKey: "k", ...message },
});
const refuse = (code: number, description: string, parameters = {}): Fault => ({
  kind: "refuse",
  refusal: new Refusal(code, description, parameters),
});

test("Markdown becomes Telegram's HTML and its entities", async () => {
  await using house = await lab();
  const text =
    "**bold** _it_ ~~no~~ `x < 1` [site](https://example.org) [file](file:///etc)\n\n```py\nprint(1)\n```\n> said";
  await house.send({ target: DM, text });
  const message = house.last(11);
  assert.equal(message["text"], "bold it no x < 1 site file (file:///etc)\n\nprint(1)\nsaid");
  const entities = message["entities"];
  assert.ok(Array.isArray(entities));
  assert.deepEqual(
    entities.map(({ type }: { type: string }) => type),
    ["bold", "italic", "strikethrough", "code", "text_link", "pre", "blockquote"],
  );
  assert.equal(entities[5].language, "py");
  assert.equal(house.server.callsOf("sendMessage")[0]?.values["parse_mode"], "HTML");
});

test("text that Telegram cannot parse is sent again as it was written, once", async () => {
  await using house = await lab();
  house.server.fail("sendMessage", refuse(400, "Bad Request: can't parse entities: Unsupported start tag"));
  await house.send({ target: DM, text: "**a** <b" });
  assert.equal(house.last(11)["text"], "**a** <b");
  assert.equal(house.server.callsOf("sendMessage")[1]?.values["parse_mode"], undefined);
  assert.equal(house.server.written(11).length, 1);
});

test("a full message of 4000 characters of any Markdown goes out as one", async () => {
  await using house = await lab();
  const table = `| a | ${"b".repeat(38)} |\n|---|---|\n${"| 1 | 2 |\n".repeat(395)}`.slice(0, 4000);
  const receipt = await house.send({ target: DM, text: table });
  assert.equal(receipt.messageIds.length, 1);
  assert.ok(String(house.last(11)["text"]).length <= 4096);
});

test("a link preview is on, off by configuration, and off for one message", async () => {
  await using house = await lab();
  await house.send({ target: DM, text: "https://example.org" });
  await house.send({ target: DM, text: "https://example.org", linkPreview: false });
  await using quiet = await lab({ config: { linkPreview: false } });
  await quiet.send({ target: DM, text: "https://example.org" });
  const disabled = [...house.server.callsOf("sendMessage"), ...quiet.server.callsOf("sendMessage")]
    .map(({ values }) => JSON.stringify(values["link_preview_options"]));
  assert.deepEqual(disabled, ['{"is_disabled":false}', '{"is_disabled":true}', '{"is_disabled":true}']);
});

test("an answer quotes its message, silently if asked, and goes out also when that message is gone", async () => {
  await using house = await lab();
  const { message } = house.server.people.say(house.direct, house.anna, "question");
  await house.send({ target: { ...DM, replyToId: String(message.message_id) }, text: "answer", silent: true });
  const reply = house.last(11)["reply_to_message"];
  assert.ok(JSON.stringify(reply).includes("question"));
  assert.equal(house.server.callsOf("sendMessage")[0]?.values["disable_notification"], true);
  await house.send({ target: { ...DM, replyToId: "9999" }, text: "anyway" });
  assert.equal(house.last(11)["text"], "anyway");
});

test("topics: the general one is left out of sends and named in typing; others and private threads are kept", async () => {
  await using house = await lab();
  const { people } = house.server;
  people.group(-1001, "Forum", { forum: true, topics: [7] });
  people.direct(people.person(13, "Ben"), [44]);
  const to = (chatId: string, threadId: string) => ({ chatId, threadId });
  await house.send({ target: to("-1001", "1"), text: "general" });
  assert.equal(house.last(-1001)["message_thread_id"], undefined);
  await house.send({ target: to("-1001", "7"), text: "seven" });
  assert.equal(house.last(-1001)["message_thread_id"], 7);
  await house.send({ target: { chatId: "telegram:-1001:topic:7" }, text: "seven too" });
  assert.equal(house.last(-1001)["message_thread_id"], 7);
  await house.send({ target: to("13", "44"), text: "thread" });
  assert.equal(house.last(13)["message_thread_id"], 44);
  for (const target of [to("-1001", "1"), to("-1001", "7"), to("13", "44")]) {
    await house.worker.request({ type: "typing", target, on: true });
  }
  assert.deepEqual(house.bot.actions.map((each) => each["message_thread_id"]), [1, 7, 44]);
  const lost = await failureOf(house.worker, send({ target: to("-1001", "8"), text: "nowhere" }));
  assert.deepEqual([lost.code, lost.retryable, lost.outcome], ["not_found", false, "not_sent"]);
});

test("pictures, voice, sound, film, animations, stickers and files go out as what they are", async () => {
  await using house = await lab();
  const cases = [
    ["image", "image/jpeg", "photo"],
    ["image", "image/gif", "animation"],
    ["image", "image/tiff", "document"],
    ["voice", "audio/ogg", "voice"],
    ["voice", "audio/wav", "document"],
    ["audio", "audio/mpeg", "audio"],
    ["video", "video/mp4", "video"],
    ["sticker", "image/webp", "sticker"],
    ["document", "image/jpeg", "document"],
  ] as const;
  for (const [kind, mimeType, field] of cases) {
    await house.send({ target: DM, media: { kind, mimeType, data: jpeg(3000), fileName: "my file; final.dat" } });
    const content = house.last(11)[field];
    assert.ok(content !== undefined, `${kind} ${mimeType} as ${field}`);
  }
  const upload = [...house.server.callsOf("sendDocument").at(-1)?.files.values() ?? []][0];
  assert.equal(upload?.name, "my file_ final.dat");
  assert.deepEqual(upload?.bytes, jpeg(3000));
});

test("words under a file are its caption up to 1024 characters, and a message of their own beyond", async () => {
  await using house = await lab();
  const media = { kind: "image", mimeType: "image/jpeg", data: jpeg() } as const;
  const one = await house.send({ target: DM, media, text: "**look**" });
  assert.equal(one.messageIds.length, 1);
  assert.equal(house.last(11)["caption"], "look");
  const buttons = [[{ label: "ok", data: "ok" }]];
  const two = await house.send({ target: DM, media: { ...media, data: jpeg() }, text: "x".repeat(1025), buttons });
  assert.equal(two.messageIds.length, 2);
  const [picture, words] = house.server.written(11).slice(-2);
  assert.deepEqual([picture?.["caption"], picture?.["reply_markup"]], [undefined, undefined]);
  assert.ok(words?.["reply_markup"]);
});

test("when the words after a file fail, the next attempt sends only the words", async () => {
  await using house = await lab();
  const request = () =>
    send({
      media: { kind: "image", mimeType: "image/jpeg", data: jpeg() },
      text: "x".repeat(2000),
      idempotencyKey: "same",
    });
  house.server.fail("sendMessage", refuse(429, "Too Many Requests: retry after 3", { retry_after: 3 }));
  assert.equal((await failureOf(house.worker, request())).code, "rate_limited");
  const value = await house.worker.request(request());
  assert.ok(value.kind === "receipt" && value.receipt.messageIds.length === 2);
  assert.equal(house.server.written(11).length, 2);
});

test("a picture that Telegram cannot process goes out as a file, a voice that is not wanted too", async () => {
  await using house = await lab();
  await house.send({ target: DM, media: { kind: "image", mimeType: "image/png", data: new Uint8Array(100) } });
  assert.ok(house.last(11)["document"]);
  house.server.fail("sendVoice", refuse(400, "Bad Request: VOICE_MESSAGES_FORBIDDEN"));
  await house.send({ target: DM, media: { kind: "voice", mimeType: "audio/ogg", data: new Uint8Array(100) } });
  assert.ok(house.last(11)["document"]);
});

test("a file above 50 MB is refused before it is sent, a photo above 10 MB goes as a file", async () => {
  await using house = await lab();
  const MB = 1024 * 1024;
  await house.send({ target: DM, media: { kind: "image", mimeType: "image/jpeg", data: jpeg(10 * MB + 1) } });
  assert.ok(house.last(11)["document"]);
  const data = new Uint8Array(50 * MB + 1);
  const error = await failureOf(house.worker, send({ media: { kind: "document", mimeType: "a/b", data } }));
  assert.deepEqual([error.code, error.outcome], ["too_large", "not_sent"]);
});

test("edits: another text, the same text, the words under a picture, a message that is gone", async () => {
  await using house = await lab();
  const { messageIds: [id = ""] } = await house.send({ target: DM, text: "grow" });
  const edit = (messageId: string, text: string) => house.worker.request({ type: "edit", target: DM, messageId, text });
  await edit(id, "growing **text**");
  await edit(id, "growing **text**");
  assert.equal(house.last(11)["text"], "growing text");
  await edit(id, "an open ```fence");
  const { messageIds: [picture = ""] } = await house.send({
    target: DM,
    text: "old",
    media: { kind: "image", mimeType: "image/jpeg", data: jpeg() },
  });
  await edit(picture, "new");
  assert.equal(house.last(11)["caption"], "new");
  const gone = await failureOf(house.worker, { type: "edit", target: DM, messageId: "777", text: "x" });
  assert.equal(gone.code, "not_found");
});

test("a deleted message is gone, and deleting it again is no error", async () => {
  await using house = await lab();
  const { messageIds: [messageId = ""] } = await house.send({ target: DM, text: "oops" });
  await house.worker.request({ type: "delete", target: DM, messageId });
  assert.equal(house.server.written(11).length, 0);
  await house.worker.request({ type: "delete", target: DM, messageId });
});

test("reactions are set and taken away; an emoji that Telegram does not allow is refused with a reason", async () => {
  await using house = await lab();
  const { message } = house.server.people.say(house.direct, house.anna, "nice");
  const messageId = String(message.message_id);
  const react = (emoji: string, remove = false): ChannelRequest => ({
    type: "react",
    target: DM,
    messageId,
    emoji,
    remove,
  });
  await house.worker.request(react("❤️"));
  assert.deepEqual(house.direct.reactions.get(message.message_id), ["❤"]);
  await house.worker.request(react("❤️", true));
  assert.deepEqual(house.direct.reactions.get(message.message_id), []);
  const error = await failureOf(house.worker, react("🦆"));
  assert.deepEqual([error.code, error.outcome], ["invalid", "not_sent"]);
});

test("a poll with several choices and an end; thirteen options are refused", async () => {
  await using house = await lab();
  const poll = {
    target: DM,
    question: "Soup?",
    options: ["yes", "no"],
    maxSelections: 2,
    durationHours: 24,
    idempotencyKey: "p",
  };
  const value = await house.worker.request({ type: "poll", poll });
  assert.ok(value.kind === "receipt");
  const sent = house.last(11)["poll"];
  assert.ok(JSON.stringify(sent).includes('"allows_multiple_answers":true'));
  assert.match(value.pollId ?? "", /^poll/u);
  assert.equal(house.server.callsOf("sendPoll")[0]?.values["open_period"], 86_400);
});

test("a button's data is measured in bytes", async () => {
  await using house = await lab();
  const buttons = [[{ label: "long", data: "ä".repeat(40) }]];
  const error = await failureOf(house.worker, send({ text: "x", buttons }));
  assert.deepEqual([error.code, error.outcome], ["invalid", "not_sent"]);
  assert.equal(house.server.callsOf("sendMessage").length, 0);
});

test("Telegram's refusals keep their code and say whether and when to try again", async () => {
  await using house = await lab();
  const met = async (fault: Fault) => {
    house.server.fail("sendMessage", fault);
    const { code, retryable, outcome, platformCode, retryAfterMs, fatal } = await failureOf(
      house.worker,
      send({ text: "x" }),
    );
    return [code, retryable, outcome, platformCode, retryAfterMs, fatal];
  };
  const none = undefined;
  assert.deepEqual(
    await met(refuse(429, "Too Many Requests: retry after 7", { retry_after: 7 })),
    ["rate_limited", true, "not_sent", "429", 7000, none],
  );
  assert.deepEqual(
    await met(refuse(403, "Forbidden: bot was blocked by the user")),
    ["forbidden", false, "not_sent", "403", none, none],
  );
  assert.deepEqual(await met(refuse(400, "Bad Request: chat not found")), [
    "not_found",
    false,
    "not_sent",
    "400",
    none,
    none,
  ]);
  assert.deepEqual(await met(refuse(401, "Unauthorized")), ["unauthorized", false, "not_sent", "401", none, true]);
  assert.deepEqual(await met(refuse(500, "Internal Server Error")), ["platform", true, "not_sent", "500", none, none]);
  assert.deepEqual(await met({ kind: "html", status: 502 }), ["platform", true, "unknown", "502", none, none]);
  assert.deepEqual(await met({ kind: "html", status: 503 }), ["platform", true, "not_sent", "503", none, none]);
  assert.deepEqual(await met({ kind: "drop" }), ["unreachable", true, "unknown", none, none, none]);
  assert.equal(house.server.written(11).length, 0);
});

test("an answer that is lost leaves the outcome unknown, and the message stands once on Telegram", async () => {
  await using house = await lab();
  await house.send({ target: DM, text: "warm the connection" });
  house.server.fail("sendMessage", { kind: "lose" });
  const error = await failureOf(house.worker, send({ text: "once" }));
  assert.deepEqual([error.code, error.outcome], ["unreachable", "unknown"]);
  assert.deepEqual(house.server.written(11).map((each) => each["text"]), ["warm the connection", "once"]);
});

test("a person who blocked the bot, and an address that is none", async () => {
  await using house = await lab();
  house.direct.blocked = true;
  const blocked = await failureOf(house.worker, send({ text: "x" }));
  assert.deepEqual([blocked.code, blocked.retryable], ["forbidden", false]);
  assert.match(blocked.message, /blocked by the user/u);
  const bad = await failureOf(house.worker, send({ text: "x", target: { chatId: "not a chat" } }));
  assert.deepEqual([bad.code, bad.outcome], ["invalid", "not_sent"]);
  assert.equal((await failureOf(house.worker, send({ text: "  " }))).code, "invalid");
});

test("while Telegram cannot be reached a send has not left", async () => {
  const house = await lab();
  await house.server.close();
  const error = await failureOf(house.worker, send({ text: "x" }));
  assert.deepEqual([error.code, error.outcome, error.retryable], ["unreachable", "not_sent", true]);
  await house.worker[Symbol.asyncDispose]();
});

test("custom commands join the menu; a name that Telegram would refuse is left out and logged", async () => {
  const customCommands = [{ command: "Light-On", description: "Lights" }, { command: "größe", description: "x" }];
  await using house = await lab({ config: { customCommands } });
  const names = house.bot.commands.map(({ command }) => command);
  assert.ok(names.includes("light_on") && names.includes("new") && !names.includes("größe"));
  const line = house.worker.logs().find(({ event }) => event === "telegram.commands_refused");
  assert.deepEqual(line?.fields["names"], ["größe"]);
  await using plain = await lab({ config: { commands: { native: false } } });
  assert.equal(plain.server.callsOf("setMyCommands").length, 0);
});

test("logging out takes the webhook away and asks for a token", async () => {
  await using house = await lab();
  await house.worker.request({ type: "logout" });
  const state = await house.worker.waitState("logged_out");
  assert.equal(state.userAction, "set_token");
  assert.deepEqual(house.worker.saved, {});
});
