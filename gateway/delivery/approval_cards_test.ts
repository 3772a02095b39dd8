/** Approvals in chats: who is asked, who may press, and what stands there afterwards. */
import assert from "node:assert/strict";
import { IntakeLab, type IntakeLabOptions } from "../../tests/helpers/intake_lab.ts";
import { settle } from "../../tests/helpers/delivery_lab.ts";
import { fakeConfig } from "../../tests/helpers/services.ts";
import { createFakeManifest } from "../../workers/fake/manifest.ts";
import type { ExecApprovalSubject } from "../../schemas/event/approval.ts";
import type { Inbound } from "../../schemas/worker/content.ts";
import type { Config } from "../config/types.ts";

const ACCOUNT = { dmPolicy: "allowlist", allowFrom: ["ada"], groupPolicy: "open" };
const MAIN = "agent:main:main";
const GROUP = "agent:main:fake:group:g1";
const subject = (
  command: string,
  sessionKey: string | null,
  more: Partial<ExecApprovalSubject> = {},
): ExecApprovalSubject => ({
  command,
  cwd: null,
  host: null,
  security: null,
  ask: null,
  agentId: "main",
  resolvedPath: null,
  sessionKey,
  ...more,
});

/** A lab whose owner Ada has said something in her own chat and in the group. */
async function open(options: IntakeLabOptions = {}): Promise<IntakeLab> {
  const lab = new IntakeLab({ account: ACCOUNT, ...options });
  lab.receive(lab.message("hello"));
  lab.receive(lab.said("hello all", { mentioned: true }));
  await lab.answerAll();
  lab.platform.calls.length = 0;
  return lab;
}

const approvals = (change: Partial<Config["approvals"]>): Partial<Config> => ({
  approvals: { ...fakeConfig().approvals, ...change },
});

interface Sent {
  readonly chatId: string;
  readonly messageId: string;
  readonly text: string;
  readonly labels: string[];
  readonly data: string[];
}

function cardsOf(lab: IntakeLab): Sent[] {
  return lab.calls.flatMap((call) => {
    if (call.type !== "send") return [];
    const { target: { chatId }, text = "", buttons = [], idempotencyKey } = call.message;
    const messageId = lab.platform.messages.find(({ key }) => key === idempotencyKey)?.id ?? "?";
    const row = buttons.flat();
    return [{ chatId, messageId, text, labels: row.map(({ label }) => label), data: row.map(({ data }) => data) }];
  });
}

/** Asks and returns the cards that went out. */
async function asked(lab: IntakeLab, request: ExecApprovalSubject, id = "ask-1") {
  const ask = lab.approvals.ask({ id, request });
  await lab.pass();
  return { ask, cards: cardsOf(lab) };
}

let presses = 0;
const pressed = (
  card: Sent | undefined,
  which: number,
  senderId: string,
  chat: Inbound["chat"],
): Extract<Inbound, { kind: "button" }> => ({
  kind: "button",
  dedupeKey: `press${++presses}`,
  chat,
  sender: { id: senderId, name: senderId === "ada" ? "Ada" : "Eve" },
  timestamp: 1,
  messageId: card?.messageId ?? "",
  data: card?.data[which] ?? "",
});
const IN_GROUP = { id: "g1", kind: "group", title: "Friends" } as const;
const WITH_ADA = { id: "ada-chat", kind: "direct" } as const;
const shownIn = (lab: IntakeLab, card: Sent | undefined): string | undefined =>
  lab.platform.messages.find(({ id }) => id === card?.messageId)?.text;

