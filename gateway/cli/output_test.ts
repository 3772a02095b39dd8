/** What reaches the terminal: cleaned text, JSON, colours, tables. */
import assert from "node:assert/strict";
import { testCli } from "../../tests/helpers/cli_context.ts";
import { clean, jsonText, oneLine, width } from "./output.ts";

Deno.test("text of another party loses what could steer a terminal", () => {
  assert.equal(clean("a\x1b[31mb\x07c\r\nd\te\u009b2Jf\u202eg"), "a[31mbc\nd\te2Jfg");
  assert.equal(oneLine("one\n  two\tthree", 40), "one two three");
  assert.equal(oneLine("abcdef", 4), "abc…");
});

Deno.test("JSON keeps its value and holds no raw control character", () => {
  const value = { text: "a\x1b[0m\u009bz", n: null };
  const text = jsonText(value);
  assert.deepEqual(JSON.parse(text), value);
  // deno-lint-ignore no-control-regex
  assert.ok(!/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/u.test(text));
  assert.equal(jsonText(undefined), "null");
});

Deno.test("colours appear only on a terminal and never with NO_COLOR", () => {
  assert.equal(testCli({ outputTty: true }).context.out.style("red", "x"), "\x1b[31mx\x1b[39m");
  assert.equal(testCli({ outputTty: true, noColor: true }).context.out.style("red", "x"), "x");
  assert.equal(testCli().context.out.style("red", "x"), "x");
});

Deno.test("tables align columns by display width and numbers to the right", () => {
  const cli = testCli();
  cli.context.out.table(["NAME", { title: "N", right: true }], [["日本", "5"], ["a\nb", "120"]]);
  assert.equal(cli.stdout(), "NAME    N\n日本    5\na b   120\n");
  assert.equal(width("日本"), 4);
  assert.equal(width("e\u0301"), 1);
});

Deno.test("fields without a value are left out", () => {
  const cli = testCli();
  cli.context.out.fields([["A", "1"], ["Long", undefined], ["B", ""]]);
  assert.equal(cli.stdout(), "A  1\n");
});

Deno.test("notes, warnings and errors go to standard error", () => {
  const cli = testCli();
  cli.context.out.note("n");
  cli.context.out.warn("w");
  cli.context.out.error("e");
  assert.equal(cli.stdout(), "");
  assert.equal(cli.stderr(), "n\nWarning: w\nError: e\n");
});
