/** Discord through the running gateway when things go wrong: refusals, lost answers, crashes, restarts, intents. */
import assert from "node:assert/strict";
import { systemClock } from "../../gateway/observe/clock.ts";
import { silentLog } from "../../gateway/observe/log.ts";
import { openDb } from "../../gateway/storage/db.ts";
import { createOutbox } from "../../gateway/delivery/outbox.ts";
import { readPolicy } from "../../gateway/delivery/policy.ts";
import { createTrail } from "../../gateway/delivery/trail.ts";
import type { Delivery } from "../../gateway/delivery/types.ts";
import { manifest } from "../../workers/discord/manifest.ts";
import { eventually, pause } from "../helpers/wait.ts";
import { Refusal, refuse } from "../servers/discord/refusal.ts";
import { type FakeDiscord, OTHER_SIDE } from "../servers/discord/server.ts";
import { MESSAGE_CONTENT } from "../servers/discord/sockets.ts";
import { startHouse, workerPid } from "./discord_e2e_lab.ts";

const test = (name: string, body: (t: Deno.TestContext) => Promise<void>) =>
  Deno.test(`${name} [other side: ${OTHER_SIDE}]`, body);
const posts = (discord: FakeDiscord) =>
  discord.requests.filter(({ method, path }) => method === "POST" && path.endsWith("/messages"));
const directOf = ({ world }: FakeDiscord): string => world.directChannel(world.anna).id;

test("Discord refuses, waits, breaks: every answer is seen once, and what cannot be sent is told", async (t) => {
  await using house = await startHouse();
  const { discord } = house;
  const direct = directOf(discord);
  const fail = (how: Refusal | "lost", times = 1) =>
    discord.faults.push({ method: "POST", path: /messages$/u, how, times });

  await t.step("429: the answer comes after the wait that Discord asked for", async () => {
    const body = { message: "You are being rate limited.", retry_after: 1.2, global: false };
    fail(new Refusal(429, body, { "retry-after": "2", "x-ratelimit-scope": "user" }));
    const begun = performance.now();
    discord.sayDirect("echo:patient");
    await house.written(direct);
    assert.ok(performance.now() - begun >= 1_150);
    assert.deepEqual(house.texts(direct), ["re patient"]);
  });

  await t.step("500: tried again with the same nonce", async () => {
    fail(new Refusal(500, { message: "500: Internal Server Error", code: 0 }), 2);
    discord.sayDirect("echo:stubborn");
    assert.equal((await house.written(direct, 2))[1], "re stubborn");
    const nonces = posts(discord).slice(-3).map(({ form }) => form["nonce"]);
    assert.equal(new Set(nonces).size, 1);
  });

  await t.step("an answer that is lost: the repeat finds the message, which stands there once", async () => {
    fail("lost");
    discord.sayDirect("echo:twin");
    await eventually(
      "the repeat",
      () => posts(discord).filter(({ form }) => form["content"] === "re twin").length === 2,
    );
    await eventually("its end", async () => (await house.outbox()).every((row) => row["state"] === "sent"));
    assert.deepEqual(house.texts(direct).slice(2), ["re twin"]);
  });

  await t.step("a person who takes no messages: given up at once, and the trail says why", async () => {
    fail(refuse(403, 50007, "Cannot send messages to this user"));
    discord.sayDirect("echo:closed");
    const [failed] = await eventually("the failure", async () => {
      const rows = await house.outbox("failed");
      return rows.length > 0 ? rows : undefined;
    });
    const { steps } = await house.web.request("message.explain", { id: failed?.["id"] });
    assert.ok(JSON.stringify(steps).includes("50007"));
  });
});

test("the connection breaks while people write: nothing is lost, nothing is answered twice", async () => {
  await using house = await startHouse({
    config: { messages: { queue: { mode: "followup", debounceMs: 0 } } },
  });
  const { discord } = house;
  const direct = directOf(discord);
  for (let index = 0; index < 5; index++) {
    discord.sayDirect(`echo:m${index}`);
    if (index === 1) discord.gateway.drop();
    if (index === 3) discord.gateway.sendRaw({ op: 7, d: null });
    await pause(150);
    discord.gateway.repeatLast();
  }
  await house.written(direct, 5, 30_000);
  await house.waitState("connected");
  discord.gateway.repeatLast();
  discord.sayDirect("echo:last");
  await house.written(direct, 6, 30_000);
  assert.deepEqual(house.texts(direct), ["re m0", "re m1", "re m2", "re m3", "re m4", "re last"]);
  assert.equal(discord.gateway.identifies, 1);
});

