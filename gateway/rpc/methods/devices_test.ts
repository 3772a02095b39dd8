import assert from "node:assert/strict";
import { FakeClock } from "../../../tests/helpers/fake_clock.ts";
import { callMethod, fakeClient, type FakeClientOptions, fakeServices } from "../../../tests/helpers/services.ts";
import { refusal } from "../../../tests/helpers/sessions.ts";
import type { PairWish } from "../../auth/types.ts";
import { createDeviceTokens } from "../../auth/device_tokens.ts";
import { createPairingStore } from "../../auth/pairing.ts";
import { memoryDb } from "../../storage/db.ts";
import type { Services } from "../services.ts";
import { deviceMethods } from "./devices.ts";

const PAIRING = ["operator.pairing"];
const READ = ["operator.read"];

function setUp() {
  const clock = new FakeClock();
  const db = memoryDb();
  const pairing = createPairingStore({ db, clock });
  const deviceTokens = createDeviceTokens({ db, clock });
  const closed: unknown[][] = [];
  const connections = {
    list: () => [fakeClient({ deviceId: "phone" })],
    closeDevice: (...args: unknown[]) => closed.push(args),
  };
  const forgotten: string[] = [];
  const nodes = createNodePairing((nodeId) => void forgotten.push(nodeId));
  const services = fakeServices({ pairing, deviceTokens, connections, nodes });
  const pair = (deviceId: string, scopes: string[] = READ, role = "operator") => {
    pairing.admit(wish(deviceId, { scopes, role }), "owner");
    return deviceTokens.ensure(deviceId, role, scopes).token;
  };
  const call = (name: string, params: unknown, client: FakeClientOptions = {}) =>
    callMethod(deviceMethods, name, params, services, fakeClient(client));
  return { services, pairing, deviceTokens, closed, forgotten, pair, call };
}

/** Nodes of which only the removal of an approval is used here. */
function createNodePairing(remove: (nodeId: string) => void): Services["nodes"] {
  const pairing = new Proxy(Object.create(null), { get: (_target, key) => key === "remove" ? remove : undefined });
  return new Proxy(Object.create(null), { get: (_target, key) => key === "pairing" ? pairing : undefined });
}

const wish = (deviceId: string, over: Partial<PairWish> = {}): PairWish => ({
  deviceId,
  publicKey: `key-${deviceId}`,
  displayName: undefined,
  platform: "linux",
  deviceFamily: undefined,
  clientId: "cli",
  clientMode: "cli",
  remoteIp: "9.9.9.9",
  role: "operator",
  scopes: READ,
  ...over,
});

const missing = (scope: string) => refusal("FORBIDDEN", `missing scope: ${scope}`);

