/** Tests of mention patterns. */
import assert from "node:assert/strict";
import { compilePatterns, matchesAny, withoutLeadingMentions } from "./mention.ts";

const match = (pattern: string, text: string) => matchesAny(compilePatterns([pattern]).patterns, text);

Deno.test("patterns match anywhere, without case, over line ends", () => {
  assert.ok(match("\\bopenclaw\\b", "hey OpenClaw!"));
  assert.ok(match("hey\\s+bot", "Hey\n  bot"));
  assert.ok(match("\\+?1555010", "call +1555010"));
  assert.ok(match("end$", `${"x ".repeat(1_500)}end`));
  assert.ok(!match("bot", ""));
});

Deno.test("patterns that could stop the gateway are refused, with the reason", () => {
  const bad = ["(a+)+$", "(a|aa)+$", "((a))*b+c*d+", "(.*x)*", "a*b*c*", ".*.*.*x", "(a)\\1", "(", "", "x".repeat(201)];
  const { patterns, refused } = compilePatterns(bad);
  assert.deepEqual(patterns.map(String), []);
  assert.equal(refused.length, bad.length);
  for (const { reason } of refused) assert.notEqual(reason, "");
  assert.equal(compilePatterns(Array.from({ length: 40 }, () => "a")).refused.length, 8);
});

Deno.test("the worst allowed pattern on the worst text takes no noticeable time", () => {
  const { patterns } = compilePatterns([".*.*x", "a+b+c", "(?:ab)+(?:cd)+e"]);
  assert.equal(patterns.length, 3);
  const started = performance.now();
  matchesAny(patterns, "a".repeat(100_000));
  matchesAny(patterns, "ab".repeat(50_000));
  assert.ok(performance.now() - started < 2_000);
});

Deno.test("mentions at the start are taken off, a text of mentions alone stays", () => {
  assert.equal(withoutLeadingMentions("@bot /status"), "/status");
  assert.equal(withoutLeadingMentions("<@U123> , <@!42> /new x"), "/new x");
  assert.equal(withoutLeadingMentions("@bot"), "@bot");
  assert.equal(withoutLeadingMentions("mail a@b /status"), "mail a@b /status");
});
