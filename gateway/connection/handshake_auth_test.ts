import assert from "node:assert/strict";
import type { ConnectOptions } from "../../tests/helpers/connect_params.ts";
import { makeWorld, SECRET, type Where, type World } from "../../tests/helpers/handshakes.ts";
import { type Identity, makeIdentity } from "../../tests/helpers/identity.ts";
import type { HandshakeOutcome } from "./handshake.ts";

const READ = ["operator.read"];
const ADMIN = ["operator.admin"];

const detailsOf = (outcome: HandshakeOutcome): Record<string, unknown> =>
  outcome.kind === "refused" ? { ...Object(outcome.error.details) } : {};
/** `ok <method>` or the code of the refusal. */
function resultOf(outcome: HandshakeOutcome): string {
  return outcome.kind === "accepted" ? `ok ${outcome.identity.method}` : String(detailsOf(outcome)["code"]);
}

/** A paired device and its token with these scopes. */
async function paired(
  world: World,
  scopes = READ,
  where: Where = "local",
): Promise<{ device: Identity; token: string }> {
  const device = makeIdentity();
  const outcome = await world.connect({ token: SECRET, device, scopes }, where);
  assert.ok(outcome.kind === "accepted");
  return { device, token: outcome.auth?.deviceToken ?? "" };
}

Deno.test("a device token stands for the secret: in auth.token on protocol 3, in auth.deviceToken or auth.token on 4", async () => {
  const world = await makeWorld();
  const { device, token } = await paired(world);
  const forms: ConnectOptions[] = [{ protocol: 3, token }, { deviceToken: token }, { token }];
  for (const where of ["local", "remote"] as const) {
    for (const form of forms) {
      const outcome = await world.connect({ device, scopes: READ, ...form }, where);
      assert.equal(resultOf(outcome), "ok device-token");
      assert.ok(outcome.kind === "accepted");
      assert.equal(outcome.auth?.deviceToken, token, "the token that was shown stays the device's token");
    }
  }
});

Deno.test("the shared secret is named before the device token, and keeps it", async () => {
  const world = await makeWorld();
  const { device, token } = await paired(world);
  const outcome = await world.connect({ device, token: SECRET, deviceToken: token, scopes: READ });
  assert.equal(resultOf(outcome), "ok token");
  assert.ok(outcome.kind === "accepted");
  assert.equal(outcome.auth?.deviceToken, token);
});

Deno.test("a device token does not cover more scopes than it has, locally either", async () => {
  const world = await makeWorld();
  const { device, token } = await paired(world);
  const attempts: ConnectOptions[] = [
    { deviceToken: token, scopes: ADMIN },
    { deviceToken: token, scopes: [...READ, "operator.write"] },
    { protocol: 3, token, scopes: ADMIN },
  ];
  for (const options of attempts) {
    for (const where of ["local", "remote"] as const) {
      const outcome = await world.connect({ device, ...options }, where);
      assert.equal(resultOf(outcome), "AUTH_SCOPE_MISMATCH");
      assert.equal(detailsOf(outcome)["authReason"], "scope_mismatch");
    }
  }
  assert.deepEqual(world.auth.pairing.get(device.id)?.scopes, READ);
  assert.equal(resultOf(await world.connect({ device, deviceToken: token, scopes: [] })), "ok device-token");
});

Deno.test("a token rotated to less stays less, though more was once approved", async () => {
  const world = await makeWorld();
  const { device } = await paired(world, ADMIN);
  const { token } = world.auth.deviceTokens.rotate(device.id, "operator", READ);
  assert.equal(resultOf(await world.connect({ device, deviceToken: token, scopes: ADMIN })), "AUTH_SCOPE_MISMATCH");
  assert.equal(resultOf(await world.connect({ device, deviceToken: token, scopes: READ })), "ok device-token");
});

Deno.test("the token of another device or role, a revoked and a rotated one are refused", async () => {
  const world = await makeWorld();
  const a = await paired(world);
  const b = await paired(world);
  const refused = async (options: ConnectOptions) =>
    assert.equal(resultOf(await world.connect({ scopes: READ, ...options })), "AUTH_DEVICE_TOKEN_MISMATCH");
  await refused({ device: a.device, deviceToken: b.token });
  await refused({ device: a.device, deviceToken: a.token, role: "node", scopes: [] });
  world.auth.deviceTokens.rotate(a.device.id, "operator", undefined);
  await refused({ device: a.device, deviceToken: a.token });
  world.auth.deviceTokens.revoke(b.device.id, "operator");
  await refused({ device: b.device, deviceToken: b.token });
  world.auth.pairing.remove(b.device.id);
  await refused({ device: b.device, deviceToken: b.token });
});

