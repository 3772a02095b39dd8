/** What takes its time: handshake timeout, tick, ping, and the orderly end of the gateway. */
import assert from "node:assert/strict";
import { LIMITS } from "../../schemas/frame.ts";
import { makeIdentity, TestClient } from "../helpers/client.ts";
import { assertHealthyOutput, TestGateway } from "../helpers/gateway.ts";
import { FakeModel } from "../helpers/fake_model.ts";
import { within } from "../helpers/wait.ts";

Deno.test("a silent stranger is sent away after 15 s, a client gets ping and tick within their intervals", async () => {
  await using gateway = await TestGateway.start();
  await using stranger = await TestClient.open(gateway.url);
  await using client = await gateway.connect();
  const started = performance.now();
  const pinged = new Promise<void>((resolve) => client.ws.once("ping", () => resolve()));
  const sentAway = stranger.closed.then((end) => ({ end, after: performance.now() - started }));
  const [{ end, after }, tick] = await Promise.all([
    within("the handshake timeout", sentAway, LIMITS.handshakeTimeoutMs + 3_000),
    client.waitEvent("tick", LIMITS.tickIntervalMs + 3_000),
    within("a ping", pinged, LIMITS.pingIntervalMs + 3_000),
  ]);
  assert.deepEqual(end, { code: 1000, reason: "" });
  assert.ok(after > LIMITS.handshakeTimeoutMs - 2_000, `closed after ${after} ms`);
  assert.ok(Number.isInteger(tick.payload["ts"]));
  assert.equal(typeof tick.seq, "number");
});

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  Deno.test(`${signal}: every client hears shutdown, then close 1012, and the process ends with 0`, async () => {
    await using gateway = await TestGateway.start();
    await using operator = await gateway.connect();
    await using node = await gateway.connect({
      role: "node",
      device: makeIdentity(),
      client: { id: "node-host", mode: "node" },
    });
    const ended = gateway.kill(signal);
    for (const client of [operator, node]) {
      assert.deepEqual(await within("the close", client.closed), { code: 1012, reason: "service restart" });
      assert.deepEqual(client.events("shutdown").map((event) => event.payload), [
        { reason: "gateway stopping", restartExpectedMs: null },
      ]);
    }
    assert.equal((await ended).code, 0);
    assertHealthyOutput(gateway.output);
  });
}

Deno.test("a run that is short of its end may finish while the gateway stops", async () => {
  await using model = await FakeModel.start();
  await using gateway = await TestGateway.start({ config: model.config() });
  await using client = await gateway.connect();
  const runId = crypto.randomUUID();
  const id = client.sendRequest("agent", { message: "bench:30:20", sessionKey: "main", idempotencyKey: runId });
  await client.waitEvent((event) => event.event === "agent" && event.payload["stream"] === "assistant");
  const ended = gateway.kill("SIGTERM");
  const final = await client.waitRes(id, (res) => Object(res.payload).status === "ok");
  assert.equal(final.ok, true);
  assert.equal((await within("the close", client.closed)).code, 1012);
  assert.equal((await ended).code, 0);
});
