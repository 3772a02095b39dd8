/** The iMessage worker before our strict imsg: what comes in, what goes out, and what the program may do wrong. */
import assert from "node:assert/strict";
import { ChannelFailure, type ChannelRequest } from "../../gateway/supervisor/types.ts";
import { channelPermissions, workerFlags } from "../../gateway/supervisor/permissions.ts";
import { manifest } from "../../workers/imessage/manifest.ts";
import { assertDenials } from "../helpers/denials.ts";
import type { ChannelWorker } from "../helpers/channel_worker.ts";
import { eventually, pause } from "../helpers/wait.ts";
import { OTHER_SIDE } from "../servers/imessage/mac.ts";
import { shown } from "../servers/imessage/world.ts";
import { ANNA, BEN, imessageLab, startWorkerFor } from "./imessage_lab.ts";

const test = (name: string, body: () => Promise<void>) => Deno.test(`${name} [other side: ${OTHER_SIDE}]`, body);

async function failureOf(worker: ChannelWorker, request: ChannelRequest) {
  const thrown = await worker.request(request).then(() => undefined, (error: unknown) => error);
  if (thrown instanceof ChannelFailure) return thrown.error;
  throw new Error(`Cannot read the failure: ${thrown === undefined ? "the request succeeded" : String(thrown)}`);
}
const sendTo = (chatId: string, text = "hello", key = "k"): ChannelRequest => ({
  type: "send",
  message: { target: { chatId }, text, idempotencyKey: key },
});

for (const isolation of ["worker", "process"] as const) {
  test(`imsg as a ${isolation}: a message in, an answer out, an end in order`, async () => {
    await using lab = await imessageLab({ isolation });
    const { mac, worker } = lab;
    const chat = mac.world.direct(ANNA);
    const row = mac.say(chat, ANNA, "hello 🔥");
    const message = await lab.nextMessage();
    assert.deepEqual(
      [message.text, message.messageId, message.dedupeKey, message.chat, message.sender.id],
      ["hello 🔥", row.guid, row.guid, { id: ANNA, kind: "direct" }, ANNA],
    );
    assert.deepEqual(message.sender.aliases, [
      ANNA,
      `chat_id:${chat.id}`,
      `chat_guid:${chat.guid}`,
      `chat_identifier:${ANNA}`,
    ]);
    const receipt = await lab.send({ target: { chatId: message.chat.id, kind: "direct" }, text: "**fine**" });
    assert.deepEqual(mac.written(chat), ["fine"]);
    assert.equal(receipt.messageIds[0], mac.world.rows.at(-1)?.guid);
    assert.deepEqual(mac.calls.at(-1)?.params, { to: ANNA, service: "auto", region: "US", text: "fine" });
    await worker.stop();
    await eventually("the end of the program", () => mac.programs.every(({ gone }) => gone));
    assert.deepEqual(worker.malformed, []);
  });

  Deno.test(`iMessage as a ${isolation} may run its one program and nothing else`, async () => {
    await assertDenials({
      manifest,
      entry: new URL("../fixtures/workers/probe_imessage.ts", import.meta.url),
      isolation,
      config: () => ({ cliPath: "/usr/bin/false" }),
      network: false,
    });
  });
}

Deno.test("iMessage's worker has one program and nothing else; a wrong path gives no right at all", () => {
  assert.deepEqual(workerFlags(channelPermissions(manifest.permissions({ cliPath: "/opt/homebrew/bin/imsg" }))), [
    "--deny-net",
    "--deny-sys",
    "--allow-run=/opt/homebrew/bin/imsg",
    "--deny-read",
    "--deny-write",
    "--deny-env",
    "--deny-ffi",
    "--deny-import",
  ]);
  for (const cliPath of ["imsg", "/a b", "/a,/b", 7]) {
    assert.deepEqual(manifest.permissions({ cliPath }).run, []);
    assert.equal(manifest.missing({ cliPath }, new Set()).length, 1);
  }
});

test("the program gets its arguments and nothing of the gateway's environment", async () => {
  Deno.env.set("OPENCLAW_TEST_SECRET", "must not be seen");
  try {
    await using lab = await imessageLab({ config: { dbPath: "/Users/anna/chat.db" } });
    const [program] = lab.mac.programs;
    assert.deepEqual(program?.args, ["rpc", "--db", "/Users/anna/chat.db"]);
    // The shell and the stand-in set the last three themselves.
    const names = Object.keys(program?.env ?? {}).filter((key) => !["PWD", "_", "SHLVL", "DENO_DIR"].includes(key));
    assert.deepEqual(names.sort(), ["LANG", "PATH"]);
  } finally {
    Deno.env.delete("OPENCLAW_TEST_SECRET");
  }
});

