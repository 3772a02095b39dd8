import assert from "node:assert/strict";
import { FakeClock } from "../../tests/helpers/fake_clock.ts";
import { GatewayError } from "../../schemas/error.ts";
import { PairRequest } from "../../schemas/event/pairing.ts";
import { checker } from "../../schemas/validate.ts";
import { memoryDb } from "../storage/db.ts";
import { createDeviceTokens } from "./device_tokens.ts";
import { createPairingStore, MAX_PENDING, PENDING_TTL_MS } from "./pairing.ts";
import type { PairWish } from "./types.ts";

function setup() {
  const clock = new FakeClock();
  const db = memoryDb();
  return { clock, db, store: createPairingStore({ db, clock }), tokens: createDeviceTokens({ db, clock }) };
}

const wish = (over: Partial<PairWish> = {}): PairWish => ({
  deviceId: "d1",
  publicKey: "k1",
  displayName: "Phone",
  platform: "ios 26.0",
  deviceFamily: "iPhone",
  clientId: "openclaw-ios",
  clientMode: "ui",
  remoteIp: "9.9.9.9",
  role: "operator",
  scopes: ["operator.read"],
  ...over,
});

const unknownRequest = (error: unknown): boolean =>
  error instanceof GatewayError && error.message === "unknown requestId";

Deno.test("a device needs an approval for the first time, a new role, wider scopes and another machine", () => {
  const { store } = setup();
  assert.equal(store.needs(wish()), "not-paired");
  store.admit(wish(), "silent");
  assert.equal(store.needs(wish()), undefined);
  assert.equal(store.needs(wish({ scopes: [] })), undefined);
  assert.equal(store.needs(wish({ publicKey: "other" })), "not-paired");
  assert.equal(store.needs(wish({ role: "node", scopes: [] })), "role-upgrade");
  assert.equal(store.needs(wish({ scopes: ["operator.write"] })), "scope-upgrade");
  assert.equal(store.needs(wish({ platform: "linux" })), "metadata-upgrade");
  assert.equal(store.needs(wish({ deviceFamily: "iPad" })), "metadata-upgrade");
  assert.equal(store.needs(wish({ platform: "ios 26.1" })), undefined, "an update is the same phone");
  assert.equal(store.needs(wish({ platform: undefined, deviceFamily: undefined })), undefined);
});

Deno.test("admin covers every operator scope and write covers read", () => {
  const { store } = setup();
  store.admit(wish({ scopes: ["operator.write"] }), "silent");
  assert.equal(store.needs(wish({ scopes: ["operator.read"] })), undefined);
  assert.equal(store.needs(wish({ scopes: ["operator.admin"] })), "scope-upgrade");
  store.admit(wish({ scopes: ["operator.admin"] }), "silent");
  assert.equal(store.needs(wish({ scopes: ["operator.pairing", "operator.approvals", "operator.talk"] })), undefined);
});

Deno.test("the same wish returns the waiting request unchanged", () => {
  const { store, clock } = setup();
  const first = store.request(wish());
  assert.equal(first.created, true);
  assert.equal(checker(PairRequest).is(first.request), true);
  clock.advance(1_000);
  const again = store.request(wish({ scopes: [] }));
  assert.deepEqual(again, { request: first.request, created: false, replaced: undefined });
});

Deno.test("a wider wish gets a new id, so that an owner never approves more than was shown", () => {
  const { store } = setup();
  const narrow = store.request(wish());
  const wide = store.request(wish({ scopes: ["operator.admin"] }));
  assert.equal(wide.created, true);
  assert.equal(wide.replaced, narrow.request.requestId);
  assert.throws(() => store.approve(narrow.request.requestId, "owner"), unknownRequest);
  assert.deepEqual(wide.request.scopes, ["operator.read", "operator.admin"]);
  const node = store.request(wish({ role: "node", scopes: [] }));
  assert.deepEqual(node.request.roles, ["operator", "node"]);
  assert.equal(store.list().pending.length, 1);
});

Deno.test("an approval adds to what was approved before and keeps the first date", () => {
  const { store, clock } = setup();
  const first = store.approve(store.request(wish()).request.requestId, "owner").device;
  clock.advance(5_000);
  const { device } = store.approve(store.request(wish({ role: "node", scopes: [] })).request.requestId, "owner");
  assert.deepEqual(device.roles, ["operator", "node"]);
  assert.deepEqual(device.scopes, ["operator.read"]);
  assert.equal(device.createdAtMs, first.createdAtMs);
  assert.equal(device.approvedAtMs, first.approvedAtMs + 5_000);
  assert.equal(store.list().pending.length, 0);
});

Deno.test("a request ends after five minutes, by rejection and by approval, and then is unknown", () => {
  const { store, clock } = setup();
  const expired = store.request(wish()).request;
  clock.advance(PENDING_TTL_MS - 1);
  assert.equal(store.pending(expired.requestId)?.deviceId, "d1");
  clock.advance(1);
  assert.equal(store.pending(expired.requestId), undefined);
  assert.throws(() => store.approve(expired.requestId, "owner"), unknownRequest);
  const rejected = store.request(wish()).request;
  assert.equal(store.reject(rejected.requestId).deviceId, "d1");
  assert.throws(() => store.reject(rejected.requestId), unknownRequest);
  assert.equal(store.get("d1"), undefined);
});

Deno.test("letting a device in for less does not answer its wider request", () => {
  const { store } = setup();
  const node = store.request(wish({ role: "node", scopes: [] })).request;
  const { device } = store.admit(wish(), "silent");
  assert.deepEqual(device.roles, ["operator"]);
  assert.equal(store.pending(node.requestId)?.requestId, node.requestId);
});

Deno.test("requests that wait are bounded, the oldest goes first", () => {
  const { store, clock } = setup();
  const ids = Array.from({ length: MAX_PENDING + 2 }, (_, index) => {
    clock.advance(1);
    return store.request(wish({ deviceId: `d${index}`, publicKey: `k${index}` })).request.requestId;
  });
  const { pending } = store.list();
  assert.equal(pending.length, MAX_PENDING);
  assert.equal(pending[0]?.requestId, ids.at(-1));
  assert.equal(store.pending(ids[1] ?? ""), undefined);
});

Deno.test("removing a device ends its requests and tokens too", () => {
  const { store, tokens } = setup();
  store.admit(wish(), "silent");
  const { token } = tokens.ensure("d1", "operator", ["operator.read"]);
  store.request(wish({ scopes: ["operator.admin"] }));
  assert.equal(store.remove("d1"), true);
  assert.equal(store.remove("d1"), false);
  assert.deepEqual(store.list(), { pending: [], paired: [] });
  store.admit(wish(), "silent");
  assert.deepEqual(tokens.verify("d1", "operator", token), { ok: false, reason: "token-missing" });
});

Deno.test("a connect refreshes name, platform, address and last seen, never roles or scopes", () => {
  const { store, clock } = setup();
  store.admit(wish(), "silent");
  clock.advance(10);
  store.touch(wish({ displayName: "New", platform: undefined, remoteIp: undefined, scopes: ["operator.admin"] }));
  const device = store.get("d1");
  assert.equal(device?.displayName, "New");
  assert.equal(device?.platform, "ios 26.0");
  assert.equal(device?.remoteIp, undefined);
  assert.equal(device?.lastSeenAtMs, clock.now());
  assert.deepEqual(device?.scopes, ["operator.read"]);
});
