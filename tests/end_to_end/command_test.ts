/** A command on another machine: asked for by the agent, allowed by a person in WebChat or Telegram, answered with its output. */
import assert from "node:assert/strict";
import { ChatPage } from "../browser/chat_page.ts";
import { Visitor } from "../browser/chromium.ts";
import { refusals, settled } from "../approvals/house.ts";
import { eventually } from "../helpers/wait.ts";
import { TestNode } from "../nodes_cli/lab.ts";
import type { Message } from "../servers/telegram/world.ts";
import { homeTest, ownedHouse } from "./house.ts";

const PROGRAMS = ["echo", "sh"].flatMap((name) => ["--allow-program", name]);

function buttonOf(message: Message | undefined, label: string): string {
  const rows: unknown = Object(message?.["reply_markup"]).inline_keyboard;
  const buttons = Array.isArray(rows) ? rows.flat() : [];
  return String(buttons.find(({ text }) => String(text).startsWith(label))?.callback_data ?? "");
}

homeTest("a command runs on a headless node after a person allowed it, and its output is in the answer", async (t) => {
  await using house = await ownedHouse();
  const { gateway, model, web, telegram, telegram: { people }, anna } = house;
  await using node = await TestNode.start({
    port: gateway.port,
    token: gateway.token,
    args: ["--name", "Build box", ...PROGRAMS],
  });
  await node.approve(web, ["system.run"]);
  const marker = `${node.home}/ran`;
  const runs = async (): Promise<number> => (await Deno.readTextFile(marker).catch(() => "")).length;
  /** Leaves one letter a run behind, and tells where it ran. */
  const command = ["sh", "-c", `printf x >> ${marker}; echo "made on $(cd ${node.home} && pwd)"`];
  const asks = () => model.script({ kind: "tool", name: "node_run", args: { command } }, { kind: "relay" });
  const output = `made on ${node.home}`;
  const eve = people.person(12, "Eve", "eve_e");
  const group = people.group(-500, "House");

  await t.step("the card in WebChat is answered: denied it does not run, allowed it runs once", async () => {
    await using visitor = await Visitor.come();
    const chat = await ChatPage.signIn(visitor, gateway);
    const card = chat.page.locator(".approval");
    asks();
    await chat.send("Build it");
    await card.getByText("printf x").waitFor();
    assert.equal(await runs(), 0, "nothing runs before somebody has answered");
    await card.getByRole("button", { name: "Deny" }).click();
    await chat.answered(/denied it/u);
    assert.equal(await runs(), 0);
    asks();
    await chat.send("Please, do");
    await card.getByRole("button", { name: "Allow once" }).click();
    assert.ok((await chat.answered(/exit code 0/u)).includes(output));
    assert.equal(await runs(), 1);
  });

  await t.step("in Telegram a stranger's press does nothing, and the owner's lets it run", async () => {
    asks();
    people.say(group, anna, "@house_bot build it here");
    const [card] = await house.written(-500);
    assert.match(String(card?.["text"]), /printf x/u);
    await settled(house.outbox);
    for (const label of ["Allow once", "Deny", "Allow once"]) {
      people.press(group, eve, card?.message_id ?? 0, buttonOf(card, label));
    }
    await eventually("the refusals", async () => await refusals(web, "not_owner") === 3);
    assert.deepEqual([await runs(), telegram.written(-500).length], [1, 1], "nothing ran, nothing was said");
    people.press(group, anna, card?.message_id ?? 0, buttonOf(card, "Allow once"));
    const [, answer] = await house.written(-500, 2);
    assert.ok(String(answer?.["text"]).includes(output), JSON.stringify(answer));
    assert.equal(await runs(), 2);
    people.press(group, anna, card?.message_id ?? 0, buttonOf(card, "Allow once"));
    assert.match(String((await house.written(-500, 3))[2]?.["text"]), /^Already decided: Allowed once by Anna/u);
    assert.equal(await runs(), 2, "a second press is nothing");
  });

  await t.step("a stranger cannot make the agent ask at all", async () => {
    const before = telegram.written(-500).length;
    asks();
    people.say(group, eve, "@house_bot build it again");
    const answer = (await house.written(-500, before + 1))[before];
    assert.match(String(answer?.["text"]), /no tool/u);
    assert.deepEqual([await web.call("exec.approval.list", {}).then(({ payload }) => payload), await runs()], [[], 2]);
  });
});
