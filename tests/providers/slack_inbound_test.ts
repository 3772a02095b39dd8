/** What comes in from Slack (real worker, real Bolt). Other side: our strict Slack server (tests/servers/slack). */
import assert from "node:assert/strict";
import { eventually, within } from "../helpers/wait.ts";
import { bytesOf, failureOf, type Lab, slackLab, test } from "./slack_lab.ts";

const say = (lab: Lab, text: string, more: { channel?: string; thread?: string; user?: string } = {}) =>
  lab.server.people.say({ user: lab.alice.id, channel: lab.general.id, text, ...more });

test("a direct message: chat, sender, time, key", async () => {
  await using lab = await slackLab();
  const { ts } = say(lab, "a &lt;b&gt; &amp; c", { channel: lab.dm.id });
  const event = await lab.nextMessage();
  assert.deepEqual([event.text, event.messageId, event.mentioned], ["a <b> & c", ts, true]);
  assert.equal(event.dedupeKey, `message:${lab.dm.id}:${ts}`);
  assert.deepEqual(event.chat, { id: lab.dm.id, kind: "direct", title: "Alice", teamId: "T0HOUSE" });
  assert.deepEqual([event.sender.id, event.sender.name], [lab.alice.id, "Alice"]);
  assert.ok(event.sender.aliases?.includes("alice"));
  assert.equal(event.timestamp, Math.round(Number(ts) * 1000));
});

test("a mention in a channel comes twice and has one key; the mention itself is no text", async () => {
  await using lab = await slackLab();
  const { delivered } = say(lab, `<@${lab.server.bot.userId}> what about <@${lab.bob.id}>?`);
  const [first, second] = [await lab.nextMessage(), await lab.nextMessage()];
  await within("both acknowledgements", delivered);
  assert.equal(first.dedupeKey, second.dedupeKey);
  for (const event of [first, second]) {
    assert.deepEqual([event.text, event.mentioned, event.mentionsOthers], ["what about @Bob?", true, true]);
    assert.deepEqual([event.chat.kind, event.chat.title], ["channel", "general"]);
  }
});

test("what is not addressed to the bot says so; a bare mention stays what it is", async () => {
  await using lab = await slackLab();
  say(lab, "just talking");
  const plain = await lab.nextMessage();
  assert.deepEqual([plain.mentioned, plain.mentionsOthers], [false, undefined]);
  say(lab, `<@${lab.server.bot.userId}>`);
  assert.equal((await lab.nextMessage()).text, "@House_bot");
});

test("tokens become words: links, channels, groups, everybody", async () => {
  await using lab = await slackLab();
  say(
    lab,
    "<https://a.example/x?y=1&amp;z=2|docs> <http://b.example> <mailto:a@b.c|a@b.c> <#C1|random> <!here> <!subteam^S1|@team>",
  );
  const { text, mentionsOthers } = await lab.nextMessage();
  assert.equal(text, "docs (https://a.example/x?y=1&z=2) http://b.example a@b.c #random @here @team");
  assert.equal(mentionsOthers, true);
});

test("threads: the place of the answer, and whose thread it is", async () => {
  await using lab = await slackLab();
  const { ts: parent } = say(lab, "root");
  assert.equal((await lab.nextMessage()).chat.threadId, undefined);
  say(lab, "reply", { thread: parent });
  const foreign = await lab.nextMessage();
  assert.equal(foreign.chat.threadId, parent);
  assert.deepEqual(foreign.replyTo, { messageId: parent, fromSelf: false });

  await lab.send({ target: { chatId: lab.general.id, threadId: parent }, text: "I join in" });
  say(lab, "and now?", { thread: parent });
  assert.equal((await lab.nextMessage()).replyTo?.fromSelf, true, "we have spoken in this thread");

  const { messageIds: [own = ""] } = await lab.send({ target: { chatId: lab.general.id }, text: "mine" });
  say(lab, "to your message", { thread: own });
  assert.deepEqual((await lab.nextMessage()).replyTo, { messageId: own, fromSelf: true });
});

test("own messages and other bots are marked", async () => {
  await using lab = await slackLab();
  await lab.send({ target: { chatId: lab.general.id }, text: "from me" });
  const own = await lab.worker.nextInbound();
  assert.equal(own.event.sender.isSelf, true);
  const posted = lab.server.people.event({
    type: "message",
    subtype: "bot_message",
    channel: lab.general.id,
    channel_type: "channel",
    ts: lab.server.world.nextTs(),
    bot_id: "B0OTHER",
    username: "Deploys",
    text: "",
    attachments: [{ title: "Build 7", text: "green", fallback: "no" }],
  });
  const other = await lab.nextMessage();
  assert.deepEqual([other.sender.isBot, other.sender.name, other.text], [true, "Deploys", "Build 7\ngreen"]);
  await within("the acknowledgement", posted);
});