Deno.test("a device token without its device's proof is nothing", async () => {
  const world = await makeWorld();
  const { device, token } = await paired(world);
  assert.equal(resultOf(await world.connect({ deviceToken: token })), "DEVICE_IDENTITY_REQUIRED");
  assert.equal(resultOf(await world.connect({ token })), "AUTH_TOKEN_MISMATCH");
  const thief = { ...device, privateKey: makeIdentity().privateKey };
  assert.equal(resultOf(await world.connect({ device: thief, deviceToken: token })), "DEVICE_AUTH_SIGNATURE_INVALID");
});

Deno.test("a known device with an outdated secret is told to try its token, once and only on protocol 4", async () => {
  const world = await makeWorld();
  const { device } = await paired(world);
  const hint = async (options: ConnectOptions) => {
    const details = detailsOf(await world.connect({ device, token: "outdated", scopes: READ, ...options }));
    return [details["canRetryWithDeviceToken"], details["recommendedNextStep"]];
  };
  assert.deepEqual(await hint({}), [true, "retry_with_device_token"]);
  assert.deepEqual(await hint({ protocol: 3 }), [undefined, "update_auth_credentials"]);
  assert.deepEqual(await hint({ deviceToken: "also wrong" }), [undefined, "update_auth_credentials"]);
  assert.deepEqual(await hint({ device: makeIdentity() }), [undefined, "update_auth_credentials"]);
  world.auth.deviceTokens.revoke(device.id, "operator");
  assert.deepEqual(await hint({}), [undefined, "update_auth_credentials"]);
});

Deno.test("two processes of one device that log in by the secret in turn keep their tokens", async () => {
  const world = await makeWorld();
  const { device, token: first } = await paired(world);
  const again = await world.connect({ device, token: SECRET, scopes: ADMIN });
  assert.ok(again.kind === "accepted");
  const second = again.auth?.deviceToken ?? "";
  assert.notEqual(second, first);
  for (const deviceToken of [first, second]) {
    assert.equal(resultOf(await world.connect({ device, deviceToken, scopes: READ })), "ok device-token");
  }
});

Deno.test("one identity is operator and node side by side", async () => {
  const world = await makeWorld();
  const { device, token } = await paired(world);
  const node = await world.connect({ protocol: 3, device, token: SECRET, role: "node" });
  assert.ok(node.kind === "accepted");
  const nodeToken = node.auth?.deviceToken ?? "";
  assert.equal(resultOf(await world.connect({ device, deviceToken: token, scopes: READ })), "ok device-token");
  assert.equal(resultOf(await world.connect({ device, deviceToken: nodeToken, role: "node" })), "ok device-token");
  assert.equal(
    resultOf(await world.connect({ device, deviceToken: nodeToken, scopes: [] })),
    "AUTH_DEVICE_TOKEN_MISMATCH",
  );
});

Deno.test("a one-use code stands once for secret and approval, from anywhere", async () => {
  const world = await makeWorld();
  const { code } = world.auth.bootstrap.issue();
  const device = makeIdentity();
  const first = await world.connect({ device, bootstrapToken: code, scopes: ADMIN }, "remote");
  assert.equal(resultOf(first), "ok bootstrap-token");
  assert.ok(first.kind === "accepted");
  assert.deepEqual([...first.identity.grant.scopes], ADMIN);
  assert.equal(world.auth.pairing.get(device.id)?.approvedVia, "bootstrap");
  assert.equal(
    resultOf(await world.connect({ device, bootstrapToken: code }, "remote")),
    "AUTH_BOOTSTRAP_TOKEN_INVALID",
  );
  const deviceToken = first.auth?.deviceToken ?? "";
  assert.equal(resultOf(await world.connect({ device, deviceToken, scopes: ADMIN }, "remote")), "ok device-token");
});

