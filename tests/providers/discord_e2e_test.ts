/** Discord through the running gateway: message in, agent, answer out, the same live in WebChat. */
import assert from "node:assert/strict";
import { eventually } from "../helpers/wait.ts";
import { OTHER_SIDE } from "../servers/discord/server.ts";
import { startHouse } from "./discord_e2e_lab.ts";

const test = (name: string, body: (t: Deno.TestContext) => Promise<void>) =>
  Deno.test(`${name} [other side: ${OTHER_SIDE}]`, body);

/** One red dot. */
const PNG = Uint8Array.fromBase64(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==",
);

test("a direct chat: answers, Markdown, long answers, pictures, reactions, typing, commands", async (t) => {
  await using house = await startHouse({ discord: () => ({ reactionNotifications: "all" }) });
  const { discord, model, web } = house;
  const direct = discord.world.directChannel(discord.world.anna).id;
  let seen = 0;
  const answers = async (count: number) => (await house.written(direct, seen + count)).slice(seen, seen += count);

  await t.step("a message gets its answer, and WebChat sees both live and later", async () => {
    discord.sayDirect("echo:first");
    assert.deepEqual(await answers(1), ["re first"]);
    const live = await web.waitEvent(({ event, payload }) =>
      event === "session.message" && Object(payload["message"]).role === "assistant"
    );
    assert.equal(live.payload["sessionKey"], "agent:main:main");
    assert.ok(JSON.stringify(live.payload).includes("re first"));
    await web.waitEvent(({ event, payload }) => event === "chat" && payload["state"] === "final");
    const history = JSON.stringify((await web.request("chat.history", { sessionKey: "main" }))["messages"]);
    assert.ok(history.includes("echo:first") && history.includes("re first"));
  });

  await t.step("Markdown goes out as it is, tables as code", async () => {
    model.script({ kind: "text", pieces: ["**bold** `code`\n\n| a | b |\n|---|---|\n| 1 | 2 |"] });
    discord.sayDirect("format");
    assert.deepEqual(await answers(1), ["**bold** `code`\n\n```\na | b\n--|--\n1 | 2\n```"]);
  });

  await t.step("a long answer comes in parts that Discord takes, code blocks whole in each", async () => {
    const code = Array.from({ length: 60 }, (_, index) => `const line${index} = "${"x".repeat(40)}";`).join("\n");
    model.script({ kind: "text", pieces: [`Here:\n\n\`\`\`ts\n${code}\n\`\`\`\n\nDone.`] });
    discord.sayDirect("long");
    const parts = await eventually("the last part", () => {
      const all = house.texts(direct).slice(seen);
      return all.at(-1)?.endsWith("Done.") ? all : undefined;
    }, 20_000);
    seen += parts.length;
    assert.ok(parts.length >= 4, `${parts.length} parts`);
    for (const part of parts) {
      assert.ok(part.length <= 2000 && part.split("\n").length <= 17);
      assert.equal((part.match(/```/gu) ?? []).length % 2, 0);
    }
    assert.equal(parts.join("\n").match(/const line\d+/gu)?.length, 60);
  });

  await t.step("a picture reaches the model with its bytes", async () => {
    discord.sayDirect("echo:picture", { files: [{ name: "dot.png", type: "image/png", bytes: PNG }] });
    assert.deepEqual(await answers(1), ["re picture"]);
    assert.ok(house.prompts().at(-1)?.includes(PNG.toBase64()));
  });

  await t.step("a reaction becomes a note that the next prompt carries", async () => {
    const last = discord.sent(direct).at(-1)?.message.id ?? "";
    discord.react(last, "🔥", discord.world.anna);
    discord.sayDirect("echo:noted");
    await answers(1);
    assert.ok(house.prompts().at(-1)?.includes("🔥"));
  });

  await t.step("typing is shown while a slow answer is made", async () => {
    const before = discord.routes.typing.length;
    model.script({ kind: "text", pieces: ["slow ", "answer"], delayMs: 800 });
    discord.sayDirect("slowly");
    assert.deepEqual(await answers(1), ["slow answer"]);
    assert.ok(discord.routes.typing.length > before);
  });

  await t.step("a slash command is answered in its place, without the model", async () => {
    const asked = model.requests.length;
    const pressed = discord.slash("status", {}, { in: direct });
    await eventually("the answer", () => /session|model/iu.test(pressed.original?.content ?? ""));
    assert.deepEqual(pressed.refused, []);
    assert.equal(model.requests.length, asked);
    seen++;
  });

  await t.step("nothing was sent twice and nothing is left", async () => {
    assert.equal(house.texts(direct).length, seen);
    const rows = await house.outbox();
    assert.ok(rows.length > 0 && rows.every((row) => row["state"] === "sent"), JSON.stringify(rows));
  });
});

test("servers: unaddressed talk is context, a mention is answered, threads stay apart", async (t) => {
  await using house = await startHouse({
    discord: ({ world }) => ({ guilds: { [world.guildId]: { requireMention: true } }, groupPolicy: "allowlist" }),
    config: { messages: { queue: { debounceMs: 10 }, ackReaction: "👀" } },
  });
  const { discord, discord: { world } } = house;
  const us = `<@${world.bot.id}>`;

  await t.step("talk without a mention is not answered, but kept as context of the next answer", async () => {
    discord.say("the soup is at eight", { from: world.bert });
    const said = discord.say(`${us} echo:soup`);
    assert.deepEqual(await house.written(world.general.id), ["re soup"]);
    const prompt = house.prompts().at(-1) ?? "";
    assert.ok(prompt.includes("the soup is at eight") && prompt.includes("Bert"), prompt);
    assert.equal(house.model.requests.length, 1);
    await eventually("the acknowledging reaction", () => world.messages.get(said.id)?.reactions[0] === "👀");
  });

  await t.step("an answer to the bot needs no mention", async () => {
    discord.say("echo:again", { replyTo: discord.sent(world.general.id)[0]?.message.id ?? "" });
    assert.equal((await house.written(world.general.id, 2))[1], "re again");
  });

  await t.step("a thread is a session of its own, and answers stay in it", async () => {
    discord.say(`${us} echo:thread`, { in: world.thread.id });
    assert.deepEqual(await house.written(world.thread.id), ["re thread"]);
    const { sessions } = await house.web.request("sessions.list", {});
    const keys = JSON.stringify(sessions);
    const room = `agent:main:discord:channel:${world.general.id}`;
    assert.ok(keys.includes(`"${room}"`) && keys.includes(`${room}:thread:${world.thread.id}`), keys);
  });

  await t.step("bots are not answered, and @everyone is nobody's call", async () => {
    discord.say(`${us} echo:beep`, { from: world.otherBot });
    discord.say("@everyone echo:all");
    discord.say(`${us} echo:end`);
    assert.deepEqual((await house.written(world.general.id, 3)).slice(2), ["re end"]);
  });
});

test("a stranger gets a code, is let in, and is answered from then on", async () => {
  await using house = await startHouse({ discord: () => ({ dmPolicy: "pairing", allowFrom: [] }) });
  const { discord, web } = house;
  const direct = discord.world.directChannel(discord.world.anna).id;
  discord.sayDirect("echo:before");
  const [told = ""] = await house.written(direct);
  const code = /\b[A-HJ-NP-Z2-9]{8}\b/u.exec(told)?.[0];
  assert.ok(code, told);
  assert.equal(house.model.requests.length, 0, "the message itself is not processed");
  const approved = await web.request("channels.pairing.approve", { channel: "discord", requestId: code });
  assert.equal(approved["senderId"], discord.world.anna.id);
  discord.sayDirect("echo:after");
  assert.equal((await house.written(direct, 2)).at(-1), "re after");
});

test("servers and rooms may be listed by name; a thread that borrows the name of a room is not let in by it", async () => {
  await using house = await startHouse({
    discord: () => ({
      groupPolicy: "allowlist",
      guilds: { "friends-of-tests": { requireMention: false, channels: { general: {}, "#read-only": {} } } },
    }),
  });
  const { discord, discord: { world } } = house;
  world.thread.name = "general";
  world.thread.parent_id = world.locked.id;
  discord.gateway.emit("THREAD_UPDATE", world.thread, { direct: false });
  discord.say("echo:borrowed", { in: world.thread.id });
  discord.say("echo:listed");
  assert.deepEqual(await house.written(world.general.id), ["re listed"]);
  assert.deepEqual(house.texts(world.thread.id), []);
  world.thread.parent_id = world.general.id;
  discord.gateway.emit("THREAD_UPDATE", world.thread, { direct: false });
  discord.say("echo:inherits", { in: world.thread.id });
  assert.deepEqual(await house.written(world.thread.id), ["re inherits"]);
});

test("a server that the configuration does not name is not answered", async () => {
  await using house = await startHouse({
    discord: () => ({ guilds: { "111111111111111111": {} }, groupPolicy: "allowlist" }),
  });
  const { discord, discord: { world } } = house;
  discord.say(`<@${world.bot.id}> echo:no`);
  discord.sayDirect("echo:yes");
  const direct = world.directChannel(world.anna).id;
  assert.deepEqual(await house.written(direct), ["re yes"]);
  assert.deepEqual(house.texts(world.general.id), []);
});
