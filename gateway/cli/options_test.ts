/** Options, durations and numbers as people write and read them. */
import assert from "node:assert/strict";
import { CliError } from "./exit.ts";
import { ago, count, duration, parseDuration } from "./format.ts";
import { Options } from "./options.ts";

const usage = (pattern: RegExp) => (error: unknown) =>
  error instanceof CliError && error.exit === "usage" && pattern.test(error.message);

Deno.test("durations are read with a unit, or in the unit of the command", () => {
  assert.equal(parseDuration("500ms", "s"), 500);
  assert.equal(parseDuration("10s", "ms"), 10_000);
  assert.equal(parseDuration("1.5m", "ms"), 90_000);
  assert.equal(parseDuration("2h", "ms"), 7_200_000);
  assert.equal(parseDuration("5000", "ms"), 5000);
  assert.equal(parseDuration("600", "s"), 600_000);
  for (const bad of ["", "-1s", "abc", "10 days", "1e9", "400h"]) assert.equal(parseDuration(bad, "ms"), undefined);
});

Deno.test("times are shown in the largest unit that fits", () => {
  assert.deepEqual([0, 250, 59_400, 60_000, 7_200_000, 200_000_000].map(duration), [
    "0 s",
    "250 ms",
    "59 s",
    "1 min",
    "2 h",
    "2 d",
  ]);
  assert.equal(ago(undefined, 10), "-");
  assert.equal(ago(9_500, 10_000), "now");
  assert.equal(ago(0, 180_000), "3 min ago");
  assert.equal(count(1, "session"), "1 session");
  assert.equal(count(0, "session"), "0 sessions");
});

Deno.test("an option with an empty value is refused, an absent one is absent", () => {
  const options = new Options({ token: "", url: " ", json: true });
  assert.throws(() => options.text("token"), usage(/--token: value is empty/u));
  assert.throws(() => options.text("url"), usage(/--url: value is empty/u));
  assert.equal(options.text("password"), undefined);
  assert.equal(options.flag("json"), true);
  assert.equal(options.flag("yes"), false);
});

Deno.test("numbers and durations are checked", () => {
  const options = new Options({ limit: "5", history: "0", bad: "1.5", timeout: "10s", idempotencyKey: "x" });
  assert.equal(options.whole("limit"), 5);
  assert.equal(options.whole("history", 0), 0);
  assert.throws(() => options.whole("history"), usage(/--history "0": a whole number from 1 up/u));
  assert.throws(() => options.whole("bad"), usage(/--bad/u));
  assert.equal(options.duration("timeout"), 10_000);
  assert.throws(() => options.duration("idempotencyKey"), usage(/--idempotency-key "x": a duration such as/u));
  assert.deepEqual(new Options({ scope: ["a", 1, "b"] }).list("scope"), ["a", "b"]);
});
