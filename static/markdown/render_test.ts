/** The Markdown writer against hostile texts, cut at every place. */
import assert from "node:assert/strict";
import { FakeDocument, type FakeElement } from "./fake_dom.ts";
import { HOSTILE } from "./hostile.ts";
import { bareUrl, safeHref } from "./links.ts";
import { markdownWriter } from "./render.ts";
import { sentenceEnd, spoken } from "./sentences.ts";

const LABELS = { copy: "Copy", copied: "Copied", image: "Image" };
const TAGS = new Set(
  ("DIV P BR HR H3 H4 H5 H6 EM STRONG S CODE PRE A SPAN UL OL LI BLOCKQUOTE TABLE THEAD TBODY TR TH TD BUTTON").split(
    " ",
  ),
);
const ATTRIBUTES = new Set(["href", "target", "rel", "title", "class", "start", "data-lang", "type", "tabindex"]);

function isElement(value: unknown): value is Element & FakeElement {
  return typeof value === "object" && value !== null && "html" in value;
}

function render(pieces: readonly string[]): FakeElement {
  const root: unknown = new FakeDocument().createElement("div");
  assert.ok(isElement(root));
  const writer = markdownWriter(root, LABELS);
  for (const piece of pieces) writer.write(piece);
  writer.end();
  return root;
}

function assertHarmless(root: FakeElement, what: string): void {
  for (const element of root.all()) {
    assert.ok(TAGS.has(element.tagName), `${what}: element ${element.tagName}`);
    for (const [name, value] of element.attributes) {
      assert.ok(ATTRIBUTES.has(name), `${what}: attribute ${name}="${value}"`);
      if (name !== "href") continue;
      assert.match(value, /^(https?:\/\/|mailto:)/, `${what}: ${value}`);
      assert.equal(element.attributes.get("rel"), "noopener noreferrer", what);
      assert.equal(element.attributes.get("target"), "_blank", what);
    }
  }
}

Deno.test("Hostile Markdown stays harmless wherever it is cut", () => {
  for (const text of HOSTILE) {
    const whole = render([text]);
    assertHarmless(whole, JSON.stringify(text));
    for (let at = 1; at < text.length; at++) {
      const cut = render([text.slice(0, at), text.slice(at)]);
      assertHarmless(cut, `${JSON.stringify(text)} cut at ${at}`);
      assert.equal(cut.html, whole.html, `${JSON.stringify(text)} cut at ${at}`);
    }
    assert.equal(render([...text]).html, whole.html, `${JSON.stringify(text)} letter by letter`);
  }
});

Deno.test("All hostile texts in one stream stay harmless at every cut of their bytes", () => {
  const bytes = new TextEncoder().encode(HOSTILE.join("\n\n"));
  for (let at = 1; at < bytes.length; at += 7) {
    // Bytes arrive cut anywhere, also inside a character; the decoder of the stream puts characters together.
    const decoder = new TextDecoder();
    const pieces = [decoder.decode(bytes.subarray(0, at), { stream: true }), decoder.decode(bytes.subarray(at))];
    assertHarmless(render(pieces), `cut at byte ${at}`);
  }
});

Deno.test("Raw HTML is text", () => {
  const root = render(["<img src=x onerror=alert(1)> and <b>bold</b>"]);
  assert.equal(root.text, "<img src=x onerror=alert(1)> and <b>bold</b>");
});

Deno.test("A remote image becomes a link, never a request", () => {
  const root = render(["![a cat](https://example.org/cat.png)"]);
  const [link] = root.all().filter((element) => element.tagName === "A");
  assert.equal(link?.attributes.get("href"), "https://example.org/cat.png");
  assert.equal(link?.text, "Image: a cat");
});

Deno.test("Ordinary Markdown keeps its structure", () => {
  const html = render([
    "# Title\n\nSome **bold** and `code`.\n\n1. one\n2. two\n\n| a | b |\n|---|---|\n| 1 | 2 |\n| 3 | 4 |\n\n" +
    "- [x] done\n\n```ts\nconst x = 1;\n```\n",
  ]).html;
  for (
    const part of [
      "<h3>Title</h3>",
      "<strong>bold</strong>",
      "<code>code</code>",
      "<li>one</li>",
      "<th>",
      "<tbody><tr>",
      "☑",
      'data-lang="ts"',
      "const x = 1;",
    ]
  ) {
    assert.ok(html.includes(part), `${part} in ${html}`);
  }
});

Deno.test("Only web and mail addresses become links", () => {
  for (
    const good of ["https://example.org/a?b=c", "http://example.org", "mailto:a@example.org", "HTTPS://EXAMPLE.ORG"]
  ) {
    assert.ok(safeHref(good), good);
  }
  for (
    const bad of [
      "javascript:alert(1)",
      "JaVaScRiPt:alert(1)",
      "java\nscript:alert(1)",
      "\u0001javascript:alert(1)",
      " data:text/html,x",
      "vbscript:x",
      "file:///etc/passwd",
      "blob:https://x/1",
      "//example.org",
      "/local",
      "#code=x",
      "",
      "http:",
      "intent://x",
    ]
  ) {
    assert.equal(safeHref(bad), undefined, JSON.stringify(bad));
  }
});

Deno.test("A bare address ends before the punctuation of its sentence", () => {
  assert.equal(bareUrl("https://example.org/a."), "https://example.org/a");
  assert.equal(bareUrl("https://example.org/a)."), "https://example.org/a");
  assert.equal(bareUrl("https://example.org/a_(b)"), "https://example.org/a_(b)");
});

Deno.test("A growing text is spoken in whole sentences and without its marks", () => {
  assert.equal(sentenceEnd("One. Two", 0), 4);
  assert.equal(sentenceEnd("One. Two", 4), 4);
  assert.equal(sentenceEnd("一。二", 0), 2);
  assert.equal(sentenceEnd("Version 1.5 is", 0), 0);
  assert.equal(spoken("**Bold** and [a link](https://x.org) in `code`"), "Bold and a link in code");
});