Deno.test("a code with a bad proof, without a device or for a node is not used up", async () => {
  const world = await makeWorld();
  const { code } = world.auth.bootstrap.issue();
  const device = makeIdentity();
  assert.equal(resultOf(await world.connect({ bootstrapToken: code })), "DEVICE_IDENTITY_REQUIRED");
  assert.equal(
    resultOf(await world.connect({ device, bootstrapToken: code, nonce: "x" })),
    "DEVICE_AUTH_NONCE_MISMATCH",
  );
  const node = await world.connect({ device, bootstrapToken: code, role: "node" });
  assert.equal(resultOf(node), "AUTH_BOOTSTRAP_TOKEN_INVALID");
  assert.equal(resultOf(await world.connect({ device, bootstrapToken: code, token: SECRET })), "ok token");
  assert.equal(resultOf(await world.connect({ device, bootstrapToken: code })), "ok bootstrap-token");
});

Deno.test("a remote device with secret and code needs no approval, and the code is used up", async () => {
  const world = await makeWorld();
  const { code } = world.auth.bootstrap.issue();
  const options = { token: SECRET, bootstrapToken: code };
  assert.equal(resultOf(await world.connect({ device: makeIdentity(), ...options }, "remote")), "ok token");
  assert.equal(resultOf(await world.connect({ device: makeIdentity(), ...options }, "remote")), "PAIRING_REQUIRED");
});

Deno.test("an expired code is refused", async () => {
  const world = await makeWorld();
  const { code } = world.auth.bootstrap.issue();
  world.clock.advance(600_000);
  const outcome = await world.connect({ device: makeIdentity(), bootstrapToken: code });
  assert.equal(resultOf(outcome), "AUTH_BOOTSTRAP_TOKEN_INVALID");
});

Deno.test("ten failures lock a stranger out with retryAfterMs, the right secret included, until the time is over", async () => {
  const world = await makeWorld();
  for (let i = 0; i < 10; i++) {
    const outcome = await world.connect({ token: "guess" }, "remote");
    assert.equal(resultOf(outcome), "AUTH_TOKEN_MISMATCH");
    assert.ok(outcome.kind === "refused" && outcome.delayMs === 0);
  }
  world.clock.advance(1_000);
  const locked = await world.connect({ token: SECRET }, "remote");
  assert.equal(resultOf(locked), "AUTH_RATE_LIMITED");
  assert.ok(locked.kind === "refused");
  assert.equal(locked.error.retryAfterMs, 299_000);
  assert.equal(detailsOf(locked)["recommendedNextStep"], "wait_then_retry");
  assert.equal(resultOf(await world.connect({ token: SECRET }, { address: "8.8.8.8" })), "ok token");
  assert.equal(resultOf(await world.connect({ token: SECRET })), "ok token");
  world.clock.advance(299_000);
  assert.equal(resultOf(await world.connect({ token: SECRET }, "remote")), "ok token");
});

Deno.test("a missing credential and a bad proof are not counted", async () => {
  const world = await makeWorld();
  const device = makeIdentity();
  for (let i = 0; i < 12; i++) {
    await world.connect({}, "remote");
    await world.connect({ device }, "remote");
    await world.connect({ device, token: "x", nonce: "bad" }, "remote");
  }
  assert.equal(resultOf(await world.connect({ token: SECRET }, "remote")), "ok token");
});

Deno.test("loopback is delayed more and more and never locked out", async () => {
  const world = await makeWorld();
  const delays: number[] = [];
  for (let i = 0; i < 12; i++) {
    const outcome = await world.connect({ token: "guess" });
    assert.ok(outcome.kind === "refused");
    delays.push(outcome.delayMs);
  }
  assert.deepEqual(delays.slice(0, 7), [250, 500, 1_000, 2_000, 4_000, 5_000, 5_000]);
  assert.equal(delays.at(-1), 5_000);
  assert.equal(resultOf(await world.connect({ token: SECRET })), "ok token");
});

Deno.test("the other side of an untrusted tunnel is locked out, the owner on loopback is not", async () => {
  const world = await makeWorld();
  const tunnel = (from: string) => ({ headers: { "x-forwarded-for": from } });
  for (let i = 0; i < 10; i++) await world.connect({ token: "guess" }, tunnel(`9.9.9.${i}`));
  assert.equal(resultOf(await world.connect({ token: SECRET }, tunnel("1.2.3.4"))), "AUTH_RATE_LIMITED");
  assert.equal(resultOf(await world.connect({ token: SECRET })), "ok token");
});

