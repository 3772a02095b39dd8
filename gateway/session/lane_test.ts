/** Turns of lanes by themselves, without runs. */
import assert from "node:assert/strict";
import { FakeClock } from "../../tests/helpers/fake_clock.ts";
import { Lanes, type Lease, type TurnPlan } from "./lane.ts";

interface Turn {
  readonly lane: string;
  readonly jobs: readonly string[];
  readonly lease: Lease;
}

function lanes(
  maxConcurrent: number,
  plan: (queue: readonly string[]) => TurnPlan = () => ({ count: 1, notBefore: 0 }),
) {
  const clock = new FakeClock();
  const turns: Turn[] = [];
  const made = new Lanes<string>({
    clock,
    maxConcurrent,
    plan,
    start: (lane, jobs, lease) => void turns.push({ lane, jobs, lease }),
  });
  return { clock, turns, lanes: made };
}

Deno.test("a turn never starts inside add, and a lane runs one at a time", () => {
  const { clock, turns, lanes: all } = lanes(9);
  all.add("x", "1");
  all.add("x", "2");
  assert.equal(turns.length, 0);
  clock.advance(0);
  assert.deepEqual(turns.map(({ jobs }) => jobs), [["1"]]);
  assert.deepEqual(all.queued("x"), ["2"]);
  turns[0]?.lease.release();
  clock.advance(0);
  assert.deepEqual(turns[1]?.jobs, ["2"]);
});

Deno.test("a lease released twice frees one place only", () => {
  const { clock, turns, lanes: all } = lanes(1);
  for (const key of ["a", "b", "c"]) all.add(key, key);
  clock.advance(0);
  turns[0]?.lease.release();
  turns[0]?.lease.release();
  clock.advance(0);
  assert.deepEqual(turns.map(({ lane }) => lane), ["a", "b"]);
});

Deno.test("a lane that is done is forgotten", () => {
  const { clock, turns, lanes: all } = lanes(1);
  all.add("a", "1");
  assert.equal(all.isBusy("a"), true);
  clock.advance(0);
  turns[0]?.lease.release();
  assert.equal(all.isBusy("a"), false);
});

Deno.test("a job taken out of the queue does not run, and its lane does not wait for it", () => {
  const { clock, turns, lanes: all } = lanes(
    1,
    (queue) => ({ count: 1, notBefore: queue[0] === "late" ? Infinity : 0 }),
  );
  all.add("a", "late");
  all.add("a", "now");
  clock.advance(0);
  assert.equal(turns.length, 0);
  assert.equal(all.remove("a", "late"), true);
  assert.equal(all.remove("a", "late"), false);
  clock.advance(0);
  assert.deepEqual(turns.map(({ jobs }) => jobs), [["now"]]);
});

Deno.test("a waiting lane is planned anew when a job joins it", () => {
  const { clock, turns, lanes: all } = lanes(
    1,
    (queue) => ({ count: queue.length, notBefore: start + queue.length * 100 }),
  );
  const start = clock.now();
  all.add("a", "1");
  clock.advance(50);
  all.add("a", "2");
  clock.advance(100);
  assert.equal(turns.length, 0);
  clock.advance(50);
  assert.deepEqual(turns[0]?.jobs, ["1", "2"]);
});

Deno.test("a paused schedule starts nothing more and keeps what waits", () => {
  const { clock, turns, lanes: all } = lanes(1);
  all.add("a", "1");
  all.add("b", "2");
  clock.advance(0);
  all.pause();
  turns[0]?.lease.release();
  clock.advance(1_000);
  assert.equal(turns.length, 1);
  assert.deepEqual(all.queued("b"), ["2"]);
});

Deno.test("a removed job of a ready lane leaves the ready list", () => {
  const { clock, turns, lanes: all } = lanes(1);
  all.add("a", "1");
  all.add("b", "2");
  all.remove("a", "1");
  clock.advance(0);
  assert.deepEqual(turns.map(({ lane }) => lane), ["b"]);
});