test("groups are told from direct chats, by imsg or by the configuration, and answers go back into them", async () => {
  await using lab = await imessageLab({ config: { groups: { "2": {}, "*": {} } } });
  const { mac } = lab;
  const group = mac.world.group("House", [ANNA, BEN]);
  mac.say(group, "Ben@Example.org", "in the group");
  const first = await lab.nextMessage();
  assert.deepEqual(first.chat, { id: "1", kind: "group", title: "House" });
  assert.deepEqual([first.sender.id, first.mentioned], [BEN, undefined]);
  await lab.send({ target: { chatId: "1", kind: "group" }, text: "to all" });
  assert.deepEqual(mac.written(group), ["to all"]);
  const listed = mac.world.direct(ANNA);
  mac.say(listed, ANNA, "flagged direct");
  assert.deepEqual((await lab.nextMessage()).chat, { id: "2", kind: "group" });
  mac.say(mac.world.direct(BEN), BEN, "really direct");
  assert.deepEqual((await lab.nextMessage()).chat, { id: BEN, kind: "direct" });
});

test("own messages, echoes, reactions, repeats, old and empty ones are dropped, each with its reason", async () => {
  await using lab = await imessageLab({ before: (mac) => mac.echoes = true });
  const { mac } = lab;
  const chat = mac.world.direct(ANNA);
  await lab.send({ target: { chatId: ANNA }, text: "my *own* words" });
  await eventually("the echo", () => lab.dropped().includes("echo"));
  mac.say(chat, ANNA, "my own words");
  assert.equal((await lab.nextMessage()).text, "my own words", "said by somebody else afterwards");
  const row = mac.say(chat, ANNA, "once");
  assert.equal((await lab.nextMessage()).text, "once");
  await eventually("the place behind it", () => lab.worker.saved["lastRow"] === row.id);
  mac.notify("message", { message: shown(row) });
  mac.say(chat, ANNA, "phone", { is_from_me: true });
  mac.say(chat, ANNA, "Loved “once”", { is_reaction: true });
  mac.say(chat, ANNA, "yesterday", { created_at: new Date(Date.now() - 86_400_000).toISOString() });
  mac.say(chat, ANNA, " ");
  mac.say(chat, "", "nobody");
  await eventually("all reasons", () => lab.dropped().length === 7);
  assert.deepEqual(lab.dropped(), ["echo", "seen_before", "own_message", "reaction", "stale", "empty", "no_sender"]);
});

test("attachments are named, since their files are out of reach; sending one is refused before anything leaves", async () => {
  await using lab = await imessageLab();
  const { mac } = lab;
  mac.say(mac.world.direct(ANNA), ANNA, "\uFFFClook", {
    attachments: [{ original_path: "/Users/a/Library/Messages/Attachments/x/IMG 1.jpg", mime_type: "image/jpeg" }],
  });
  const message = await lab.nextMessage();
  assert.equal(message.text, 'look\n[attachment "IMG 1.jpg", image/jpeg: this channel cannot open attachments]');
  assert.deepEqual(message.media, []);
  const media = { kind: "image" as const, mimeType: "image/png", data: new Uint8Array(3) };
  const request = { type: "send" as const, message: { target: { chatId: ANNA }, media, idempotencyKey: "m" } };
  const { code, outcome } = await failureOf(lab.worker, request);
  assert.deepEqual([code, outcome], ["unsupported", "not_sent"]);
  assert.deepEqual(mac.calls.filter(({ method }) => method === "send"), []);
});

test("other lines on the output, noise, long lines and a cut within a character do no harm", async () => {
  await using lab = await imessageLab();
  const { mac, worker } = lab;
  const program = mac.current();
  const chat = mac.world.direct(ANNA);
  program.out("warning: something about permissions of a contact");
  program.out("{ this is no JSON");
  program.err("deprecated\n");
  program.out(JSON.stringify({ jsonrpc: "2.0", method: "message", params: { message: { id: "seven" } } }));
  program.out(JSON.stringify({ jsonrpc: "2.0", method: "typing", params: {} }));
  program.out("x".repeat(5 * 1024 * 1024));
  const bytes = new TextEncoder().encode(
    `${
      JSON.stringify({
        jsonrpc: "2.0",
        method: "message",
        params: { message: shown(mac.world.add({ chat, sender: ANNA, fromMe: false, text: "ä🔥" })) },
      })
    }\n`,
  );
  const cut = bytes.indexOf(0xf0) + 2;
  program.out(bytes.slice(0, cut));
  await pause(50);
  program.out(bytes.slice(cut));
  assert.equal((await lab.nextMessage()).text, "ä🔥");
  mac.say(chat, ANNA, "y".repeat(200_000));
  assert.equal((await lab.nextMessage()).text.length, 100_000);
  const said = worker.logs().filter(({ event }) => event === "imessage.said").map(({ fields }) => fields["text"]);
  assert.ok(said.includes("deprecated") && said.includes("a line that was too long"), String(said));
  assert.deepEqual(worker.states().map(({ state }) => state), ["connecting", "connected"]);
});

