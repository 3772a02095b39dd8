import assert from "node:assert/strict";
import { backoffMs, DEFAULT_BACKOFF, readBackoff } from "./backoff.ts";

Deno.test("waits grow by 1.4 from two seconds to two minutes", () => {
  const waits = [1, 2, 3, 30].map((attempt) => backoffMs(DEFAULT_BACKOFF, attempt, 0.5));
  assert.deepEqual(waits, [2_000, 2_800, 3_920, 120_000]);
});

Deno.test("chance moves a wait by a fifth at most, and never above the ceiling", () => {
  assert.equal(backoffMs(DEFAULT_BACKOFF, 1, 0), 1_600);
  assert.equal(backoffMs(DEFAULT_BACKOFF, 1, 0.999_999), 2_400);
  assert.equal(backoffMs(DEFAULT_BACKOFF, 40, 0.999_999), 120_000);
});

Deno.test("the configuration changes single figures, and nonsense none", () => {
  assert.deepEqual(
    readBackoff({ web: { reconnect: { initialMs: 20, maxMs: 5, factor: 0.1, jitter: 7, maxAttempts: 3 } } }),
    {
      initialMs: 20,
      maxMs: 20,
      factor: 1,
      jitter: 1,
      maxAttempts: 3,
    },
  );
  assert.deepEqual(readBackoff({ web: { reconnect: { initialMs: "x" } } }), DEFAULT_BACKOFF);
  assert.deepEqual(readBackoff({}), DEFAULT_BACKOFF);
});
