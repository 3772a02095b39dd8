/** What people do on Signal as the worker hands it to main. */
import assert from "node:assert/strict";
import { eventually } from "../helpers/wait.ts";
import { ACCOUNT, OTHER_SIDE } from "../servers/signal/server.ts";
import { failureOf, jpeg, type Lab, signalLab } from "./signal_lab.ts";

const test = (name: string, body: () => Promise<void>) => Deno.test(`${name} [other side: ${OTHER_SIDE}]`, body);

/** The reasons that were logged for events that are not for main. */
const reasons = (lab: Lab): string[] =>
  lab.worker.logs().flatMap(({ event, fields }) => event === "signal.event_dropped" ? [String(fields["reason"])] : []);

test("a private message: number, account id as alias, one key for all time", async () => {
  await using lab = await signalLab();
  const { server, anna } = lab;
  const at = await server.people.say(anna, "hello");
  assert.deepEqual(await lab.nextMessage(), {
    kind: "message",
    dedupeKey: `uuid:${anna.uuid}:${at}`,
    chat: { id: anna.number, kind: "direct", title: "Anna" },
    sender: { id: anna.number, aliases: [`uuid:${anna.uuid}`, anna.uuid], name: "Anna" },
    timestamp: at,
    messageId: `${at}:${anna.number}`,
    text: "hello",
    mentioned: true,
    media: [],
  });
  await server.people.say(anna, "hello", { timestamp: at });
  assert.equal((await lab.nextMessage()).dedupeKey, `uuid:${anna.uuid}:${at}`, "a duplicate has the same key");
  const ben = server.world.person({ name: "Ben" });
  await server.people.say(ben, "no number");
  const event = await lab.nextMessage();
  assert.deepEqual([event.sender.id, event.chat.id], [`uuid:${ben.uuid}`, `uuid:${ben.uuid}`]);
});

test("groups: mentions by name, of us and of others, quotes of ours and of others", async () => {
  await using lab = await signalLab();
  const { server, anna } = lab;
  const ben = server.world.person({ number: "+15550002001", name: "Ben" });
  const group = server.world.group("House", [anna, ben]);
  const [self] = server.world.accounts;
  const mention = (who: { number: string | undefined; uuid: string }, name: string, start: number) => ({
    name,
    number: who.number ?? null,
    uuid: who.uuid,
    start,
    length: 1,
  });
  await server.people.say(anna, "🐎 \uFFFC and \uFFFC: ask", {
    group,
    extra: { mentions: [mention(self ?? ben, "Bot", 3), mention(ben, "Ben", 9)] },
  });
  const both = await lab.nextMessage();
  assert.equal(both.text, "🐎 @Bot and @Ben: ask");
  assert.deepEqual([both.mentioned, both.mentionsOthers], [true, true]);
  assert.deepEqual(both.chat, { id: group.id, kind: "group", title: "House" });
  await server.people.say(anna, "to nobody", { group });
  assert.equal((await lab.nextMessage()).mentioned, false);
  const quote = (author: { number: string | undefined; uuid: string }) => ({
    quote: {
      id: 1700000000000,
      author: author.number,
      authorNumber: author.number,
      authorUuid: author.uuid,
      text: "old",
    },
  });
  await server.people.say(anna, "answer", { group, extra: quote(self ?? ben) });
  assert.deepEqual((await lab.nextMessage()).replyTo, {
    messageId: `1700000000000:${ACCOUNT}`,
    text: "old",
    fromSelf: true,
  });
  await server.people.say(anna, "answer", { group, extra: quote(ben) });
  assert.equal((await lab.nextMessage()).replyTo?.fromSelf, false);
});

