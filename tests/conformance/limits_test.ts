/** What bounds a stranger and a client: frame sizes, frames and sockets before hello, payload after it. */
import assert from "node:assert/strict";
import { MAX_WAITING } from "../../gateway/connection/sockets.ts";
import { LIMITS } from "../../schemas/frame.ts";
import { makeIdentity, TestClient } from "../helpers/client.ts";
import { gatewayTest } from "../helpers/gateway.ts";
import { eventually, within } from "../helpers/wait.ts";

gatewayTest("limits", {}, {
  "before hello a frame above 64 KiB closes 1009, one of 64 KiB is read": async (gateway) => {
    await using big = await TestClient.open(gateway.url);
    await big.challenge();
    big.send("x".repeat(LIMITS.preHandshakeBytes + 1));
    assert.equal((await within("the close", big.closed)).code, 1009);
    await using fits = await TestClient.open(gateway.url);
    await fits.challenge();
    fits.send("x".repeat(LIMITS.preHandshakeBytes));
    assert.equal((await within("the close", fits.closed)).code, 1000, "read and found to be no JSON");
  },
  "more than 16 frames before hello end the connection": async (gateway) => {
    await using client = await TestClient.open(gateway.url);
    await client.challenge();
    // A wrong secret from loopback is answered late, so the frames behind it are still before hello.
    client.sendRequest("connect", {
      minProtocol: 4,
      maxProtocol: 4,
      client: { id: "cli", version: "1", platform: "linux", mode: "cli" },
      auth: { token: "wrong" },
    });
    for (let frame = 0; frame < LIMITS.preHandshakeFrames; frame++) client.sendRequest("health");
    assert.deepEqual(await client.closed, { code: 1008, reason: "too many pending handshake frames" });
  },
  "sockets that wait for their handshake are bounded by address, and room comes back": async (gateway) => {
    const waiting = await Promise.all(
      Array.from({ length: MAX_WAITING.perAddress }, () => TestClient.open(gateway.url, { record: false })),
    );
    await assert.rejects(TestClient.open(gateway.url), /503/u);
    await waiting[0]?.close();
    const next = await eventually("room for one more", () => TestClient.open(gateway.url).catch(() => undefined));
    await Promise.all([...waiting, next].map((client) => client.close()));
    await using client = await eventually("room for a client", () => gateway.connect().catch(() => undefined));
    assert.equal(client.hello["type"], "hello-ok");
  },
  "after hello a large frame is read, and one above maxPayload closes 1009": async (gateway) => {
    await using client = await gateway.connect();
    const policy = Object(client.hello["policy"]);
    assert.deepEqual([policy.maxPayload, policy.maxBufferedBytes], [LIMITS.maxPayload, LIMITS.maxBufferedBytes]);
    const res = await client.call("health", { padding: "x".repeat(1 << 20) });
    assert.equal(res.ok, true);
    client.send("x".repeat(LIMITS.maxPayload + 1));
    assert.equal((await within("the close", client.closed)).code, 1009);
    assert.ok(gateway.rssMb < 500, "the header alone decides");
  },
  "a client that asks more than it may wait for gets an answer that says so": async (gateway) => {
    await using client = await gateway.connect();
    const ids = Array.from({ length: 600 }, () => client.sendRequest("agent.wait", { runId: "none", timeoutMs: 300 }));
    const answers = await Promise.all(ids.map((id) => client.waitRes(id)));
    const refused = answers.filter((res) => !res.ok);
    assert.ok(refused.length > 0 && refused.length < ids.length, `${refused.length} refused`);
    assert.ok(refused.every((res) => res.error?.code === "UNAVAILABLE" && res.error["retryable"] === true));
  },
  "a client that calls what its role may not is cut after ten": async (gateway) => {
    await using client = await gateway.connect({
      role: "node",
      device: makeIdentity(),
      client: { id: "node-host", mode: "node" },
    });
    for (let call = 0; call < 11; call++) client.sendRequest("sessions.list");
    assert.deepEqual(await within("the close", client.closed), { code: 1008, reason: "repeated unauthorized calls" });
  },
});
