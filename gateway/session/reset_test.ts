import assert from "node:assert/strict";
import type { Config, ResetPolicy } from "../config/types.ts";
import { fakeConfig } from "../../tests/helpers/services.ts";
import { isStaleAt, lastBoundary, resetPolicyFor } from "./reset.ts";

const daily: ResetPolicy = { mode: "daily", atHour: 4, idleMinutes: undefined };
const at = (text: string): number => Temporal.ZonedDateTime.from(text).epochMilliseconds;
const berlin = (text: string): number => at(`${text}[Europe/Berlin]`);

Deno.test("a daily session is stale once the wall clock passed four since its last use", () => {
  const used = berlin("2026-11-22T03:59");
  assert.ok(!isStaleAt(used, berlin("2026-11-22T03:59:59"), daily, "Europe/Berlin"));
  assert.ok(isStaleAt(used, berlin("2026-11-22T04:00"), daily, "Europe/Berlin"));
  assert.ok(!isStaleAt(berlin("2026-11-22T04:00"), berlin("2026-11-23T03:59"), daily, "Europe/Berlin"));
});

Deno.test("before the hour, the boundary is yesterday's", () => {
  assert.equal(lastBoundary(berlin("2026-11-22T01:00"), 4, "Europe/Berlin"), berlin("2026-11-21T04:00"));
  assert.equal(lastBoundary(berlin("2026-01-01T00:30"), 4, "Europe/Berlin"), berlin("2025-12-31T04:00"));
});

Deno.test("the boundary is four o'clock also on the days when clocks change", () => {
  // Spring: 02:00 becomes 03:00, so four o'clock comes 23 hours after the last one.
  const spring = lastBoundary(berlin("2026-03-29T05:00"), 4, "Europe/Berlin");
  assert.equal(spring, Date.UTC(2026, 2, 29, 2));
  assert.equal(spring - berlin("2026-03-28T04:00"), 23 * 3_600_000);
  // Autumn: 03:00 becomes 02:00, so it comes 25 hours after.
  const autumn = lastBoundary(berlin("2026-10-25T05:00"), 4, "Europe/Berlin");
  assert.equal(autumn, Date.UTC(2026, 9, 25, 3));
  assert.equal(autumn - berlin("2026-10-24T04:00"), 25 * 3_600_000);
});

Deno.test("an hour that a clock change skips counts as the moment after the gap", () => {
  const boundary = lastBoundary(berlin("2026-03-29T12:00"), 2, "Europe/Berlin");
  assert.equal(boundary, berlin("2026-03-29T03:00"));
});

Deno.test("an idle session is stale after its minutes, an hour when none are given", () => {
  const idle = (idleMinutes: number | undefined): ResetPolicy => ({ mode: "idle", atHour: 4, idleMinutes });
  assert.ok(!isStaleAt(0, 30 * 60_000, idle(30), "UTC"));
  assert.ok(isStaleAt(0, 30 * 60_000 + 1, idle(30), "UTC"));
  assert.ok(!isStaleAt(0, 60 * 60_000, idle(undefined), "UTC"));
  assert.ok(isStaleAt(0, 60 * 60_000 + 1, idle(undefined), "UTC"));
  // Idle alone does not look at the hour.
  assert.ok(!isStaleAt(at("2026-11-22T03:59[UTC]"), at("2026-11-22T04:01[UTC]"), idle(30), "UTC"));
});

Deno.test("a daily session with idle minutes ends at whichever comes first", () => {
  const both: ResetPolicy = { ...daily, idleMinutes: 10 };
  assert.ok(isStaleAt(at("2026-11-22T12:00[UTC]"), at("2026-11-22T12:11[UTC]"), both, "UTC"));
  assert.ok(isStaleAt(at("2026-11-22T03:58[UTC]"), at("2026-11-22T04:01[UTC]"), both, "UTC"));
  assert.ok(!isStaleAt(at("2026-11-22T12:00[UTC]"), at("2026-11-22T12:09[UTC]"), both, "UTC"));
});

Deno.test("the rule of the channel goes before that of the type, and that before the general one", () => {
  const idle = (idleMinutes: number): ResetPolicy => ({ mode: "idle", atHour: 4, idleMinutes });
  const rules: Config["session"] = {
    ...fakeConfig().session,
    resetByType: { direct: idle(1), thread: idle(2) },
    resetByChannel: { telegram: idle(3) },
  };
  const session = (key: string, lastChannel?: string) => ({
    key,
    kind: key.includes(":group:") ? "group" as const : "direct" as const,
    entry: lastChannel === undefined ? {} : { lastChannel },
  });
  assert.equal(resetPolicyFor(session("agent:main:main", "telegram"), rules).idleMinutes, 3);
  assert.equal(resetPolicyFor(session("agent:main:main", "signal"), rules).idleMinutes, 1);
  assert.equal(resetPolicyFor(session("agent:main:telegram:group:1:topic:2"), rules).idleMinutes, 2);
  assert.equal(resetPolicyFor(session("agent:main:telegram:group:1"), rules), rules.reset);
  const old = { ...rules, resetByType: { dm: idle(7) } };
  assert.equal(resetPolicyFor(session("agent:main:main"), old).idleMinutes, 7);
});