test("groups of direct messages are off until they are switched on", async () => {
  for (const groupEnabled of [undefined, true]) {
    await using lab = await slackLab({ config: groupEnabled === undefined ? {} : { dm: { groupEnabled } } });
    const { world, bot } = lab.server;
    const room = world.addConversation("mpim", [lab.alice.id, lab.bob.id, bot.userId], "mpdm-alice--bob-1");
    await Promise.all([
      within("the acknowledgement", say(lab, `<@${bot.userId}> hi`, { channel: room.id }).delivered),
      groupEnabled ? lab.nextMessage().then((event) => assert.equal(event.chat.kind, "group")) : undefined,
      groupEnabled ? lab.nextMessage() : undefined,
    ]);
    const drops = () => lab.worker.logs().filter(({ event }) => event === "slack.dropped").length;
    if (groupEnabled) assert.equal(drops(), 0);
    else await eventually("a log line of each dropped message", () => drops() === 2);
  }
});

test("edits, deletions, joins, topics and pins are notes; previews and our own edits are nothing", async () => {
  await using lab = await slackLab();
  const { people, world, bot } = lab.server;
  const { ts } = say(lab, "frist");
  await lab.nextMessage();
  await Promise.all([
    people.edit(lab.general.id, ts, "first"),
    lab.nextOf("note").then((note) => {
      assert.equal(note.text, `Alice edited message ${ts}: "first"`);
      assert.equal(note.chat.id, lab.general.id);
    }),
  ]);
  await within("a preview is acknowledged", people.edit(lab.general.id, ts, "first"));
  await Promise.all([
    people.remove(lab.general.id, ts),
    lab.nextOf("note").then((note) => {
      assert.equal(note.text, `Alice deleted message ${ts}`);
    }),
  ]);
  const notice = (more: Record<string, unknown>) =>
    people.event({
      type: "message",
      channel: lab.general.id,
      channel_type: "channel",
      ts: world.nextTs(),
      user: lab.bob.id,
      text: "x",
      ...more,
    });
  const expected = [
    [{ subtype: "channel_join" }, "Bob joined"],
    [{ subtype: "channel_leave" }, "Bob left"],
    [{ subtype: "channel_topic", topic: "Bread" }, "Bob set the topic: Bread"],
    [{ subtype: "channel_name", name: "bakery" }, "Bob renamed the channel to bakery"],
  ] as const;
  for (const [more, text] of expected) {
    const [note] = await Promise.all([lab.nextOf("note"), notice(more)]);
    assert.equal(note.text, text);
  }
  const pin = { type: "pin_added", user: lab.bob.id, channel_id: lab.general.id, event_ts: world.nextTs() };
  const [pinned] = await Promise.all([
    lab.nextOf("note"),
    people.event({ ...pin, item: { message: { text: "rules" } } }),
  ]);
  assert.equal(pinned.text, 'Bob pinned a message: "rules"');
  const joined = { type: "member_joined_channel", user: bot.userId, inviter: lab.bob.id, channel: lab.general.id };
  const [added] = await Promise.all([lab.nextOf("note"), people.event(joined)]);
  assert.equal(added.text, "The bot was added");

  const { messageIds: [own = ""] } = await lab.send({ target: { chatId: lab.general.id }, text: "draft" });
  await lab.worker.request({ type: "edit", target: { chatId: lab.general.id }, messageId: own, text: "final" });
  say(lab, "after");
  assert.equal((await lab.nextMessage()).text, "after", "our own edit is no event");
});

test("a renamed channel has its new name from then on", async () => {
  await using lab = await slackLab();
  say(lab, "one");
  assert.equal((await lab.nextMessage()).chat.title, "general");
  await within(
    "the acknowledgement",
    lab.server.people.event({ type: "channel_rename", channel: { id: lab.general.id, name: "lounge" } }),
  );
  say(lab, "two");
  assert.equal((await lab.nextMessage()).chat.title, "lounge");
});

