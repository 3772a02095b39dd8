import assert from "node:assert/strict";
import { checker } from "../../schemas/validate.ts";
import { ErrorShape } from "../../schemas/error.ts";
import type { ConnectOptions } from "../../tests/helpers/connect_params.ts";
import { makeWorld, SECRET, type Where, type World } from "../../tests/helpers/handshakes.ts";
import { makeIdentity } from "../../tests/helpers/identity.ts";
import type { Accepted, HandshakeOutcome } from "./handshake.ts";
import type { Refusal } from "./handshake_refusal.ts";

const device = makeIdentity();
const other = makeIdentity();
const UI = { id: "openclaw-control-ui", mode: "webchat" };
const checkError = checker(ErrorShape);

function refused(outcome: HandshakeOutcome, label = ""): Refusal {
  assert.equal(outcome.kind, "refused", label);
  assert.ok(outcome.kind === "refused");
  return outcome;
}

function accepted(outcome: HandshakeOutcome): Accepted {
  assert.equal(outcome.kind, "accepted", outcome.kind === "refused" ? outcome.error.message : "");
  assert.ok(outcome.kind === "accepted");
  return outcome;
}

const detailsOf = (refusal: Refusal): Record<string, unknown> => ({ ...Object(refusal.error.details) });
const scopesOf = (outcome: HandshakeOutcome): string[] => [...accepted(outcome).identity.grant.scopes];

interface Row {
  readonly name: string;
  readonly gateway?: Record<string, unknown>;
  readonly unset?: "token" | "password";
  readonly where?: Where;
  readonly options: ConnectOptions;
  /** Per protocol where they differ. */
  readonly message: string | { readonly 3: string; readonly 4: string };
  readonly code?: string;
  readonly detail: string;
  readonly reason?: string;
  readonly close?: number;
  readonly protocols?: readonly (3 | 4)[];
  readonly prepare?: (world: World) => void | Promise<void>;
}

const ORIGIN_TEXT =
  "origin not allowed (open the Control UI from the gateway host or allow it in gateway.controlUi.allowedOrigins)";
const PASSWORD = { auth: { mode: "password", password: SECRET } };

