/** How a run looks on the terminal while it streams. */
import assert from "node:assert/strict";
import { testCli } from "../../tests/helpers/cli_context.ts";
import type { AgentEventPayload } from "./payloads.ts";
import { RunPrinter } from "./run_printer.ts";

function printed(events: readonly (readonly [stream: string, data: AgentEventPayload["data"]])[], outputTty = false) {
  const cli = testCli({ outputTty });
  const printer = new RunPrinter(cli.context.out);
  for (const [stream, data] of events) printer.event({ runId: "r", stream, data });
  printer.end();
  return { text: cli.stdout(), wroteText: printer.wroteText };
}
const say = (text: string, delta: string) => ["assistant", { text, delta }] as const;

Deno.test("text is written once, as it grows", () => {
  assert.deepEqual(printed([say("Hel", "Hel"), say("Hello", "lo"), say("Hello\n", "\n")]), {
    text: "Hello\n",
    wroteText: true,
  });
});

Deno.test("a skipped event leaves no hole, a repeated one no double", () => {
  assert.equal(printed([say("a", "a"), say("abc", "c"), say("abc", "c")]).text, "abc\n");
});

Deno.test("a new message begins on a new line, also when it starts like the one before", () => {
  assert.equal(printed([say("One.", "One."), say("Two", "Two"), say("Two.", ".")]).text, "One.\nTwo.\n");
  assert.equal(printed([say("I", "I"), say("I am", "I am"), say("I am.", ".")]).text, "I\nI am.\n");
});

Deno.test("tools stand on dimmed lines of their own between the text", () => {
  const { text } = printed([
    say("Looking", "Looking"),
    ["tool", { phase: "start", name: "time", args: { zone: "UTC" } }],
    ["tool", { phase: "result", name: "time", isError: false }],
    ["tool", { phase: "result", name: "disk", isError: true, meta: "full" }],
    say("Done", "Done"),
  ]);
  assert.equal(text, 'Looking\n· tool time {"zone":"UTC"}\n· tool disk failed: full\nDone\n');
  assert.equal(printed([["tool", { phase: "start", name: "t" }]], true).text, "\x1b[2m· tool t\x1b[22m\n");
});

Deno.test("thinking is dimmed and ends before the answer", () => {
  assert.equal(
    printed([["thinking", { delta: "hm" }], ["thinking", { delta: "m" }], say("Yes", "Yes")]).text,
    "hmm\nYes\n",
  );
  assert.equal(printed([["thinking", { delta: "hm" }]]).wroteText, false);
});

Deno.test("escape sequences of a model reach no terminal, unknown streams print nothing", () => {
  assert.equal(printed([say("a\x1b]0;owned\x07b", "x")]).text, "a]0;ownedb\n");
  assert.equal(printed([["usage", { text: "5" }], ["lifecycle", { phase: "start" }]]).text, "");
});
