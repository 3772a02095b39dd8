/** Telegram through the running gateway when things go wrong: refusals, lost answers, crashes, restarts, revoked tokens. */
import assert from "node:assert/strict";
import { systemClock } from "../../gateway/observe/clock.ts";
import { silentLog } from "../../gateway/observe/log.ts";
import { openDb } from "../../gateway/storage/db.ts";
import { createOutbox } from "../../gateway/delivery/outbox.ts";
import { readPolicy } from "../../gateway/delivery/policy.ts";
import { createTrail } from "../../gateway/delivery/trail.ts";
import type { Delivery } from "../../gateway/delivery/types.ts";
import { manifest } from "../../workers/telegram/manifest.ts";
import { eventually, within } from "../helpers/wait.ts";
import { Refusal } from "../servers/telegram/refusal.ts";
import { OTHER_SIDE } from "../servers/telegram/server.ts";
import { type House, startHouse, workerPid } from "./telegram_e2e_lab.ts";
import { jpeg, TOKEN } from "./telegram_lab.ts";

const test = (name: string, body: (t: Deno.TestContext) => Promise<void>) =>
  Deno.test(`${name} [other side: ${OTHER_SIDE}]`, body);
const textsOf = (house: House) => house.telegram.written(11).map((message) => message["text"]);
const NO_STREAM = { streamMode: "off" };

test("Telegram refuses, waits, breaks: each answer is seen once or held for the owner, and the owner is told", async (t) => {
  await using house = await startHouse({ telegram: NO_STREAM });
  const { telegram, telegram: { people }, anna, direct } = house;

  await t.step("429: the answer comes after the wait that Telegram asked for", async () => {
    const refusal = new Refusal(429, "Too Many Requests: retry after 1", { retry_after: 1 });
    telegram.fail("sendMessage", { kind: "refuse", refusal });
    people.say(direct, anna, "echo:patient");
    await house.written(11);
    const [refused, sent] = telegram.callsOf("sendMessage");
    assert.ok((sent?.at ?? 0) - (refused?.at ?? 0) >= 950);
    assert.deepEqual(textsOf(house), ["re patient"]);
  });

  await t.step("500: tried again", async () => {
    telegram.fail("sendMessage", { kind: "refuse", refusal: new Refusal(500, "Internal Server Error") }, 2);
    people.say(direct, anna, "echo:stubborn");
    await house.written(11, 2);
    assert.equal(textsOf(house)[1], "re stubborn");
  });

  for (
    const [name, fault] of [["502 in HTML", { kind: "html", status: 502 }], ["a dropped connection", {
      kind: "drop",
    }]] as const
  ) {
    await t.step(`${name}: nobody knows the outcome, so it is held until the owner decides`, async () => {
      const before = telegram.written(11).length;
      telegram.fail("sendMessage", fault);
      people.say(direct, anna, "echo:held");
      const [held] = await eventually("a held message", async () => {
        const rows = await house.outbox("unknown");
        return rows.length > 0 ? rows : undefined;
      });
      assert.equal(telegram.written(11).length, before);
      await house.web.request("outbox.retry", { id: held?.["id"] });
      await house.written(11, before + 1);
      assert.equal(textsOf(house).at(-1), "re held");
    });
  }

  await t.step(
    "an answer of Telegram that is lost: the message stands there once and is held, not repeated",
    async () => {
      const before = telegram.written(11).length;
      telegram.fail("sendMessage", { kind: "lose" });
      people.say(direct, anna, "echo:twin");
      const [held] = await eventually("a held message", async () => {
        const rows = await house.outbox("unknown");
        return rows.length > 0 ? rows : undefined;
      });
      assert.equal(telegram.written(11).length, before + 1);
      await house.web.request("outbox.drop", { id: held?.["id"] });
    },
  );

  await t.step("blocked by the person: given up at once, and the trail says why", async () => {
    direct.blocked = true;
    people.say(direct, anna, "echo:blocked");
    const [failed] = await eventually("the failure", async () => {
      const rows = await house.outbox("failed");
      return rows.length > 0 ? rows : undefined;
    });
    assert.match(String(failed?.["error"]), /blocked by the user/u);
    direct.blocked = false;
    const { steps } = await house.web.request("message.explain", { id: failed?.["id"] });
    assert.ok(JSON.stringify(steps).includes("blocked"));
  });
});

