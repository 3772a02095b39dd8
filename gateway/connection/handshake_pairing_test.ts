import assert from "node:assert/strict";
import { makeWorld, SECRET, type World } from "../../tests/helpers/handshakes.ts";
import { type Identity, makeIdentity } from "../../tests/helpers/identity.ts";
import type { ConnectOptions } from "../../tests/helpers/connect_params.ts";
import type { HandshakeOutcome } from "./handshake.ts";

const READ = ["operator.read"];
const ADMIN = ["operator.admin"];

const messageOf = (outcome: HandshakeOutcome): string =>
  outcome.kind === "refused" ? outcome.error.message : "accepted";
const detailsOf = (outcome: HandshakeOutcome): Record<string, unknown> =>
  outcome.kind === "refused" ? { ...Object(outcome.error.details) } : {};
const pendingOf = (world: World) => world.auth.pairing.list().pending;

/** Pairs a device from elsewhere: it asks, an owner approves. */
async function pairRemote(world: World, device: Identity, options: ConnectOptions = {}): Promise<void> {
  await world.connect({ token: SECRET, device, scopes: READ, ...options }, "remote");
  world.auth.pairing.approve(pendingOf(world)[0]?.requestId ?? "", "owner");
}

Deno.test("a local device, its wider scopes and its new role are approved silently and announced", async () => {
  const world = await makeWorld();
  const device = makeIdentity();
  for (const options of [{ scopes: READ }, { scopes: ADMIN }, { role: "node" }, { scopes: ADMIN }]) {
    assert.equal(messageOf(await world.connect({ token: SECRET, device, ...options })), "accepted");
  }
  const paired = world.auth.pairing.get(device.id);
  assert.deepEqual(paired?.roles, ["operator", "node"]);
  assert.deepEqual(paired?.scopes, ["operator.read", "operator.admin"]);
  assert.equal(paired?.approvedVia, "silent");
  assert.deepEqual(world.events.map(({ event, payload }) => [event, payload["decision"]]), [
    ["device.pair.resolved", "approved"],
    ["device.pair.resolved", "approved"],
    ["device.pair.resolved", "approved"],
  ]);
  assert.equal(pendingOf(world).length, 0);
});

Deno.test("localRoles ask: a new role waits even here, a new device and wider scopes do not", async () => {
  const world = await makeWorld({ pairing: { localRoles: "ask" } });
  const device = makeIdentity();
  assert.equal(messageOf(await world.connect({ token: SECRET, device, scopes: READ })), "accepted");
  assert.equal(messageOf(await world.connect({ token: SECRET, device, scopes: ADMIN })), "accepted");
  const asked = await world.connect({ token: SECRET, device, role: "node" });
  assert.equal(messageOf(asked), "pairing required: device is asking for a higher role than currently approved");
  assert.equal(detailsOf(asked)["reason"], "role-upgrade");
  const again = await world.connect({ token: SECRET, device, scopes: ADMIN });
  assert.equal(messageOf(again), "accepted", "the role it has still works");
  assert.deepEqual(world.auth.pairing.get(device.id)?.roles, ["operator"]);
  assert.equal(pendingOf(world).length, 1, "a silent approval does not answer the waiting role");
});

Deno.test("a remote device waits, keeps its request id, and is let in once approved", async () => {
  const world = await makeWorld();
  const device = makeIdentity();
  const wish = { token: SECRET, device, scopes: READ, client: { displayName: "Laptop", deviceFamily: "Linux" } };
  const first = await world.connect(wish, "remote");
  const second = await world.connect(wish, "remote");
  const { requestId } = detailsOf(first);
  assert.equal(detailsOf(second)["requestId"], requestId);
  assert.match(String(requestId), /^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/u);
  assert.deepEqual(world.events.map(({ event }) => event), ["device.pair.requested"], "announced once");
  assert.equal(world.events[0]?.payload["remoteIp"], "9.9.9.9");
  world.auth.pairing.approve(String(requestId), "owner");
  assert.equal(messageOf(await world.connect(wish, "remote")), "accepted");
  assert.equal(messageOf(await world.connect({ ...wish, protocol: 3 }, "remote")), "accepted");
});

Deno.test("the refusal holds what clients of both generations read", async () => {
  const world = await makeWorld();
  const device = makeIdentity();
  const outcome = await world.connect({ token: SECRET, device, scopes: READ }, "remote");
  const { requestId, remediationHint, ...details } = detailsOf(outcome);
  assert.ok(String(remediationHint).includes(String(requestId)));
  assert.deepEqual(details, {
    code: "PAIRING_REQUIRED",
    reason: "not-paired",
    deviceId: device.id,
    requestedRole: "operator",
    requestedScopes: READ,
    recommendedNextStep: "wait_then_retry",
  });
  assert.ok(outcome.kind === "refused");
  assert.equal(outcome.close.reason, `pairing required: device is not approved yet (requestId: ${requestId})`);
  const old = await world.connect({ protocol: 3, token: SECRET, device, scopes: READ }, "remote");
  assert.ok(old.kind === "refused");
  assert.deepEqual([old.error.message, old.close.reason], ["pairing required", "pairing required"]);
  assert.equal(detailsOf(old)["requestId"], requestId);
});

