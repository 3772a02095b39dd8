/** Markdown as mrkdwn: what Slack shows, and what must never reach it. */
import assert from "node:assert/strict";
import { toMrkdwn } from "./format.ts";
import { JOINER } from "./mrkdwn.ts";

const cases: readonly (readonly [string, string, string])[] = [
  ["bold, italic, struck, both", "**b** __b__ *i* _i_ ~~s~~ ***bi***", "*b* *b* _i_ _i_ ~s~ *_bi_*"],
  ["the three signs that Slack reads", "a < b && c > d", "a &lt; b &amp;&amp; c &gt; d"],
  ["code keeps its marks and is escaped", "`a * <b> _c_`", "`a * &lt;b&gt; _c_`"],
  [
    "links and images",
    "[the *site*](https://x.example/a?b=1&c=2) ![pic](https://x.example/p.png)",
    "<https://x.example/a?b=1&amp;c=2|the _site_> <https://x.example/p.png|pic>",
  ],
  ["a bar or bracket cannot end a link", "[a|b>c](https://x.example/|<q>)", "<https://x.example/%7C%3Cq%3E|a¦b&gt;c>"],
  ["other schemes are shown and not linked", "[run](javascript:alert(1))", "run (javascript:alert(1))"],
  [
    "addresses keep their underscores",
    "see https://x.example/a_b_c and <https://y.example>",
    "see https://x.example/a_b_c and <https://y.example>",
  ],
  [
    "people and channels may be mentioned",
    "<@U12345> <#C12345|general> <!subteam^S12345>",
    "<@U12345> <#C12345|general> <!subteam^S12345>",
  ],
  ["everybody may not", "<!channel> <!here|x> <!everyone>", "&lt;!channel&gt; &lt;!here|x&gt; &lt;!everyone&gt;"],
  ["a token that only looks like one is text", "<@nobody> <script>", "&lt;@nobody&gt; &lt;script&gt;"],
  ["headings are bold", "## The **big** head ##", "*The big head*"],
  ["lists and boxes", "- one\n  * two\n- [ ] open\n- [x] done\n1. first", "• one\n  • two\n☐ open\n☑ done\n1. first"],
  ["quotes", "> a\n> **b**\nc", "> a\n> *b*\nc"],
  ["names with underscores are no emphasis", "snake_case_name 2 * 3 * 4", "snake_case_name 2 * 3 * 4"],
  ["escaped marks", "\\*not\\* \\_so\\_", "*not* _so_"],
  ["a fence loses its language and cannot be broken out of", "```ts\na < b\n```", "```\na &lt; b\n```"],
  ["a fence without its end is closed", "```\nopen", "```\nopen\n```"],
  ["what is not closed is text", "**open `too [far](", "**open `too [far]("],
  ["nothing", " \n\n ", ""],
];
for (const [name, markdown, wanted] of cases) {
  Deno.test(`mrkdwn: ${name}`, () => assert.equal(toMrkdwn(markdown), wanted));
}

Deno.test("mrkdwn: marks within a word get an invisible blank, without which Slack shows them", () => {
  assert.equal(toMrkdwn("这是**粗体**字"), `这是${JOINER}*粗体*${JOINER}字`);
});

Deno.test("mrkdwn: tables are aligned as code, and left as written where that would be too long", () => {
  const table = "| a | long head |\n|---|---|\n| wide cell | **b** |";
  assert.equal(toMrkdwn(table), "```\na         | long head\n----------|----------\nwide cell | b\n```");
  assert.ok(toMrkdwn(table, 10).includes("|---|---|"));
});

Deno.test("mrkdwn: hostile nesting costs no more than linear time", () => {
  const begun = performance.now();
  for (const unit of ["*", "_", "**a", "[", "`", "<", "~~", "![", "> "]) toMrkdwn(unit.repeat(4_000));
  assert.ok(performance.now() - begun < 2_000);
});
