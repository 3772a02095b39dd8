/** Unit tests of what a lost connection means. */
import assert from "node:assert/strict";
import { closeVerdict, errorVerdict, limitVerdict } from "./trouble.ts";

const settings = { guildMembers: false };

Deno.test("the codes of the account are fatal and name the way out, every other close is resumed", () => {
  for (const code of [4004, 4010, 4011, 4012, 4013, 4014]) {
    const verdict = closeVerdict(code, settings);
    assert.ok(verdict.fatal && verdict.userAction && verdict.platformCode === String(code));
  }
  for (const code of [0, 1000, 1001, 1006, 4000, 4001, 4002, 4008, 4200, 4999]) {
    const verdict = closeVerdict(code, settings);
    assert.deepEqual([verdict.fatal, verdict.dropSession], [false, false], String(code));
  }
  for (const code of [4003, 4005, 4007, 4009]) assert.equal(closeVerdict(code, settings).dropSession, true);
});

Deno.test("4014 names every intent that the account asks for", () => {
  assert.match(closeVerdict(4014, { guildMembers: true }).sentence, /Message Content.*Server Members/u);
  assert.doesNotMatch(closeVerdict(4014, settings).sentence, /Server Members/u);
});

Deno.test("faults of the network are never fatal, a refused token is", () => {
  const error = { message: "no", retryable: true, outcome: "unknown" } as const;
  assert.equal(errorVerdict({ ...error, code: "unreachable" }).fatal, false);
  assert.equal(errorVerdict({ ...error, code: "rate_limited", retryAfterMs: 86_400_000 }).waitMs, 15 * 60_000);
  assert.equal(errorVerdict({ ...error, code: "unauthorized" }).userAction, "set_token");
  assert.equal(limitVerdict(10).waitMs, 1_000);
});
