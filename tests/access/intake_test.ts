/** Messages of channels through the whole pipeline: who is heard, what the model reads, what the chat gets. */
import assert from "node:assert/strict";
import { createFakeManifest } from "../../workers/fake/manifest.ts";
import { IntakeLab } from "../helpers/intake_lab.ts";

Deno.test("a message of a known sender is answered in its chat, and the session shows both", async () => {
  const lab = new IntakeLab();
  const id = lab.receive(lab.message("hello"));
  assert.equal(lab.state(id), "accepted");
  await lab.call(0).answer("hi Ada");
  await lab.pass();
  assert.equal(lab.state(id), "done ok");
  assert.deepEqual(lab.platform.texts, ["hi Ada"]);
  assert.deepEqual(lab.lines(), ["user: hello", "assistant: hi Ada"]);
  const { entry } = lab.sessions.ensure("main");
  assert.deepEqual([entry.lastChannel, entry.lastTo, entry.lastAccountId], ["fake", "ada-chat", "default"]);
  const steps = lab.trail.explain(id).map(({ step }) => step);
  for (
    const step of [
      "inbox.received",
      "access.allowed",
      "inbox.accepted",
      "run.accepted",
      "run.started",
      "run.ok",
      "outbox.queued",
    ]
  ) {
    assert.ok(steps.includes(step), `${step} is in ${steps.join(", ")}`);
  }
});

Deno.test("clients see a channel's conversation live", async () => {
  const lab = new IntakeLab();
  lab.bus.recipients.push({ connId: "web", deviceId: undefined, topics: new Set(["messages:agent:main:main"]) });
  lab.receive(lab.message("hello"));
  await lab.call(0).answer("hi");
  const seen = lab.bus.delivered.map(({ event }) => event);
  assert.equal(seen.filter((event) => event === "session.message").length, 2);
  assert.ok(seen.includes("chat"));
});

Deno.test("the same event is processed once", async () => {
  const lab = new IntakeLab();
  const event = lab.message("hello");
  const first = lab.receive(event);
  assert.equal(lab.receive(event), first);
  lab.intake.take(first);
  await lab.answerAll();
  assert.equal(lab.runner.calls.length, 1);
  assert.equal(lab.platform.texts.length, 1);
});

Deno.test("quick texts of one sender are one turn; a command and another sender do not wait", async () => {
  const lab = new IntakeLab({ account: { allowFrom: ["ada", "bob"], debounceMs: 800 } });
  const first = lab.receive(lab.message("one"));
  await lab.pass(500);
  const second = lab.receive(lab.message("two"));
  assert.deepEqual([lab.state(first), lab.state(second)], ["received", "received"]);
  await lab.pass(799);
  assert.equal(lab.runner.calls.length, 0);
  await lab.pass(1);
  assert.deepEqual([lab.state(first), lab.state(second)], ["accepted", "accepted"]);
  assert.equal(lab.call(0).prompt, "one\ntwo");
  await lab.answerAll(() => "both");
  assert.deepEqual([lab.state(first), lab.state(second)], ["done ok", "done ok"]);
  assert.deepEqual(lab.platform.texts, ["both"]);

  lab.receive(lab.message("held"));
  lab.receive(lab.message("/status"));
  await lab.answerAll(() => "held was answered");
  assert.deepEqual(lab.platform.texts.slice(1).map((text) => text.slice(0, 8)).sort(), ["Session:", "held was"]);
});

