/** Approvals over Telegram: the owner decides by a button, in private and in a group; nobody else does. */
import assert from "node:assert/strict";
import type { Json } from "../helpers/client.ts";
import { eventually } from "../helpers/wait.ts";
import { startHouse } from "../providers/telegram_e2e_lab.ts";
import { OTHER_SIDE } from "../servers/telegram/server.ts";
import type { Message, Room } from "../servers/telegram/world.ts";
import { ask, groupKey, refusals, settled, waits } from "./house.ts";

interface Button {
  readonly text: string;
  readonly callback_data: string;
}

function buttonsOf(message: Message | undefined): Button[] {
  const keyboard: unknown = Object(message?.["reply_markup"]).inline_keyboard;
  return Array.isArray(keyboard) ? keyboard.flat() : [];
}
const dataOf = (message: Message | undefined, label: string): string =>
  buttonsOf(message).find(({ text }) => text.startsWith(label))?.callback_data ?? "";
const entitiesOf = (message: Json): unknown[] =>
  Array.isArray(message["entities"]) ? message["entities"].map(({ type }) => type) : [];

Deno.test(`approvals over Telegram [other side: ${OTHER_SIDE}]`, async (t) => {
  await using house = await startHouse({
    config: { messages: { queue: { debounceMs: 10 } }, commands: { ownerAllowFrom: ["telegram:11"] } },
  });
  const { telegram, telegram: { people }, anna, direct, bot, model } = house;
  const eve = people.person(12, "Eve", "eve_e");
  const group = people.group(-500, "House");
  const shown = (room: Room, message: Message | undefined, pattern: RegExp) =>
    eventually(`${pattern}`, () => {
      const now = room.messages.get(message?.message_id ?? 0);
      return pattern.test(String(now?.["text"])) ? now : undefined;
    });
  people.say(direct, anna, "echo:hello");
  await house.written(11);
  people.say(group, eve, "@house_bot echo:all");
  await house.written(-500);
  const main = "agent:main:main";
  const inGroup = await groupKey(house.web);
  const asked = model.requests.length;

  await t.step("the owner allows it in the private chat, and the card says so", async () => {
    const decision = await ask(house.web, "t1", "git status `x` <b>", main, {
      cwd: "/home/anna",
      resolvedPath: "/usr/bin/git",
    });
    const card = (await house.written(11, 2))[1];
    assert.match(
      String(card?.["text"]),
      /^May this command run\?\ngit status `x` <b>\n+Agent main on gateway in \/home\/anna\nProgram \/usr\/bin\/git/u,
    );
    assert.ok(entitiesOf(card ?? {}).includes("pre"));
    assert.deepEqual(buttonsOf(card).map(({ text }) => text), ["Allow once", "Deny"]);
    await settled(house.outbox);
    people.press(direct, anna, card?.message_id ?? 0, dataOf(card, "Allow once"));
    assert.equal(await decision(), "allow-once");
    const after = await shown(direct, card, /^Allowed once by Anna\n/u);
    assert.deepEqual(buttonsOf(after), [], "the buttons are gone");
    assert.equal(telegram.written(11).length, 2, "the card was edited");
    await eventually("the query to be answered", () => bot.queries.size === 0);
  });

  await t.step("in a group a stranger's press does nothing, and the owner's counts", async () => {
    const decision = await ask(house.web, "t2", "ls -l", inGroup);
    const card = (await house.written(-500, 2))[1];
    assert.deepEqual(buttonsOf(card).map(({ text }) => text), ["Allow once", "Always ls", "Deny"]);
    await settled(house.outbox);
    people.press(group, eve, card?.message_id ?? 0, dataOf(card, "Allow once"));
    await eventually("the refusal", async () => await refusals(house.web, "not_owner") === 1);
    assert.equal(await waits(house.web, "t2"), true);
    assert.equal(telegram.written(-500).length, 2, "nothing is said about it");
    people.press(group, anna, card?.message_id ?? 0, dataOf(card, "Deny"));
    assert.equal(await decision(), "deny");
    await shown(group, card, /^Denied by Anna\n/u);
  });

  await t.step("always is remembered for the agent", async () => {
    const decision = await ask(house.web, "t3", "ls -l", inGroup);
    const card = (await house.written(-500, 3))[2];
    await settled(house.outbox);
    people.press(group, anna, card?.message_id ?? 0, dataOf(card, "Always"));
    assert.equal(await decision(), "allow-always");
    await shown(group, card, /^Allowed always by Anna\n/u);
    const { file } = await house.web.request("exec.approvals.get", {});
    assert.equal(Object(file).agents.main.allowlist[0].pattern, "ls");
  });

  await t.step("a decision made elsewhere and the end of the time stand on the card", async () => {
    const decision = await ask(house.web, "t4", "id", main);
    const card = (await house.written(11, 3))[2];
    await house.web.request("exec.approval.resolve", { id: "t4", decision: "deny" });
    assert.equal(await decision(), "deny");
    await shown(direct, card, /^Denied by cli\n/u);
    await ask(house.web, "t5", "id", main, { timeoutMs: 1_500 });
    const late = (await house.written(11, 4))[3];
    await shown(direct, late, /^Not decided in time/u);
  });

  await t.step("a stop tells the chat, and what a crash leaves open says so when it is pressed", async () => {
    await ask(house.web, "t6", "id", main);
    const told = (await house.written(11, 5))[4];
    await settled(house.outbox);
    await house.gateway.restart("SIGTERM");
    await shown(direct, told, /^Not decided: the gateway was stopped\n/u);
    await house.reconnect();
    await house.waitState("connected");
    await ask(house.web, "t7", "id", main);
    const left = (await house.written(11, 6))[5];
    await settled(house.outbox);
    await house.gateway.restart("SIGKILL");
    await house.reconnect();
    await house.waitState("connected");
    people.press(direct, anna, left?.message_id ?? 0, dataOf(left, "Allow once"));
    await shown(direct, left, /^This request is no longer open$/u);
    assert.equal(telegram.written(11).length, 6);
    assert.equal(model.requests.length, asked, "no press started a run");
  });
});
