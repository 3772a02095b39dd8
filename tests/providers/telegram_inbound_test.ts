/** What people do on Telegram, as events of the contract. The other side is our strict server. */
import assert from "node:assert/strict";
import { eventually } from "../helpers/wait.ts";
import { OTHER_SIDE } from "../servers/telegram/server.ts";
import { failureOf, jpeg, type Lab, telegramLab } from "./telegram_lab.ts";

const test = (name: string, body: () => Promise<void>) => Deno.test(`${name} [other side: ${OTHER_SIDE}]`, body);

function cast({ server: { people } }: Lab) {
  const anna = people.person(11, "Anna", "anna_k");
  const ben = people.person(12, "Ben", "ben_b");
  return { anna, ben, direct: people.direct(anna), group: people.group(-500, "House") };
}

test("in a group a mention, a command and an answer to the bot are told from talk among people", async () => {
  await using lab = await telegramLab();
  const { people } = lab.server;
  const { anna, group } = cast(lab);
  const said = async (text: string, options = {}) => {
    people.say(group, anna, text, options);
    const { mentioned, mentionsOthers, nativeCommand, replyTo, text: heard, chat } = await lab.nextMessage();
    return { mentioned, mentionsOthers, nativeCommand, fromSelf: replyTo?.fromSelf, heard, kind: chat.kind };
  };
  const talk = {
    mentioned: false,
    mentionsOthers: undefined,
    nativeCommand: undefined,
    fromSelf: undefined,
    kind: "group",
  };
  assert.deepEqual(await said("lunch?"), { ...talk, heard: "lunch?" });
  assert.deepEqual(await said("@House_Bot lunch?"), { ...talk, mentioned: true, heard: "@House_Bot lunch?" });
  assert.deepEqual(await said("@ben_b lunch?"), { ...talk, mentionsOthers: true, heard: "@ben_b lunch?" });
  assert.deepEqual(await said("/status@house_bot all"), {
    ...talk,
    mentioned: true,
    nativeCommand: true,
    heard: "/status all",
  });
  assert.deepEqual(await said("/status"), { ...talk, mentioned: true, nativeCommand: true, heard: "/status" });
  assert.deepEqual(await said("/status@other_bot"), { ...talk, mentionsOthers: true, heard: "/status@other_bot" });
  assert.deepEqual(await said("/unknown_word"), { ...talk, heard: "/unknown_word" });
  await lab.send({ target: { chatId: "-500" }, text: "soup today" });
  assert.deepEqual(await said("with bread?", { replyTo: lab.last(-500).message_id }), {
    ...talk,
    fromSelf: true,
    heard: "with bread?",
  });
});

test("a mention by name of the bot, without a user name, counts", async () => {
  await using lab = await telegramLab();
  const { anna, group } = cast(lab);
  lab.server.people.say(group, anna, "House look", {
    more: { entities: [{ type: "text_mention", offset: 0, length: 5, user: lab.bot.me }] },
  });
  assert.equal((await lab.nextMessage()).mentioned, true);
});

test("an answer carries what was answered, or the quoted part of it", async () => {
  await using lab = await telegramLab();
  const { anna, ben, group } = cast(lab);
  const { people } = lab.server;
  const { message } = people.say(group, ben, "soup and bread");
  await lab.nextMessage();
  people.say(group, anna, "yes", { replyTo: message.message_id });
  assert.deepEqual((await lab.nextMessage()).replyTo, {
    messageId: String(message.message_id),
    text: "soup and bread",
    fromSelf: false,
  });
  people.say(group, anna, "this", { replyTo: message.message_id, more: { quote: { text: "bread" } } });
  assert.equal((await lab.nextMessage()).replyTo?.text, "bread");
});

