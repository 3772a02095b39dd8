/** One text of a command: quoting, its inverse, and what a person sees of it. */
import assert from "node:assert/strict";
import { commandForms, commandText, shellScript, splitCommand, visible } from "./command_text.ts";

Deno.test("words are quoted only where a shell would read them otherwise", () => {
  for (
    const [argv, text] of [
      [["git", "log", "-n", "3"], "git log -n 3"],
      [["echo", "two words", ""], "echo 'two words' ''"],
      [["echo", "it's", "$HOME", "a;b"], `echo 'it'\\''s' '$HOME' 'a;b'`],
      [["echo", "a\nb\t\\'"], `echo $'a\\nb\\t\\\\\\''`],
      [["echo", "\u202egnp.exe", "\u{e0041}"], `echo $'\\u202egnp.exe' $'\\U000e0041'`],
      [["écho", "~", "*"], `'écho' '~' '*'`],
    ] as const
  ) assert.equal(commandText(argv), text);
});

Deno.test("a text has exactly one argument list, and every argument list its own text", () => {
  const nasty = [
    "",
    " ",
    "'",
    "''",
    "a b",
    "a' 'b",
    "$'a'",
    "\\",
    "\n",
    "$(id)",
    "`id`",
    "é",
    "\u200b",
    "\u0000",
    "x=1",
    "a,b",
    "\ud800",
  ];
  const texts = new Map<string, string>();
  for (const one of nasty) {
    for (const two of nasty) {
      const argv = ["prog", one, two];
      const text = commandText(argv);
      assert.deepEqual(splitCommand(text), argv, text);
      assert.equal(texts.get(text), undefined, text);
      texts.set(text, JSON.stringify(argv));
      assert.ok(!/[\p{Cc}\p{Cf}]/u.test(text), JSON.stringify(text));
    }
  }
});

Deno.test("what a shell would do more with has no words", () => {
  const refused = [
    "a; b",
    "a && b",
    "a | b",
    "a & b",
    "a > f",
    "a < f",
    "a `b`",
    "a $(b)",
    "a $B",
    'a "$B"',
    "a *",
    "a ~",
    "a {b,c}",
    "a #b",
    "a\nb",
    "A=1 b",
    "LD_PRELOAD+=x b",
    "(a)",
    "a 'b",
    'a "b',
    "a \\",
    "",
    "  ",
    "''",
    "a 'b\nc'",
    "a !b",
    'a "!b"',
    "a\u0000b",
    "a $'\\q'",
    "a $'\\UFFFFFFFF'",
  ];
  for (const text of refused) assert.equal(splitCommand(text), undefined, JSON.stringify(text));
  assert.deepEqual(splitCommand(`  git  commit -m "a b"'c'\\ d `), ["git", "commit", "-m", "a bc d"]);
});

Deno.test("a script within the host's own shell is a text of that command; one within another program is not", () => {
  assert.deepEqual(commandForms(["/bin/sh", "-lc", "ls | wc"]), ["/bin/sh -lc 'ls | wc'", "ls | wc"]);
  assert.equal(shellScript(["bash", "-c", "ls"]), "ls");
  assert.equal(shellScript(["cmd.exe", "/d", "/s", "/c", "dir"]), "dir");
  assert.equal(shellScript(["C:\\Windows\\System32\\cmd.exe", "/C", "dir"]), "dir");
  for (
    const argv of [
      ["/tmp/sh", "-c", "ls"],
      ["sh", "-c", "ls", "x"],
      ["sh", "-x", "ls"],
      ["sh", "x"],
      ["./sh", "-c", "ls"],
      ["sh"],
      [],
    ]
  ) assert.equal(shellScript(argv), undefined, argv.join(" "));
});

Deno.test("a person sees what is invisible", () => {
  assert.equal(visible("a\u202eb\u200b\r\nc\u001b[2J"), "a\\u202eb\\u200b\\r\nc\\x1b[2J");
  assert.equal(visible("naïve 日本 👍"), "naïve 日本 👍");
});