test("reactions: which, on what, and whether it is ours", async () => {
  await using lab = await slackLab();
  const { messageIds: [own = ""] } = await lab.send({ target: { chatId: lab.general.id }, text: "mine" });
  lab.server.people.react(lab.alice.id, lab.general.id, own, "+1");
  const added = await lab.nextOf("reaction");
  assert.deepEqual([added.emoji, added.added, added.onOwnMessage, added.messageId], ["👍", true, true, own]);
  assert.equal(added.chat.kind, "channel");
  const { ts } = say(lab, "hers");
  await lab.nextMessage();
  lab.server.people.react(lab.bob.id, lab.general.id, ts, "partyparrot", false);
  const removed = await lab.nextOf("reaction");
  assert.deepEqual([removed.emoji, removed.added, removed.onOwnMessage], [":partyparrot:", false, false]);
});

test("files: fetched with the token, from Slack's file host alone, up to the limit", async () => {
  await using lab = await slackLab({ config: { mediaMaxMb: 0.01 } });
  const { people, world } = lab.server;
  const bytes = bytesOf(5_000);
  const picture = people.file(bytes, { name: "cat.png", mimetype: "image/png" });
  const voice = people.file(bytes, { name: "a.m4a", mimetype: "audio/mp4", subtype: "slack_audio" });
  people.say({ user: lab.alice.id, channel: lab.dm.id, text: "look", files: [picture, voice], subtype: "file_share" });
  const { media } = await lab.nextMessage();
  assert.deepEqual(media.map(({ kind, fileName, bytes }) => [kind, fileName, bytes]), [
    ["image", "cat.png", 5_000],
    ["voice", "a.m4a", 5_000],
  ]);
  const fetched = await lab.worker.request({ type: "media.fetch", ref: picture.id, maxBytes: 10_000 });
  assert.ok(fetched.kind === "media");
  assert.deepEqual([fetched.data, fetched.mimeType, fetched.fileName], [bytes, "image/png", "cat.png"]);

  const big = people.file(bytesOf(20_000), { name: "big.bin", mimetype: "application/octet-stream" });
  const tooLarge = await failureOf(lab.worker, { type: "media.fetch", ref: big.id, maxBytes: 1_000_000 });
  assert.equal(tooLarge.code, "too_large");
  const liar = people.file(bytesOf(20_000), { name: "liar.bin", mimetype: "application/octet-stream" });
  const stored = world.files.get(liar.id);
  if (stored) stored.size = 5;
  assert.equal(
    (await failureOf(lab.worker, { type: "media.fetch", ref: liar.id, maxBytes: 1_000_000 })).code,
    "too_large",
  );

  lab.server.fail("file", { kind: "redirect", to: "http://127.0.0.1:1/steal" });
  const redirected = await failureOf(lab.worker, { type: "media.fetch", ref: picture.id, maxBytes: 10_000 });
  assert.equal(redirected.outcome, "not_sent");
  const foreign = people.file(bytes, { name: "x", mimetype: "text/plain" });
  const elsewhere = world.files.get(foreign.id);
  if (elsewhere) elsewhere.url_private_download = "http://evil.example/x";
  const refused = await failureOf(lab.worker, { type: "media.fetch", ref: foreign.id, maxBytes: 10_000 });
  assert.match(refused.message, /file host/u);
  const gone = await failureOf(lab.worker, { type: "media.fetch", ref: "F0GONE", maxBytes: 10_000 });
  assert.equal(gone.code, "not_found");
  assert.deepEqual(lab.server.intruders, []);
});

test("a file that cannot be had is said in words; a login page is no file", async () => {
  await using lab = await slackLab();
  const { people, bot } = lab.server;
  const file = people.file(bytesOf(10), { name: "old.png", mimetype: "image/png" });
  people.say({ user: lab.alice.id, channel: lab.dm.id, text: "", files: [{ ...file, mode: "hidden_by_limit" }] });
  const event = await lab.nextMessage();
  assert.deepEqual([event.text, event.media], ["[File old.png: not available (hidden_by_limit)]", []]);
  bot.scopes.delete("files:read");
  const error = await failureOf(lab.worker, { type: "media.fetch", ref: file.id, maxBytes: 10_000 });
  assert.deepEqual([error.code, error.platformCode], ["forbidden", "missing_scope"]);
  assert.match(error.message, /files:read/u);
});