test("topics of a forum are threads, the general one included; an opened topic is no answer", async () => {
  await using lab = await telegramLab();
  const { people } = lab.server;
  const { anna } = cast(lab);
  const forum = people.group(-1001, "Forum", { forum: true, topics: [7] });
  people.say(forum, anna, "in seven", { topic: 7 });
  assert.equal((await lab.nextMessage()).chat.threadId, "7");
  people.say(forum, anna, "in general");
  assert.equal((await lab.nextMessage()).chat.threadId, "1");
  const opening = people.share(forum, anna, { forum_topic_created: { name: "Bikes", icon_color: 1 } }, { topic: 7 });
  assert.match((await lab.nextOf("note")).text, /"Bikes" was opened/u);
  people.say(forum, anna, "first", { topic: 7, replyTo: opening.message.message_id });
  assert.equal((await lab.nextMessage()).replyTo, undefined);
});

test("a thread of a private chat is kept, one of a plain group's answers is not", async () => {
  await using lab = await telegramLab();
  const { people } = lab.server;
  const { anna, group } = cast(lab);
  const ben = people.person(13, "Ben");
  const threads = people.direct(ben, [44]);
  people.say(threads, ben, "in a thread", { topic: 44 });
  const event = await lab.nextMessage();
  assert.deepEqual([event.chat.kind, event.chat.threadId], ["direct", "44"]);
  people.say(group, anna, "an answer", { more: { message_thread_id: 99 } });
  assert.equal((await lab.nextMessage()).chat.threadId, undefined);
});

test("an edit comes as a message that replaces the earlier one", async () => {
  await using lab = await telegramLab();
  const { people } = lab.server;
  const { anna, direct } = cast(lab);
  const { message } = people.say(direct, anna, "helo");
  const first = await lab.nextMessage();
  people.edit(direct, message.message_id, "hello");
  const second = await lab.nextMessage();
  assert.deepEqual([second.text, second.edited, second.messageId], ["hello", true, first.messageId]);
  assert.notEqual(second.dedupeKey, first.dedupeKey);
});

test("reactions come and go one by one; on a message of ours they say so", async () => {
  await using lab = await telegramLab();
  const { people } = lab.server;
  const { anna, direct } = cast(lab);
  await lab.send({ target: { chatId: "11" }, text: "done" });
  const { message_id: id } = lab.last(11);
  people.react(direct, anna, id, [], ["👍"]);
  const up = await lab.nextOf("reaction");
  assert.deepEqual([up.emoji, up.added, up.onOwnMessage, up.messageId], ["👍", true, true, String(id)]);
  people.react(direct, anna, id, ["👍"], ["🔥"]);
  const [fire, gone] = [await lab.nextOf("reaction"), await lab.nextOf("reaction")];
  assert.deepEqual([fire.emoji, fire.added, gone.emoji, gone.added], ["🔥", true, "👍", false]);
  assert.notEqual(fire.dedupeKey, gone.dedupeKey);
  const { message } = people.say(direct, anna, "mine");
  await lab.nextMessage();
  people.react(direct, anna, message.message_id, [], ["❤"]);
  assert.equal((await lab.nextOf("reaction")).onOwnMessage, undefined);
});

test("a pressed button is an event with our data, and the query is answered", async () => {
  await using lab = await telegramLab();
  const { people } = lab.server;
  const { anna, direct } = cast(lab);
  await lab.send({
    target: { chatId: "11" },
    text: "Run it?",
    buttons: [[{ label: "Yes", data: "approve:1" }, { label: "No", data: "deny:1", style: "danger" }]],
  });
  people.press(direct, anna, lab.last(11).message_id, "approve:1");
  const event = await lab.nextOf("button");
  assert.deepEqual([event.data, event.sender.id, event.chat.id], ["approve:1", "11", "11"]);
  await eventually("the answer to the query", () => lab.bot.queries.size === 0);
});