test("answers in another order find their calls, and a slow one holds nothing up", async () => {
  await using lab = await imessageLab();
  const { mac } = lab;
  mac.fail("send", { kind: "slow", ms: 400 });
  const slow = lab.send({ target: { chatId: ANNA }, text: "slow" });
  await eventually("the slow call", () => mac.calls.some(({ method }) => method === "send"));
  mac.say(mac.world.direct(BEN), BEN, "meanwhile");
  assert.equal((await lab.nextMessage()).text, "meanwhile");
  const fast = await lab.send({ target: { chatId: BEN }, text: "fast" });
  assert.deepEqual(mac.written(mac.world.direct(ANNA)), []);
  mac.reorder = 3;
  const targets = ["+15550100011", "+15550100012"];
  const receipts = await Promise.all([
    ...targets.map((chatId) => lab.send({ target: { chatId }, text: chatId })),
    slow,
  ]);
  for (const [index, chatId] of targets.entries()) {
    const row = mac.world.rows.find(({ guid }) => guid === receipts[index]?.messageIds[0]);
    assert.equal(row?.text, chatId);
  }
  assert.ok(fast.messageIds[0] !== receipts[2]?.messageIds[0]);
});

test("refusals keep what became of the message; a key that was sent is not sent again", async () => {
  await using lab = await imessageLab();
  const { mac, worker } = lab;
  const errors = async (chatId: string, key: string) => {
    const { code, outcome, retryable } = await failureOf(worker, sendTo(chatId, "x", key));
    return [code, outcome, retryable];
  };
  assert.deepEqual(await errors("nobody", "a"), ["invalid", "not_sent", false]);
  assert.deepEqual(await errors("chat_id:99", "b"), ["not_found", "not_sent", false]);
  mac.fail("send", {
    kind: "refuse",
    code: -32603,
    message: "AppleScript error -1743: Not authorized to send Apple events",
  });
  assert.deepEqual(await errors(ANNA, "c"), ["forbidden", "not_sent", false]);
  mac.fail("send", { kind: "refuse", code: -32603, message: "AppleEvent timed out. (-1712)" });
  assert.deepEqual(await errors(ANNA, "d"), ["timeout", "unknown", false]);
  mac.fail("send", { kind: "refuse", code: -32603, message: "something odd" });
  assert.deepEqual(await errors(ANNA, "e"), ["platform", "unknown", false]);
  await lab.send({ target: { chatId: ANNA }, text: "one", idempotencyKey: "same" });
  await lab.send({ target: { chatId: ANNA }, text: "one", idempotencyKey: "same" });
  assert.deepEqual(mac.written(mac.world.direct(ANNA)), ["one"]);
  const { code } = await failureOf(worker, { type: "react", target: { chatId: ANNA }, messageId: "g", emoji: "👍" });
  assert.equal(code, "unsupported");
});

test("a program that ends is started again; nothing is missed, nothing comes twice, and a cut send is unknown", async () => {
  await using lab = await imessageLab();
  const { mac, worker } = lab;
  const chat = mac.world.direct(ANNA);
  mac.say(chat, ANNA, "one");
  assert.equal((await lab.nextMessage()).text, "one");
  await eventually("the place to be saved", () => worker.saved["lastRow"] === 1);
  for (const [kind, written] of [["crash", 0], ["lose", 1]] as const) {
    mac.fail("send", { kind });
    const { code, outcome } = await failureOf(worker, sendTo(BEN, kind, kind));
    assert.deepEqual([code, outcome], ["unreachable", "unknown"]);
    mac.say(chat, ANNA, `while away: ${kind}`);
    const state = await worker.waitState("reconnecting");
    assert.match(state.sentence, /imsg has ended \(exit code 9\)/u);
    await worker.waitState("connected");
    assert.equal((await lab.nextMessage()).text, `while away: ${kind}`);
    assert.equal(mac.written(mac.world.direct(BEN)).length, written);
  }
  assert.equal(mac.programs.filter(({ gone }) => !gone).length, 1);
});