Deno.test("behind a trusted proxy each client is counted by its own address", async () => {
  const world = await makeWorld({ trustedProxies: ["10.0.0.1"] });
  const via = (from: string) => ({ address: "10.0.0.1", headers: { "x-forwarded-for": from } });
  for (let i = 0; i < 10; i++) await world.connect({ token: "guess" }, via("9.9.9.9"));
  assert.equal(resultOf(await world.connect({ token: SECRET }, via("9.9.9.9"))), "AUTH_RATE_LIMITED");
  assert.equal(resultOf(await world.connect({ token: SECRET }, via("8.8.8.8"))), "ok token");
});

Deno.test("purposes are locked apart: a locked secret leaves the device token usable, a page does not lock the CLI", async () => {
  const world = await makeWorld({ controlUi: { allowedOrigins: ["https://ui.example.com"] } });
  const { device, token } = await paired(world);
  for (let i = 0; i < 10; i++) await world.connect({ token: "guess" }, "remote");
  assert.equal(resultOf(await world.connect({ device, token: "guess", scopes: READ }, "remote")), "AUTH_RATE_LIMITED");
  assert.equal(
    resultOf(await world.connect({ device, deviceToken: token, scopes: READ }, "remote")),
    "ok device-token",
  );
  assert.equal(
    resultOf(await world.connect({ device, protocol: 3, token, scopes: READ }, "remote")),
    "ok device-token",
  );
  const page = { address: "8.8.8.8", origin: "https://ui.example.com" };
  for (let i = 0; i < 10; i++) await world.connect({ device: makeIdentity(), token: "guess" }, page);
  assert.equal(resultOf(await world.connect({ token: SECRET }, { address: "8.8.8.8" })), "ok token");
  const fromPage = await world.connect({ device: makeIdentity(), token: SECRET }, page);
  assert.equal(resultOf(fromPage), "AUTH_RATE_LIMITED");
});

Deno.test("device tokens and codes have locks of their own", async () => {
  const world = await makeWorld();
  const { device, token } = await paired(world);
  for (let i = 0; i < 10; i++) await world.connect({ device, deviceToken: "guess", scopes: READ }, "remote");
  assert.equal(
    resultOf(await world.connect({ device, deviceToken: token, scopes: READ }, "remote")),
    "AUTH_RATE_LIMITED",
  );
  const { code } = world.auth.bootstrap.issue();
  assert.equal(
    resultOf(await world.connect({ device, bootstrapToken: code, scopes: READ }, "remote")),
    "ok bootstrap-token",
  );
  for (let i = 0; i < 10; i++) await world.connect({ device, bootstrapToken: "guess" }, "remote");
  const next = world.auth.bootstrap.issue().code;
  assert.equal(resultOf(await world.connect({ device, bootstrapToken: next }, "remote")), "AUTH_RATE_LIMITED");
});

Deno.test("a device with few scopes cannot guess the secret beside its good token without end", async () => {
  const world = await makeWorld();
  const { device, token } = await paired(world);
  for (let i = 0; i < 10; i++) {
    const outcome = await world.connect({ device, deviceToken: token, token: `guess ${i}`, scopes: READ }, "remote");
    assert.equal(resultOf(outcome), "ok device-token");
  }
  const right = await world.connect({ device, deviceToken: token, token: SECRET, scopes: READ }, "remote");
  assert.equal(resultOf(right), "ok device-token", "locked: the right guess is not told");
});

Deno.test("a client of February that shows its device token in auth.token is never counted for it", async () => {
  const world = await makeWorld();
  const { device, token } = await paired(world);
  for (let i = 0; i < 12; i++) {
    const outcome = await world.connect({ protocol: 3, device, token, scopes: READ }, "remote");
    assert.equal(resultOf(outcome), "ok device-token");
    assert.equal(
      resultOf(await world.connect({ protocol: 3, device, token, scopes: ADMIN }, "remote")),
      "AUTH_SCOPE_MISMATCH",
    );
  }
  assert.equal(resultOf(await world.connect({ token: SECRET }, "remote")), "ok token");
});
