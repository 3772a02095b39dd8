import assert from "node:assert/strict";
import { MAX_MESSAGE, toTelegramHtml } from "./format.ts";

const html = (markdown: string): string => toTelegramHtml(markdown).html;

Deno.test("emphasis becomes tags that are closed and never cross", () => {
  assert.equal(
    html("**a** __b__ *c* _d_ ~~e~~ ||f||"),
    "<b>a</b> <b>b</b> <i>c</i> <i>d</i> <s>e</s> <tg-spoiler>f</tg-spoiler>",
  );
  assert.equal(
    html("***both*** **a *b* c** *a **b** c*"),
    "<b><i>both</i></b> <b>a <i>b</i> c</b> <i>a <b>b</b> c</i>",
  );
  assert.equal(html("**bold *and it***"), "<b>bold <i>and it</i></b>");
  assert.equal(html("**a\\*\\*b**"), "<b>a**b</b>");
});

Deno.test("what is not closed, stands in a word or between blanks is text", () => {
  for (
    const text of [
      "**open",
      "snake_case_name",
      "2 * 3 * 4",
      "a ~~ b",
      "`open",
      "[label](",
      "[label]",
      "__init__x",
      "****a",
    ]
  ) {
    assert.equal(html(text), text);
  }
});

Deno.test("everything of HTML is escaped, also inside code and addresses", () => {
  assert.equal(html("<b>x</b> & y"), "&lt;b&gt;x&lt;/b&gt; &amp; y");
  assert.equal(html("`<i>`"), "<code>&lt;i&gt;</code>");
  assert.equal(html('[x](https://a.b/?c="&d=<e>)'), '<a href="https://a.b/?c=&quot;&amp;d=&lt;e&gt;">x</a>');
});

Deno.test("only http and https are linked; the rest is shown", () => {
  assert.equal(html("[x](https://a.b/c_d_e)"), '<a href="https://a.b/c_d_e">x</a>');
  assert.equal(html('[x](http://a.b "title")'), '<a href="http://a.b">x</a>');
  assert.equal(html("[x](javascript:alert(1))"), "x (javascript:alert(1))");
  assert.equal(html("[x](tg://user?id=1)"), "x (tg://user?id=1)");
  assert.equal(html("![cat](https://a.b/cat.png)"), '<a href="https://a.b/cat.png">cat</a>');
  assert.equal(html("<https://a.b> https://a.b/x_y_z"), "https://a.b https://a.b/x_y_z");
  assert.equal(html("[a [b](https://c.d) e](https://f.g)"), '<a href="https://f.g">a b (https://c.d) e</a>');
});

Deno.test("code blocks keep their text and their language; one that is still growing is a block already", () => {
  assert.equal(html("```ts\na < b\n```"), '<pre><code class="language-ts">a &lt; b</code></pre>');
  assert.equal(html("~~~\n**no**\n~~~\nx"), "<pre>**no**</pre>\nx");
  assert.equal(html("```py\nprint("), '<pre><code class="language-py">print(</code></pre>');
  assert.equal(html('```"><b>\nx\n```'), "<pre>x</pre>");
  assert.equal(html("````\n```\n````"), "<pre>```</pre>");
});

Deno.test("headings, lists, tasks, rules, quotes and tables have a form in Telegram", () => {
  assert.equal(html("# Title **x** #"), "<b>Title x</b>");
  assert.equal(html("- a\n  * b\n1. c"), "• a\n  • b\n1. c");
  assert.equal(html("- [ ] open\n- [x] done"), "☐ open\n☑ done");
  assert.equal(html("a\n\n\n\n---\n\nb"), "a\n\n———\n\nb");
  assert.equal(html("> a\n> > b\n\nc"), "<blockquote>a\nb</blockquote>\n\nc");
  assert.equal(html("| a | bb |\n|---|:-:|\n| **1** | 2 |"), "<pre>a | bb\n--|---\n1 | 2</pre>");
});

Deno.test("the visible length is what Telegram counts", () => {
  const { visible } = toTelegramHtml("**ab** [c](https://example.org) `d`\n\n> e");
  assert.equal(visible, "ab c d\n\ne".length);
});

Deno.test("a table whose columns would not fit when aligned stays as written", () => {
  const table = `| a | b |\n|---|---|\n| ${"x".repeat(40)} | y |\n${"| 1 | 2 |\n".repeat(380)}`.slice(0, 4000);
  const { visible, html: out } = toTelegramHtml(table);
  assert.ok(visible <= MAX_MESSAGE, String(visible));
  assert.ok(out.startsWith("<pre>| a | b |"));
});

Deno.test("no Markdown grows by more than its own length, and none takes long", () => {
  const hostile = [
    "*".repeat(4000),
    "[".repeat(4000),
    "_a".repeat(2000),
    "`".repeat(3999),
    "**a".repeat(1300),
    "> ".repeat(2000),
    "![](".repeat(1000),
  ];
  const startedAt = performance.now();
  for (const text of hostile) assert.ok(toTelegramHtml(text).visible <= text.length, text.slice(0, 8));
  assert.ok(performance.now() - startedAt < 5_000);
});
