import assert from "node:assert/strict";
import { FakeClock } from "../../tests/helpers/fake_clock.ts";
import { LIMIT_DEFAULTS, RateLimiter } from "./rate_limit.ts";

const stranger = { limitKey: "9.9.9.9", exempt: false };
const loopback = { limitKey: "127.0.0.1", exempt: true };

function fail(limiter: RateLimiter, times: number, peer = stranger): number[] {
  return Array.from({ length: times }, () => limiter.failed("shared-secret", peer));
}

Deno.test("ten failures within a minute lock a stranger out for five minutes, and no delay before", () => {
  const clock = new FakeClock();
  const limiter = new RateLimiter({ clock });
  assert.deepEqual(fail(limiter, 9), Array(9).fill(0));
  assert.equal(limiter.lockedForMs("shared-secret", stranger), 0);
  fail(limiter, 1);
  assert.equal(limiter.lockedForMs("shared-secret", stranger), 300_000);
  clock.advance(299_999);
  assert.equal(limiter.lockedForMs("shared-secret", stranger), 1);
  clock.advance(1);
  assert.equal(limiter.lockedForMs("shared-secret", stranger), 0);
  fail(limiter, 1);
  assert.equal(limiter.lockedForMs("shared-secret", stranger), 0, "counting starts again after a lock");
});

Deno.test("failures older than a minute do not count", () => {
  const clock = new FakeClock();
  const limiter = new RateLimiter({ clock });
  fail(limiter, 9);
  clock.advance(60_000);
  fail(limiter, 9);
  assert.equal(limiter.lockedForMs("shared-secret", stranger), 0);
  clock.advance(59_999);
  fail(limiter, 1);
  assert.equal(limiter.lockedForMs("shared-secret", stranger), 300_000);
});

Deno.test("loopback is delayed more with each failure, up to five seconds, and never locked out", () => {
  const clock = new FakeClock();
  const limiter = new RateLimiter({ clock });
  assert.deepEqual(fail(limiter, 7, loopback), [250, 500, 1_000, 2_000, 4_000, 5_000, 5_000]);
  fail(limiter, 50, loopback);
  assert.equal(limiter.lockedForMs("shared-secret", loopback), 0);
  clock.advance(60_000);
  assert.deepEqual(fail(limiter, 1, loopback), [250], "a quiet minute ends the delay");
});

Deno.test("purposes and addresses are counted apart", () => {
  const limiter = new RateLimiter({ clock: new FakeClock() });
  fail(limiter, 10);
  assert.equal(limiter.lockedForMs("device-token", stranger), 0);
  assert.equal(limiter.lockedForMs("browser-secret", stranger), 0);
  assert.equal(limiter.lockedForMs("shared-secret", { limitKey: "9.9.9.8", exempt: false }), 0);
});

Deno.test("success forgets the failures", () => {
  const limiter = new RateLimiter({ clock: new FakeClock() });
  fail(limiter, 9);
  limiter.succeeded("shared-secret", stranger);
  fail(limiter, 9);
  assert.equal(limiter.lockedForMs("shared-secret", stranger), 0);
});

Deno.test("the table is bounded: the counter that failed longest ago goes first", () => {
  const limiter = new RateLimiter({
    clock: new FakeClock(),
    options: { ...LIMIT_DEFAULTS, failures: 1, maxEntries: 3 },
  });
  const peers = ["a", "b", "c"].map((limitKey) => ({ limitKey, exempt: false }));
  for (const peer of peers) limiter.failed("shared-secret", peer);
  limiter.failed("shared-secret", { limitKey: "a", exempt: false });
  limiter.failed("shared-secret", { limitKey: "d", exempt: false });
  assert.equal(limiter.size, 3);
  const locked = ["a", "b", "c", "d"].filter((limitKey) =>
    limiter.lockedForMs("shared-secret", { limitKey, exempt: false }) > 0
  );
  assert.deepEqual(locked, ["a", "c", "d"]);
});