/** Every refusal of handshake facts, sections 4, 6 and 6.2. */
const REFUSALS: readonly Row[] = [
  {
    name: "parameters that do not match",
    options: { token: SECRET, client: { id: "stranger" } },
    message: "invalid connect params: at /client/id: must be equal to one of the allowed values",
    detail: "INVALID_CONNECT_PARAMS",
  },
  {
    name: "an unknown role",
    options: { token: SECRET, role: "king" },
    message: "invalid role",
    detail: "INVALID_ROLE",
  },
  {
    name: "a page of another origin",
    where: { origin: "http://evil.com" },
    options: { token: SECRET, device },
    message: ORIGIN_TEXT,
    detail: "CONTROL_UI_ORIGIN_NOT_ALLOWED",
    reason: "origin-not-allowed",
  },
  {
    name: "a sandboxed page",
    where: { origin: "null" },
    options: { token: SECRET, device },
    message: ORIGIN_TEXT,
    detail: "CONTROL_UI_ORIGIN_NOT_ALLOWED",
    reason: "origin-null",
  },
  {
    name: "a rebound page",
    where: { origin: "http://evil.com", host: "evil.com" },
    options: { token: SECRET, device },
    message: ORIGIN_TEXT,
    detail: "CONTROL_UI_ORIGIN_NOT_ALLOWED",
    reason: "host-unknown",
  },
  {
    name: "a Control UI that names no origin",
    options: { token: SECRET, device, client: UI },
    message: ORIGIN_TEXT,
    detail: "CONTROL_UI_ORIGIN_NOT_ALLOWED",
    reason: "origin-missing",
  },
  {
    name: "a Control UI without a device",
    where: { origin: "http://127.0.0.1:18789" },
    options: { token: SECRET, client: UI },
    message: "control ui requires HTTPS or localhost (secure context)",
    detail: "CONTROL_UI_DEVICE_IDENTITY_REQUIRED",
  },
  {
    name: "no device and a wrong secret",
    options: { token: "wrong" },
    message: "unauthorized: gateway token mismatch (set gateway.remote.token to match gateway.auth.token)",
    detail: "AUTH_TOKEN_MISMATCH",
  },
  {
    name: "no device and nothing else",
    options: {},
    message: "device identity required",
    code: "NOT_PAIRED",
    detail: "DEVICE_IDENTITY_REQUIRED",
  },
  {
    name: "no device, an empty secret and a code",
    options: { token: "", bootstrapToken: "x".repeat(32) },
    message: "device identity required",
    code: "NOT_PAIRED",
    detail: "DEVICE_IDENTITY_REQUIRED",
  },
  {
    name: "a node without a device",
    options: { token: SECRET, role: "node" },
    message: "device identity required",
    code: "NOT_PAIRED",
    detail: "DEVICE_IDENTITY_REQUIRED",
  },
  {
    name: "a device id of another key",
    options: { token: SECRET, device: { ...device, id: other.id } },
    message: "device identity mismatch",
    detail: "DEVICE_AUTH_DEVICE_ID_MISMATCH",
    reason: "device-id-mismatch",
  },
  {
    name: "a public key that is none",
    options: { token: SECRET, device: { ...device, publicKey: "AAAA" } },
    message: "device public key invalid",
    detail: "DEVICE_AUTH_PUBLIC_KEY_INVALID",
    reason: "device-public-key",
  },
  {
    name: "a stale signature",
    options: { token: SECRET, device, signedAt: 1 },
    message: "device signature expired",
    detail: "DEVICE_AUTH_SIGNATURE_EXPIRED",
    reason: "device-signature-stale",
  },
  {
    name: "a remote device that does not sign the nonce",
    where: "remote",
    options: { token: SECRET, device, nonce: null },
    message: "device nonce required",
    detail: "DEVICE_AUTH_NONCE_REQUIRED",
    reason: "device-nonce-missing",
  },
  {
    name: "a local device of protocol 4 that does not sign the nonce",
    options: { token: SECRET, device, nonce: null },
    message: "device nonce required",
    detail: "DEVICE_AUTH_NONCE_REQUIRED",
    reason: "device-nonce-missing",
    protocols: [4],
  },
  {
    name: "the nonce of another socket",
    options: { token: SECRET, device, nonce: "other" },
    message: "device nonce mismatch",
    detail: "DEVICE_AUTH_NONCE_MISMATCH",
    reason: "device-nonce-mismatch",
  },
  {
    name: "a signature by another key",
    options: { token: SECRET, device: { ...device, privateKey: other.privateKey } },
    message: "device signature invalid",
    detail: "DEVICE_AUTH_SIGNATURE_INVALID",
    reason: "device-signature",
  },
  {
    name: "a device with nothing to show",
    options: { device, client: { id: "test", mode: "test" } },
    message: "unauthorized: gateway token missing (provide gateway auth token)",
    detail: "AUTH_TOKEN_MISSING",
  },
  {
    name: "a device with a wrong token",
    options: { device, token: "wrong", client: { id: "gateway-client", mode: "backend" } },
    message: "unauthorized: gateway token mismatch (provide gateway auth token)",
    detail: "AUTH_TOKEN_MISMATCH",
  },
  {
    name: "a page with a wrong token",
    where: { origin: "http://127.0.0.1:18789" },
    options: { device, token: "wrong", client: UI },
    message: "unauthorized: gateway token mismatch (open the dashboard URL and paste the token in Control UI settings)",
    detail: "AUTH_TOKEN_MISMATCH",
  },
  {
    name: "password mode without a password",
    gateway: PASSWORD,
    options: { device },
    message: "unauthorized: gateway password missing (set gateway.remote.password to match gateway.auth.password)",
    detail: "AUTH_PASSWORD_MISSING",
  },
  {
    name: "password mode with a wrong password",
    gateway: PASSWORD,
    where: { origin: "http://127.0.0.1:18789" },
    options: { device, password: "wrong", client: UI },
    message: "unauthorized: gateway password mismatch (enter the password in Control UI settings)",
    detail: "AUTH_PASSWORD_MISMATCH",
  },
  {
    name: "a token that is not configured",
    unset: "token",
    options: { device, token: "any" },
    message: "unauthorized: gateway token not configured on gateway (set gateway.auth.token)",
    detail: "AUTH_TOKEN_NOT_CONFIGURED",
  },
  {
    name: "a password that is not configured",
    unset: "password",
    options: { device, password: "any" },
    message: "unauthorized: gateway password not configured on gateway (set gateway.auth.password)",
    detail: "AUTH_PASSWORD_NOT_CONFIGURED",
  },
  {
    name: "a device token that was never issued",
    protocols: [4],
    options: { device, deviceToken: "wrong" },
    message: "unauthorized: device token mismatch (connect with the gateway token or password to get a new one)",
    detail: "AUTH_DEVICE_TOKEN_MISMATCH",
  },
  {
    name: "a code that was never issued",
    protocols: [4],
    options: { device, bootstrapToken: "wrong" },
    message: "unauthorized: one-use code invalid, used or expired (ask the gateway for a new link)",
    detail: "AUTH_BOOTSTRAP_TOKEN_INVALID",
  },
  {
    name: "too many failures",
    where: "remote",
    options: { token: SECRET },
    message: "unauthorized: too many failed attempts (wait, then try again)",
    detail: "AUTH_RATE_LIMITED",
    prepare: async (world) => {
      for (let i = 0; i < 10; i++) await world.connect({ token: "wrong" }, "remote");
    },
  },
  {
    name: "an unpaired remote device",
    where: "remote",
    options: { token: SECRET, device },
    message: { 3: "pairing required", 4: "pairing required: device is not approved yet" },
    code: "NOT_PAIRED",
    detail: "PAIRING_REQUIRED",
    reason: "not-paired",
  },
];

