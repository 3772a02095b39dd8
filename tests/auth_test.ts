/** Who gets in, over a real gateway: codes, tokens, approval, revocation, pages and hosts, delays. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { type ConnectOptions, makeIdentity, type OpenOptions, type Res, TestClient } from "./helpers/client.ts";
import { gatewayTest, TEST_TOKEN, type TestGateway } from "./helpers/gateway.ts";
import { within } from "./helpers/wait.ts";

const READ = ["operator.read"];
const FORWARDED = { "x-forwarded-for": "203.0.113.9" };

/** One handshake and its answer; the socket is closed afterwards. */
async function tryConnect(gateway: TestGateway, options: ConnectOptions & OpenOptions): Promise<Res> {
  await using client = await TestClient.open(gateway.url, options);
  return await client.handshake(options);
}

const codeOf = (res: Res): unknown => Object(res.error?.details).code;
const authOf = (client: TestClient): { deviceToken: string; scopes: string[]; method: string } =>
  Object(client.hello["auth"]);

gatewayTest("a one-use code from the printed link", {}, {
  "stands for secret and approval, once, from elsewhere too": async (gateway) => {
    const device = makeIdentity();
    const options = { device, bootstrapToken: gateway.code, headers: FORWARDED };
    await using page = await TestClient.connect(gateway.url, options);
    assert.equal(authOf(page).method, "bootstrap-token");
    assert.ok(authOf(page).scopes.includes("operator.admin"));
    const other = await tryConnect(gateway, { ...options, device: makeIdentity() });
    assert.equal(codeOf(other), "AUTH_BOOTSTRAP_TOKEN_INVALID");
    const { deviceToken } = authOf(page);
    await using again = await TestClient.connect(gateway.url, { device, deviceToken, headers: FORWARDED });
    assert.equal(authOf(again).method, "device-token");
  },
});

gatewayTest("tokens of devices", {}, {
  "are stored as hashes only": async (gateway) => {
    await using client = await gateway.connect({ device: makeIdentity() });
    const { deviceToken } = authOf(client);
    assert.match(deviceToken, /^[\w-]{43}$/u);
    for await (const { name, isFile } of Deno.readDir(gateway.stateDir)) {
      if (!isFile || !name.startsWith("gateway.sqlite")) continue;
      const bytes = Buffer.from(await Deno.readFile(`${gateway.stateDir}/${name}`));
      assert.equal(bytes.includes(deviceToken), false, name);
    }
  },
  "survive a kill of the gateway, with the pairing": async (gateway) => {
    const device = makeIdentity();
    const first = await gateway.connect({ device, scopes: READ });
    const { deviceToken } = authOf(first);
    await first.close();
    await gateway.restart("SIGKILL");
    await using client = await TestClient.connect(gateway.url, {
      device,
      deviceToken,
      scopes: READ,
      headers: FORWARDED,
    });
    assert.deepEqual(authOf(client).scopes, READ);
    assert.equal(authOf(client).deviceToken, deviceToken);
  },
  "close their live sockets with 4001 when revoked, and open nothing any more": async (gateway) => {
    const device = makeIdentity();
    await using owner = await gateway.connect();
    await using client = await gateway.connect({ device, scopes: READ });
    await using bystander = await gateway.connect({ device: makeIdentity(), scopes: READ });
    await owner.request("device.token.revoke", { deviceId: device.id, role: "operator" });
    assert.deepEqual(await within("the close", client.closed), { code: 4001, reason: "gateway auth changed" });
    const { deviceToken } = authOf(client);
    const res = await tryConnect(gateway, { device, deviceToken, scopes: READ });
    assert.equal(codeOf(res), "AUTH_DEVICE_TOKEN_MISMATCH");
    await bystander.request("status");
  },
  "rotate in the hands of their own device, which reads the value before its socket closes": async (gateway) => {
    const device = makeIdentity();
    const scopes = ["operator.pairing", "operator.read"];
    await using client = await gateway.connect({ device, scopes });
    const answer = await client.request("device.token.rotate", { deviceId: device.id, role: "operator" });
    assert.equal((await within("the close", client.closed)).code, 4001);
    const deviceToken = String(answer["token"]);
    await using next = await TestClient.connect(gateway.url, { device, deviceToken, scopes });
    assert.equal(authOf(next).deviceToken, deviceToken);
  },
  "end with the removal of their device": async (gateway) => {
    const device = makeIdentity();
    await using owner = await gateway.connect();
    await using client = await gateway.connect({ device, scopes: READ });
    await owner.request("device.pair.remove", { deviceId: device.id });
    assert.equal((await within("the close", client.closed)).code, 4001);
    const { deviceToken } = authOf(client);
    const res = await tryConnect(gateway, { device, deviceToken, token: TEST_TOKEN, scopes: READ, headers: FORWARDED });
    assert.equal(codeOf(res), "PAIRING_REQUIRED");
  },
});

