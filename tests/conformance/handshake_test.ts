/** The handshake on the wire: order of the checks, texts, details, close codes (handshake facts, sections 2 to 12). */
import assert from "node:assert/strict";
import { type ConnectOptions, type Ended, makeIdentity, type Res, TestClient } from "../helpers/client.ts";
import { gatewayTest, TEST_TOKEN, type TestGateway } from "../helpers/gateway.ts";
import { within } from "../helpers/wait.ts";

interface Refused {
  readonly message: string;
  readonly code?: string;
  readonly details?: Record<string, unknown>;
  readonly close?: number;
  /** Default: starts with the message. */
  readonly reason?: string;
}

/** Opens, sends connect, expects the refusal and the close. */
async function refuses(
  gateway: TestGateway,
  options: ConnectOptions & { readonly headers?: Record<string, string>; readonly origin?: string },
  expected: Refused,
): Promise<Res> {
  await using client = await TestClient.open(gateway.url, options);
  const res = await client.handshake({ token: TEST_TOKEN, ...options });
  assert.equal(res.ok, false, `refused with ${expected.message}`);
  assert.equal(res.error?.message, expected.message);
  assert.equal(res.error?.code, expected.code ?? "INVALID_REQUEST");
  const details = Object(res.error?.details);
  for (const [key, value] of Object.entries(expected.details ?? {})) assert.deepEqual(details[key], value, key);
  const end = await within("the close", client.closed);
  assert.equal(end.code, expected.close ?? 1008);
  const reason = expected.reason ?? expected.message;
  assert.equal(end.reason.startsWith(reason.slice(0, 110)), true, `reason "${end.reason}"`);
  assert.ok(new TextEncoder().encode(end.reason).length <= 120);
  return res;
}

/** Sends one first frame and returns what came back before the close. */
async function firstFrame(gateway: TestGateway, frame: string | Uint8Array): Promise<{ end: Ended; answers: number }> {
  await using client = await TestClient.open(gateway.url);
  await client.challenge();
  client.send(frame);
  const end = await within("the close", client.closed);
  return { end, answers: client.frames.length - 1 };
}

const mismatch = (min: number, max: number, expectedProtocol: number): Refused => ({
  message: "protocol mismatch",
  close: 1002,
  details: { code: "PROTOCOL_MISMATCH", clientMinProtocol: min, clientMaxProtocol: max, expectedProtocol },
});

gatewayTest("handshake: the first frame", {}, {
  "the gateway speaks first: a challenge with nonce and integer ts, without seq": async (gateway) => {
    await using client = await TestClient.open(gateway.url);
    const event = await client.waitEvent("connect.challenge");
    assert.deepEqual(Object.keys(event).sort(), ["event", "payload", "type"]);
    assert.match(String(event.payload["nonce"]), /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/u);
    assert.ok(Number.isInteger(event.payload["ts"]));
  },
  "a first frame that is not JSON ends the connection with 1000 and no reason": async (gateway) => {
    for (const text of ["hello", "{", "", "\u0000"]) {
      assert.deepEqual(await firstFrame(gateway, text), { end: { code: 1000, reason: "" }, answers: 0 }, text);
    }
  },
  "a first frame that is JSON but no request ends it with 1008 and no answer": async (gateway) => {
    const frames = ["null", "[]", "1", '{"type":"event","event":"x"}', '{"type":"res","id":"1","ok":true}', "{}"];
    for (const text of frames) {
      const seen = await firstFrame(gateway, text);
      assert.deepEqual(seen, { end: { code: 1008, reason: "invalid request frame" }, answers: 0 }, text);
    }
  },
  "a first request that is not connect is refused by name": async (gateway) => {
    await using client = await TestClient.open(gateway.url);
    const res = await client.call("health");
    assert.equal(res.error?.message, "invalid handshake: first request must be connect");
    assert.deepEqual(await client.closed, { code: 1008, reason: "invalid handshake: first request must be connect" });
  },
  "a binary first frame counts as text": async (gateway) => {
    const seen = await firstFrame(gateway, new TextEncoder().encode("null"));
    assert.equal(seen.end.reason, "invalid request frame");
  },
  "every error of the connect params is listed": async (gateway) => {
    await using client = await TestClient.open(gateway.url);
    const res = await client.handshake({ client: { id: "my-client", mode: "my-mode" }, token: TEST_TOKEN });
    const message = String(res.error?.message);
    assert.match(message, /^invalid connect params: .*at \/client\/id: must be equal to one of the allowed values/u);
    assert.match(message, /at \/client\/mode: must be equal to one of the allowed values/u);
    const end = await client.closed;
    assert.equal(end.code, 1008);
    assert.ok(message.startsWith(end.reason));
  },
});