for (const row of REFUSALS) {
  for (const protocol of row.protocols ?? [3, 4] as const) {
    Deno.test(`protocol ${protocol} refuses ${row.name}`, async () => {
      const world = await makeWorld(row.gateway, {}, row.unset);
      await row.prepare?.(world);
      const message = typeof row.message === "string" ? row.message : row.message[protocol];
      const refusal = refused(await world.connect({ protocol, ...row.options }, row.where));
      const { error, close } = refusal;
      assert.equal(error.message, message);
      assert.equal(error.code, row.code ?? "INVALID_REQUEST");
      assert.equal(close.code, row.close ?? 1008);
      assert.ok(close.reason.startsWith(message.slice(0, 100)), close.reason);
      assert.ok(new TextEncoder().encode(close.reason).length <= 120);
      const details = detailsOf(refusal);
      assert.equal(details["code"], row.detail);
      if (row.reason !== undefined) assert.equal(details["reason"], row.reason);
      assert.ok(String(details["remediationHint"]).length > 10, "every refusal names a next step");
      assert.equal(checkError.is(error), true, "no keys beside those of the protocol");
      assert.equal(JSON.stringify(refusal).includes(SECRET), false);
    });
  }
}

Deno.test("protocols are negotiated to the highest that both speak, and echoed", async () => {
  const world = await makeWorld();
  for (
    const [range, chosen] of [[[3, 3], 3], [[4, 4], 4], [[3, 4], 4], [[1, 3], 3], [[4, 9], 4], [[1, 99], 4]] as const
  ) {
    const { identity } = accepted(await world.connect({ protocol: range, token: SECRET }));
    assert.equal(identity.protocol, chosen);
  }
});

