/** Unit tests of the restart budget. */
import assert from "node:assert/strict";
import { FakeClock } from "../../tests/helpers/fake_clock.ts";
import { createRestartBudget } from "./restart_budget.ts";

Deno.test("failures below the limit cost nothing, at the limit a start waits until the oldest leaves the window", () => {
  const clock = new FakeClock();
  const budget = createRestartBudget(clock, 3, 1000);
  budget.spend();
  clock.advance(400);
  budget.spend();
  assert.equal(budget.waitMs(), 0);
  budget.spend();
  assert.equal(budget.waitMs(), 600);
  clock.advance(600);
  assert.equal(budget.waitMs(), 0);
  budget.spend();
  assert.equal(budget.waitMs(), 400);
});
