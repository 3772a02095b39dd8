/** Telegram through the running gateway: message in, agent, answer out, the same live in WebChat. */
import assert from "node:assert/strict";
import type { Json } from "../helpers/client.ts";
import { freePort } from "../helpers/gateway.ts";
import { eventually } from "../helpers/wait.ts";
import { OTHER_SIDE } from "../servers/telegram/server.ts";
import { startHouse } from "./telegram_e2e_lab.ts";
import { jpeg } from "./telegram_lab.ts";

const test = (name: string, body: (t: Deno.TestContext) => Promise<void>) =>
  Deno.test(`${name} [other side: ${OTHER_SIDE}]`, body);
const typesOf = (message: Json): string[] => {
  const entities = message["entities"];
  return Array.isArray(entities) ? entities.map(({ type }) => String(type)) : [];
};

test("a private chat: answers, Markdown, long answers, pictures, reactions, typing, growing answers", async (t) => {
  await using house = await startHouse({ telegram: { reactionNotifications: "all" } });
  const { telegram: { people }, telegram, model, web, anna, direct, bot } = house;
  let seen = 0;
  const answers = async (count: number) => (await house.written(11, seen + count)).slice(seen, seen += count);

  await t.step("a message gets its answer, and WebChat sees both live and later", async () => {
    people.say(direct, anna, "echo:first");
    const [answer] = await answers(1);
    assert.equal(answer?.["text"], "re first");
    const live = await web.waitEvent(({ event, payload }) =>
      event === "session.message" && Object(payload["message"]).role === "assistant"
    );
    assert.equal(live.payload["sessionKey"], "agent:main:main");
    assert.ok(JSON.stringify(live.payload).includes("re first"));
    await web.waitEvent(({ event, payload }) => event === "chat" && payload["state"] === "final");
    const history = JSON.stringify((await web.request("chat.history", { sessionKey: "main" }))["messages"]);
    assert.ok(history.includes("echo:first") && history.includes("re first"));
  });

  await t.step("Markdown arrives as Telegram's own formatting", async () => {
    model.script({ kind: "text", pieces: ["**bold** `code` [site](https://example.org)"] });
    people.say(direct, anna, "format");
    const [answer] = await answers(1);
    assert.equal(answer?.["text"], "bold code site");
    assert.deepEqual(typesOf(answer ?? {}), ["bold", "code", "text_link"]);
  });

  await t.step("a long answer comes in parts that Telegram takes, code blocks whole in each", async () => {
    const code = Array.from({ length: 300 }, (_, index) => `const line${index} = "${"x".repeat(12)}";`).join("\n");
    model.script({ kind: "text", pieces: [`Here:\n\n\`\`\`ts\n${code}\n\`\`\`\n\nDone.`] });
    people.say(direct, anna, "long");
    const parts = await eventually("the last part", () => {
      const all = telegram.written(11).slice(seen);
      return String(all.at(-1)?.["text"] ?? "").endsWith("Done.") ? all : undefined;
    }, 20_000);
    seen += parts.length;
    assert.ok(parts.length >= 3, `${parts.length} parts`);
    for (const part of parts) {
      assert.ok(String(part["text"]).length <= 4096);
      assert.ok(typesOf(part).includes("pre"));
    }
    const lines = parts.map((part) => String(part["text"])).join("\n").match(/const line\d+ = "x{12}";/gu);
    assert.equal(lines?.length, 300);
  });

  await t.step("a picture reaches the model with its bytes", async () => {
    const picture = jpeg(300);
    people.sendFile(direct, anna, "photo", picture, {}, { caption: "echo:picture" });
    const [answer] = await answers(1);
    assert.equal(answer?.["text"], "re picture");
    assert.ok(house.prompts().at(-1)?.includes(picture.toBase64()));
  });

  await t.step("a reaction becomes a note that the next prompt carries", async () => {
    people.react(direct, anna, telegram.written(11).at(-1)?.message_id ?? 0, [], ["🔥"]);
    await eventually("the event to be taken", () => bot.updates.pending().length === 0);
    people.say(direct, anna, "echo:noted");
    await answers(1);
    assert.ok(house.prompts().at(-1)?.includes("🔥"));
  });

  await t.step("an answer grows by edits of one message while typing is shown", async () => {
    const pieces = Array.from({ length: 30 }, (_, index) => `word${index} `);
    model.script({ kind: "text", pieces, delayMs: 100 });
    people.say(direct, anna, "slowly");
    const [answer] = await answers(1);
    await eventually("the whole text", () => {
      const now = direct.messages.get(answer?.message_id ?? 0);
      return String(now?.["text"]).endsWith("word29");
    });
    assert.ok(telegram.callsOf("editMessageText").length >= 2);
    assert.equal(telegram.written(11).length, seen, "one message, not several");
    assert.ok(bot.actions.length > 0, "typing was shown");
  });

  await t.step("a button that we did not send is nobody's order, and a native command is obeyed", async () => {
    const asked = model.requests.length;
    people.press(direct, anna, telegram.written(11).at(-1)?.message_id ?? 0, "echo:pressed");
    await eventually("the query to be answered", () => bot.queries.size === 0);
    people.say(direct, anna, "/status@house_bot");
    const [status] = await answers(1);
    assert.match(String(status?.["text"]), /session|model/iu);
    assert.equal(model.requests.length, asked);
  });

  await t.step("nothing was sent twice and nothing is left", async () => {
    assert.equal(telegram.written(11).length, seen);
    assert.deepEqual(bot.updates.pending(), []);
    assert.equal(bot.updates.polls.most, 1);
    const rows = await house.outbox();
    assert.ok(rows.length > 0 && rows.every((row) => row["state"] === "sent"));
  });
});