test("files: references that give the bytes, within the limits", async () => {
  await using lab = await signalLab({ config: { mediaMaxMb: 0.001 } });
  const { server, anna, worker } = lab;
  const picture = jpeg(700);
  await server.people.sendFile(anna, { data: picture, contentType: "image/jpeg", filename: "cat.jpg" }, {
    text: "look",
  });
  const event = await lab.nextMessage();
  assert.equal(event.text, "look");
  const [media] = event.media;
  assert.deepEqual([media?.kind, media?.mimeType, media?.fileName, media?.bytes], [
    "image",
    "image/jpeg",
    "cat.jpg",
    700,
  ]);
  const value = await worker.request({ type: "media.fetch", ref: media?.ref ?? "", maxBytes: 10_000 });
  assert.ok(value.kind === "media");
  assert.deepEqual([value.data, value.mimeType, value.fileName], [picture, "image/jpeg", "cat.jpg"]);
  await server.people.sendFile(anna, { data: jpeg(5_000), contentType: "audio/aac" });
  const [voice] = (await lab.nextMessage()).media;
  assert.equal(voice?.kind, "voice");
  const tooLarge = await failureOf(worker, { type: "media.fetch", ref: voice?.ref ?? "", maxBytes: 10_000 });
  assert.equal(tooLarge.code, "too_large");
  server.world.files.clear();
  const gone = await failureOf(worker, { type: "media.fetch", ref: media?.ref ?? "", maxBytes: 10_000 });
  assert.deepEqual([gone.code, gone.outcome], ["not_found", "not_sent"]);
  assert.equal((await failureOf(worker, { type: "media.fetch", ref: "what", maxBytes: 10 })).code, "invalid");
  const group = server.world.group("House", [anna]);
  await server.people.sendFile(anna, { data: jpeg(90), contentType: "image/png" }, { group });
  const [shared] = (await lab.nextMessage()).media;
  await worker.request({ type: "media.fetch", ref: shared?.ref ?? "", maxBytes: 10_000 });
  assert.equal(server.callsOf("getAttachment").at(-1)?.params["groupId"], group.id);
});

test("reactions, edits, deletions and changes of a group", async () => {
  await using lab = await signalLab();
  const { server, anna, direct } = lab;
  const { people } = server;
  const [self] = server.world.accounts;
  const receipt = await lab.send({ target: direct, text: "mine" });
  await people.react(anna, "🔥", { author: self ?? anna, timestamp: receipt.at });
  const added = await lab.nextOf("reaction");
  assert.deepEqual([added.emoji, added.added, added.onOwnMessage, added.messageId], [
    "🔥",
    true,
    true,
    receipt.messageIds[0],
  ]);
  await people.react(anna, "🔥", { author: anna, timestamp: 1700000000000 }, { remove: true });
  const removed = await lab.nextOf("reaction");
  assert.deepEqual([removed.added, removed.onOwnMessage, removed.messageId], [
    false,
    false,
    `1700000000000:${anna.number}`,
  ]);
  const at = await people.say(anna, "wrnog");
  const first = await lab.nextMessage();
  await people.edit(anna, at, "wrong");
  const edited = await lab.nextMessage();
  assert.deepEqual([edited.edited, edited.messageId, edited.text], [true, first.messageId, "wrong"]);
  assert.notEqual(edited.dedupeKey, first.dedupeKey);
  await people.remove(anna, at);
  assert.match((await lab.nextOf("note")).text, /deleted/u);
  const group = server.world.group("House", [anna]);
  await people.say(anna, null, { group, extra: { groupInfo: { groupId: group.id, type: "UPDATE" } } });
  assert.match((await lab.nextOf("note")).text, /group was changed/u);
});

test("receipts are marks of our messages", async () => {
  await using lab = await signalLab();
  const { server, anna, direct, worker } = lab;
  const receipt = await lab.send({ target: direct, text: "mine" });
  await server.people.receipt(anna, "delivery", [receipt.at]);
  await server.people.receipt(anna, "read", [receipt.at]);
  const marks = await eventually("two marks", () => {
    const found = worker.reports.flatMap((report) => report.type === "mark" ? [report] : []);
    return found.length === 2 ? found : undefined;
  });
  assert.deepEqual(marks.map(({ mark, messageId, chat }) => [mark, messageId, chat.id]), [
    ["delivered", receipt.messageIds[0], anna.number],
    ["read", receipt.messageIds[0], anna.number],
  ]);
});

