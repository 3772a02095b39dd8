import assert from "node:assert/strict";
import { FakeClock } from "../../tests/helpers/fake_clock.ts";
import { BootstrapCodes, MAX_CODES } from "./bootstrap_codes.ts";

Deno.test("a code lets in once", () => {
  const codes = new BootstrapCodes({ clock: new FakeClock() });
  const { code } = codes.issue();
  assert.match(code, /^[A-Za-z0-9_-]{32}$/u);
  assert.equal(codes.redeem(code), true);
  assert.equal(codes.redeem(code), false);
});

Deno.test("a code ends after ten minutes", () => {
  const clock = new FakeClock();
  const codes = new BootstrapCodes({ clock });
  const early = codes.issue();
  assert.equal(early.expiresAt, clock.now() + 600_000);
  clock.advance(599_999);
  assert.equal(codes.redeem(early.code), true);
  const late = codes.issue();
  clock.advance(600_000);
  assert.equal(codes.redeem(late.code), false);
});

Deno.test("a wrong code does not end the right one", () => {
  const codes = new BootstrapCodes({ clock: new FakeClock() });
  const { code } = codes.issue();
  for (const wrong of ["", code.slice(1), `${code}x`, code.toUpperCase() + "_"]) {
    assert.equal(codes.redeem(wrong), false);
  }
  assert.equal(codes.redeem(code), true);
});

Deno.test("more codes than the cap take back the oldest", () => {
  const codes = new BootstrapCodes({ clock: new FakeClock() });
  const issued = Array.from({ length: MAX_CODES + 1 }, () => codes.issue().code);
  const [oldest = "", ...rest] = issued;
  assert.equal(codes.redeem(oldest), false);
  assert.equal(rest.every((code) => codes.redeem(code)), true);
});

Deno.test("a code for a node lets no operator in, and stays for the node", () => {
  const codes = new BootstrapCodes({ clock: new FakeClock() });
  const { code } = codes.issue("node");
  assert.equal(codes.redeem(code), false);
  assert.equal(codes.redeem(code, "node"), true);
  assert.equal(codes.redeem(code, "node"), false);
});
