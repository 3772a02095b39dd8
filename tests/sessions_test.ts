/** Sessions on a running gateway: delete and reset in mid-run, reload in mid-answer, subscriptions, restart. */
import assert from "node:assert/strict";
import { gatewayTest } from "./helpers/gateway.ts";
import type { TestClient } from "./helpers/client.ts";
import { eventually } from "./helpers/wait.ts";

type Json = Record<string, unknown>;
const list = (value: unknown): Json[] => Array.isArray(value) ? value : [];

/** Starts a long run and waits for its first words. Returns its id. */
async function startLongRun(client: TestClient, sessionKey: string): Promise<string> {
  const runId = crypto.randomUUID();
  await client.request("chat.send", { sessionKey, message: "bench:2000:10", idempotencyKey: runId });
  await client.waitEvent(({ event, payload }) =>
    event === "chat" && payload["runId"] === runId && payload["state"] === "delta"
  );
  return runId;
}

async function runToEnd(client: TestClient, sessionKey: string, message: string): Promise<void> {
  const runId = crypto.randomUUID();
  await client.request("chat.send", { sessionKey, message, idempotencyKey: runId });
  await client.waitEvent(({ event, payload }) =>
    event === "chat" && payload["runId"] === runId && payload["state"] === "final"
  );
}

gatewayTest("sessions on a running gateway", {}, {
  "a session deleted in mid-run stays deleted": async (gateway) => {
    await using client = await gateway.connect();
    const key = "agent:main:doomed";
    const runId = await startLongRun(client, key);
    const deleted = await client.request("sessions.delete", { key });
    assert.equal(deleted["deleted"], true);
    await client.waitEvent(({ event, payload }) =>
      event === "chat" && payload["runId"] === runId && payload["state"] === "aborted"
    );
    // Whatever the run still wrote at its end must not make the session anew.
    await runToEnd(client, "agent:main:other", "bench:2:0");
    assert.deepEqual(await client.request("sessions.describe", { key }), { session: null });
    assert.deepEqual((await client.request("chat.history", { sessionKey: key }))["messages"], []);
  },
  "a session reset in mid-run is empty and can be used at once": async (gateway) => {
    await using client = await gateway.connect();
    const key = "agent:main:fresh";
    await startLongRun(client, key);
    const before = await client.request("chat.history", { sessionKey: key });
    const { entry } = await client.request("sessions.reset", { key });
    assert.notEqual(Object(entry).sessionId, before["sessionId"]);
    await runToEnd(client, key, "bench:3:0");
    const after = await client.request("chat.history", { sessionKey: key });
    assert.deepEqual(list(after["messages"]).map(({ role }) => role), ["user", "assistant"]);
  },
  "a page that reloads in mid-answer sees the question and the answer so far": async (gateway) => {
    await using client = await gateway.connect();
    const key = "agent:main:reload";
    const runId = await startLongRun(client, key);
    await using page = await gateway.connect();
    const history = await page.request("chat.history", { sessionKey: key });
    assert.deepEqual(list(history["messages"]).map(({ role }) => role), ["user"]);
    const [run] = list(history["inFlight"]);
    assert.deepEqual([run?.["runId"], run?.["state"]], [runId, "running"]);
    assert.ok(String(run?.["text"]).length > 0);
    const [row] = list((await page.request("sessions.list", { search: "reload" }))["sessions"]);
    assert.deepEqual([row?.["hasActiveRun"], row?.["activeRunIds"]], [true, [runId]]);
    await page.request("chat.abort", { sessionKey: key, runId });
    await eventually(
      "the run's end",
      async () => list((await page.request("chat.history", { sessionKey: key }))["inFlight"]).length === 0,
    );
  },
  "every message of a run reaches the subscriber of its session, and nobody else": async (gateway) => {
    await using reader = await gateway.connect();
    await using other = await gateway.connect();
    const key = "agent:main:news";
    await reader.request("sessions.messages.subscribe", { key });
    await other.request("sessions.subscribe", {});
    await runToEnd(other, key, "bench:2:0");
    await eventually("both messages", () => reader.events("session.message").length === 2);
    const seen = reader.events("session.message").map(({ payload }) => payload);
    assert.deepEqual(seen.map(({ sessionKey, messageSeq }) => [sessionKey, messageSeq]), [[key, 1], [key, 2]]);
    const { messages } = await reader.request("chat.history", { sessionKey: key });
    assert.deepEqual(
      list(messages).map(({ __openclaw }) => Object(__openclaw).id),
      seen.map((each) => each["messageId"]),
    );
    assert.equal(other.events("session.message").length, 0);
    assert.ok(other.events("sessions.changed").length > 0);
    assert.equal(reader.events("sessions.changed").length, 0);
  },
  "sessions, labels and transcripts survive a restart": async (gateway) => {
    const key = "agent:main:kept";
    {
      await using client = await gateway.connect();
      await runToEnd(client, key, "bench:4:0");
      await client.request("sessions.patch", { key, label: "Kept", thinkingLevel: "low" });
    }
    await gateway.restart("SIGKILL");
    await using client = await gateway.connect();
    assert.equal((await client.request("sessions.resolve", { label: "Kept" }))["key"], key);
    const history = await client.request("chat.history", { sessionKey: key });
    assert.deepEqual([history["thinkingLevel"], history["totalMessages"]], ["low", 2]);
  },
});