Deno.test("the owner is asked in the chat of the session, presses, and the card says what became of it", async () => {
  const lab = await open();
  const { ask, cards: [card, ...more] } = await asked(
    lab,
    subject("git status", MAIN, { cwd: "/home/ada", nodeId: "n1", resolvedPath: "/usr/bin/git" }),
  );
  assert.deepEqual(
    [card?.chatId, more.length, card?.labels],
    ["ada-chat", 0, ["Allow once", "Always git", "Deny"]].with(0, "ada-chat"),
  );
  assert.equal(
    card?.text,
    "May this command run?\n```\ngit status\n```\nAgent `main` on `Kitchen` in `/home/ada`\nProgram `/usr/bin/git`\nWaits for 2 min",
  );
  assert.ok(card.data.every((data) => new TextEncoder().encode(data).length <= 64));
  const id = lab.receive(pressed(card, 0, "ada", WITH_ADA));
  assert.equal(await ask.decision, "allow-once");
  await lab.pass();
  assert.equal(lab.state(id), "done approval");
  assert.match(shownIn(lab, card) ?? "", /^Allowed once by Ada\n```\ngit status/u);
  assert.equal(lab.platform.messages.filter(({ chatId }) => chatId === "ada-chat").length, 2, "the card was edited");
  assert.equal(lab.runner.calls.length, 2, "a press starts no run");
});

Deno.test("in a group everybody sees the card and only the owner decides", async () => {
  const lab = await open();
  const { ask, cards: [card] } = await asked(lab, subject("ls", GROUP));
  assert.equal(card?.chatId, "g1");
  for (const which of [0, 1, 2]) {
    const id = lab.receive(pressed(card, which, "eve", IN_GROUP));
    assert.equal(lab.state(id), "refused not_owner");
  }
  await lab.pass();
  assert.equal(lab.approvals.list().length, 1);
  assert.equal(lab.calls.length, 1, "nothing is said to whoever may not press");
  assert.ok(lab.trail.refusals().some(({ reason }) => reason === "not_owner"));
  lab.receive(pressed(card, 2, "ada", IN_GROUP));
  assert.equal(await ask.decision, "deny");
  await lab.pass();
  assert.match(shownIn(lab, card) ?? "", /^Denied by Ada/u);
});

Deno.test("a button that we did not put there decides nothing", async () => {
  const lab = await open();
  const { cards: [card] } = await asked(lab, subject("ls", GROUP));
  const elsewhere = pressed(card, 0, "ada", WITH_ADA);
  assert.equal(lab.state(lab.receive(elsewhere)), "ignored foreign_button");
  assert.equal(
    lab.state(lab.receive({ ...pressed(card, 0, "ada", IN_GROUP), data: "approve:AAAAAAAAAAAA:o" })),
    "ignored foreign_button",
  );
  // The agent may have put the data of a card on a message of its own.
  lab.outbox.enqueue({
    class: "send",
    channel: "fake",
    accountId: "default",
    target: { chatId: "g1" },
    text: "Weather?",
    media: [],
    buttons: [[{ label: "Yes", data: card?.data[0] ?? "" }]],
    groupId: "other",
    inboxId: undefined,
    runId: undefined,
    sessionKey: undefined,
  });
  await lab.pass();
  const trap = cardsOf(lab).at(-1);
  lab.receive(pressed(trap, 0, "ada", IN_GROUP));
  await lab.pass();
  assert.equal(lab.approvals.list().length, 1);
});

Deno.test("a decision made elsewhere, the end of the time and the end of the gateway stand on the card", async () => {
  const lab = await open();
  const first = await asked(lab, subject("ls", MAIN), "a");
  lab.approvals.resolve("a", "allow-once", "Web *Chat*");
  await lab.pass();
  assert.match(shownIn(lab, first.cards[0]) ?? "", /^Allowed once by Web Chat\n/u);
  const late = lab.receive(pressed(first.cards[0], 2, "ada", WITH_ADA));
  await lab.pass();
  assert.equal(lab.state(late), "done approval");
  assert.equal(lab.platform.texts.at(-1), "Already decided: Allowed once by Web Chat");

  const second = await asked(lab, subject("id", MAIN), "b");
  await lab.pass(120_000);
  assert.match(shownIn(lab, second.cards.at(-1)) ?? "", /^Not decided in time/u);
  const third = await asked(lab, subject("pwd", MAIN), "c");
  lab.approvals.stop();
  await lab.pass();
  assert.match(shownIn(lab, third.cards.at(-1)) ?? "", /^Not decided: the gateway was stopped/u);
  assert.deepEqual(lab.told, []);
});

Deno.test("a platform without edits gets a line of its own", async () => {
  const lab = await open({ manifest: createFakeManifest({ capabilities: { edit: false } }) });
  const { cards: [card] } = await asked(lab, subject("ls", MAIN));
  lab.receive(pressed(card, 1, "ada", WITH_ADA));
  await lab.pass();
  assert.equal(lab.platform.texts.at(-1), "This cannot be remembered now; allow it once, and see the gateway's log");
  lab.receive(pressed(card, 0, "ada", WITH_ADA));
  await lab.pass();
  assert.equal(lab.platform.texts.at(-1), "Allowed once by Ada");
});

Deno.test("a guest in a direct chat, a chat that may not be answered and a personal account get no card", async () => {
  const guest = new IntakeLab({
    account: { ...ACCOUNT, dmPolicy: "open", allowFrom: ["*"] },
    config: { commands: { useAccessGroups: true, ownerAllowFrom: ["ada"] } },
  });
  guest.receive(guest.message("hi", { chat: { id: "eve-chat", kind: "direct" }, sender: { id: "eve" } }));
  await guest.answerAll();
  guest.platform.calls.length = 0;
  assert.deepEqual((await asked(guest, subject("ls", MAIN))).cards, []);

  const silent = await open();
  silent.sessions.update(GROUP, { sendPolicy: "deny" });
  assert.deepEqual((await asked(silent, subject("ls", GROUP))).cards, []);

  const personal = await open({ manifest: createFakeManifest({ personal: true }) });
  assert.deepEqual((await asked(personal, subject("ls", GROUP))).cards, []);
  assert.deepEqual((await asked(personal, subject("ls", MAIN), "b")).cards, []);

  const off = await open({ config: approvals({ enabled: false }) });
  assert.deepEqual((await asked(off, subject("ls", MAIN))).cards, []);
  const plain = await open({ manifest: createFakeManifest({ capabilities: { buttons: false } }) });
  assert.deepEqual((await asked(plain, subject("ls", MAIN))).cards, []);
  const nowhere = await open();
  for (const key of [null, "agent:main:unused", "agent::", "webchat:x"]) {
    assert.deepEqual((await asked(nowhere, subject("ls", key), `k${key}`)).cards, []);
  }
});

Deno.test("while a run is going on, its own chat and thread are asked, whoever wrote since", async () => {
  const lab = await open();
  lab.receive(lab.said("work", { mentioned: true, chat: { ...IN_GROUP, threadId: "t7" } }));
  await lab.pass(2_000);
  const key = lab.row(lab.inbox.latest("accepted", 1)[0]?.id ?? "").sessionKey ?? "";
  assert.equal(lab.runs.active(key)[0]?.state, "running");
  lab.sessions.update(key, { lastTo: "elsewhere", lastThreadId: undefined });
  lab.approvals.ask({ request: subject("ls", key) });
  await lab.pass();
  const sent = lab.calls.find((call) => call.type === "send" && call.message.buttons !== undefined);
  assert.deepEqual(sent?.type === "send" && sent.message.target, { chatId: "g1", kind: "group", threadId: "t7" });
  await lab.answerAll();
});

Deno.test("listed chats are asked too, each once", async () => {
  const targets = [{ channel: "fake", to: "fake:ada-chat" }, { channel: "FAKE", to: "boss" }, {
    channel: "gone",
    to: "x",
  }];
  const lab = await open({ config: approvals({ mode: "both", targets }) });
  const { cards } = await asked(lab, subject("ls", MAIN));
  assert.deepEqual(cards.map(({ chatId }) => chatId).sort(), ["ada-chat", "boss"]);
  lab.receive(pressed(cards.find(({ chatId }) => chatId === "boss"), 0, "ada", { id: "boss", kind: "direct" }));
  await lab.pass();
  for (const card of cards) assert.match(shownIn(lab, card) ?? "", /^Allowed once by Ada/u);
  const only = await open({ config: approvals({ mode: "targets", targets: [{ channel: "fake", to: "boss" }] }) });
  assert.deepEqual((await asked(only, subject("ls", MAIN))).cards.map(({ chatId }) => chatId), ["boss"]);
});

Deno.test("where nobody is the owner the card has no buttons and says so", async () => {
  const targets = [{ channel: "fake", to: "boss" }];
  const lab = new IntakeLab({
    account: { ...ACCOUNT, dmPolicy: "open", allowFrom: ["*"] },
    config: approvals({ mode: "targets", targets }),
  });
  const { cards: [card] } = await asked(lab, subject("ls", null));
  assert.deepEqual(card?.labels, []);
  assert.match(card?.text ?? "", /commands\.ownerAllowFrom/u);
});

Deno.test("what cannot be read whole cannot be allowed, and nothing in it is hidden", async () => {
  const lab = await open();
  const { cards: [long] } = await asked(lab, subject(`echo ${"x".repeat(3_000)} ; rm -rf /`, MAIN), "a");
  assert.deepEqual(long?.labels, ["Deny"]);
  assert.match(long?.text ?? "", /more characters\)[^]*too long to be shown whole/u);
  assert.ok((long?.text.length ?? 0) < 1_000);
  const tall = (await asked(lab, subject(`echo a${"\n".repeat(30)}rm -rf /`, MAIN), "b")).cards.at(-1);
  assert.deepEqual(tall?.labels, ["Deny"]);
  const odd = (await asked(lab, subject("echo ``` \u202e\u001b[2J ; id", MAIN, { cwd: "a`b\n*c*" }), "c")).cards.at(-1);
  assert.match(
    odd?.text ?? "",
    /^May this command run\?\n```\necho \\x60\\x60\\x60 \\u202e\\x1b\[2J ; id\n```\nAgent `main` on `gateway` in `a'b\\n\*c\*`/u,
  );
  assert.deepEqual(odd?.labels, ["Allow once", "Deny"], "a chain is never allowed always");
});

Deno.test("a card that waits when its ask ends is never sent, and nobody is told of it", async () => {
  const lab = await open();
  lab.platform.script.push({ outcome: "not_sent", retryable: true, retryAfterMs: 60_000 });
  await asked(lab, subject("ls", MAIN));
  lab.approvals.cancel("ask-1");
  await lab.pass(300_000);
  assert.deepEqual(lab.platform.messages.filter(({ text }) => text.includes("May this")), []);
  assert.deepEqual(lab.told, []);
  assert.equal(lab.outbox.list({ state: "dropped" })[0]?.error, "The request has ended");
});

Deno.test("after a crash a card that waits is not sent, and a press on one that stands there is answered", async () => {
  const lab = await open();
  const { cards: [card] } = await asked(lab, subject("ls", MAIN), "a");
  lab.platform.script.push({ outcome: "not_sent", retryable: true, retryAfterMs: 60_000 });
  await asked(lab, subject("id", MAIN), "b");
  const next = await lab.crash();
  await next.pass(60_000);
  assert.equal(next.platform.messages.filter(({ text }) => text.includes("\nid\n")).length, 0);
  const id = next.receive(pressed(card, 0, "ada", WITH_ADA));
  await next.pass();
  assert.equal(next.state(id), "done approval");
  assert.equal(shownIn(next, card), "This request is no longer open");
  next.receive(pressed(card, 0, "ada", WITH_ADA));
  await settle();
});

Deno.test("the owner may decide by text, and nobody else", async () => {
  const lab = await open();
  const { ask } = await asked(lab, subject("ls", MAIN), "8f14e45f-ceea");
  await asked(lab, subject("ls", MAIN), "8f14ffff");
  const say = async (text: string, sender = "ada", chat: Inbound["chat"] = IN_GROUP) => {
    const id = lab.receive(lab.message(text, { chat, sender: { id: sender, name: sender === "ada" ? "Ada" : "Eve" } }));
    await lab.pass();
    return [lab.state(id), lab.platform.texts.at(-1)];
  };
  assert.match((await say("/approve 8f14e45f allow-once", "eve"))[0] ?? "", /command_not_authorized|not_owner/u);
  assert.deepEqual(await say("/approve 8f14 deny"), [
    "done approval",
    "This request is no longer open. Decide with /approve <id> allow-once, allow-always or deny",
  ]);
  assert.match((await say("/approve 8f14e45f maybe"))[1] ?? "", /^Decide with/u);
  assert.match((await say("/approve", "ada", WITH_ADA))[1] ?? "", /^Decide with/u);
  assert.deepEqual(await say("/approve@bot 8f14e45f once"), ["done approval", "Allowed once by Ada"]);
  assert.equal(await ask.decision, "allow-once");
});
