import assert from "node:assert/strict";
import { createAttendance } from "./attendance.ts";

Deno.test("a page acts ten times by itself, and as often again once somebody is there", () => {
  let active = false;
  const attendance = createAttendance(() => active);
  const take = (count: number) => Array.from({ length: count }, () => attendance.take()).filter(Boolean).length;
  assert.equal(take(40), 10);
  active = true;
  assert.equal(take(40), 40);
  active = false;
  assert.equal(take(40), 9, "the last one with somebody there counts");
});
