/** One job at a time; waiting ends by its signal; a limit on who waits; buckets that fill again. */
import assert from "node:assert/strict";
import { createBucket } from "../../client/bucket.ts";
import { abortable, createQueue, pause } from "./queue.ts";

const never = new AbortController().signal;

Deno.test("jobs run one after the other, also behind one that failed", async () => {
  const queue = createQueue("the camera", 4);
  const log: string[] = [];
  const job = (name: string, fails = false) => async () => {
    log.push(`${name} begins`);
    await pause(2, never);
    log.push(`${name} ends`);
    if (fails) throw new Error(name);
    return name;
  };
  const results = await Promise.allSettled([
    queue.run(never, job("a")),
    queue.run(never, job("b", true)),
    queue.run(never, job("c")),
  ]);
  assert.deepEqual(results.map(({ status }) => status), ["fulfilled", "rejected", "fulfilled"]);
  assert.deepEqual(log, ["a begins", "a ends", "b begins", "b ends", "c begins", "c ends"]);
});

Deno.test("more than the cap that wait are refused, and who gave up lets the next one through", async () => {
  const queue = createQueue("the camera", 2);
  const first = Promise.withResolvers<void>();
  const running = queue.run(never, () => first.promise);
  await pause(1, never);
  const gaveUp = new AbortController();
  const second = queue.run(gaveUp.signal, () => Promise.resolve("never"));
  const third = queue.run(never, () => Promise.resolve("third"));
  await assert.rejects(queue.run(never, () => Promise.resolve()), /UNAVAILABLE: the camera is busy: 2 calls wait/);
  gaveUp.abort(new Error("stopped"));
  await assert.rejects(second, /stopped/);
  first.resolve();
  await running;
  assert.equal(await third, "third");
});

Deno.test("what comes after the end of waiting is handed over to be put away", async () => {
  const slow = Promise.withResolvers<string>();
  const abort = new AbortController();
  const late: string[] = [];
  const waiting = abortable(slow.promise, abort.signal, (value) => late.push(value));
  abort.abort(new Error("too late"));
  await assert.rejects(waiting, /too late/);
  slow.resolve("camera");
  await slow.promise;
  await pause(0, never);
  assert.deepEqual(late, ["camera"]);
  await assert.rejects(pause(60_000, abort.signal), /too late/);
});

Deno.test("a bucket gives its burst, then so many a second, and never more than the burst", () => {
  let time = 0;
  const bucket = createBucket(3, 1, () => time);
  const take = (times: number) => Array.from({ length: times }, () => bucket.take()).filter(Boolean).length;
  assert.equal(take(9), 3);
  time = 2_000;
  assert.equal(take(9), 2);
  time = 999_000;
  assert.equal(take(9), 3);
  time = 0;
  assert.equal(take(9), 0, "a clock that went back gives nothing");
});