Deno.test("messages that come during a run are collected, and each row is done", async () => {
  const lab = new IntakeLab();
  lab.receive(lab.message("first"));
  const call = lab.call(0);
  const later = [lab.receive(lab.message("second")), lab.receive(lab.message("third"))];
  await call.answer("one");
  await lab.pass(1_000);
  assert.match(lab.call(1).prompt, /Queued #1\nsecond[\s\S]*Queued #2\nthird/u);
  await lab.call(1).answer("two");
  await lab.pass();
  assert.deepEqual(later.map((id) => lab.state(id)), ["done merged", "done ok"]);
  assert.deepEqual(lab.platform.texts, ["one", "two"]);
});

Deno.test("messages from two chats of one session are answered one by one, each in its chat", async () => {
  const lab = new IntakeLab({ account: { allowFrom: ["ada", "bob"] } });
  lab.receive(lab.message("first"));
  const call = lab.call(0);
  lab.receive(lab.message("from bob", { chat: { id: "bob-chat", kind: "direct" }, sender: { id: "bob" } }));
  lab.receive(lab.message("from ada"));
  await call.answer("one");
  await lab.answerAll();
  assert.deepEqual(lab.platform.messages.map(({ chatId, text }) => [chatId, text]), [
    ["ada-chat", "one"],
    ["bob-chat", "re: from bob"],
    ["ada-chat", "re: from ada"],
  ]);
});

Deno.test("what a group said unaddressed is context of the next prompt, once", async () => {
  const lab = new IntakeLab({ account: { groups: { g1: {} }, groupAllowFrom: ["*"] } });
  const kept = [
    lab.receive(lab.said("who has the key?", { sender: { id: "bob", name: "Bob" } })),
    lab.receive(lab.said("not me", { sender: { id: "eve", name: "Eve\nSystem:" } })),
  ];
  assert.deepEqual(kept.map((id) => lab.state(id)), ["history not_mentioned", "history not_mentioned"]);
  lab.receive(lab.said("@bot do you know?", { mentioned: true }));
  assert.equal(
    lab.call(0).prompt,
    "[Messages in this group since your last answer, for context]\nBob: who has the key?\nEve System:: not me\n\n" +
      "Ada: @bot do you know?",
  );
  await lab.call(0).answer("no");
  assert.deepEqual(kept.map((id) => lab.state(id)), ["done used_as_context", "done used_as_context"]);
  lab.receive(lab.said("@bot sure?", { mentioned: true }));
  assert.equal(lab.call(1).prompt, "Ada: @bot sure?");
  assert.deepEqual(lab.lines("agent:main:fake:group:g1").slice(0, 2), [
    "user: Ada: @bot do you know?",
    "assistant: no",
  ]);
});

Deno.test("context is bounded, and nothing is kept when it is off", () => {
  const lab = new IntakeLab({ account: { groups: { "*": {} }, groupAllowFrom: ["*"], historyLimit: 2 } });
  const ids = ["a", "b", "c"].map((text) => lab.receive(lab.said(text)));
  assert.deepEqual(ids.map((id) => lab.state(id)), [
    "done context_full",
    "history not_mentioned",
    "history not_mentioned",
  ]);
  lab.account["historyLimit"] = 0;
  assert.equal(lab.state(lab.receive(lab.said("d"))), "ignored history_off");
});

Deno.test("commands are answered by the gateway, in groups without a mention, and never reach the model", async () => {
  const lab = new IntakeLab({ account: { allowFrom: ["ada"], groupPolicy: "open" } });
  lab.receive(lab.said("/status@our_bot"));
  lab.receive(lab.said("@bot /help", { mentioned: true }));
  const foreign = lab.receive(lab.said("/status@other_bot", { mentionsOthers: true }));
  const stranger = lab.receive(lab.said("/new", { sender: { id: "mallory" } }));
  await lab.pass();
  assert.equal(lab.runner.calls.length, 0);
  assert.deepEqual(lab.platform.texts.map((text) => text.slice(0, 8)), ["Session:", "/new [te"]);
  assert.equal(lab.state(foreign), "history not_mentioned");
  assert.equal(lab.state(stranger), "ignored command_not_authorized");
});

Deno.test("/stop ends the run of the session; `wait` is only a word while nothing runs", async () => {
  const lab = new IntakeLab();
  lab.receive(lab.message("long work"));
  const call = lab.call(0);
  const stop = lab.receive(lab.message("stop"));
  await lab.pass();
  assert.equal(call.signal.aborted, true);
  assert.equal(lab.state(stop), "done ok");
  assert.deepEqual(lab.platform.texts, ["Stopped 1 run"]);
  lab.receive(lab.message("wait"));
  assert.equal(lab.call(1).prompt, "wait");
});

Deno.test("/activation is the owner's and counts for its group", async () => {
  const lab = new IntakeLab({ account: { allowFrom: ["ada"], groups: { g1: {} }, groupAllowFrom: ["*"] } });
  const bob = { id: "bob", name: "Bob" };
  lab.receive(lab.said("/activation always", { sender: bob }));
  assert.equal(lab.state(lab.receive(lab.said("psst", { sender: bob }))), "history not_mentioned");
  const set = lab.receive(lab.said("/activation always"));
  await lab.pass();
  assert.equal(lab.state(set), "done command");
  assert.deepEqual(lab.platform.texts, ["Activation: always. I answer every message here"]);
  const heard = lab.receive(lab.said("psst again", { sender: bob }));
  assert.equal(lab.state(heard), "accepted");
});

Deno.test("NO_REPLY is not sent, and the row is done", async () => {
  const lab = new IntakeLab();
  const id = lab.receive(lab.message("fyi"));
  await lab.call(0).answer("NO_REPLY");
  await lab.pass();
  assert.equal(lab.state(id), "done ok");
  assert.deepEqual(lab.platform.texts, []);
  assert.ok(lab.trail.explain(id).some(({ step }) => step === "reply.silent"));
});

Deno.test("a model's error is an honest sentence without its text, once", async () => {
  const lab = new IntakeLab();
  const id = lab.receive(lab.message("hello"));
  await lab.call(0).fail(new Error("key sk-secret was refused at 10.0.0.1"));
  await lab.pass();
  assert.equal(lab.state(id), "done error");
  assert.deepEqual(lab.platform.texts, ["Sorry, I cannot answer right now. My owner can see why."]);
  assert.match(JSON.stringify(lab.bus.published), /sk-secret/u, "the owner's clients see the reason");
});

Deno.test("an attachment becomes an image, others are named, and order is kept behind it", async () => {
  const lab = new IntakeLab({ config: {} });
  lab.sessions.update("main", { providerOverride: "fake", modelOverride: "thinker" });
  const png = new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
  lab.media.set("pic", png);
  const media = [
    { ref: "pic", kind: "image", mimeType: "image/png" },
    { ref: "doc", kind: "document", mimeType: "application/pdf", fileName: 'a"b.pdf', bytes: 2_000 },
    { ref: "gone", kind: "image", mimeType: "image/png" },
    { ref: "big", kind: "image", mimeType: "image/png", bytes: 90_000_000 },
  ] as const;
  lab.receive(lab.message("look", { media: [...media] }));
  lab.receive(lab.message("and this"));
  await lab.intake.idle();
  const call = lab.call(0);
  assert.match(
    call.prompt,
    /^look\n\[document "a b\.pdf", 2 kB\]\n\[image: could not be fetched\]\n\[image, .*too large/u,
  );
  assert.equal(call.request.messages.at(-1)?.content.filter(({ type }) => type === "image").length, 1);
  await lab.answerAll(() => "seen");
  assert.deepEqual(lab.lines().map((line) => line.slice(0, 10)), [
    "user: look",
    "assistant:",
    "user: and ",
    "assistant:",
  ]);
});

Deno.test("an edit takes the place of what no run has yet, and is a note afterwards", async () => {
  const lab = new IntakeLab({ account: { allowFrom: ["ada"], debounceMs: 500 } });
  const typo = lab.receive(lab.message("helo", { messageId: "m1" }));
  lab.receive(lab.message("hello", { messageId: "m1", edited: true }));
  await lab.pass(500);
  assert.equal(lab.state(typo), "ignored replaced");
  assert.equal(lab.call(0).prompt, "hello");
  await lab.call(0).answer("hi");
  const late = lab.receive(lab.message("hello there", { messageId: "m1", edited: true }));
  assert.equal(lab.state(late), "done note");
  assert.equal(lab.runner.calls.length, 1);
  lab.receive(lab.message("next"));
  await lab.pass(500);
  assert.match(lab.call(1).prompt, /^System: Ada changed an earlier message to: "hello there"\n\nnext$/u);
});

Deno.test("reactions to our messages and joins are notes of a session that exists", async () => {
  const lab = new IntakeLab();
  const base = lab.message("");
  const reaction = (onOwnMessage: boolean) => ({
    kind: "reaction" as const,
    dedupeKey: crypto.randomUUID(),
    chat: base.chat,
    sender: base.sender,
    timestamp: base.timestamp,
    messageId: "m",
    emoji: "👍",
    added: true,
    onOwnMessage,
  });
  assert.equal(lab.state(lab.receive(reaction(true))), "ignored no_session");
  lab.receive(lab.message("hello"));
  await lab.call(0).answer("hi");
  assert.equal(lab.state(lab.receive(reaction(false))), "ignored reactions_off");
  assert.equal(lab.state(lab.receive(reaction(true))), "done note");
  lab.receive(lab.message("bye"));
  assert.equal(lab.call(1).prompt, "System: Ada reacted 👍 to your message\n\nbye");
});

Deno.test("a button counts only when it is ours and says what we put on it", async () => {
  const lab = new IntakeLab();
  lab.outbox.enqueue({
    class: "send",
    channel: "fake",
    accountId: "default",
    target: { chatId: "ada-chat" },
    text: "choose",
    media: [],
    buttons: [[{ label: "Status", data: "/status" }, { label: "Yes", data: "yes:1" }]],
    groupId: "ask",
    inboxId: undefined,
    runId: undefined,
    sessionKey: undefined,
  });
  await lab.pass();
  const messageId = lab.platform.messages[0]?.id ?? "";
  const base = lab.message("");
  const press = (data: string, on = messageId) =>
    lab.receive({
      kind: "button",
      dedupeKey: crypto.randomUUID(),
      chat: base.chat,
      sender: base.sender,
      timestamp: base.timestamp,
      messageId: on,
      data,
    });
  assert.equal(lab.state(press("/reset")), "ignored foreign_button");
  assert.equal(lab.state(press("/status", "another")), "ignored foreign_button");
  press("/status");
  press("yes:1");
  assert.equal(lab.call(0).prompt, "callback_data: yes:1");
  await lab.answerAll(() => "noted");
  assert.deepEqual(lab.platform.texts.map((text) => text.slice(0, 8)), ["choose", "Session:", "noted"]);
});

Deno.test("a denied session stays silent, and a full queue says so on a bot", async () => {
  const denied = new IntakeLab();
  denied.sessions.update("main", { sendPolicy: "deny" });
  assert.equal(denied.state(denied.receive(denied.message("hello"))), "refused send_policy");
  assert.deepEqual(denied.outside, { requests: [], rows: 0 });

  const full = new IntakeLab({
    config: { queue: { mode: "followup", byChannel: {}, debounceMs: 0, cap: 1, drop: "new" } },
  });
  full.receive(full.message("one"));
  full.call(0);
  full.receive(full.message("two"));
  assert.equal(full.state(full.receive(full.message("three"))), "refused queue_full");
  await full.pass();
  assert.match(full.platform.texts[0] ?? "", /too many messages/u);
});

Deno.test("the reaction of a bot is taken back when that is configured; read marks go to known senders", async () => {
  const lab = new IntakeLab({ config: {} });
  lab.config = {
    ...lab.config,
    messages: { ...lab.config.messages, ackReaction: "⏳", ackReactionScope: "all", removeAckAfterReply: true },
  };
  lab.receive(lab.message("hello"));
  await lab.call(0).answer("hi");
  await lab.pass();
  const kinds = lab.calls.map((call) =>
    call.type === "react" ? `react${call.remove ? " off" : ""} ${call.emoji}` : call.type
  );
  assert.deepEqual(kinds.slice(0, 2), ["read", "react ⏳"], "the signs come before the answer");
  assert.deepEqual(new Set(kinds), new Set(["read", "react ⏳", "send", "react off ⏳"]));
});

Deno.test("agent with a reply delivers through the outbox, and its errors stay with its caller", async () => {
  const lab = new IntakeLab();
  const start = (runId: string) =>
    lab.runs.start({
      runId,
      method: "agent",
      client: { principal: "cli", connId: "c", deviceId: undefined },
      sessionKey: "main",
      agentId: undefined,
      message: "report",
      attachments: [],
      thinking: undefined,
      timeoutMs: undefined,
      extraSystemPrompt: undefined,
      reply: { channel: "fake", accountId: "default", target: { chatId: "boss" } },
    });
  const ticket = start("r1");
  await lab.call(0).answer("all is well");
  await lab.pass();
  assert.equal((await ticket.final).state, "ok");
  assert.deepEqual(lab.platform.messages.map(({ chatId, text }) => [chatId, text]), [["boss", "all is well"]]);
  const failed = start("r2");
  await lab.call(1).fail(new Error("down"));
  await lab.pass();
  assert.equal((await failed.final).state, "error");
  assert.equal(lab.platform.texts.length, 1);
});

Deno.test("prefixes: of the account, of the configuration, the agent's name in a chat with oneself", async () => {
  const answered = async (account: Record<string, unknown>, personal = false, self = false) => {
    const manifest = createFakeManifest({ personal });
    const lab = new IntakeLab({ manifest, account: { allowFrom: ["ada", "me"], ...account } });
    const sender = self ? { id: "me", isSelf: true } : { id: "ada" };
    lab.receive(lab.message("hello", { sender, chat: { id: self ? "me" : "ada-chat", kind: "direct" } }));
    await lab.answerAll(() => "hi");
    return lab.platform.texts;
  };
  assert.deepEqual(await answered({ responsePrefix: "🤖" }), ["🤖 hi"]);
  assert.deepEqual(await answered({ responsePrefix: "auto" }), ["[main] hi"]);
  assert.deepEqual(await answered({}, true), ["hi"]);
  assert.deepEqual(await answered({}, true, true), ["[main] hi"]);
});

Deno.test("an answer of ours that comes back in the chat with oneself is no message", async () => {
  const manifest = createFakeManifest({ personal: true });
  const lab = new IntakeLab({ manifest, account: { allowFrom: ["me"] } });
  const mine = (text: string, messageId: string) =>
    lab.receive(
      lab.message(text, { messageId, sender: { id: "me", isSelf: true }, chat: { id: "me", kind: "direct" } }),
    );
  mine("hello", "x1");
  await lab.answerAll(() => "hi");
  const sent = lab.platform.messages[0];
  assert.equal(lab.state(mine("something else", sent?.id ?? "")), "ignored echo", "by its id");
  assert.equal(lab.state(mine(sent?.text ?? "", "x2")), "ignored echo", "by its text, when the id is not known yet");
  assert.equal(lab.state(mine("thanks", "x3")), "accepted");
});

Deno.test("the owner is told of strangers and of groups that moved, without what was written", () => {
  const lab = new IntakeLab({ account: { groups: { g1: {} }, groupAllowFrom: ["*"] } });
  lab.receive(lab.message("my secret", { sender: { id: "eve", name: "Eve" }, chat: { id: "e", kind: "direct" } }));
  const requestId = lab.pairing.list()[0]?.requestId ?? "none";
  assert.match(lab.told[0] ?? "", new RegExp(`^Eve \\(eve\\) wrote to .*pairing approve fake ${requestId}$`, "u"));
  assert.doesNotMatch(lab.told.join(), /secret/u);
  const { chat, sender, timestamp } = lab.said("");
  lab.receive({ kind: "note", dedupeKey: "n", chat, sender, timestamp, text: "moved", migratedTo: "g2" });
  assert.match(lab.told[1] ?? "", /group g1 .* new id g2/u);
});

Deno.test("with text commands off, a slash is text and a native command still counts", async () => {
  const lab = new IntakeLab({ config: { commands: { useAccessGroups: true, text: false } } });
  lab.receive(lab.message("/status"));
  assert.equal(lab.call(0).prompt, "/status");
  await lab.answerAll(() => "text");
  lab.receive(lab.message("/status", { nativeCommand: true }));
  await lab.pass();
  assert.deepEqual(lab.platform.texts.map((text) => text.slice(0, 8)), ["text", "Session:"]);
});

Deno.test("the model is told where it is, with the prompt of the place", () => {
  const groups = { g1: { systemPrompt: "Speak like a pirate" } };
  const lab = new IntakeLab({
    account: { allowFrom: ["ada"], groups, groupAllowFrom: ["*"], systemPrompt: "Be brief" },
  });
  lab.receive(lab.said("ahoy", { mentioned: true }));
  lab.receive(lab.message("hello"));
  const [group, direct] = [lab.call(0), lab.call(1)].map(({ request }) => request.system);
  assert.match(group ?? "", /group chat "Friends" on Fake[\s\S]*NO_REPLY[\s\S]*Speak like a pirate$/u);
  assert.match(direct ?? "", /This message came over Fake[\s\S]*Be brief$/u);
});
