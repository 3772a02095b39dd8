/** Approvals over Slack: the owner decides by a button, in a direct chat and in a channel; nobody else does. */
import assert from "node:assert/strict";
import { eventually, within } from "../helpers/wait.ts";
import { startHouse } from "../providers/slack_e2e_lab.ts";
import { test } from "../providers/slack_lab.ts";
import type { Conversation, Message } from "../servers/slack/world.ts";
import { ask, groupKey, refusals, settled, waits } from "./house.ts";

interface Button {
  readonly action_id: string;
  readonly value: string;
  readonly text: { readonly text: string };
}

function buttonsOf(message: Message | undefined): Button[] {
  const blocks = Array.isArray(message?.blocks) ? message.blocks : [];
  return blocks.flatMap((block) => block.type === "actions" ? block.elements : []);
}
const labelsOf = (message: Message | undefined) => buttonsOf(message).map(({ text }) => text.text);

test("approvals over Slack", async (t) => {
  const owners: string[] = [];
  await using house = await startHouse({
    config: { messages: { queue: { debounceMs: 10 } }, commands: { ownerAllowFrom: owners } },
    before: ({ world }) =>
      owners.push(...[...world.users.values()].filter(({ name }) => name === "alice").map(({ id }) => id)),
  });
  const { slack, alice, bob, dm, general, model } = house;
  house.say("echo:hello");
  await house.written(dm.id);
  house.say(`<@${slack.bot.userId}> echo:all`, { channel: general.id, user: bob.id });
  await house.written(general.id);
  const inChannel = await groupKey(house.web);
  const asked = model.requests.length;
  const press = async (where: Conversation, user: string, card: Message | undefined, label: string) => {
    await settled(house.outbox);
    const button = buttonsOf(card).find(({ text }) => text.text.startsWith(label));
    await within(
      "the press",
      slack.people.press(user, where.id, card?.ts ?? "", button?.action_id ?? "", button?.value ?? ""),
    );
  };
  const shown = (where: Conversation, card: Message | undefined, pattern: RegExp) =>
    eventually(`${pattern}`, () => {
      const now = where.messages.get(card?.ts ?? "");
      return now !== undefined && pattern.test(now.text) ? now : undefined;
    });

  await t.step("the owner allows it in the direct chat, and the card says so", async () => {
    const decision = await ask(house.web, "s1", "git log <a>", "agent:main:main", {
      cwd: "/x",
      commandArgv: ["git", "log", "<a>"],
    });
    const card = (await house.written(dm.id, 2))[1];
    assert.match(
      card?.text ?? "",
      /^May this command run\?\n```\ngit log '&lt;a&gt;'\n```\nAgent `main` on `gateway` in `\/x`/u,
    );
    assert.deepEqual(labelsOf(card), ["Allow once", "Always git", "Deny"]);
    await press(dm, alice.id, card, "Allow once");
    assert.equal(await decision(), "allow-once");
    const after = await shown(dm, card, /^Allowed once by Alice\n```/u);
    assert.deepEqual(buttonsOf(after), []);
    assert.equal(slack.written(dm.id).length, 2);
  });

  await t.step("in a channel a stranger's press does nothing, and the owner's counts", async () => {
    const decision = await ask(house.web, "s2", "ls; id", inChannel);
    const card = (await house.written(general.id, 2))[1];
    assert.deepEqual(labelsOf(card), ["Allow once", "Deny"]);
    await press(general, bob.id, card, "Allow once");
    await eventually("the refusal", async () => await refusals(house.web, "not_owner") === 1);
    assert.equal(await waits(house.web, "s2"), true);
    assert.equal(slack.written(general.id).length, 2);
    await press(general, alice.id, card, "Deny");
    assert.equal(await decision(), "deny");
    await shown(general, card, /^Denied by Alice\n/u);
    assert.equal(model.requests.length, asked);
  });

  await t.step("a decision made elsewhere stands on the card, and a late press reads so", async () => {
    await ask(house.web, "s3", "id", "agent:main:main");
    const card = (await house.written(dm.id, 3))[2];
    const before = card && { ...card };
    await settled(house.outbox);
    await house.web.request("exec.approval.resolve", { id: "s3", decision: "deny" });
    await shown(dm, card, /^Denied by cli\n/u);
    await press(dm, alice.id, before, "Allow once");
    assert.equal((await house.written(dm.id, 4))[3]?.text, "Already decided: Denied by cli");
  });
});