test("the group's move to a supergroup is a note with the new id, and sends follow it", async () => {
  await using lab = await telegramLab();
  const { people } = lab.server;
  const { group } = cast(lab);
  people.migrate(group, -100500);
  const note = await lab.nextOf("note");
  assert.deepEqual([note.migratedTo, note.chat.id], ["-100500", "-500"]);
  const receipt = await lab.send({ target: { chatId: "-500" }, text: "still here" });
  assert.equal(receipt.chatId, "-100500");
  assert.equal(lab.last(-100500)["text"], "still here");
});

test("joins, leaves, titles and the bot's own membership are notes, never prompts", async () => {
  await using lab = await telegramLab();
  const { people } = lab.server;
  const { anna, ben, group } = cast(lab);
  people.share(group, anna, { new_chat_members: [ben] });
  assert.equal((await lab.nextOf("note")).text, "Ben joined");
  people.share(group, anna, { left_chat_member: ben });
  assert.equal((await lab.nextOf("note")).text, "Ben left");
  people.share(group, anna, { new_chat_title: "Home" });
  assert.equal((await lab.nextOf("note")).text, 'The chat is now called "Home"');
  lab.bot.updates.push("my_chat_member", {
    chat: group.chat,
    from: anna,
    date: 1,
    old_chat_member: { status: "member", user: lab.bot.me },
    new_chat_member: { status: "kicked", user: lab.bot.me },
  });
  assert.match((await lab.nextOf("note")).text, /blocked or removed/u);
});

test("places, venues, contacts, polls, dice, moving stickers and forwards become text", async () => {
  await using lab = await telegramLab();
  const { people } = lab.server;
  const { anna, ben, direct } = cast(lab);
  const shared = async (content: Record<string, unknown>, options = {}) => {
    people.share(direct, anna, content, options);
    return (await lab.nextMessage()).text;
  };
  const location = { latitude: 52.5, longitude: 13.4 };
  assert.equal(await shared({ location: { ...location, horizontal_accuracy: 12 } }), "[Location: 52.5, 13.4 ±12 m]");
  assert.equal(await shared({ location: { ...location, live_period: 900 } }), "[Live location: 52.5, 13.4]");
  assert.equal(
    await shared({ location, venue: { location, title: "Cafe", address: "Main St 1" } }),
    "[Venue: Cafe, Main St 1 (52.5, 13.4)]",
  );
  assert.equal(await shared({ contact: { phone_number: "+15550100", first_name: "Cy" } }), "[Contact: Cy, +15550100]");
  const poll = {
    id: "1",
    question: "Soup?",
    options: [{ text: "yes", voter_count: 0 }, { text: "no", voter_count: 0 }],
  };
  assert.equal(await shared({ poll }), "[Poll: Soup? (yes / no)]");
  assert.equal(await shared({ dice: { emoji: "🎲", value: 4 } }), "[🎲 4]");
  const sticker = { file_id: "x", file_unique_id: "y", emoji: "😀", is_animated: true };
  assert.equal(await shared({ sticker }), "[Sticker 😀]");
  const forward_origin = { type: "user", sender_user: ben, date: 1 };
  assert.equal(await shared({ text: "look" }, { more: { forward_origin } }), "[Forwarded from Ben]\nlook");
  const entities = [{ type: "text_link", offset: 4, length: 4, url: "https://example.org/a" }];
  assert.equal(await shared({ text: "see this now", entities }), "see this (https://example.org/a) now");
});

test("a post in a channel and an anonymous administrator speak for their chat", async () => {
  await using lab = await telegramLab();
  const { people } = lab.server;
  const { anna, group } = cast(lab);
  const channel = people.channel(-900, "News");
  people.post(channel, "headline");
  const post = await lab.nextMessage();
  assert.deepEqual([post.chat.kind, post.sender.id, post.sender.name], ["channel", "-900", "News"]);
  people.say(group, anna, "as the group", { more: { sender_chat: group.chat } });
  assert.equal((await lab.nextMessage()).sender.id, "-500");
});

