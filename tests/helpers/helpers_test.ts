/** The helpers themselves: what they leave behind, and whether they hear everything. */
import assert from "node:assert/strict";
import { WebSocketServer } from "ws";
import { TestClient } from "./client.ts";
import { FakeModel } from "./fake_model.ts";

async function withServer(answer: (text: string) => string[], action: (url: string) => Promise<void>): Promise<void> {
  const wss = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  await new Promise<void>((resolve) => wss.once("listening", () => resolve()));
  wss.on("connection", (ws) => {
    ws.send(JSON.stringify({ type: "event", event: "connect.challenge", payload: { nonce: "n", ts: 1 } }));
    ws.on("message", (data) => answer(data.toString()).forEach((line) => ws.send(line)));
  });
  const address = wss.address();
  try {
    await action(`ws://127.0.0.1:${typeof address === "object" ? address?.port : 0}`);
  } finally {
    for (const ws of wss.clients) ws.terminate();
    await new Promise<void>((resolve) => wss.close(() => resolve()));
  }
}

Deno.test("the test client gets both answers of a request that is answered twice", async () => {
  await withServer((text) => {
    const { id } = JSON.parse(text);
    return [1, 2].map((n) => JSON.stringify({ type: "res", id, ok: true, payload: { n } }));
  }, async (url) => {
    await using client = await TestClient.connect(url);
    assert.equal(client.hello["n"], 1);
    const { first, second } = await client.requestTwice("agent", {});
    assert.deepEqual([first.payload, second.payload], [{ n: 1 }, { n: 2 }]);
  });
});

Deno.test("the test client reports a deadline and a closed socket instead of hanging", async () => {
  await withServer(() => [], async (url) => {
    await using client = await TestClient.open(url);
    await assert.rejects(client.call("health", {}, 50), /50 ms passed/u);
    const waiting = assert.rejects(client.waitEvent("tick"), /socket closed/u);
    client.ws.terminate();
    await waiting;
  });
});

Deno.test("the fake model streams the number of words that the prompt asks for, whole or byte by byte", async () => {
  for (const byteWise of [false, true]) {
    await using model = await FakeModel.start({ byteWise });
    const response = await fetch(`${model.url}/chat/completions`, {
      method: "POST",
      body: JSON.stringify({ stream: true, messages: [{ role: "user", content: "bench:3:0" }] }),
    });
    const text = await response.text();
    assert.deepEqual([...text.matchAll(/"content":"(w\d) "/gu)].map((m) => m[1]), ["w0", "w1", "w2"]);
    assert.match(text, /data: \[DONE\]\n\n$/u);
  }
});

Deno.test("the fake model follows its script: a tool call, an error, a cut stream", async () => {
  await using model = await FakeModel.start();
  model.script(
    { kind: "tool", name: "time", args: { zone: "UTC" } },
    { kind: "error", status: 429, message: "slow down", retryAfter: "7" },
    { kind: "cut", pieces: ["a"] },
  );
  const ask = () =>
    fetch(`${model.url}/chat/completions`, { method: "POST", body: JSON.stringify({ stream: true, messages: [] }) });
  assert.match(await (await ask()).text(), /"finish_reason":"tool_calls"/u);
  const refused = await ask();
  assert.deepEqual([refused.status, refused.headers.get("retry-after")], [429, "7"]);
  await refused.body?.cancel();
  await assert.rejects(async () => await (await ask()).text());
});