gatewayTest("handshake: version and role", {}, {
  "a range without 3 and 4 is a protocol mismatch with the details of both generations": async (gateway) => {
    await refuses(gateway, { protocol: [5, 9] }, mismatch(5, 9, 4));
    await refuses(gateway, { protocol: [1, 2] }, mismatch(1, 2, 3));
  },
  "the highest common version is chosen and repeated": async (gateway) => {
    for (const [range, chosen] of [[[3, 3], 3], [[3, 4], 4], [[4, 4], 4], [[1, 9], 4], [[1, 3], 3]] as const) {
      await using client = await gateway.connect({ protocol: range });
      assert.equal(client.hello["protocol"], chosen, String(range));
    }
  },
  "hello differs by version as each generation expects it": async (gateway) => {
    await using old = await gateway.connect({ protocol: 3 });
    await using recent = await gateway.connect({ protocol: 4 });
    assert.equal(typeof Object(old.hello["server"]).host, "string");
    assert.equal("auth" in old.hello, false, "protocol 3 has auth only with a device");
    assert.equal("authMode" in Object(old.hello["snapshot"]), false);
    assert.equal(Object(recent.hello["server"]).controlUiBuildSource, "configured");
    assert.equal(Object(recent.hello["auth"]).role, "operator");
    assert.equal(Object(recent.hello["snapshot"]).authMode, "token");
  },
  "a role that does not exist is refused": async (gateway) => {
    await refuses(gateway, { role: "king" }, { message: "invalid role" });
  },
});

gatewayTest("handshake: secrets and devices", {}, {
  "nothing supplied: a device is asked for": async (gateway) => {
    await refuses(gateway, { token: undefined }, { message: "device identity required", code: "NOT_PAIRED" });
  },
  "a wrong token is refused with the hint for this kind of client": async (gateway) => {
    const details = { code: "AUTH_TOKEN_MISMATCH", authReason: "token_mismatch" };
    await refuses(gateway, { token: "wrong" }, {
      message: "unauthorized: gateway token mismatch (set gateway.remote.token to match gateway.auth.token)",
      details,
    });
    await refuses(gateway, { token: "wrong", client: { id: "gateway-client", mode: "backend" } }, {
      message: "unauthorized: gateway token mismatch (provide gateway auth token)",
      details,
    });
  },
  "each fault of the device's proof has its own text and code": async (gateway) => {
    const device = makeIdentity();
    const other = makeIdentity();
    const cases: [ConnectOptions, string, string][] = [
      [{ device: { ...device, id: other.id } }, "device identity mismatch", "DEVICE_AUTH_DEVICE_ID_MISMATCH"],
      [{ device, signedAt: Date.now() - 121_000 }, "device signature expired", "DEVICE_AUTH_SIGNATURE_EXPIRED"],
      [{ device, signedAt: Date.now() + 121_000 }, "device signature expired", "DEVICE_AUTH_SIGNATURE_EXPIRED"],
      [
        { protocol: 3, device, signedAt: Date.now() - 601_000 },
        "device signature expired",
        "DEVICE_AUTH_SIGNATURE_EXPIRED",
      ],
      [{ device, nonce: null }, "device nonce required", "DEVICE_AUTH_NONCE_REQUIRED"],
      [{ device, nonce: "another" }, "device nonce mismatch", "DEVICE_AUTH_NONCE_MISMATCH"],
      [
        { device: { ...device, privateKey: other.privateKey } },
        "device signature invalid",
        "DEVICE_AUTH_SIGNATURE_INVALID",
      ],
    ];
    for (const [options, message, code] of cases) await refuses(gateway, options, { message, details: { code } });
  },
  "v1 without nonce (3, local), v2 (both) and v3 (4) are accepted": async (gateway) => {
    const accepted: ConnectOptions[] = [
      { protocol: 3, signature: "v1", nonce: null },
      { protocol: 3, signature: "v2" },
      { protocol: 4, signature: "v2" },
      { protocol: 4, signature: "v3" },
      { protocol: 4, signature: "v3", client: { platform: " DarWin ", deviceFamily: "Mac" } },
      { protocol: 3, signedAt: Date.now() - 500_000 },
    ];
    for (const options of accepted) {
      await using client = await gateway.connect({ ...options, device: makeIdentity() });
      const auth = Object(client.hello["auth"]);
      assert.equal(typeof auth.deviceToken, "string", "a proven device gets its token");
      assert.equal(auth.role, "operator");
    }
  },
  "the device token of hello opens the next connection, in either field, never wider": async (gateway) => {
    const device = makeIdentity();
    const scopes = ["operator.read"];
    await using first = await gateway.connect({ device, scopes });
    const deviceToken = String(Object(first.hello["auth"]).deviceToken);
    await using second = await TestClient.connect(gateway.url, { device, scopes, deviceToken });
    assert.deepEqual(Object(second.hello["auth"]).scopes, scopes);
    await using third = await TestClient.connect(gateway.url, { protocol: 3, device, scopes, token: deviceToken });
    assert.equal(third.hello["protocol"], 3);
    const wider = { device, scopes: ["operator.admin"], deviceToken, token: undefined };
    await using fourth = await TestClient.open(gateway.url);
    const res = await fourth.handshake(wider);
    assert.equal(res.ok, false, "a token for reading does not open admin");
  },
  "a remote device waits for an owner and then gets in": async (gateway) => {
    const device = makeIdentity();
    const headers = { "x-forwarded-for": "203.0.113.9" };
    await using owner = await gateway.connect();
    const res = await refuses(gateway, { device, headers }, {
      message: "pairing required: device is not approved yet",
      code: "NOT_PAIRED",
      details: { code: "PAIRING_REQUIRED", reason: "not-paired", deviceId: device.id },
    });
    const requestId = String(Object(res.error?.details).requestId);
    const asked = await owner.waitEvent("device.pair.requested");
    assert.equal(asked.payload["requestId"], requestId);
    await refuses(gateway, { protocol: 3, device, headers }, { message: "pairing required", code: "NOT_PAIRED" });
    await owner.request("device.pair.approve", { requestId });
    const resolved = await owner.waitEvent((e) =>
      e.event === "device.pair.resolved" && e.payload["requestId"] === requestId
    );
    assert.equal(resolved.payload["decision"], "approved");
    await using inside = await gateway.connect({ device, headers });
    assert.equal(inside.hello["type"], "hello-ok");
  },
});