test("groups: unaddressed talk is context, a mention is answered, topics stay apart", async (t) => {
  await using house = await startHouse({
    telegram: { groups: { "*": { requireMention: true } } },
    config: { messages: { queue: { debounceMs: 10 }, ackReaction: "👀" } },
  });
  const { telegram: { people }, anna } = house;
  const ben = people.person(12, "Ben", "ben_b");
  const group = people.group(-500, "House");

  await t.step("talk without a mention is not answered, but kept as context of the next answer", async () => {
    people.say(group, ben, "the soup is at eight");
    await eventually("the message to be taken", () => house.bot.updates.pending().length === 0);
    const { message } = people.say(group, anna, "@house_bot echo:soup");
    const [answer] = await house.written(-500);
    assert.equal(answer?.["text"], "re soup");
    const prompt = house.prompts().at(-1) ?? "";
    assert.ok(prompt.includes("the soup is at eight") && prompt.includes("Ben"));
    assert.equal(house.model.requests.length, 1);
    await eventually("the acknowledging reaction", () => group.reactions.get(message.message_id)?.[0] === "👀");
  });

  await t.step("an answer to the bot needs no mention", async () => {
    people.say(group, anna, "echo:again", { replyTo: house.telegram.written(-500)[0]?.message_id ?? 0 });
    assert.equal((await house.written(-500, 2))[1]?.["text"], "re again");
  });

  await t.step("each topic of a forum is a session of its own, and answers stay in it", async () => {
    const forum = people.group(-1001, "Forum", { forum: true, topics: [7] });
    people.say(forum, anna, "@house_bot echo:seven", { topic: 7 });
    const [seven] = await house.written(-1001);
    assert.equal(seven?.["message_thread_id"], 7);
    people.say(forum, anna, "@house_bot echo:general");
    const [, general] = await house.written(-1001, 2);
    assert.deepEqual([general?.["text"], general?.["message_thread_id"]], ["re general", undefined]);
    const { sessions } = await house.web.request("sessions.list", {});
    const keys = JSON.stringify(sessions);
    for (const topic of ["7", "1"]) assert.ok(keys.includes(`agent:main:telegram:group:-1001:topic:${topic}`), topic);
  });
});

test("a stranger gets a code, is let in, and is answered from then on", async () => {
  await using house = await startHouse({ telegram: { dmPolicy: "pairing", allowFrom: [] } });
  const { telegram: { people }, anna, direct, web } = house;
  people.say(direct, anna, "echo:before");
  const [told] = await house.written(11);
  const code = /\b[A-HJ-NP-Z2-9]{8}\b/u.exec(String(told?.["text"]))?.[0];
  assert.ok(code, String(told?.["text"]));
  assert.equal(house.model.requests.length, 0, "the message itself is not processed");
  const approved = await web.request("channels.pairing.approve", { channel: "telegram", requestId: code });
  assert.equal(approved["senderId"], "11");
  people.say(direct, anna, "echo:after");
  const texts = (await house.written(11, 2)).map((message) => message["text"]);
  assert.equal(texts.at(-1), "re after");
});

test("webhook mode: Telegram posts to the gateway's port, strangers to that port are refused", async () => {
  const port = freePort();
  const url = `http://127.0.0.1:${port}/telegram-webhook`;
  await using house = await startHouse({
    port,
    telegram: { webhookUrl: url, webhookSecret: "a-secret-of-the-webhook_1" },
  });
  const { telegram: { people }, anna, direct, telegram } = house;
  people.say(direct, anna, "echo:hook");
  assert.equal((await house.written(11))[0]?.["text"], "re hook");
  assert.equal(telegram.callsOf("getUpdates").length, 0);
  const forged = {
    update_id: 99,
    message: { message_id: 1, date: 1, chat: direct.chat, from: anna, text: "echo:forged" },
  };
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", "x-telegram-bot-api-secret-token": "a-guess-of-the-webhook_1" },
    body: JSON.stringify(forged),
  });
  assert.equal(response.status, 401);
  await response.body?.cancel();
  people.say(direct, anna, "echo:second");
  const texts = (await house.written(11, 2)).map((message) => message["text"]);
  assert.deepEqual(texts, ["re hook", "re second"]);
});
