/** Tests of lines typed in a terminal. */
import assert from "node:assert/strict";
import { createTerminalLines, type RawTerminal } from "./terminal_line.ts";

function terminal(...typed: string[]) {
  let written = "";
  const raw: boolean[] = [];
  const source: RawTerminal = {
    read: () => Promise.resolve(typed.length === 0 ? null : new TextEncoder().encode(typed.shift())),
    setRaw: (on) => void raw.push(on),
    write: (text) => void (written += text),
  };
  return { ask: createTerminalLines(source), written: () => written, raw };
}

Deno.test("a line is shown as it is typed, and corrected by backspace", async () => {
  const { ask, written, raw } = terminal("ab", "c\u007f", "d\r");
  assert.deepEqual(await ask("Name: ", false), { kind: "line", text: "abd" });
  assert.equal(written(), "Name: abc\b \bd\r\n");
  assert.deepEqual(raw, [true, false]);
});

Deno.test("nothing of a secret is shown", async () => {
  const { ask, written } = terminal("s3cret\u007f\u007ft\r");
  assert.deepEqual(await ask("Token: ", true), { kind: "line", text: "s3cr" + "t" });
  assert.equal(written(), "Token: \r\n");
});

Deno.test("what was pasted behind a line answers the next question", async () => {
  const { ask } = terminal("one\ntwo\n");
  assert.deepEqual(await ask("1: ", false), { kind: "line", text: "one" });
  assert.deepEqual(await ask("2: ", false), { kind: "line", text: "two" });
  assert.deepEqual(await ask("3: ", false), { kind: "end" });
});

Deno.test("Ctrl-C interrupts, Ctrl-D ends, arrow keys are no text", async () => {
  assert.deepEqual(await terminal("ab\u0003").ask("", false), { kind: "interrupted" });
  assert.deepEqual(await terminal("\u0004").ask("", false), { kind: "end" });
  assert.deepEqual(await terminal("a\u001b[Db\u001b[3~\r").ask("", false), { kind: "line", text: "ab" });
});