Deno.test("a protocol that we do not speak is refused with 1002 and both forms of details", async () => {
  const world = await makeWorld();
  for (const [range, expected] of [[[1, 2], 3], [[5, 9], 4], [[4, 3], 3]] as const) {
    const refusal = refused(await world.connect({ protocol: range, token: SECRET }));
    assert.deepEqual([refusal.close.code, refusal.close.reason], [1002, "protocol mismatch"]);
    assert.equal(refusal.error.message, "protocol mismatch");
    const { remediationHint: _, ...details } = detailsOf(refusal);
    assert.deepEqual(details, {
      code: "PROTOCOL_MISMATCH",
      clientMinProtocol: range[0],
      clientMaxProtocol: range[1],
      expectedProtocol: expected,
      minimumProbeProtocol: 3,
    });
  }
});

Deno.test("what is no object, or misses a member, is named in the error", async () => {
  const world = await makeWorld();
  for (const params of [undefined, null, [], "connect", 4]) {
    assert.match(refused(await world.open().connect(params)).error.message, /^invalid connect params: at root/u);
  }
  const { error } = refused(await world.open().connect({ minProtocol: 4, maxProtocol: "4", client: {} }));
  assert.match(error.message, /at \/maxProtocol: must be integer/u);
  assert.match(error.message, /at \/client: must have required property 'id'/u);
});

Deno.test("unknown keys at every level are accepted", async () => {
  const world = await makeWorld();
  const extra = { computerUse: {}, modelCatalog: 1, auth: { token: SECRET, approvalRuntimeToken: "x" } };
  accepted(await world.connect({ token: SECRET, extra }));
});

Deno.test("a challenge answers for one connect only", async () => {
  const world = await makeWorld();
  const handshake = world.open();
  assert.equal(handshake.challenge.ts, world.clock.now());
  assert.notEqual(handshake.challenge.nonce, world.open().challenge.nonce);
  refused(await handshake.connect(null));
  assert.match(refused(await handshake.connect(null)).error.message, /first request/u);
});

Deno.test("a deviceless operator with the secret keeps its scopes on this host and has none from elsewhere", async () => {
  const world = await makeWorld();
  const clients = [{ id: "cli", mode: "cli" }, { id: "gateway-client", mode: "backend" }, { id: "cli", mode: "probe" }];
  for (const protocol of [3, 4] as const) {
    for (const client of clients) {
      const options = { protocol, token: SECRET, client, scopes: ["operator.read"] };
      assert.deepEqual(scopesOf(await world.connect(options)), ["operator.read"]);
      assert.deepEqual(scopesOf(await world.connect(options, "remote")), []);
      assert.deepEqual(scopesOf(await world.connect(options, { host: "evil.com" })), []);
      assert.deepEqual(scopesOf(await world.connect(options, { headers: { "x-forwarded-for": "127.0.0.1" } })), []);
    }
  }
});

Deno.test("hello's auth: nothing for a deviceless client of protocol 3, role and live scopes otherwise", async () => {
  const world = await makeWorld();
  assert.equal(accepted(await world.connect({ protocol: 3, token: SECRET })).auth, undefined);
  const { auth } = accepted(await world.connect({ protocol: 4, token: SECRET, scopes: ["operator.read"] }));
  assert.deepEqual(auth, { role: "operator", scopes: ["operator.read"] });
  const paired = accepted(await world.connect({ protocol: 3, token: SECRET, device, scopes: ["operator.read"] }));
  assert.match(paired.auth?.deviceToken ?? "", /^[A-Za-z0-9_-]{43}$/u);
  assert.deepEqual(paired.auth?.scopes, ["operator.read"]);
  assert.equal(paired.auth?.issuedAtMs, world.clock.now());
});

Deno.test("an operator with a device that asks for nothing gets nothing", async () => {
  const world = await makeWorld();
  await world.connect({ token: SECRET, device });
  assert.deepEqual(scopesOf(await world.connect({ token: SECRET, device, scopes: [] })), []);
});

