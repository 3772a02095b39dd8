import assert from "node:assert/strict";
import { FakeClock } from "../../tests/helpers/fake_clock.ts";
import { memoryDb } from "../storage/db.ts";
import { createDeviceTokens, MAX_VALUES } from "./device_tokens.ts";
import { createPairingStore } from "./pairing.ts";

function setup(scopes = ["operator.admin"]) {
  const clock = new FakeClock();
  const db = memoryDb();
  const store = createPairingStore({ db, clock });
  const pair = (deviceId: string, role = "operator") =>
    store.admit({
      deviceId,
      publicKey: `key-${deviceId}`,
      displayName: undefined,
      platform: "linux",
      deviceFamily: undefined,
      clientId: "cli",
      clientMode: "cli",
      remoteIp: undefined,
      role,
      scopes: role === "operator" ? scopes : [],
    }, "silent");
  pair("d1");
  return { clock, db, store, pair, tokens: createDeviceTokens({ db, clock }) };
}

const verified = (tokens: ReturnType<typeof createDeviceTokens>, token: string, deviceId = "d1", role = "operator") => {
  const result = tokens.verify(deviceId, role, token);
  return result.ok ? "ok" : result.reason;
};

Deno.test("a token is 43 characters, and only its hash is stored", () => {
  const { tokens, db } = setup();
  const { token } = tokens.ensure("d1", "operator", ["operator.read"]);
  assert.match(token, /^[A-Za-z0-9_-]{43}$/u);
  const rows = JSON.stringify(db.all("SELECT * FROM device_tokens"));
  assert.equal(rows.includes(token), false);
  assert.match(rows, /[0-9a-f]{64}/u);
});

Deno.test("a presented valid token is returned again, an invalid one is replaced by a new one", () => {
  const { tokens } = setup();
  const first = tokens.ensure("d1", "operator", ["operator.read"]);
  assert.equal(tokens.ensure("d1", "operator", ["operator.read"], first.token).token, first.token);
  const other = tokens.ensure("d1", "operator", ["operator.read"], "the shared secret");
  assert.notEqual(other.token, first.token);
});

Deno.test("two processes of one device that take turns do not end each other's token", () => {
  const { tokens } = setup();
  const a = tokens.ensure("d1", "operator", ["operator.read"]).token;
  const b = tokens.ensure("d1", "operator", ["operator.admin"]).token;
  for (let turn = 0; turn < MAX_VALUES * 2; turn++) {
    assert.equal(tokens.ensure("d1", "operator", ["operator.read"], a).token, a);
    assert.equal(tokens.ensure("d1", "operator", ["operator.read"], b).token, b);
  }
});

Deno.test("values are bounded, and the one used longest ago ends first", () => {
  const { tokens } = setup();
  const values = Array.from({ length: MAX_VALUES }, () => tokens.ensure("d1", "operator", []).token);
  tokens.ensure("d1", "operator", [], values[0]);
  tokens.ensure("d1", "operator", []);
  assert.deepEqual(values.map((value) => verified(tokens, value)), ["ok", "token-mismatch", "ok", "ok"]);
});

Deno.test("a token belongs to one device and one role", () => {
  const { tokens, pair } = setup();
  pair("d2");
  pair("d1", "node");
  const { token } = tokens.ensure("d1", "operator", []);
  assert.equal(verified(tokens, token, "d2"), "token-missing");
  assert.equal(verified(tokens, token, "d1", "node"), "token-missing");
  assert.equal(verified(tokens, token, "d3"), "device-not-paired");
  assert.equal(verified(tokens, token, "d2", "node"), "role-missing");
  tokens.ensure("d2", "operator", []);
  assert.equal(verified(tokens, token, "d2"), "token-mismatch");
  assert.equal(verified(tokens, ""), "token-missing");
  assert.throws(() => tokens.ensure("d2", "node", []), /unknown deviceId\/role/u);
});

Deno.test("a token never holds more than was approved", () => {
  const { tokens, db } = setup(["operator.read"]);
  const { scopes, token } = tokens.ensure("d1", "operator", ["operator.read", "operator.admin"]);
  assert.deepEqual(scopes, ["operator.read"]);
  db.run("UPDATE device_tokens SET scopes = ?", '["operator.admin","operator.read"]');
  assert.deepEqual(tokens.verify("d1", "operator", token), { ok: true, scopes: ["operator.read"] });
  assert.throws(() => tokens.rotate("d1", "operator", ["operator.admin"]), /was not approved for this device/u);
});

Deno.test("rotating ends every value of the token and can narrow its scopes", () => {
  const { tokens, clock } = setup();
  const old = [tokens.ensure("d1", "operator", []).token, tokens.ensure("d1", "operator", ["operator.write"]).token];
  clock.advance(5);
  const rotated = tokens.rotate("d1", "operator", ["operator.read"]);
  assert.equal(rotated.rotatedAtMs, clock.now());
  assert.deepEqual(old.map((value) => verified(tokens, value)), ["token-mismatch", "token-mismatch"]);
  assert.deepEqual(tokens.verify("d1", "operator", rotated.token), { ok: true, scopes: ["operator.read"] });
});

Deno.test("revoking ends every value; the next ensure mints a new one alone", () => {
  const { tokens, store } = setup();
  const first = tokens.ensure("d1", "operator", []).token;
  const second = tokens.ensure("d1", "operator", []).token;
  tokens.revoke("d1", "operator");
  assert.deepEqual([first, second].map((value) => verified(tokens, value)), ["token-revoked", "token-revoked"]);
  assert.ok(store.get("d1")?.tokens["operator"]?.revokedAtMs);
  const third = tokens.ensure("d1", "operator", [], second).token;
  assert.notEqual(third, second);
  assert.deepEqual([first, second, third].map((value) => verified(tokens, value)), [
    "token-mismatch",
    "token-mismatch",
    "ok",
  ]);
  assert.throws(() => tokens.revoke("d1", "node"), /unknown deviceId\/role/u);
});
