/** Signal through the running gateway when things go wrong: refusals, lost answers, drops, crashes, restarts. */
import assert from "node:assert/strict";
import { eventually } from "../helpers/wait.ts";
import { INTERNAL, Refusal, sendRefusal } from "../servers/signal/refusal.ts";
import { OTHER_SIDE } from "../servers/signal/server.ts";
import { type House, startHouse, workerPid } from "./signal_e2e_lab.ts";

const test = (name: string, body: (t: Deno.TestContext) => Promise<void>) =>
  Deno.test(`${name} [other side: ${OTHER_SIDE}]`, body);

const firstOf = async (house: House, state: string) => {
  const [row] = await eventually(`a ${state} message`, async () => {
    const rows = await house.outbox(state);
    return rows.length > 0 ? rows : undefined;
  });
  return row ?? {};
};

test("the daemon refuses, waits, breaks: each answer is seen once or held for the owner", async (t) => {
  await using house = await startHouse();
  const { signal, signal: { people }, anna } = house;

  await t.step("a rate limit: the answer comes after the wait that Signal asked for", async () => {
    signal.fail("send", { kind: "refuse", refusal: sendRefusal("RATE_LIMIT_FAILURE", anna, { retryAfterSeconds: 1 }) });
    await people.say(anna, "echo:patient");
    await house.written(1);
    const [refused, sent] = signal.callsOf("send");
    assert.ok((sent?.at ?? 0) - (refused?.at ?? 0) >= 950);
    assert.deepEqual(house.texts(), ["re patient"]);
  });

  await t.step("404, as from a proxy whose daemon starts: tried again", async () => {
    signal.fail("send", { kind: "status", status: 404 }, 2);
    await people.say(anna, "echo:stubborn");
    await house.written(2);
    assert.equal(house.texts()[1], "re stubborn");
  });

  const unclear = [
    ["500 in HTML", { kind: "status", status: 500, body: "<html>" }],
    ["an internal error", { kind: "refuse", refusal: new Refusal(INTERNAL, "Failed to send message: Timeout") }],
    ["a network failure of the daemon", { kind: "refuse", refusal: sendRefusal("NETWORK_FAILURE", anna) }],
    ["a dropped connection", { kind: "drop" }],
  ] as const;
  for (const [name, fault] of unclear) {
    await t.step(`${name}: nobody knows the outcome, so it is held until the owner decides`, async () => {
      const before = house.texts().length;
      signal.fail("send", fault);
      await people.say(anna, "echo:held");
      const held = await firstOf(house, "unknown");
      assert.equal(house.texts().length, before);
      await house.web.request("outbox.retry", { id: held["id"] });
      await house.written(before + 1);
      assert.equal(house.texts().at(-1), "re held");
    });
  }

  await t.step(
    "an answer of the daemon that is lost: the message stands there once and is held, not repeated",
    async () => {
      const before = house.texts().length;
      signal.fail("send", { kind: "lose" });
      await people.say(anna, "echo:twin");
      const held = await firstOf(house, "unknown");
      assert.equal(house.texts().length, before + 1);
      await house.web.request("outbox.drop", { id: held["id"] });
    },
  );

  await t.step("a changed safety number: given up at once, and the trail says what to do", async () => {
    anna.trusted = false;
    await people.say(anna, "echo:distrusted");
    const failed = await firstOf(house, "failed");
    assert.match(String(failed["error"]), /safety number/u);
    anna.trusted = true;
    const { steps } = await house.web.request("message.explain", { id: failed["id"] });
    assert.ok(JSON.stringify(steps).includes("safety number"));
  });
});