gatewayTest("approval by an owner", {}, {
  "without secret or code no request is made": async (gateway) => {
    await using owner = await gateway.connect();
    for (const options of [{}, { token: "wrong" }, { deviceToken: "wrong" }, { bootstrapToken: "wrong" }]) {
      const res = await tryConnect(gateway, { device: makeIdentity(), headers: FORWARDED, ...options });
      assert.equal(res.ok, false);
    }
    assert.deepEqual((await owner.request("device.pair.list"))["pending"], []);
    assert.deepEqual(owner.events("device.pair.requested"), []);
  },
  "an approver cannot give what it does not hold": async (gateway) => {
    const device = makeIdentity();
    await using helper = await gateway.connect({ device: makeIdentity(), scopes: ["operator.pairing"] });
    const asked = await tryConnect(gateway, { device, token: TEST_TOKEN, scopes: READ, headers: FORWARDED });
    const { requestId } = Object(asked.error?.details);
    const refused = await helper.call("device.pair.approve", { requestId });
    assert.deepEqual([refused.error?.code, refused.error?.message], ["FORBIDDEN", "missing scope: operator.read"]);
    await using owner = await gateway.connect();
    await owner.request("device.pair.approve", { requestId });
    const resolved = await helper.waitEvent("device.pair.resolved");
    assert.deepEqual([resolved.payload["requestId"], resolved.payload["decision"]], [requestId, "approved"]);
    await using client = await gateway.connect({ device, scopes: READ, headers: FORWARDED });
    const status = await client.call("device.pair.list");
    assert.equal(status.error?.message, "missing scope: operator.pairing");
  },
  "a rejected device is told so to everybody and may ask again": async (gateway) => {
    const options = { device: makeIdentity(), token: TEST_TOKEN, scopes: READ, headers: FORWARDED };
    await using owner = await gateway.connect();
    const { requestId } = Object((await tryConnect(gateway, options)).error?.details);
    await owner.request("device.pair.reject", { requestId });
    await owner.waitEvent(({ event, payload }) =>
      event === "device.pair.resolved" && payload["decision"] === "rejected"
    );
    const again = Object((await tryConnect(gateway, options)).error?.details);
    assert.notEqual(again.requestId, requestId);
  },
  "a deviceless client from elsewhere is let in by the secret and may do nothing": async (gateway) => {
    await using client = await gateway.connect({ headers: FORWARDED });
    assert.deepEqual(authOf(client).scopes, []);
    assert.equal((await client.call("status")).error?.message, "missing scope: operator.read");
    await client.request("health");
  },
});

/** The HTTP status that an upgrade was refused with, or what the handshake answered. */
async function pageResult(gateway: TestGateway, host: string, origin: string | undefined): Promise<string> {
  const options = {
    token: TEST_TOKEN,
    device: makeIdentity(),
    headers: { host },
    ...(origin === undefined ? {} : { origin }),
  };
  try {
    const res = await tryConnect(gateway, options);
    return res.ok ? "in" : `${codeOf(res)} ${Object(res.error?.details).reason ?? ""}`.trim();
  } catch (error) {
    const status = /Unexpected server response: (\d+)/u.exec(String(error))?.[1];
    if (status === undefined) throw error;
    return `HTTP ${status}`;
  }
}

