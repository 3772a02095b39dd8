/** Tests of allow list entries against senders. */
import assert from "node:assert/strict";
import { hasWildcard, idList, names } from "./sender_match.ts";

const is = (entry: string, id: string, aliases: string[] = []) => names([entry], { id, aliases }, "chan");

Deno.test("an entry is found in any of its usual forms", () => {
  assert.ok(is("12345", "12345"));
  assert.ok(is("chan:12345", "12345"));
  assert.ok(is("user:U1", "u1"));
  assert.ok(is("@Ada", "1", ["ada"]));
  assert.ok(is("ada", "1", ["@Ada"]));
  assert.ok(is("+1 (555) 010-4477", "15550104477@x", ["+15550104477"]));
  assert.ok(is(" U1 ", "U1"));
});

Deno.test("nothing is found by chance", () => {
  assert.ok(!is("12345", "1234"));
  assert.ok(!is("other:12345", "12345"));
  assert.ok(!is("*", "anybody"), "the wildcard is asked for by itself");
  assert.ok(!is("", ""));
  assert.ok(!is("@", "x"));
  assert.ok(!is("+15550104477", "15550104477"), "a number of another kind is another sender");
});

Deno.test("a list of the configuration keeps texts and numbers", () => {
  assert.deepEqual(idList([1, " a ", null, {}, "", true]), ["1", "a"]);
  assert.deepEqual(idList("a"), []);
  assert.ok(hasWildcard(["a", "*"]));
});