Deno.test("device.pair.list shows who waits and who is paired, and never a token", async () => {
  const { call, pairing, pair } = setUp();
  const token = pair("phone");
  const { request } = pairing.request(wish("laptop"));
  const answer = await call("device.pair.list", {}, { scopes: PAIRING });
  assert.deepEqual(answer["pending"], [request]);
  const text = JSON.stringify(answer);
  assert.equal(text.includes(token), false);
  assert.match(text, /"deviceId":"phone".*"connected":true.*"tokens":\[\{"role":"operator"/u);
});

Deno.test("device.pair.approve approves, tells everybody, and knows an id only once", async () => {
  const { call, pairing, services } = setUp();
  const { request } = pairing.request(wish("laptop"));
  const answer = await call("device.pair.approve", { requestId: request.requestId });
  assert.equal(answer["requestId"], request.requestId);
  assert.deepEqual(pairing.get("laptop")?.scopes, READ);
  assert.equal(pairing.get("laptop")?.approvedVia, "owner");
  const ts = services.clock.now();
  assert.deepEqual(services.bus.published, [{
    event: "device.pair.resolved",
    payload: { requestId: request.requestId, deviceId: "laptop", decision: "approved", ts },
  }]);
  const again = call("device.pair.approve", { requestId: request.requestId });
  await assert.rejects(again, refusal("INVALID_REQUEST", "unknown requestId"));
});

Deno.test("nobody approves scopes that they do not hold", async () => {
  const { call, pairing, services } = setUp();
  const { requestId } = pairing.request(wish("laptop", { scopes: ["operator.write"] })).request;
  await assert.rejects(call("device.pair.approve", { requestId }, { scopes: PAIRING }), missing("operator.write"));
  const reader = { scopes: [...PAIRING, "operator.read"] };
  await assert.rejects(call("device.pair.approve", { requestId }, reader), missing("operator.write"));
  const old = call("device.pair.approve", { requestId }, { scopes: PAIRING, protocol: 3 });
  await assert.rejects(old, refusal("INVALID_REQUEST", "missing scope: operator.write"));
  assert.equal(pairing.get("laptop"), undefined);
  assert.deepEqual(services.bus.published, []);
  await call("device.pair.approve", { requestId }, { scopes: [...PAIRING, "operator.write"] });
});

Deno.test("device.pair.reject turns the request away and tells everybody", async () => {
  const { call, pairing, services } = setUp();
  const { requestId } = pairing.request(wish("laptop")).request;
  const answer = await call("device.pair.reject", { requestId }, { scopes: PAIRING });
  assert.deepEqual(answer, { requestId, deviceId: "laptop" });
  assert.equal(pairing.get("laptop"), undefined);
  assert.deepEqual(services.bus.names(), ["device.pair.resolved"]);
  await assert.rejects(call("device.pair.reject", { requestId }), refusal("INVALID_REQUEST", "unknown requestId"));
});

Deno.test("device.pair.remove forgets the device and closes its connections", async () => {
  const { call, pairing, deviceTokens, pair, closed, forgotten } = setUp();
  const token = pair("phone");
  assert.deepEqual(await call("device.pair.remove", { deviceId: "phone" }), { deviceId: "phone" });
  assert.equal(pairing.get("phone"), undefined);
  assert.deepEqual(forgotten, ["phone"], "what was approved of it as a node is gone too");
  assert.equal(deviceTokens.verify("phone", "operator", token).ok, false);
  assert.deepEqual(closed, [["phone", undefined, 4001, "gateway auth changed"]]);
  const again = call("device.pair.remove", { deviceId: "phone" });
  await assert.rejects(again, refusal("INVALID_REQUEST", "unknown deviceId"));
});

Deno.test("without admin a device manages only itself, and does not learn which others exist", async () => {
  const { call, pair, pairing, closed } = setUp();
  pair("phone");
  const self = { deviceId: "laptop", scopes: [...PAIRING, ...READ] };
  pair("laptop", self.scopes);
  for (const deviceId of ["phone", "nobody"]) {
    for (
      const [name, extra] of [["device.pair.remove", {}], ["device.token.rotate", { role: "operator" }], [
        "device.token.revoke",
        { role: "operator" },
      ]] as const
    ) {
      await assert.rejects(call(name, { deviceId, ...extra }, self), missing("operator.admin"));
    }
  }
  const deviceless = { scopes: PAIRING };
  await assert.rejects(call("device.pair.remove", { deviceId: "phone" }, deviceless), missing("operator.admin"));
  assert.deepEqual(closed, []);
  await call("device.pair.remove", { deviceId: "laptop" }, self);
  assert.equal(pairing.get("laptop"), undefined);
});

Deno.test("a device rotates its own token within its present scopes, and gets the value before its socket closes", async () => {
  const { call, pair, deviceTokens, services, closed } = setUp();
  const held = [...PAIRING, ...READ];
  const old = pair("phone", held);
  const self = { deviceId: "phone", scopes: held };
  const answer = await call("device.token.rotate", { deviceId: "phone", role: "operator" }, self);
  const token = String(answer["token"]);
  assert.deepEqual(answer["scopes"], [...held].sort());
  assert.equal(deviceTokens.verify("phone", "operator", old).ok, false);
  assert.equal(deviceTokens.verify("phone", "operator", token).ok, true);
  assert.deepEqual(closed, [], "not before the answer is out");
  services.clock.advance(0);
  assert.deepEqual(closed, [["phone", "operator", 4001, "gateway auth changed"]]);
});

Deno.test("scopes of a rotated token are bounded by the caller's and by the approval", async () => {
  const { call, pair, pairing } = setUp();
  pair("phone", ["operator.admin"]);
  const narrow = { deviceId: "phone", scopes: PAIRING };
  const wide = { deviceId: "phone", role: "operator", scopes: ["operator.write"] };
  await assert.rejects(call("device.token.rotate", wide, narrow), missing("operator.write"));
  const whole = call("device.token.rotate", { deviceId: "phone", role: "operator" }, narrow);
  await assert.rejects(whole, missing("operator.admin"));
  await assert.rejects(
    call("device.token.revoke", { deviceId: "phone", role: "operator" }, narrow),
    missing("operator.admin"),
  );
  pair("reader");
  const more = call("device.token.rotate", { deviceId: "reader", role: "operator", scopes: ["operator.write"] });
  await assert.rejects(
    more,
    refusal("INVALID_REQUEST", "Cannot rotate token: operator.write was not approved for this device"),
  );
  assert.deepEqual(pairing.get("reader")?.scopes, READ);
});

Deno.test("node tokens are for administrators", async () => {
  const { call, pair, closed } = setUp();
  pair("phone", [], "node");
  const self = { deviceId: "phone", scopes: PAIRING };
  const node = { deviceId: "phone", role: "node" };
  await assert.rejects(call("device.token.rotate", node, self), missing("operator.admin"));
  await assert.rejects(call("device.token.revoke", node, self), missing("operator.admin"));
  assert.deepEqual((await call("device.token.rotate", node))["scopes"], []);
  assert.deepEqual(closed, [["phone", "node", 4001, "gateway auth changed"]]);
});

Deno.test("the value of a rotated token goes to the device itself and to an administrator on protocol 3 alone", async () => {
  const { call, pair } = setUp();
  pair("phone");
  const shown = async (client: FakeClientOptions) =>
    "token" in await call("device.token.rotate", { deviceId: "phone", role: "operator" }, client);
  assert.equal(await shown({ deviceId: "laptop" }), false);
  assert.equal(await shown({}), false);
  assert.equal(await shown({ protocol: 3, deviceId: "laptop" }), true);
  assert.equal(await shown({ deviceId: "phone", scopes: [...PAIRING, ...READ] }), true);
});

Deno.test("device.token.revoke ends the token and closes the role's connections", async () => {
  const { call, pair, deviceTokens, services, closed } = setUp();
  const token = pair("phone");
  const answer = await call("device.token.revoke", { deviceId: "phone", role: "operator" });
  assert.equal(answer["role"], "operator");
  assert.equal(typeof answer["revokedAtMs"], "number");
  assert.deepEqual(deviceTokens.verify("phone", "operator", token), { ok: false, reason: "token-revoked" });
  assert.deepEqual(closed, [["phone", "operator", 4001, "gateway auth changed"]]);
  for (const params of [{ deviceId: "phone", role: "node" }, { deviceId: "nobody", role: "operator" }]) {
    const unknown = refusal("INVALID_REQUEST", "unknown deviceId/role");
    await assert.rejects(call("device.token.revoke", params), unknown);
    await assert.rejects(call("device.token.rotate", params), unknown);
  }
  assert.deepEqual(services.bus.published, []);
});
