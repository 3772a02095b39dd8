/** Tests of the token bucket. */
import assert from "node:assert/strict";
import { FakeClock } from "../../tests/helpers/fake_clock.ts";
import { createLatest, createMeter } from "./meter.ts";

Deno.test("a burst passes at once, then so many a second", () => {
  const clock = new FakeClock();
  const meter = createMeter(clock, 3, 10);
  assert.deepEqual([meter.take(), meter.take(), meter.take(), meter.take()], [true, true, true, false]);
  assert.equal(meter.waitMs(), 100);
  clock.advance(99);
  assert.equal(meter.take(), false);
  clock.advance(1);
  assert.equal(meter.take(), true);
  clock.advance(60_000);
  assert.deepEqual([meter.take(), meter.take(), meter.take(), meter.take()], [true, true, true, false]);
});

Deno.test("of values that come too fast the latest arrives, and the order is kept", () => {
  const clock = new FakeClock();
  const seen: number[] = [];
  const latest = createLatest<number>(clock, (value) => seen.push(value));
  for (let value = 1; value <= 1_000; value++) latest.push(value);
  assert.deepEqual(seen, Array.from({ length: 30 }, (_, index) => index + 1));
  clock.advance(500);
  assert.deepEqual(seen.slice(30), [1_000]);
  latest.push(1_001);
  latest.stop();
  clock.advance(60_000);
  assert.equal(seen.length, 31);
});
