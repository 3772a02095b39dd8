import assert from "node:assert/strict";
import type { StateReport } from "../runtime/provider.ts";
import { DEFAULT_BACKOFF } from "./backoff.ts";
import { createRetryTimer } from "./retry_timer.ts";

const build = (maxAttempts: number) => {
  const reports: StateReport[] = [];
  const rule = { ...DEFAULT_BACKOFF, maxAttempts };
  const timer = createRetryTimer({ rule, random: () => 0.5, report: (report) => reports.push(report), dial: () => {} });
  return { reports, timer };
};

Deno.test("waits grow until a connection has lasted", () => {
  const { reports, timer } = build(0);
  timer.schedule("lost", "428");
  timer.lasted(1_000);
  timer.schedule("lost", "428");
  timer.lasted(31_000);
  timer.schedule("lost", "428");
  timer.cancel();
  assert.deepEqual(reports.map(({ attempt, retryInMs }) => [attempt, retryInMs]), [[1, 2_000], [2, 2_800], [1, 2_000]]);
});

Deno.test("a limit of attempts ends the waiting with a sentence", () => {
  const { reports, timer } = build(1);
  timer.schedule("lost", "428");
  timer.schedule("lost", "428");
  assert.equal(reports[1]?.retryInMs, undefined);
  assert.match(reports[1]?.sentence ?? "", /Gave up after 1 attempts/u);
});

Deno.test("the account dials when the wait is over", async () => {
  const dialled = Promise.withResolvers<void>();
  const rule = { ...DEFAULT_BACKOFF, initialMs: 1 };
  const timer = createRetryTimer({ rule, random: () => 0.5, report: () => {}, dial: dialled.resolve });
  timer.schedule("lost", "428");
  await dialled.promise;
});