gatewayTest("pages and hosts", {
  config: {
    gateway: { controlUi: { allowedOrigins: ["https://ui.example.com"] }, publicUrl: "https://gw.example.com" },
  },
}, {
  "a page gets in by its own Host or by the list, and in no other way": async (gateway) => {
    const own = `127.0.0.1:${gateway.port}`;
    const refused = "CONTROL_UI_ORIGIN_NOT_ALLOWED origin-not-allowed";
    const cases: [host: string, origin: string | undefined, result: string][] = [
      [own, undefined, "in"],
      [own, `http://${own}`, "in"],
      ["localhost:4711", "http://localhost:4711", "in"],
      [own, "https://ui.example.com", "in"],
      [own, `https://${own}`, refused],
      [own, `http://127.0.0.1:${gateway.port + 1}`, refused],
      [own, `http://localhost:${gateway.port}`, refused],
      [own, "http://evil.example", refused],
      [own, "https://ui.example.com.evil.example", refused],
      [own, "null", "HTTP 403"],
      ["evil.example", "http://evil.example", "HTTP 403"],
      [`evil.example:${gateway.port}`, `http://evil.example:${gateway.port}`, "HTTP 403"],
      ["evil.example", "https://ui.example.com", "HTTP 403"],
      ["evil.example", undefined, "PAIRING_REQUIRED not-paired"],
      ["gw.example.com", "https://gw.example.com", "PAIRING_REQUIRED not-paired"],
      ["gw.example.com", "http://gw.example.com", refused],
    ];
    for (const [host, origin, result] of cases) {
      assert.equal(await pageResult(gateway, host, origin), result, `Host ${host}, Origin ${origin}`);
    }
  },
});

gatewayTest("guessing", {}, {
  "is answered late on loopback, and the right secret is answered at once": async (gateway) => {
    const timed = async (token: string): Promise<number> => {
      const started = performance.now();
      await tryConnect(gateway, { token });
      return performance.now() - started;
    };
    assert.ok(await timed("wrong") >= 240);
    assert.ok(await timed("wrong") >= 490);
    assert.ok(await timed(TEST_TOKEN) < 900, "a third wrong one would wait a second");
  },
  "through a tunnel ends in a lock that names the wait, and leaves the owner alone": async (gateway) => {
    for (let i = 0; i < 10; i++) await tryConnect(gateway, { token: `guess ${i}`, headers: FORWARDED });
    const res = await tryConnect(gateway, { token: TEST_TOKEN, headers: { "x-forwarded-for": "198.51.100.7" } });
    assert.equal(codeOf(res), "AUTH_RATE_LIMITED");
    const { retryAfterMs = 0, retryable } = Object(res.error);
    assert.ok(retryable && retryAfterMs > 290_000 && retryAfterMs <= 300_000);
    await using owner = await gateway.connect();
    await owner.request("status");
  },
});

gatewayTest("mode password", { config: { gateway: { auth: { mode: "password", password: "open sesame" } } } }, {
  "takes the password in either field and names it in the refusal": async (gateway) => {
    for (const options of [{ password: "open sesame" }, { token: "open sesame" }]) {
      await using client = await TestClient.connect(gateway.url, options);
      assert.equal(authOf(client).method, "password");
    }
    const res = await tryConnect(gateway, { password: "wrong" });
    assert.equal(codeOf(res), "AUTH_PASSWORD_MISMATCH");
  },
});

gatewayTest("localRoles ask", { config: { gateway: { pairing: { localRoles: "ask" } } } }, {
  "a second role on the same identity waits for the owner": async (gateway) => {
    const device = makeIdentity();
    const node = { device, token: TEST_TOKEN, role: "node", client: { id: "node-host", mode: "node" } };
    await using operator = await gateway.connect({ protocol: 3, device });
    const asked = await tryConnect(gateway, { protocol: 3, ...node });
    assert.equal(asked.error?.message, "pairing required");
    await operator.request("device.pair.approve", { requestId: Object(asked.error?.details).requestId });
    await using host = await gateway.connect({ protocol: 3, ...node });
    assert.deepEqual(authOf(host).scopes, []);
  },
});
