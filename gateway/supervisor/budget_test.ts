/** Tests of the waits between starts and of their number in an hour. */
import assert from "node:assert/strict";
import { FakeClock } from "../../tests/helpers/fake_clock.ts";
import { createStartBudget } from "./budget.ts";

const MINUTE = 60_000;

function waits(count: number, random: number): number[] {
  const clock = new FakeClock();
  const budget = createStartBudget(clock, () => random);
  return Array.from({ length: count }, () => budget.failed().at - clock.now());
}

Deno.test("waits double from one second up to five minutes", () => {
  assert.deepEqual(waits(11, 0.5), [
    ...[1, 2, 4, 8, 16, 32, 64, 128, 256].map((seconds) => seconds * 1000),
    5 * MINUTE,
    5 * MINUTE,
  ]);
});

Deno.test("randomness moves a wait by a fifth at most in each direction", () => {
  assert.deepEqual(waits(2, 0), [800, 1600]);
  assert.deepEqual(waits(2, 1), [1200, 2400]);
});

Deno.test("an account that worked for a while waits the shortest time again", () => {
  const clock = new FakeClock();
  const budget = createStartBudget(clock, () => 0.5);
  for (let failure = 0; failure < 5; failure++) budget.failed();
  budget.stable();
  assert.equal(budget.failed().at - clock.now(), 1000);
});

Deno.test("ten starts within an hour are enough; after a quiet hour there is a new chance", () => {
  const clock = new FakeClock();
  const budget = createStartBudget(clock, () => 0.5);
  for (let start = 0; start < 10; start++) {
    budget.started();
    clock.advance(MINUTE);
    if (start < 9) assert.equal(budget.failed().exhausted, false, `start ${start}`);
  }
  const { at, exhausted } = budget.failed();
  assert.deepEqual([exhausted, at - clock.now()], [true, 60 * MINUTE]);
  clock.advance(60 * MINUTE);
  assert.equal(budget.starts(), 0);
  assert.equal(budget.failed().exhausted, false);
});

Deno.test("starts that lie more than an hour back do not count", () => {
  const clock = new FakeClock();
  const budget = createStartBudget(clock, () => 0.5);
  for (let start = 0; start < 30; start++) {
    budget.started();
    assert.equal(budget.failed().exhausted, false);
    clock.advance(7 * MINUTE);
  }
  assert.ok(budget.starts() <= 9);
});

Deno.test("a person's start forgives everything", () => {
  const clock = new FakeClock();
  const budget = createStartBudget(clock, () => 0.5);
  for (let start = 0; start < 10; start++) budget.started();
  assert.equal(budget.failed().exhausted, true);
  budget.reset();
  assert.deepEqual([budget.starts(), budget.failed().at - clock.now()], [0, 1000]);
});