Deno.test("a paired remote device waits again for wider scopes, a new role and another machine", async () => {
  const world = await makeWorld();
  const device = makeIdentity();
  await pairRemote(world, device);
  const cases: [ConnectOptions, string, string][] = [
    [{ scopes: ["operator.write"] }, "scope-upgrade", "device is asking for more scopes than currently approved"],
    [{ role: "node" }, "role-upgrade", "device is asking for a higher role than currently approved"],
    [{ client: { platform: "darwin" } }, "metadata-upgrade", "device identity changed and must be re-approved"],
  ];
  for (const [options, reason, text] of cases) {
    const outcome = await world.connect({ token: SECRET, device, scopes: READ, ...options }, "remote");
    assert.equal(messageOf(outcome), `pairing required: ${text}`);
    assert.equal(detailsOf(outcome)["reason"], reason);
    assert.deepEqual(detailsOf(outcome)["approvedScopes"], READ);
    assert.deepEqual(detailsOf(outcome)["approvedRoles"], ["operator"]);
  }
  assert.equal(messageOf(await world.connect({ token: SECRET, device, scopes: READ }, "remote")), "accepted");
});

Deno.test("a replaced request is announced as gone", async () => {
  const world = await makeWorld();
  const device = makeIdentity();
  const narrow = await world.connect({ token: SECRET, device, scopes: READ }, "remote");
  await world.connect({ token: SECRET, device, scopes: ADMIN }, "remote");
  assert.deepEqual(world.events.map(({ event }) => event), [
    "device.pair.requested",
    "device.pair.resolved",
    "device.pair.requested",
  ]);
  assert.equal(world.events[1]?.payload["requestId"], detailsOf(narrow)["requestId"]);
  assert.equal(world.events[1]?.payload["decision"], "rejected");
});

Deno.test("admin covers what it is asked for later, write covers read", async () => {
  const world = await makeWorld();
  const device = makeIdentity();
  await pairRemote(world, device, { scopes: ADMIN });
  for (const scopes of [READ, ["operator.write", "operator.pairing"], ["operator.approvals"], []]) {
    const outcome = await world.connect({ token: SECRET, device, scopes }, "remote");
    assert.ok(outcome.kind === "accepted");
    assert.deepEqual([...outcome.identity.grant.scopes], scopes, "the grant is the wish, not all that was approved");
  }
});

Deno.test("without a credential no request is created", async () => {
  const world = await makeWorld();
  const device = makeIdentity();
  const tries: ConnectOptions[] = [
    {},
    { token: "wrong" },
    { deviceToken: "wrong" },
    { bootstrapToken: "wrong" },
    { token: SECRET, nonce: "stolen" },
    { token: SECRET, device: { ...device, privateKey: makeIdentity().privateKey } },
  ];
  for (const options of tries) {
    assert.notEqual(messageOf(await world.connect({ device, ...options }, "remote")), "accepted");
  }
  assert.deepEqual(pendingOf(world), []);
  assert.deepEqual(world.events, []);
});

Deno.test("a foreign Host, a proxy header and another network make a device wait", async () => {
  const world = await makeWorld();
  const places = [
    { host: "evil.com" },
    { host: "" },
    { headers: { "x-forwarded-for": "127.0.0.1" } },
    { headers: { forwarded: "for=127.0.0.1" } },
    { address: "192.168.1.9" },
    { address: "100.101.102.104" },
  ];
  for (const where of places) {
    const outcome = await world.connect({ token: SECRET, device: makeIdentity() }, where);
    assert.match(messageOf(outcome), /^pairing required/u, JSON.stringify(where));
  }
  const own = await world.connect({ token: SECRET, device: makeIdentity() }, { address: "100.101.102.103" });
  assert.equal(messageOf(own), "accepted", "the host's own tailnet address is local");
});

const PAGE = { id: "openclaw-control-ui", mode: "webchat" };

Deno.test("a page of the gateway itself is local, a listed one too, one let in by * alone is not", async () => {
  const allowed = { controlUi: { allowedOrigins: ["https://ui.example.com", "*"] } };
  const world = await makeWorld(allowed);
  const from = (origin: string) => world.connect({ token: SECRET, device: makeIdentity(), client: PAGE }, { origin });
  assert.equal(messageOf(await from("http://127.0.0.1:18789")), "accepted");
  assert.equal(messageOf(await from("https://ui.example.com")), "accepted");
  assert.match(messageOf(await from("https://evil.com")), /^pairing required/u);
  const none = await makeWorld({ ...allowed, auth: { mode: "none" } });
  const drive = await none.connect({ device: makeIdentity(), client: PAGE }, { origin: "https://evil.com" });
  assert.match(messageOf(drive), /^pairing required/u, "no web page becomes an administrator by itself");
});

Deno.test("a page at gateway.publicUrl is known there and is remote", async () => {
  const world = await makeWorld({ publicUrl: "https://gw.example.com" });
  const where = { origin: "https://gw.example.com", host: "gw.example.com" };
  const outcome = await world.connect({ token: SECRET, device: makeIdentity(), client: PAGE }, where);
  assert.match(messageOf(outcome), /^pairing required/u);
});
