/** Tests of the token bucket. */
import assert from "node:assert/strict";
import { FakeClock } from "../../tests/helpers/fake_clock.ts";
import { createMeter } from "./meter.ts";

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
