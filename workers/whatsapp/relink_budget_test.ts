import assert from "node:assert/strict";
import { mayRelink, readRelinks, withAttempt, withLinked } from "./relink_budget.ts";

const NOW = 1_795_000_000_000;
const HOUR = 60 * 60 * 1000;
const empty = { attempts: [], linked: [] };

Deno.test("the first linking is free of warnings, the second is not", () => {
  assert.deepEqual(mayRelink(empty, NOW), { allowed: true, warning: undefined });
  const again = mayRelink(withLinked(empty, NOW - HOUR), NOW);
  assert.match(again.allowed ? again.warning ?? "" : "", /can get a number banned by WhatsApp/u);
});

Deno.test("four linkings a day are the limit, until the first of them is a day old", () => {
  const four = [4, 3, 2, 1].reduce((record, hours) => withLinked(record, NOW - hours * HOUR), readRelinks({}, NOW));
  const answer = mayRelink(four, NOW);
  assert.ok(!answer.allowed);
  assert.equal(answer.retryInMs, 20 * HOUR);
  assert.match(answer.sentence, /too often today/u);
  assert.equal(mayRelink(four, NOW + 20 * HOUR + 1).allowed, true);
});

Deno.test("codes that nobody used count too, with a higher limit", () => {
  let record = readRelinks({}, NOW);
  for (let count = 0; count < 12; count++) record = withAttempt(record, NOW - HOUR);
  assert.equal(mayRelink(record, NOW).allowed, false);
});

Deno.test("what was saved is read with care", () => {
  assert.deepEqual(readRelinks({ attempts: ["x", NOW, NOW + HOUR, NOW - 25 * HOUR], linked: 7 }, NOW), {
    attempts: [NOW],
    linked: [],
  });
  assert.deepEqual(readRelinks(null, NOW), empty);
});
