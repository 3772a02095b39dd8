/** Approvals over Discord: the owner decides by a button, in a direct chat and on a server; nobody else does. */
import assert from "node:assert/strict";
import { eventually } from "../helpers/wait.ts";
import { startHouse } from "../providers/discord_e2e_lab.ts";
import { OTHER_SIDE } from "../servers/discord/server.ts";
import { ask, groupKey, refusals, settled, waits } from "./house.ts";

Deno.test(`approvals over Discord [other side: ${OTHER_SIDE}]`, async (t) => {
  await using house = await startHouse({
    discord: ({ world }) => ({ dmPolicy: "allowlist", allowFrom: [world.anna.id], groupPolicy: "open" }),
  });
  const { discord, discord: { world }, model } = house;
  const direct = world.directChannel(world.anna).id;
  const general = world.general.id;
  discord.sayDirect("echo:hello");
  await house.written(direct);
  discord.say(`<@${world.bot.id}> echo:all`, { from: world.bert });
  await house.written(general);
  const onServer = await groupKey(house.web);
  const asked = model.requests.length;
  const card = async (channelId: string, count: number) => {
    await house.written(channelId, count);
    await settled(house.outbox);
    return discord.sent(channelId)[count - 1]?.message.id ?? "";
  };
  const messageOf = (id: string) => world.messages.get(id)?.message;
  const buttonsOf = (id: string) =>
    (messageOf(id)?.components ?? []).flatMap((row): unknown[] => Object(row).components ?? [])
      .map((button) => ({ label: String(Object(button).label), data: String(Object(button).custom_id) }));
  const press = (id: string, label: string, from = world.anna) =>
    discord.press(id, buttonsOf(id).find((button) => button.label.startsWith(label))?.data ?? "", from);
  const shown = (id: string, pattern: RegExp) =>
    eventually(`${pattern}`, () => pattern.test(messageOf(id)?.content ?? "") || undefined);

  await t.step("the owner allows it in the direct chat, and the card says so without its buttons", async () => {
    const decision = await ask(house.web, "d1", "git log @everyone", "agent:main:main", {
      cwd: "/x",
      resolvedPath: "/usr/bin/git",
    });
    const id = await card(direct, 2);
    assert.match(
      messageOf(id)?.content ?? "",
      /^May this command run\?\n```\ngit log @everyone\n```\nAgent `main` on `gateway` in `\/x`\nProgram/u,
    );
    assert.deepEqual(buttonsOf(id).map(({ label }) => label), ["Allow once", "Always git", "Deny"]);
    const pressed = press(id, "Allow once");
    assert.equal(await decision(), "allow-once");
    await shown(id, /^Allowed once by \S+\n```/u);
    assert.deepEqual(buttonsOf(id), []);
    assert.equal(discord.sent(direct).length, 2);
    assert.ok((pressed.deferredAfterMs ?? Infinity) < 3_000);
  });

  await t.step("on a server a stranger's press does nothing, and the owner's counts", async () => {
    const decision = await ask(house.web, "d2", "ls -l", onServer);
    const id = await card(general, 2);
    press(id, "Allow once", world.bert);
    await eventually("the refusal", async () => await refusals(house.web, "not_owner") === 1);
    assert.equal(await waits(house.web, "d2"), true);
    assert.equal(discord.sent(general).length, 2);
    press(id, "Deny");
    assert.equal(await decision(), "deny");
    await shown(id, /^Denied by \S+\n/u);
  });

  await t.step(
    "a decision made elsewhere stands on the card; a crash leaves one that says so when it is pressed",
    async () => {
      await ask(house.web, "d3", "id", "agent:main:main");
      const id = await card(direct, 3);
      await house.web.request("exec.approval.resolve", { id: "d3", decision: "allow-once" });
      await shown(id, /^Allowed once by cli\n/u);
      await ask(house.web, "d4", "id", "agent:main:main");
      const left = await card(direct, 4);
      await house.gateway.restart("SIGKILL");
      await house.reconnect();
      await house.waitState("connected");
      await discord.waitConnected();
      press(left, "Allow once");
      await shown(left, /^This request is no longer open$/u);
      assert.equal(model.requests.length, asked);
    },
  );
});
