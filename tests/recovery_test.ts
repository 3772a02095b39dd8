/** The gateway is killed at random moments: every accepted message is answered or ended, once, and no session is stuck. */
import assert from "node:assert/strict";
import type { Json, Res, TestClient } from "./helpers/client.ts";
import { FakeModel } from "./helpers/fake_model.ts";
import { TestGateway } from "./helpers/gateway.ts";
import { eventually, pause } from "./helpers/wait.ts";

const SEED = 20261122;
const ROUNDS = 6;
const RESTARTED = "The gateway was restarted while this run was in progress; send the message again";

interface Sent {
  readonly method: "chat.send" | "agent";
  readonly sessionKey: string;
  readonly text: string;
  readonly key: string;
}

/** mulberry32: the same numbers in every run of this test. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Two messages each into three sessions; the model takes about a third of a second for each. */
function messages(round: number): Sent[] {
  const made: Sent[] = [];
  for (const sessionKey of ["kill-a", "kill-b", "kill-c"]) {
    for (const part of [1, 2]) {
      const key = `${sessionKey}-${round}-${part}`;
      const method = sessionKey === "kill-c" ? "agent" : "chat.send";
      made.push({ method, sessionKey, key, text: `message ${key} bench:16:20` });
    }
  }
  return made;
}

const params = ({ sessionKey, text, key }: Sent): Json => ({ sessionKey, message: text, idempotencyKey: key });

/** Repeats a call until it gives the end of the run: `ok`, or the error that the client is shown. */
async function ending(client: TestClient, sent: Sent): Promise<string> {
  return await eventually(`the end of ${sent.key}`, async () => {
    const res: Res = await client.call(sent.method, params(sent));
    if (!res.ok) return res.error?.message ?? "an error without a message";
    const { status } = res.payload as { readonly status: string };
    return status === "ok" ? status : undefined;
  }, 30_000);
}

async function history(client: TestClient, sessionKey: string): Promise<Json[]> {
  const { messages } = await client.request("chat.history", { sessionKey, limit: 1000 });
  assert.ok(Array.isArray(messages));
  return messages;
}

Deno.test("after a kill at any moment each message ends once, and its session goes on", async () => {
  const next = random(SEED);
  await using model = await FakeModel.start();
  const queue = { messages: { queue: { mode: "collect", debounceMs: 20 } } };
  await using gateway = await TestGateway.start({ config: { ...model.config(), ...queue } });
  const endings: string[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const all = messages(round);
    const client = await gateway.connect();
    for (const sent of all) client.sendRequest(sent.method, params(sent));
    await pause(Math.floor(next() * 700));
    await gateway.kill("SIGKILL");
    await client.close();
    await gateway.startAgain();
    await using again = await gateway.connect();
    for (const sent of all) endings.push(await ending(again, sent));
    for (const sent of all) await assertKeptOnce(again, sent);
  }
  assert.deepEqual(endings.filter((end) => end !== "ok" && end !== RESTARTED), []);
  assert.ok(endings.includes("ok") && endings.includes(RESTARTED), "the moments were not random enough");
});

async function assertKeptOnce(client: TestClient, { sessionKey, text }: Sent): Promise<void> {
  const kept = (await history(client, sessionKey)).filter((message) =>
    message["role"] === "user" && JSON.stringify(message["content"]).includes(text)
  );
  assert.equal(kept.length, 1, `"${text}" stands ${kept.length} times in its transcript`);
}

Deno.test("a stop in good order lets the running answer finish and runs the waiting message after the start", async () => {
  await using model = await FakeModel.start();
  await using gateway = await TestGateway.start({ config: model.config() });
  const first = await gateway.connect();
  await first.request("chat.send", { sessionKey: "calm", message: "one bench:12:30", idempotencyKey: "calm-1" });
  await first.waitEvent((event) => event.event === "agent" && event.payload["stream"] === "assistant");
  await first.request("chat.send", { sessionKey: "calm", message: "two", idempotencyKey: "calm-2" });
  await gateway.restart("SIGTERM");
  await first.close();
  await using second = await gateway.connect();
  for (const [key, text] of [["calm-1", "one bench:12:30"], ["calm-2", "two"]] as const) {
    assert.equal(await ending(second, { method: "chat.send", sessionKey: "calm", text, key }), "ok");
  }
  const roles = (await history(second, "calm")).map((message) => message["role"]);
  assert.deepEqual(roles, ["user", "assistant", "user", "assistant"]);
});