Deno.test("unknown scopes are neither granted nor stored", async () => {
  const world = await makeWorld();
  const scopes = ["operator.read", "operator.root", "admin", "operator.read"];
  assert.deepEqual(scopesOf(await world.connect({ token: SECRET, device, scopes })), ["operator.read"]);
  assert.deepEqual(world.auth.pairing.get(device.id)?.scopes, ["operator.read"]);
});

Deno.test("a node has no scopes and keeps what it declares", async () => {
  const world = await makeWorld();
  const extra = { permissions: { camera: true }, pathEnv: "/bin" };
  const options = { token: SECRET, device, role: "node", scopes: ["operator.admin"], caps: ["system"], extra };
  const { identity } = accepted(
    await world.connect({ ...options, commands: ["system.which"], client: { id: "node-host", mode: "node" } }),
  );
  assert.equal(identity.grant.role, "node");
  assert.deepEqual([...identity.grant.scopes], []);
  assert.deepEqual(identity.node, {
    caps: ["system"],
    commands: ["system.which"],
    permissions: { camera: true },
    pathEnv: "/bin",
  });
  assert.deepEqual(world.auth.pairing.get(device.id)?.scopes, []);
});

Deno.test("the identity says what the handshake established", async () => {
  const world = await makeWorld();
  const local = accepted(await world.connect({ token: SECRET, device, caps: ["tool-events"] })).identity;
  assert.deepEqual(
    [local.deviceId, local.method, local.local, local.remoteIp, local.caps.has("tool-events"), local.node],
    [device.id, "token", true, undefined, true, undefined],
  );
  const remote = accepted(await world.connect({ token: SECRET }, "remote")).identity;
  assert.deepEqual([remote.deviceId, remote.local, remote.remoteIp], [undefined, false, "9.9.9.9"]);
  assert.equal(remote.connectedAtMs, world.clock.now());
});

Deno.test("mode none lets local clients in without anything", async () => {
  const world = await makeWorld({ auth: { mode: "none" } });
  const { identity } = accepted(await world.connect({}));
  assert.equal(identity.method, "none");
  assert.equal(identity.grant.scopes.has("operator.admin"), true);
  accepted(await world.connect({ token: "whatever", device }));
  assert.deepEqual(scopesOf(await world.connect({}, { host: "evil.com" })), []);
});

Deno.test("either field carries the secret on both protocols", async () => {
  for (const gateway of [{}, PASSWORD]) {
    const world = await makeWorld(gateway);
    for (const protocol of [3, 4] as const) {
      accepted(await world.connect({ protocol, token: SECRET }));
      accepted(await world.connect({ protocol, password: SECRET }));
    }
  }
});

Deno.test("v1 without a nonce, v2 and v3 are accepted from local clients of protocol 3; v2 and v3 on protocol 4", async () => {
  const world = await makeWorld();
  accepted(await world.connect({ protocol: 3, token: SECRET, device, nonce: null }));
  for (const protocol of [3, 4] as const) {
    for (const signature of ["v2", "v3"] as const) {
      accepted(await world.connect({ protocol, token: SECRET, device, signature }));
    }
  }
});

Deno.test("signatures may be ten minutes old on protocol 3 and two on protocol 4", async () => {
  const world = await makeWorld();
  for (const [protocol, limit] of [[3, 600_000], [4, 120_000]] as const) {
    for (const age of [limit, -limit]) {
      const signedAt = world.clock.now() - age;
      accepted(await world.connect({ protocol, token: SECRET, device, signedAt }));
      const beyond = await world.connect({ protocol, token: SECRET, device, signedAt: signedAt - Math.sign(age) });
      assert.equal(refused(beyond).error.message, "device signature expired");
    }
  }
});

Deno.test("a recorded connect is refused on any other socket", async () => {
  const world = await makeWorld();
  const { connectParams } = await import("../../tests/helpers/connect_params.ts");
  const first = world.open();
  const recorded = connectParams({ token: SECRET, device, signedAt: world.clock.now() }, first.challenge);
  accepted(await first.connect(recorded));
  assert.equal(refused(await world.open().connect(recorded)).error.message, "device nonce mismatch");
});
