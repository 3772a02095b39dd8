import assert from "node:assert/strict";
import { Secret } from "../secrets/secret.ts";
import { SharedSecret } from "./shared_secret.ts";

const token = new SharedSecret({ mode: "token", token: new Secret("right"), password: new Secret("unused") });
const password = new SharedSecret({ mode: "password", token: new Secret("unused"), password: new Secret("right") });

Deno.test("the secret is accepted in either field", () => {
  for (const [secret, method] of [[token, "token"], [password, "password"]] as const) {
    assert.deepEqual(secret.check({ token: "right" }), { ok: true, method });
    assert.deepEqual(secret.check({ password: "right" }), { ok: true, method });
    assert.deepEqual(secret.check({ token: "wrong", password: "right" }), { ok: true, method });
  }
});

Deno.test("a wrong or missing secret is told apart, and the other mode's secret is wrong", () => {
  assert.deepEqual(token.check({ token: "unused", password: "unused" }), { ok: false, reason: "token_mismatch" });
  assert.deepEqual(password.check({ token: "unused" }), { ok: false, reason: "password_mismatch" });
  for (const nothing of [{}, { token: "" }, { password: "" }, { token: "", password: "" }]) {
    assert.deepEqual(token.check(nothing), { ok: false, reason: "token_missing" });
    assert.deepEqual(password.check(nothing), { ok: false, reason: "password_missing" });
  }
  for (const near of ["righ", "rightt", "Right", " right", "right\0"]) {
    assert.equal(token.check({ token: near }).ok, false);
  }
});

Deno.test("a mode without its secret, or with an empty one, lets nobody in", () => {
  for (const empty of [undefined, new Secret("")]) {
    const secret = new SharedSecret({ mode: "token", token: empty, password: new Secret("right") });
    assert.deepEqual(secret.check({ token: "right" }), { ok: false, reason: "token_missing_config" });
    assert.deepEqual(secret.check({ token: "" }), { ok: false, reason: "token_missing_config" });
  }
  const none = new SharedSecret({ mode: "password", token: new Secret("right"), password: undefined });
  assert.deepEqual(none.check({ password: "right" }), { ok: false, reason: "password_missing_config" });
});

Deno.test("mode none asks for nothing", () => {
  const none = new SharedSecret({ mode: "none", token: undefined, password: undefined });
  assert.deepEqual(none.check({}), { ok: true, method: "none" });
  assert.deepEqual(none.check({ token: "whatever" }), { ok: true, method: "none" });
});
