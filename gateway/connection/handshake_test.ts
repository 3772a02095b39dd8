import assert from "node:assert/strict";
import { connectParams } from "../../tests/helpers/connect_params.ts";
import { makeWorld, SECRET } from "../../tests/helpers/handshakes.ts";
import { makeIdentity } from "../../tests/helpers/identity.ts";
import type { Accepted, HandshakeOutcome } from "./handshake.ts";
import type { Refusal } from "./handshake_refusal.ts";

const device = makeIdentity();
const PASSWORD = { auth: { mode: "password", password: SECRET } };

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
  const first = world.open();
  const recorded = connectParams({ token: SECRET, device, signedAt: world.clock.now() }, first.challenge);
  accepted(await first.connect(recorded));
  assert.equal(refused(await world.open().connect(recorded)).error.message, "device nonce mismatch");
});
