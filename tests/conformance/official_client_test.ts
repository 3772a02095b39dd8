/** The official client package against our gateway: challenge, device, calls, events, token, reconnect. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createPublicKey, sign } from "node:crypto";
import { GatewayClient, type GatewayClientOptions } from "@openclaw/gateway-client";
import { makeIdentity } from "../helpers/client.ts";
import { FakeModel } from "../helpers/fake_model.ts";
import { TEST_TOKEN, TestGateway } from "../helpers/gateway.ts";
import { eventually, within } from "../helpers/wait.ts";

interface Official {
  readonly client: GatewayClient;
  readonly hellos: Record<string, unknown>[];
  readonly events: { readonly event: string; readonly payload?: unknown; readonly seq?: number }[];
  readonly gaps: unknown[];
  readonly closes: number[];
  readonly tokens: Map<string, { token: string; scopes: string[] }>;
}

/** The official client with a device of its own and a token store in memory. */
function official(gateway: TestGateway, options: Partial<GatewayClientOptions> = {}): Official {
  const identity = makeIdentity();
  const seen: Omit<Official, "client"> = { hellos: [], events: [], gaps: [], closes: [], tokens: new Map() };
  const client = new GatewayClient({
    url: gateway.url,
    token: TEST_TOKEN,
    clientName: "gateway-client",
    mode: "ui",
    clientVersion: "2026.9.1",
    platform: "linux",
    role: "operator",
    scopes: ["operator.admin", "operator.read", "operator.write"],
    deviceIdentity: {
      deviceId: identity.id,
      privateKeyPem: identity.privateKeyPem,
      publicKeyPem: identity.publicKeyPem,
    },
    hostDeps: {
      signDevicePayload: (pem, payload) => sign(null, Buffer.from(payload), pem).toString("base64url"),
      publicKeyRawBase64UrlFromPem: (pem) =>
        createPublicKey(pem).export({ type: "spki", format: "der" }).subarray(-32).toString("base64url"),
      loadDeviceAuthToken: ({ role }) => seen.tokens.get(role) ?? null,
      storeDeviceAuthToken: ({ role, token, scopes }) => void seen.tokens.set(role, { token, scopes }),
      clearDeviceAuthToken: ({ role }) => void seen.tokens.delete(role),
    },
    onHelloOk: (hello) => void seen.hellos.push({ ...hello }),
    onEvent: (event) => void seen.events.push({ ...event }),
    onGap: (gap) => void seen.gaps.push(gap),
    onClose: (code) => void seen.closes.push(code),
    ...options,
  });
  return { client, ...seen };
}

const hello = (side: Official, count: number) => eventually(`hello ${count}`, () => side.hellos[count - 1], 20_000);

Deno.test("the official client connects with a device, calls, streams, and comes back after a restart", async () => {
  await using model = await FakeModel.start();
  await using gateway = await TestGateway.start({ config: model.config() });
  const side = official(gateway);
  side.client.start();
  try {
    assert.equal((await hello(side, 1))["protocol"], 4);
    assert.equal(typeof side.tokens.get("operator")?.token, "string", "it stored the device token");
    assert.equal((await side.client.request("health", {}))["ok"], true);

    const runId = crypto.randomUUID();
    const accepted: unknown[] = [];
    const final = await side.client.request(
      "agent",
      { message: "bench:5:5", sessionKey: "main", idempotencyKey: runId },
      { expectFinal: true, onAccepted: (payload) => void accepted.push(payload) },
    );
    assert.equal(final["status"], "ok");
    assert.equal(accepted.length, 1);
    const finals = side.events.filter((event) => event.event === "chat" && Object(event.payload).state === "final");
    assert.equal(finals.length, 1);
    assert.ok(side.events.some((event) => event.event === "agent"));

    await assert.rejects(side.client.request("no.such.method", {}), /unknown method: no\.such\.method/u);
    await gateway.restart();
    await hello(side, 2);
    assert.equal(side.closes[0], 1012);
    // A try of the client while nothing listens counts as 1006; how many there are is a matter of its timing.
    assert.deepEqual(side.closes.slice(1).filter((code) => code !== 1006), []);
    assert.equal((await side.client.request("health", {}))["ok"], true);
    assert.deepEqual(side.gaps, [], "it saw no gap in the sequence numbers");
  } finally {
    await side.client.stopAndWait();
  }
});

Deno.test("the official client without a device keeps the scopes that the shared token grants it locally", async () => {
  await using gateway = await TestGateway.start();
  const side = official(gateway, { deviceIdentity: null, mode: "backend", scopes: ["operator.read"] });
  side.client.start();
  try {
    await hello(side, 1);
    assert.deepEqual(Object(side.hellos[0]?.["auth"]).scopes, ["operator.read"]);
    assert.ok(Array.isArray(await side.client.request("system-presence", {})));
    await assert.rejects(side.client.request("system-event", { text: "x" }), /missing scope: operator\.admin/u);
  } finally {
    await side.client.stopAndWait();
  }
});

Deno.test("the official node client is let in with its role and stays out of operator methods", async () => {
  await using gateway = await TestGateway.start();
  const side = official(gateway, { clientName: "node-host", mode: "node", role: "node", scopes: [] });
  side.client.start();
  try {
    await hello(side, 1);
    assert.equal(Object(side.hellos[0]?.["auth"]).role, "node");
    await assert.rejects(side.client.request("sessions.list", {}), /unauthorized role: node/u);
  } finally {
    await side.client.stopAndWait();
  }
});

Deno.test("a wrong token tells the official client what it needs to stop asking", async () => {
  await using gateway = await TestGateway.start();
  const failed = Promise.withResolvers<Error>();
  const side = official(gateway, {
    token: "wrong",
    deviceIdentity: null,
    mode: "backend",
    onConnectError: (error) => failed.resolve(error),
  });
  side.client.start();
  try {
    const error = await within("the refusal", failed.promise);
    assert.match(error.message, /gateway token mismatch/u);
    assert.equal(Object(Object(error).details).code, "AUTH_TOKEN_MISMATCH");
  } finally {
    await side.client.stopAndWait();
  }
});