const ORIGIN_TEXT =
  "origin not allowed (open the Control UI from the gateway host or allow it in gateway.controlUi.allowedOrigins)";

gatewayTest("handshake: browsers", {}, {
  "a page of the gateway itself gets in, by each of its loopback names": async (gateway) => {
    for (const host of [`127.0.0.1:${gateway.port}`, `localhost:${gateway.port}`]) {
      await using client = await gateway.connect({
        origin: `http://${host}`,
        headers: { host },
        device: makeIdentity(),
      });
      assert.equal(client.hello["type"], "hello-ok", host);
    }
  },
  "another origin is refused with a code that a page can show": async (gateway) => {
    for (const origin of ["https://evil.example", `https://127.0.0.1:${gateway.port}`, "http://127.0.0.1:1"]) {
      await refuses(gateway, { origin, device: makeIdentity() }, {
        message: ORIGIN_TEXT,
        details: { code: "CONTROL_UI_ORIGIN_NOT_ALLOWED" },
      });
    }
  },
  "a web client without an origin is refused": async (gateway) => {
    const client = { id: "openclaw-control-ui", mode: "webchat" };
    await refuses(gateway, { client, device: makeIdentity() }, { message: ORIGIN_TEXT });
  },
  "the origin null and a foreign host do not get as far as the handshake": async (gateway) => {
    await assert.rejects(TestClient.open(gateway.url, { origin: "null" }), /403/u);
    const foreign = { origin: "http://evil.example", headers: { host: "evil.example" } };
    await assert.rejects(TestClient.open(gateway.url, foreign), /403/u);
  },
});

gatewayTest("after hello nothing that a client sends ends the connection", {}, {
  "text that is no JSON is ignored": async (gateway) => {
    await using client = await gateway.connect();
    for (const text of ["{", "hello", "", "\u0000"]) client.send(text);
    assert.equal(Object(await client.request("health")).ok, true);
  },
  "JSON that is no request is answered with its id or the id invalid": async (gateway) => {
    await using client = await gateway.connect();
    client.send("[]");
    client.send({ type: "req", id: "x1", method: 5 });
    const nameless = await client.waitRes("invalid");
    assert.match(String(nameless.error?.message), /^invalid request frame: /u);
    assert.equal((await client.waitRes("x1")).error?.code, "INVALID_REQUEST");
    assert.equal(Object(await client.request("health")).ok, true);
  },
  "a second connect is refused and the socket stays open": async (gateway) => {
    await using client = await gateway.connect();
    const res = await client.call("connect", {});
    assert.equal(res.error?.message, "connect is only valid as the first request");
    assert.equal(Object(await client.request("health")).ok, true);
  },
  "an unknown method is named": async (gateway) => {
    await using client = await gateway.connect();
    const res = await client.call("no.such.method", { a: 1 });
    assert.deepEqual([res.error?.code, res.error?.message], ["INVALID_REQUEST", "unknown method: no.such.method"]);
  },
});