test("a new worker goes on where the last one stopped; an imsg that cannot do that is told about", async () => {
  await using lab = await imessageLab();
  const { mac, worker } = lab;
  const chat = mac.world.direct(ANNA);
  mac.say(chat, ANNA, "one");
  await lab.nextMessage();
  mac.say(chat, ANNA, "two");
  await eventually("the second", () => worker.reports.filter(({ type }) => type === "inbound").length === 2);
  worker.kill();
  mac.say(chat, ANNA, "three");
  await using second = await startWorkerFor(mac, { saved: worker.saved });
  const texts = [];
  for (let index = 0; index < 2; index++) {
    const { event } = await second.nextInbound();
    texts.push(event.kind === "message" ? event.text : event.kind);
  }
  assert.deepEqual(texts, ["two", "three"], "what was not acknowledged comes again");
  await second.stop();
  mac.catchesUp = false;
  await using third = await startWorkerFor(mac, { saved: second.saved });
  await third.waitState("connected");
  assert.ok(third.logs().some(({ event }) => event === "imessage.no_catch_up"));
});

test("denied disk access is said as such and stops the account, never shown as connected", async () => {
  const cases = [
    (mac: Parameters<typeof startWorkerFor>[0]) => {
      mac.onStart = (program) => {
        program.out('permissionDenied(path: "/Users/a/Library/Messages/chat.db")');
        program.exit(1);
      };
    },
    (mac: Parameters<typeof startWorkerFor>[0]) =>
      mac.fail("chats.list", { kind: "refuse", code: -32603, message: "unable to open database file" }),
  ];
  for (const before of cases) {
    await using lab = await imessageLab({ before, connected: false });
    const state = await lab.worker.waitState("bad_credentials");
    assert.match(state.sentence, /Full Disk Access/u);
    assert.equal(state.userAction, "restart_gateway");
    assert.equal(lab.mac.programs.length, 1, "no new start helps");
    assert.ok(lab.worker.states().every((each) => each.state !== "connected"));
    const { code, outcome } = await failureOf(lab.worker, sendTo(ANNA));
    assert.deepEqual([code, outcome], ["unreachable", "not_sent"]);
  }
});

test("a program that cannot be started is a matter of the configuration, or of the gateway's rights", async () => {
  await using lab = await imessageLab({ config: { cliPath: "/nowhere/imsg" }, connected: false });
  const state = await lab.worker.waitState("bad_credentials");
  assert.deepEqual([state.userAction, /no such program/u.test(state.sentence)], ["fix_config", true]);
});

test("a slow answer is waited for; a stuck program that ignores its end is killed and replaced", async () => {
  await using lab = await imessageLab({
    config: { probeTimeoutMs: 1_000, healthEveryMs: 100 },
    before: (mac) => {
      mac.fail("chats.list", { kind: "slow", ms: 600 });
      mac.onStart = (program) => program.deafen();
    },
  });
  const { mac, worker } = lab;
  assert.equal(mac.programs.length, 1, "waited, not restarted");
  mac.onStart = undefined;
  mac.fail("chats.list", { kind: "silence" });
  const state = await worker.waitState("reconnecting");
  assert.match(state.sentence, /no answer to chats\.list in time/u);
  await worker.waitState("connected");
  assert.equal(mac.programs[0]?.gone, true);
  assert.equal(mac.programs.length, 2);
});

test("a watch that reports an error begins anew where it was", async () => {
  await using lab = await imessageLab();
  const { mac, worker } = lab;
  mac.say(mac.world.direct(ANNA), ANNA, "before");
  await lab.nextMessage();
  await eventually("the place to be saved", () => worker.saved["lastRow"] === 1);
  mac.notify("error", { message: "watch failed" });
  assert.match((await worker.waitState("reconnecting")).sentence, /watch failed/u);
  await worker.waitState("connected");
  assert.equal(mac.calls.findLast(({ method }) => method === "watch.subscribe")?.params["since_rowid"], 1);
});

test("the check of a login and the probe say what they found", async () => {
  await using lab = await imessageLab();
  const probe = await lab.worker.request({ type: "probe" });
  assert.equal(probe.kind === "probe" ? probe.facts["program"] : undefined, lab.mac.cliPath);
  await lab.worker.request({ type: "login.start", flow: "check" });
  assert.deepEqual(lab.worker.steps().map(({ kind }) => kind), ["wait", "done"]);
});