test("the owner's other devices: to oneself, to somebody, to a group; our own message that comes back", async () => {
  await using lab = await signalLab();
  const { server, anna, direct } = lab;
  const { people } = server;
  await people.own("self", "note to self");
  const toSelf = await lab.nextMessage();
  assert.deepEqual([toSelf.chat.id, toSelf.sender.id, toSelf.sender.isSelf], [ACCOUNT, ACCOUNT, true]);
  await people.own(anna, "from the phone");
  const toAnna = await lab.nextMessage();
  assert.deepEqual([toAnna.chat.id, toAnna.chat.kind, toAnna.sender.isSelf], [anna.number, "direct", true]);
  const group = server.world.group("House", [anna]);
  await people.own(undefined, "to all", { group });
  assert.deepEqual((await lab.nextMessage()).chat.id, group.id);
  const receipt = await lab.send({ target: direct, text: "echo" });
  await people.own(anna, "echo", { timestamp: receipt.at });
  await eventually("the echo to be dropped", () => reasons(lab).some((reason) => /came back/u.test(reason)));
});

test("what is not for main is dropped with its reason, and what cannot be read stops nothing", async () => {
  await using lab = await signalLab();
  const { server, anna, worker } = lab;
  const { people, streams } = server;
  await people.typing(anna);
  await people.story(anna, "my day");
  await people.say(anna, null);
  await people.envelope(anna, { callMessage: { offerMessage: {} } });
  await streams.raw("event:receive\ndata:{not json\n\n");
  await streams.raw('event:receive\ndata:{"envelope":{"timestamp":"x"}}\n\n');
  await streams.raw("event:surprise\ndata:{}\n\n");
  await streams.raw(`event:receive\ndata:"${"x".repeat(1_100_000)}"\n\n`);
  await streams.raw(
    'event:receive\ndata:{"exception":{"message":"no","type":"UntrustedIdentityException"},"account":"+15550001000"}\n\n',
  );
  await streams.raw(
    `event:receive\ndata:{"account":"+15559999999","envelope":{"timestamp":5,"source":"+15551112222"}}\n\n`,
  );
  await people.say(anna, "fine");
  assert.equal((await lab.nextMessage()).text, "fine");
  assert.deepEqual(reasons(lab).map((reason) => reason.replace(/(cannot be read).*/u, "$1")), [
    "it is a story, and ignoreStories is on",
    "it has neither text nor a file",
    "it is a call",
    "it is no JSON",
    "it cannot be read",
    'it is of the unknown kind "surprise"',
    "it is longer than any event may be",
    "the daemon could not read it: UntrustedIdentityException",
    "it is for another account of the daemon",
  ]);
  assert.deepEqual(worker.malformed, []);
});

test("stories and files as configured; contacts, stickers and views once as words", async () => {
  await using lab = await signalLab({ config: { ignoreStories: false, ignoreAttachments: true } });
  const { server: { people }, anna } = lab;
  await people.story(anna, "my day");
  assert.equal((await lab.nextMessage()).text, "[Story] my day");
  await people.sendFile(anna, { data: jpeg(), contentType: "image/jpeg" });
  const file = await lab.nextMessage();
  assert.deepEqual([file.text, file.media], ["[An attachment]", []]);
  await people.say(anna, null, { extra: { sticker: { packId: "a", stickerId: 1 } } });
  assert.equal((await lab.nextMessage()).text, "[Sticker]");
  await people.say(anna, null, { extra: { contacts: [{ name: { display: "Ben" }, phone: [{ value: "+1555" }] }] } });
  assert.equal((await lab.nextMessage()).text, "[Contact: Ben, +1555]");
});