test("the stream drops, goes silent and comes back while people write: nothing is lost, nothing is answered twice", async () => {
  await using house = await startHouse({
    signal: { keepsEvents: true },
    config: { messages: { queue: { mode: "followup", debounceMs: 0 } } },
  });
  const { signal, signal: { people }, anna } = house;
  await people.say(anna, "echo:m0");
  await house.written(1);
  const ids: number[] = [];
  for (let index = 1; index < 5; index++) {
    if (index % 2 === 1) signal.streams.drop();
    ids.push(await people.say(anna, `echo:m${index}`));
    await new Promise((resolve) => setTimeout(resolve, 120));
  }
  await house.written(5, anna.number, 30_000);
  for (const [index, timestamp] of ids.entries()) await people.say(anna, `echo:m${index + 1}`, { timestamp });
  signal.streams.silent = true;
  await eventually("the silence to be found", async () => (await house.account())["state"] === "reconnecting", 10_000);
  signal.streams.silent = false;
  await house.waitState("connected");
  await people.say(anna, "echo:last");
  await house.written(6, anna.number, 30_000);
  assert.deepEqual(house.texts(), ["re m0", "re m1", "re m2", "re m3", "re m4", "re last"]);
});

test("a daemon that ends: the status asks for it, WebChat goes on, answers wait and go out when it is back", async () => {
  await using house = await startHouse();
  const { signal, signal: { people }, anna, web, model } = house;
  model.script({ kind: "text", pieces: ["slow ", "answer"], delayMs: 1_000 });
  await people.say(anna, "hello");
  await eventually("the model to be asked", () => model.requests.length === 1);
  await signal.down();
  const row = await house.waitState("reconnecting");
  await eventually("the action", async () => (await house.account())["userAction"] === "start_daemon");
  assert.match(String(row["sentence"] ?? row["healthState"] ?? "daemon"), /daemon/u);
  const { runId } = await web.request("chat.send", { sessionKey: "main", message: "echo:web", idempotencyKey: "w1" });
  await web.waitEvent(({ event, payload }) =>
    event === "chat" && payload["runId"] === runId && payload["state"] === "final"
  );
  await signal.up();
  await house.waitState("connected");
  await house.written(1, anna.number, 40_000);
  assert.equal(house.texts()[0], "slow answer");
});

test("a killed gateway: what was in the inbox is answered once after the start, from a daemon that keeps events", async () => {
  await using house = await startHouse({ signal: { keepsEvents: true } });
  const { signal: { people }, gateway, anna } = house;
  await people.say(anna, "echo:one");
  await house.written(1);
  await new Promise((resolve) => setTimeout(resolve, 300));
  await gateway.kill("SIGKILL");
  await people.say(anna, "echo:two");
  await gateway.startAgain();
  await house.reconnect();
  await house.written(2);
  await people.say(anna, "echo:three");
  await house.written(3);
  assert.deepEqual(house.texts(), ["re one", "re two", "re three"]);
});

test("a worker that dies during a send: the outcome is held, the next message is answered by a new worker", async () => {
  await using house = await startHouse({ channel: { isolation: "process" } });
  const { signal, signal: { people }, gateway, anna } = house;
  signal.fail("send", { kind: "hang" });
  await people.say(anna, "echo:lost");
  await eventually("the call that hangs", () => signal.callsOf("send").length === 1);
  const pid = workerPid(gateway);
  Deno.kill(pid, "SIGKILL");
  const held = await firstOf(house, "unknown");
  assert.ok(String(held["preview"]).includes("re lost"));
  await eventually(
    "a new worker",
    async () => signal.streams.open === 1 && (await house.account())["state"] === "connected",
    20_000,
  );
  assert.notEqual(workerPid(gateway), pid);
  await people.say(anna, "echo:alive");
  await house.written(1);
  assert.deepEqual(house.texts(), ["re alive"]);
});

test("an account that the daemon does not have asks for a login, and its neighbour is not disturbed", async () => {
  const other = "+15550001001";
  await using house = await startHouse({ channel: { accounts: { default: {}, second: { account: other } } } });
  const { signal: { people }, web, anna } = house;
  const rowOf = async (id: string) => {
    const rows: unknown = Object((await web.request("channels.status", {}))["channelAccounts"])["signal"];
    return Array.isArray(rows) ? rows.find((row) => row["accountId"] === id) ?? {} : {};
  };
  const row = await eventually("the login to be asked for", async () => {
    const found = await rowOf("second");
    return found["state"] === "login_required" ? found : undefined;
  });
  assert.equal(row["userAction"], "login");
  assert.equal((await rowOf("default"))["state"], "connected");
  await people.say(anna, "echo:fine");
  await house.written(1);
});