test("the connection breaks while people write: nothing is lost, nothing is answered twice", async () => {
  await using house = await startHouse({
    telegram: NO_STREAM,
    config: { messages: { queue: { mode: "followup", debounceMs: 0 } } },
  });
  const { telegram, telegram: { people }, anna, direct, bot } = house;
  telegram.fail("getUpdates", { kind: "lose" }, 2);
  telegram.fail("getUpdates", { kind: "drop" }, 2);
  telegram.fail("getUpdates", { kind: "html", status: 502 }, 2);
  const ids: number[] = [];
  for (let index = 0; index < 5; index++) {
    ids.push(...people.say(direct, anna, `echo:m${index}`).updateIds);
    await new Promise((resolve) => setTimeout(resolve, 60));
  }
  await house.written(11, 5, 30_000);
  await house.waitState("connected");
  for (const id of ids) bot.updates.repeat(id);
  await eventually("the repeats to be taken", () => bot.updates.pending().length === 0);
  people.say(direct, anna, "echo:last");
  await house.written(11, 6, 30_000);
  assert.deepEqual(textsOf(house), ["re m0", "re m1", "re m2", "re m3", "re m4", "re last"]);
});

test("a killed gateway: what was written meanwhile and what was queued go out after the start, once", async (t) => {
  await using house = await startHouse({ telegram: NO_STREAM });
  const { telegram, telegram: { people }, gateway, anna, direct } = house;
  people.say(direct, anna, "echo:one");
  await house.written(11);

  await t.step("messages of the time between are answered once", async () => {
    await gateway.kill("SIGKILL");
    people.say(direct, anna, "echo:two");
    await gateway.startAgain();
    await house.reconnect();
    await house.written(11, 2);
    people.say(direct, anna, "echo:three");
    await house.written(11, 3);
    assert.deepEqual(textsOf(house), ["re one", "re two", "re three"]);
    assert.equal(telegram.callsOf("getUpdates").at(-1)?.outcome, "ok");
    assert.equal(house.bot.updates.polls.conflicts, 0);
  });

  await t.step(
    "a picture with buttons from the outbox arrives, and a press on its button reaches the agent",
    async () => {
      await gateway.kill("SIGTERM");
      await enqueue(gateway.stateDir, {
        class: "send",
        channel: "telegram",
        accountId: "default",
        target: { chatId: "11", kind: "direct" },
        text: "Shall I?",
        media: [{ kind: "image", mimeType: "image/jpeg", fileName: "cat.jpg", data: jpeg(500) }],
        buttons: [[{ label: "Yes", data: "echo:yes" }, { label: "No", data: "echo:no" }]],
        groupId: "test-group",
        inboxId: undefined,
        runId: undefined,
        sessionKey: "agent:main:main",
      });
      await gateway.startAgain();
      await house.reconnect();
      const picture = (await house.written(11, 4))[3];
      assert.ok(picture?.["photo"] && picture["reply_markup"]);
      assert.equal(picture["caption"], "Shall I?");
      const [upload] = [...telegram.callsOf("sendPhoto")[0]?.files.values() ?? []];
      assert.deepEqual(upload?.bytes, jpeg(500));
      people.press(direct, anna, picture.message_id, "echo:yes");
      await house.written(11, 5);
      assert.equal(textsOf(house).at(-1), "re yes");
      assert.ok(house.prompts().at(-1)?.includes("callback_data: echo:yes"));
    },
  );
});

