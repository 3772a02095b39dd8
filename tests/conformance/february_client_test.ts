/** A client as strict as those of February 2026: protocol 3, its own clock, frames with an unknown key are dropped. */
import assert from "node:assert/strict";
import { makeIdentity, type Received, TestClient } from "../helpers/client.ts";
import { gatewayTest, TEST_TOKEN, type TestGateway } from "../helpers/gateway.ts";

const EVENT_KEYS = new Set(["type", "event", "payload", "seq", "stateVersion"]);
const RES_KEYS = new Set(["type", "id", "ok", "payload", "error"]);
const ERROR_KEYS = new Set(["code", "message", "details", "retryable", "retryAfterMs"]);
const VERSION_KEYS = new Set(["presence", "health"]);

/** Why a client of February would drop the frame; undefined when it takes it. */
function dropped(frame: Received): string | undefined {
  const strange = (value: unknown, keys: ReadonlySet<string>) =>
    Object.keys(Object(value)).find((key) => !keys.has(key));
  if (frame.type === "event") {
    const version = frame.stateVersion === undefined ? undefined : strange(frame.stateVersion, VERSION_KEYS);
    return strange(frame, EVENT_KEYS) ?? version;
  }
  const error = frame.error === undefined ? undefined : strange(frame.error, ERROR_KEYS);
  return strange(frame, RES_KEYS) ?? error ?? (typeof frame.ok === "boolean" ? undefined : "ok");
}

async function february(gateway: TestGateway, role?: "node"): Promise<TestClient> {
  const node = { id: "node-host", mode: "node", version: "2026.2.12" };
  return await TestClient.connect(gateway.url, {
    protocol: 3,
    device: makeIdentity(),
    token: TEST_TOKEN,
    scopes: role === "node" ? [] : ["operator.admin", "operator.approvals", "operator.pairing"],
    client: role === "node" ? node : { id: "cli", mode: "cli", version: "2026.2.12" },
    ...(role === undefined ? {} : { role, commands: ["system.run"], extra: { pathEnv: "/usr/bin" } }),
  });
}

const assertNothingDropped = (client: TestClient): void => {
  const faults = client.frames.flatMap((frame) => {
    const key = dropped(frame);
    return key === undefined ? [] : [`${frame.type} ${frame.type === "event" ? frame.event : frame.id}: ${key}`];
  });
  assert.deepEqual(faults, []);
};

gatewayTest("a client of February", {}, {
  "hello has what it reads, and nothing of protocol 4": async (gateway) => {
    await using client = await february(gateway);
    const { hello } = client;
    assert.equal(hello["protocol"], 3);
    assert.deepEqual(Object.keys(Object(hello["auth"])).sort(), ["deviceToken", "issuedAtMs", "role", "scopes"]);
    assert.equal(Object(hello["snapshot"]).sessionDefaults.mainSessionKey, "agent:main:main");
    assert.equal(Object(hello["policy"]).tickIntervalMs, 30_000);
    assertNothingDropped(client);
  },
  "admin alone reads and writes: chat.send streams to a final": async (gateway) => {
    await using client = await february(gateway);
    const runId = crypto.randomUUID();
    const params = { sessionKey: "main", message: "bench:6:5", idempotencyKey: runId, deliver: false };
    assert.deepEqual(await client.request("chat.send", params), { runId, status: "started" });
    const final = await client.waitEvent((e) =>
      e.event === "chat" && e.payload["runId"] === runId && e.payload["state"] === "final"
    );
    assert.equal(Object(final.payload["message"]).content[0].text, "w0 w1 w2 w3 w4 w5");
    const history = await client.request("chat.history", { sessionKey: "main", limit: 10 });
    assert.equal(Object(history)["messages"].at(-1).role, "assistant");
    assertNothingDropped(client);
  },
  "agent as the CLI sends it answers twice, channel and all": async (gateway) => {
    await using client = await february(gateway);
    const { first, second } = await client.requestTwice("agent", {
      message: "bench:3:0",
      agentId: "main",
      sessionKey: "agent:main:main",
      deliver: false,
      channel: "whatsapp",
      timeout: 600,
      idempotencyKey: crypto.randomUUID(),
    });
    assert.equal(Object(first.payload).status, "accepted");
    assert.equal(Object(second.payload).status, "ok");
    assertNothingDropped(client);
  },
  "delivery to a channel that is not there fails with UNAVAILABLE": async (gateway) => {
    await using client = await february(gateway);
    const res = await client.call("agent", {
      message: "hi",
      sessionKey: "main",
      deliver: true,
      channel: "whatsapp",
      to: "+10000000000",
      idempotencyKey: crypto.randomUUID(),
    });
    assert.equal(res.error?.code, "UNAVAILABLE");
    assertNothingDropped(client);
  },
  "what status and the TUI ask for is answered": async (gateway) => {
    await using client = await february(gateway);
    const calls: [string, unknown?][] = [
      ["health"],
      ["status"],
      ["system-presence"],
      ["config.get", {}],
      ["channels.status", { probe: false, timeoutMs: 8000 }],
      ["agents.list", {}],
      ["sessions.list", { includeGlobal: false, includeUnknown: false, agentId: "main" }],
      ["models.list", {}],
      ["last-heartbeat"],
      ["device.pair.list", {}],
    ];
    for (const [method, params] of calls) assert.equal((await client.call(method, params)).ok, true, method);
    assertNothingDropped(client);
  },
  "a missing scope is an INVALID_REQUEST it can read": async (gateway) => {
    await using client = await gateway.connect({ protocol: 3, scopes: ["operator.read"] });
    const res = await client.call("chat.send", { sessionKey: "main", message: "x", idempotencyKey: "x" });
    assert.deepEqual([res.error?.code, res.error?.message], ["INVALID_REQUEST", "missing scope: operator.write"]);
    assertNothingDropped(client);
  },
  "a node host shares the operator's machine and is let in": async (gateway) => {
    await using client = await february(gateway, "node");
    assert.equal(Object(client.hello["auth"]).role, "node");
    const res = await client.call("skills.bins", {});
    assert.deepEqual([res.ok, Object(res.payload).bins], [true, []]);
    assertNothingDropped(client);
  },
});