test("pictures, voice, sound, film, files and still stickers arrive with their bytes", async () => {
  await using lab = await telegramLab();
  const { people } = lab.server;
  const { anna, direct } = cast(lab);
  const bytes = jpeg(2000);
  const kinds = [
    ["photo", "image", {}, "image/jpeg"],
    ["voice", "voice", { mime_type: "audio/ogg", duration: 3 }, "audio/ogg"],
    ["audio", "audio", { mime_type: "audio/mpeg", file_name: "song.mp3" }, "audio/mpeg"],
    ["video", "video", { mime_type: "video/mp4" }, "video/mp4"],
    ["document", "document", { mime_type: "application/pdf", file_name: "plan.pdf" }, "application/pdf"],
    ["document", "image", { mime_type: "image/png", file_name: "shot.png" }, "image/png"],
    ["sticker", "sticker", { emoji: "😀" }, "image/webp"],
  ] as const;
  for (const [kind, expected, info, mimeType] of kinds) {
    people.sendFile(direct, anna, kind, bytes, info, { caption: `a ${kind}` });
    const { text, media: [media] } = await lab.nextMessage();
    assert.equal(text, `a ${kind}`);
    assert.deepEqual([media?.kind, media?.mimeType, media?.bytes], [expected, mimeType, 2000]);
    const value = await lab.worker.request({ type: "media.fetch", ref: media?.ref ?? "", maxBytes: 10_000 });
    assert.ok(value.kind === "media");
    assert.deepEqual([value.data, value.mimeType], [bytes, mimeType]);
    if ("file_name" in info) assert.equal(value.fileName, info.file_name);
  }
});

test("of a picture's sizes the largest is taken", async () => {
  await using lab = await telegramLab();
  const { anna, direct } = cast(lab);
  lab.server.people.sendFile(direct, anna, "photo", jpeg(500));
  const { media } = await lab.nextMessage();
  assert.equal(media.length, 1);
  assert.ok(!media[0]?.ref.endsWith("small"));
});

test("an attachment above the limit is refused by its size, also when Telegram says a wrong one", async () => {
  await using lab = await telegramLab({ config: { mediaMaxMb: 0.001 } });
  const { anna, direct } = cast(lab);
  const { people, world } = lab.server;
  people.sendFile(direct, anna, "document", new Uint8Array(5000));
  const { media: [media] } = await lab.nextMessage();
  const ref = media?.ref ?? "";
  const error = await failureOf(lab.worker, { type: "media.fetch", ref, maxBytes: 1e6 });
  assert.deepEqual([error.code, error.retryable, error.outcome], ["too_large", false, "not_sent"]);
  assert.match(error.message, /mediaMaxMb/u);
  const file = world.files.get(ref);
  assert.ok(file);
  world.files.set(ref, { ...file, declared: 10 });
  assert.equal((await failureOf(lab.worker, { type: "media.fetch", ref, maxBytes: 1e6 })).code, "too_large");
  world.files.delete(ref);
  assert.equal((await failureOf(lab.worker, { type: "media.fetch", ref, maxBytes: 1e6 })).code, "invalid");
});

test("what is of no use is logged with its kind and confirmed", async () => {
  await using lab = await telegramLab();
  const { anna, direct } = cast(lab);
  lab.server.people.share(direct, anna, { boost_added: { boost_count: 1 } });
  const line = await eventually(
    "the log line",
    () => lab.worker.logs().find(({ event }) => event === "telegram.update_ignored"),
  );
  assert.equal(line.fields["kind"], "message");
  await eventually("the confirmation", () => lab.bot.updates.pending().length === 0);
});

test("in privacy mode the bot does not get what is not for it", async () => {
  await using lab = await telegramLab({ privacy: true });
  const { anna, group } = cast(lab);
  lab.server.people.say(group, anna, "not for the bot");
  lab.server.people.say(group, anna, "@house_bot for you");
  assert.equal((await lab.nextMessage()).text, "@house_bot for you");
});