/** Writes into the outbox of a gateway that does not run. */
async function enqueue(stateDir: string, delivery: Delivery): Promise<void> {
  const db = await openDb(`${stateDir}/gateway.sqlite`);
  const clock = systemClock;
  try {
    const outbox = createOutbox({
      db,
      clock,
      log: silentLog,
      channels: { request: () => Promise.reject(new Error("no worker here")), account: () => undefined },
      trail: createTrail({ db, clock }),
      policy: () => readPolicy({}, manifest.capabilities),
      notifyOwner: () => {},
    });
    outbox.enqueue(delivery);
    outbox.stop();
  } finally {
    db.close();
  }
}

test("a worker that dies during a send: the outcome is held, the next message is answered by a new worker", async () => {
  await using house = await startHouse({ telegram: { ...NO_STREAM, isolation: "process" } });
  const { telegram, telegram: { people }, gateway, anna, direct } = house;
  telegram.fail("sendMessage", { kind: "hang" });
  people.say(direct, anna, "echo:lost");
  await eventually("the call that hangs", () => telegram.callsOf("sendMessage").length === 1);
  const pid = workerPid(gateway);
  Deno.kill(pid, "SIGKILL");
  const [held] = await eventually("a held message", async () => {
    const rows = await house.outbox("unknown");
    return rows.length > 0 ? rows : undefined;
  });
  assert.ok(String(held?.["preview"]).includes("re lost"));
  await house.waitState("connected");
  assert.notEqual(workerPid(gateway), pid);
  people.say(direct, anna, "echo:alive");
  await house.written(11);
  assert.deepEqual(textsOf(house), ["re alive"]);
});

test("a revoked token ends its account alone: the other bot and WebChat go on, and a new token heals it", async () => {
  const other = "7002:AAEhBOweik6ad9r_QXMENQjcrGbqCr4K-xy";
  await using house = await startHouse({
    before: (telegram) => void telegram.addBot({ token: other, username: "second_bot" }),
    telegram: { accounts: { second: { botToken: other } } },
  });
  const { telegram, telegram: { people }, anna, direct, web } = house;
  await house.waitState("connected", "second");
  telegram.revoke(TOKEN);
  const row = await house.waitState("bad_credentials");
  assert.equal(row["userAction"], "set_token");
  assert.equal(row["platformCode"], "401");
  assert.ok(!JSON.stringify(row).includes(TOKEN.split(":")[1] ?? ""));
  assert.equal((await house.account("second"))["state"], "connected");
  people.say(direct, anna, "echo:second");
  await house.written(11);
  assert.equal(telegram.written(11)[0]?.from?.username, "second_bot");
  const { runId } = await web.request("chat.send", { sessionKey: "main", message: "echo:web", idempotencyKey: "w1" });
  await web.waitEvent(({ event, payload }) =>
    event === "chat" && payload["runId"] === runId && payload["state"] === "final"
  );
  const fresh = "7001:BBEhBOweik6ad9r_QXMENQjcrGbqCr4K-zz";
  telegram.addBot({ token: fresh, username: "house_bot" });
  const { hash } = await web.request("config.get", {});
  const raw = JSON.stringify({ channels: { telegram: { botToken: fresh } } });
  await web.request("config.patch", { raw, baseHash: hash });
  await house.waitState("connected");
  for (const token of [TOKEN, other, fresh]) {
    assert.ok(!house.gateway.output.includes(token.split(":")[1] ?? ""), "no log line holds a token");
  }
});

test("a stop in the middle of a long poll is quick, and a start afterwards meets no poll of its own", async () => {
  await using house = await startHouse({ telegram: { pollSeconds: 50 } });
  const { web, bot } = house;
  await eventually("the long poll", () => bot.updates.polls.open === 1);
  await within("the stop", web.request("channels.stop", { channel: "telegram" }), 8_000);
  await eventually("the end of the poll", () => bot.updates.polls.open === 0);
  await web.request("channels.start", { channel: "telegram" });
  await house.waitState("connected");
  assert.equal(bot.updates.polls.conflicts, 0);
  assert.equal(bot.updates.polls.most, 1);
});