test("the slash command: a message with an address for its answer, shown to its author only", async () => {
  await using lab = await slackLab({ config: { slashCommand: { enabled: true, name: "openclaw" } } });
  const { people } = lab.server;
  const given = people.slash({
    user: lab.alice.id,
    channel: lab.general.id,
    command: "/openclaw",
    text: "how are you?",
  });
  const event = await lab.nextMessage();
  assert.deepEqual(await within("the acknowledgement", given), {});
  assert.deepEqual([event.text, event.nativeCommand, event.chat.id], ["how are you?", true, lab.general.id]);
  const target = { chatId: lab.general.id, kind: "channel" as const, replyHandle: event.replyHandle ?? "" };
  const receipt = await lab.send({ target, text: "**fine**" });
  assert.match(receipt.messageIds[0] ?? "", /^response:/u);
  assert.deepEqual(lab.server.responses, [{
    user: lab.alice.id,
    channel: lab.general.id,
    body: { response_type: "ephemeral", replace_original: false, text: "*fine*" },
  }]);
  assert.deepEqual(lab.server.written(lab.general.id), [], "nothing is said to the channel");
  for (let use = 0; use < 4; use++) await lab.send({ target, text: "more" });
  const message = { target, text: "a sixth", idempotencyKey: "six" };
  assert.equal((await failureOf(lab.worker, { type: "send", message })).platformCode, "used_url");
  const repeated = await failureOf(lab.worker, { type: "send", message: { ...message, repeat: true } });
  assert.equal(repeated.outcome, "unknown", "Slack keeps no record that could be asked");
  const late = { ...message, target: { ...target, replyHandle: (event.replyHandle ?? "").replace(/^\d+/u, "1") } };
  assert.equal((await failureOf(lab.worker, { type: "send", message: late })).code, "not_found");
});

test("commands that are not switched on are answered at once and go no further", async () => {
  await using lab = await slackLab();
  const command = { user: lab.alice.id, channel: lab.dm.id, text: "now" };
  const answer = await within("the answer", lab.server.people.slash({ ...command, command: "/openclaw" }));
  assert.match(JSON.stringify(answer), /not switched on/u);

  await using native = await slackLab({ config: { commands: { native: true } } });
  const given = native.server.people.slash({
    user: native.alice.id,
    channel: native.dm.id,
    command: "/status",
    text: "all",
  });
  assert.equal((await native.nextMessage()).text, "/status all");
  await within("the acknowledgement", given);
});

test("a button of ours comes back with what stands on it; others do not", async () => {
  await using lab = await slackLab();
  const { messageIds: [id = ""] } = await lab.send({
    target: { chatId: lab.general.id },
    text: "Run it?",
    buttons: [[{ label: "Yes", data: "approve:1", style: "primary" }, { label: "No", data: "deny:1" }]],
  });
  const { people } = lab.server;
  await within("the acknowledgement", people.press(lab.alice.id, lab.general.id, id, "someone_elses", "x"));
  people.press(lab.alice.id, lab.general.id, id, "openclaw:0:0", "approve:1");
  const event = await lab.nextOf("button");
  assert.deepEqual([event.data, event.messageId, event.sender.id], ["approve:1", id, lab.alice.id]);
});

test("names are asked for once, and an account without their scopes still works", async () => {
  await using lab = await slackLab({ slack: { scopes: ["chat:write", "im:history"] } });
  for (const text of ["one", "two", "three"]) {
    say(lab, text, { channel: lab.dm.id });
    const event = await lab.nextMessage();
    assert.deepEqual([event.text, event.sender.name], [text, undefined]);
  }
  assert.equal(lab.server.callsOf("users.info").filter(({ values }) => values["user"] === lab.alice.id).length, 1);
  const told = lab.worker.logs().filter(({ event }) => event === "slack.name_unknown");
  assert.equal(told.length, 1);
});

test("a name that is slow to come does not hold up the event for long", async () => {
  await using lab = await slackLab({ before: (server) => server.fail("users.info", { kind: "hang" }, 3) });
  const begun = performance.now();
  await within(
    "the acknowledgement",
    Promise.all([say(lab, "hi", { channel: lab.dm.id }).delivered, lab.nextMessage()]),
  );
  assert.ok(performance.now() - begun < 2_900, "Slack waits three seconds");
});

test("a flood arrives complete and in order", async () => {
  await using lab = await slackLab();
  const texts = Array.from({ length: 200 }, (_, index) => `message ${index}`);
  const delivered = texts.map((text) => say(lab, text, { channel: lab.dm.id }).delivered);
  const seen: string[] = [];
  while (seen.length < texts.length) seen.push((await lab.nextMessage()).text);
  assert.deepEqual(seen, texts);
  await within("every acknowledgement", Promise.all(delivered));
  await eventually("none to be open", () => lab.server.sockets.unacknowledged() === 0);
});
