import assert from "node:assert/strict";
import { toWhatsApp } from "./format.ts";

const cases: readonly (readonly [string, string, string])[] = [
  ["bold, italic and struck text get WhatsApp's signs", "**b** *i* _i_ ~~s~~", "*b* _i_ _i_ ~s~"],
  ["bold with italic inside keeps both", "**a *b* c**", "*a _b_ c*"],
  ["headings become bold lines", "## A **title** #", "*A title*"],
  [
    "links keep their address",
    "see [docs](https://x.org/a) ![pic](https://x.org/p.png)",
    "see docs (https://x.org/a) pic (https://x.org/p.png)",
  ],
  ["code stays as it is", "a `**x**` b", "a `**x**` b"],
  ["a fence loses its language and nothing else", "```ts\nlet a = **1**;\n# x\n```", "```\nlet a = **1**;\n# x\n```"],
  ["a fence that is not closed is closed", "~~~\na", "```\na\n```"],
  ["bullets and boxes", "* one\n+ two\n- [x] done\n- [ ] open", "- one\n- two\n- ☑ done\n- ☐ open"],
  ["stars that multiply are left alone", "2 * 3 * 4 and a*b*c", "2 * 3 * 4 and a*b*c"],
  ["escaped signs are signs", "\\*not bold\\*", "*not bold*"],
  [
    "tables become bullets",
    "| Name | Age | City |\n|---|:-:|---|\n| **Ann** | 3 | Rome |\n| Bo | | Oslo |\nend",
    "- *Ann* – Age: 3, City: Rome\n- *Bo* – City: Oslo\nend",
  ],
  ["numbered lists stay", "1. one\n2. two", "1. one\n2. two"],
  ["nothing stays nothing", "", ""],
];

for (const [name, markdown, expected] of cases) {
  Deno.test(`${name}`, () => assert.equal(toWhatsApp(markdown), expected));
}

Deno.test("a long line of stars costs no time", () => {
  const started = performance.now();
  toWhatsApp("*".repeat(20_000) + "a".repeat(20_000));
  toWhatsApp("[".repeat(20_000));
  toWhatsApp("**a".repeat(5_000));
  assert.ok(performance.now() - started < 2_000);
});
