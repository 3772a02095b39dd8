/** send, poll, the outbox and explain through the running gateway and a real worker; the orderly end sends what is due. */
import assert from "node:assert/strict";
import { FakeModel } from "../helpers/fake_model.ts";
import { FAKE_MAIN, TestGateway } from "../helpers/gateway.ts";
import { startFakePlatform } from "../servers/fake/platform.ts";
import { eventually } from "../helpers/wait.ts";

const key = () => ({ idempotencyKey: crypto.randomUUID() });
const payload = (res: { readonly payload?: unknown }): Record<string, unknown> => Object(res.payload);

Deno.test("what is sent through the gateway reaches the platform, and every step can be told", async (t) => {
  await using model = await FakeModel.start();
  await using platform = startFakePlatform();
  await using gateway = await TestGateway.start({
    main: FAKE_MAIN,
    config: { ...model.config(), channels: { fake: { url: platform.url, dmPolicy: "open", allowFrom: ["*"] } } },
  });
  await platform.waitCall("hello");
  await using client = await gateway.connect();
  await eventually(
    "the account",
    async () => JSON.stringify((await client.call("channels.status", {})).payload).includes('"state":"connected"'),
  );

  await t.step("send says sent, with the platform's id", async () => {
    const res = await client.call("send", { channel: "fake", to: "chat9", message: "Good morning", ...key() });
    assert.deepEqual([payload(res)["status"], payload(res)["messageId"]], ["sent", "m1"]);
    assert.deepEqual(platform.sent().map(({ text, chatId }) => [text, chatId]), [["Good morning", "chat9"]]);
    const explained = payload(await client.call("message.explain", { id: "m1" }));
    assert.match(JSON.stringify(explained), /outbox\.queued.*outbox\.attempting.*outbox\.sent/u);
    const listed = payload(await client.call("outbox.list", {}));
    assert.match(JSON.stringify(listed), /"preview":"Good morning"/u);
  });

  await t.step("a dry run sends nothing, and the same key may be used in earnest afterwards", async () => {
    const params = { channel: "fake", to: "chat9", message: "Just looking", ...key() };
    assert.equal(payload(await client.call("send", { ...params, dryRun: true }))["status"], "dry_run");
    assert.equal(platform.sent().length, 1);
    assert.equal(payload(await client.call("send", params))["status"], "sent");
    assert.equal(payload(await client.call("send", params))["messageId"], "m2", "a repeat gets the same answer");
    assert.equal(platform.sent().length, 2);
  });

  await t.step("poll says which one it is", async () => {
    const res = await client.call("poll", {
      channel: "fake",
      to: "chat9",
      question: "Tea?",
      options: ["yes", "no"],
      ...key(),
    });
    assert.deepEqual([payload(res)["status"], payload(res)["pollId"]], ["sent", "poll"]);
  });

  await t.step("an attachment of a host outside the flags names the flag", async () => {
    const mediaUrl = "https://files.example.org/a.png?token=hidden";
    const res = await client.call("send", { channel: "fake", to: "chat9", mediaUrl, ...key() });
    assert.match(res.error?.message ?? "", /restart it with --allow-net=files\.example\.org:443 added to its flags/u);
    assert.doesNotMatch(res.error?.message ?? "", /hidden/u);
    const own = `http://127.0.0.1:${gateway.port}/`;
    const inside = await client.call("send", { channel: "fake", to: "chat9", mediaUrl: own, ...key() });
    assert.match(inside.error?.message ?? "", /the address is not public/u);
  });

  await t.step("an answer under way is sent before the gateway ends in order", async () => {
    platform.say("echo:goodbye-slow");
    await eventually("the run", () => model.open > 0);
    await gateway.kill("SIGTERM");
    assert.equal(platform.sent().at(-1)?.text, "re goodbye-slow");
    await gateway.startAgain();
  });
});
