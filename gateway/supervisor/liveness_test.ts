/** Unit tests of the liveness watch. */
import assert from "node:assert/strict";
import { FakeClock } from "../../tests/helpers/fake_clock.ts";
import { watchLiveness } from "./liveness.ts";

function lab(answers: readonly boolean[]) {
  const clock = new FakeClock();
  let pings = 0;
  let wedged = 0;
  const liveness = watchLiveness({
    clock,
    intervalMs: 100,
    deadlineMs: 50,
    misses: 2,
    ping: () => (answers[pings++] ?? true) ? Promise.resolve() : Promise.reject(new Error("no answer")),
    onWedged: () => wedged++,
  });
  const pass = async (ms: number) => {
    clock.advance(ms);
    for (let turn = 0; turn < 4; turn++) await Promise.resolve();
  };
  return { clock, liveness, pass, pings: () => pings, wedged: () => wedged };
}

Deno.test("a worker that answers is pinged again and again", async () => {
  const { liveness, pass, pings, wedged } = lab([]);
  for (let round = 0; round < 5; round++) await pass(100);
  assert.equal(pings(), 5);
  assert.equal(wedged(), 0);
  liveness.stop();
});

Deno.test("one missed answer is forgiven, two in a row are not", async () => {
  const { pass, wedged } = lab([false, true, false, false]);
  await pass(100);
  await pass(0);
  assert.equal(wedged(), 0);
  await pass(100);
  assert.equal(wedged(), 0);
  await pass(0);
  assert.equal(wedged(), 1);
});

Deno.test("nothing is pinged after a stop", async () => {
  const { liveness, pass, pings } = lab([]);
  liveness.stop();
  await pass(1000);
  assert.equal(pings(), 0);
});

Deno.test("a miss that came late because main was busy is not counted", async () => {
  const clock = new FakeClock();
  const answer = Promise.withResolvers<void>();
  let wedged = 0;
  const liveness = watchLiveness({
    clock,
    intervalMs: 100,
    deadlineMs: 50,
    misses: 1,
    ping: () => answer.promise,
    onWedged: () => wedged++,
  });
  clock.advance(100);
  clock.advance(500);
  answer.reject(new Error("no answer"));
  for (let turn = 0; turn < 4; turn++) await Promise.resolve();
  assert.equal(wedged, 0);
  liveness.stop();
});
