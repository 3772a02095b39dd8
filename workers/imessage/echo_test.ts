/** Tests of own texts that come back. */
import assert from "node:assert/strict";
import { createEchoes } from "./echo.ts";

Deno.test("an own text is an echo once, in its chat, within the window", () => {
  let now = 0;
  const echoes = createEchoes(100, () => now);
  echoes.expect("+15550100", "Hello  there\n");
  assert.equal(echoes.take(["+15550199"], "Hello there"), false, "another chat");
  assert.equal(echoes.take(["+15550100"], "Hello you"), false, "another text");
  assert.equal(echoes.take(["42", "+15550100"], "Hello there"), true);
  assert.equal(echoes.take(["+15550100"], "Hello there"), false, "once");
  echoes.expect("42", "late");
  now = 101;
  assert.equal(echoes.take(["42"], "late"), false);
});

Deno.test("a text that was not sent is nobody's echo", () => {
  const echoes = createEchoes(100, () => 0);
  echoes.expect("42", "never left")();
  assert.equal(echoes.take(["42"], "never left"), false);
});