test("a killed gateway: what was written meanwhile and what was queued go out after the start, once", async (t) => {
  await using house = await startHouse();
  const { discord, gateway } = house;
  const direct = directOf(discord);
  discord.sayDirect("echo:one");
  await house.written(direct);
  await pause(800);

  await t.step("messages of the time between are answered once", async () => {
    await gateway.kill("SIGKILL");
    discord.sayDirect("echo:two");
    await gateway.startAgain();
    await house.reconnect();
    await house.written(direct, 2);
    discord.sayDirect("echo:three");
    await house.written(direct, 3);
    assert.deepEqual(house.texts(direct), ["re one", "re two", "re three"]);
    assert.deepEqual([discord.gateway.identifies, discord.gateway.resumes], [1, 1]);
  });

  await t.step("a picture with buttons from the outbox arrives, and a press reaches the agent", async () => {
    await gateway.kill("SIGTERM");
    const data = new Uint8Array(500).fill(9);
    await enqueue(gateway.stateDir, {
      class: "send",
      channel: "discord",
      accountId: "default",
      target: { chatId: `user:${discord.world.anna.id}` },
      text: "Shall I?",
      media: [{ kind: "image", mimeType: "image/png", fileName: "cat.png", data }],
      buttons: [[{ label: "Yes", data: "echo:yes" }, { label: "No", data: "echo:no" }]],
      groupId: "test-group",
      inboxId: undefined,
      runId: undefined,
      sessionKey: "agent:main:main",
    });
    await gateway.startAgain();
    await house.reconnect();
    await house.written(direct, 4);
    const [asked] = discord.sent(direct).slice(-1);
    assert.equal(asked?.message.content, "Shall I?");
    assert.deepEqual(asked?.files, [{ name: "cat.png", type: "image/png", bytes: data }]);
    // A person takes longer to press than the receipt to be written.
    await eventually("the receipt", async () => (await house.outbox()).every((row) => row["state"] === "sent"));
    const pressed = discord.press(asked?.message.id ?? "", "echo:yes");
    assert.equal((await house.written(direct, 5)).at(-1), "re yes");
    assert.ok(house.prompts().at(-1)?.includes("callback_data: echo:yes"));
    assert.ok((pressed.deferredAfterMs ?? Infinity) < 3_000);
  });
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

test("a worker that dies during a send: a new one repeats it with its nonce, and it is seen once", async () => {
  await using house = await startHouse({ discord: () => ({ isolation: "process" }) });
  const { discord, gateway } = house;
  const direct = directOf(discord);
  discord.faults.push({ method: "POST", path: /messages$/u, how: "hang", times: 1 });
  discord.sayDirect("echo:again");
  await eventually("the call that hangs", () => posts(discord).length === 1);
  const pid = workerPid(gateway);
  Deno.kill(pid, "SIGKILL");
  await house.written(direct, 1, 30_000);
  await house.waitState("connected");
  assert.notEqual(workerPid(gateway), pid);
  discord.sayDirect("echo:alive");
  await house.written(direct, 2);
  assert.deepEqual(house.texts(direct), ["re again", "re alive"]);
});

test("4014 stops this account alone, with what to do; after the switch a start heals it", async () => {
  await using house = await startHouse({
    state: "bad_credentials",
    before: ({ gateway }) => gateway.faults.forbiddenIntents = MESSAGE_CONTENT,
  });
  const { discord, web } = house;
  const row = await house.account();
  assert.deepEqual([row["userAction"], row["platformCode"]], ["enable_intents", "4014"]);
  assert.match(String(JSON.stringify(row)), /Message Content Intent/u);
  const { runId } = await web.request("chat.send", { sessionKey: "main", message: "echo:web", idempotencyKey: "w1" });
  await web.waitEvent(({ event, payload }) =>
    event === "chat" && payload["runId"] === runId && payload["state"] === "final"
  );
  discord.gateway.faults.forbiddenIntents = 0;
  await web.request("channels.start", { channel: "discord" });
  await house.waitState("connected");
  discord.sayDirect("echo:healed");
  assert.deepEqual(await house.written(directOf(discord)), ["re healed"]);
});

test("a token that is reset ends the account with a sentence, and stands in no log", async () => {
  await using house = await startHouse();
  const { discord } = house;
  discord.gateway.faults.refuseWith = 4004;
  discord.gateway.forget();
  discord.gateway.drop();
  const row = await house.waitState("bad_credentials");
  assert.deepEqual([row["userAction"], row["platformCode"]], ["set_token", "4004"]);
  assert.ok(!house.gateway.output.includes(discord.world.token));
  assert.ok(!house.gateway.output.includes("aW50ZXJhY3Rpb24"), "nor an interaction's token");
});
