/** Slack through the running gateway when things go wrong: refusals, lost answers, crashes, restarts, revoked tokens. */
import assert from "node:assert/strict";
import { eventually } from "../helpers/wait.ts";
import { ratelimited, Refusal } from "../servers/slack/refusal.ts";
import { BOT_TOKEN } from "../servers/slack/server.ts";
import { startHouse, workerPid } from "./slack_e2e_lab.ts";
import { test } from "./slack_lab.ts";

const METHOD = "chat.postMessage";

test("Slack refuses, waits, breaks: every answer is seen once, also where its outcome was unknown", async (t) => {
  await using house = await startHouse();
  const { slack, dm } = house;
  let seen = 0;
  const answer = async (text: string) => {
    await house.written(dm.id, ++seen, 30_000);
    assert.equal(house.texts(dm.id).at(-1), text);
  };

  await t.step("429: the answer comes after the wait that Slack asked for", async () => {
    slack.fail(METHOD, { kind: "refuse", refusal: ratelimited(1) });
    house.say("echo:patient");
    await answer("re patient");
    const [refused, sent] = slack.callsOf(METHOD);
    assert.ok((sent?.at ?? 0) - (refused?.at ?? 0) >= 950);
  });

  for (
    const [name, fault] of [
      ["503", { kind: "html", status: 503 }],
      ["502", { kind: "html", status: 502 }],
      ["internal_error", { kind: "refuse", refusal: new Refusal("internal_error") }],
      ["a dropped connection", { kind: "drop" }],
      ["an answer that is lost", { kind: "lose" }],
    ] as const
  ) {
    await t.step(`${name}: looked for and sent when it is not there`, async () => {
      slack.fail(METHOD, fault);
      house.say(`echo:${name.replaceAll(/[ _]/gu, "-")}`);
      await answer(`re ${name.replaceAll(/[ _]/gu, "-")}`);
    });
  }

  await t.step("all of it is sent, nothing stands there twice", async () => {
    const rows = await eventually("the rows to settle", async () => {
      const all = await house.outbox();
      return all.every((row) => row["state"] === "sent") ? all : undefined;
    });
    assert.equal(rows.length, seen);
    assert.equal(new Set(house.texts(dm.id)).size, seen);
  });

  await t.step("a refusal for good is given up at once, and the trail says why", async () => {
    dm.archived = true;
    house.say("echo:archived");
    const [failed] = await eventually("the failure", async () => {
      const rows = await house.outbox("failed");
      return rows.length > 0 ? rows : undefined;
    });
    assert.match(String(failed?.["error"]), /is_archived/u);
    const { steps } = await house.web.request("message.explain", { id: failed?.["id"] });
    assert.ok(JSON.stringify(steps).includes("is_archived"));
  });
});

test("the socket breaks and moves while people write: nothing is lost, nothing is answered twice", async () => {
  await using house = await startHouse({
    server: { ackMs: 500 },
    config: { messages: { queue: { mode: "followup", debounceMs: 0 } } },
  });
  const { slack, dm } = house;
  for (let index = 0; index < 6; index++) {
    house.say(`echo:m${index}`);
    if (index % 2 === 0) slack.sockets.drop();
    else slack.sockets.disconnect("refresh_requested");
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  await house.written(dm.id, 6, 30_000);
  await eventually("every acknowledgement", () => slack.sockets.unacknowledged() === 0);
  house.say("echo:last");
  await house.written(dm.id, 7, 30_000);
  assert.deepEqual(
    house.texts(dm.id).toSorted(),
    ["re last", ...Array.from({ length: 6 }, (_, n) => `re m${n}`)].toSorted(),
  );
  assert.equal(slack.sockets.most(), 1);
});

test("a killed gateway: what was written meanwhile is answered after the start, an answer under way is seen once", async () => {
  await using house = await startHouse();
  const { slack, gateway, dm } = house;
  house.say("echo:one");
  await house.written(dm.id);
  await gateway.kill("SIGKILL");
  house.say("echo:two");
  await gateway.startAgain();
  await house.reconnect();
  await house.written(dm.id, 2, 30_000);
  // Slack has the answer, and the gateway ends before it knows.
  slack.fail(METHOD, { kind: "lose" });
  house.say("echo:three");
  await eventually("the lost call", () => slack.callsOf(METHOD).some(({ outcome }) => outcome === "lose"));
  await gateway.kill("SIGKILL");
  await gateway.startAgain();
  await house.reconnect();
  house.say("echo:four");
  await house.written(dm.id, 4, 30_000);
  await eventually("every row to be sent", async () => (await house.outbox()).every((row) => row["state"] === "sent"));
  assert.deepEqual(house.texts(dm.id).toSorted(), ["re four", "re one", "re three", "re two"]);
});

test("a worker that dies during a send: a new one finds out that it was not sent, and sends it", async () => {
  await using house = await startHouse({ slack: { isolation: "process" } });
  const { slack, gateway, dm } = house;
  slack.fail(METHOD, { kind: "hang" });
  house.say("echo:cut");
  await eventually("the call that hangs", () => slack.callsOf(METHOD).length === 1);
  const pid = workerPid(gateway);
  Deno.kill(pid, "SIGKILL");
  await house.written(dm.id, 1, 30_000);
  assert.deepEqual(house.texts(dm.id), ["re cut"]);
  assert.notEqual(workerPid(gateway), pid);
  assert.ok(slack.callsOf("conversations.history").length > 0, "it looked first");
});

test("a revoked token ends its account alone, WebChat goes on, and a new start heals it", async () => {
  await using house = await startHouse();
  const { slack, web, dm } = house;
  slack.bot.revoked = "token_revoked";
  slack.sockets.drop();
  const row = await house.waitState("bad_credentials");
  assert.deepEqual([row["userAction"], row["platformCode"]], ["set_token", "token_revoked"]);
  const { runId } = await web.request("chat.send", { sessionKey: "main", message: "echo:web", idempotencyKey: "w1" });
  await web.waitEvent(({ event, payload }) =>
    event === "chat" && payload["runId"] === runId && payload["state"] === "final"
  );
  slack.bot.revoked = undefined;
  await web.request("channels.stop", { channel: "slack" });
  await web.request("channels.start", { channel: "slack" });
  await house.waitState("connected");
  house.say("echo:back");
  await house.written(dm.id);
  assert.equal(house.texts(dm.id).at(-1), "re back");
  assert.ok(!house.gateway.output.includes(BOT_TOKEN), "no log line holds a token");
});
