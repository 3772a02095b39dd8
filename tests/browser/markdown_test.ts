/** Hostile Markdown through the whole path: a model streams it byte by byte, the page must stay itself. */
import assert from "node:assert/strict";
import { HOSTILE } from "../../static/markdown/hostile.ts";
import { FakeModel } from "../helpers/fake_model.ts";
import { TestGateway } from "../helpers/gateway.ts";
import { ChatPage } from "./chat_page.ts";
import { browserMissing, Visitor } from "./chromium.ts";

Deno.test({
  name: "Hostile Markdown that a model streams byte by byte neither runs nor fetches anything",
  ignore: browserMissing,
  fn: async () => {
    await using model = await FakeModel.start({ byteWise: true });
    await using gateway = await TestGateway.start({ config: model.config() });
    await using visitor = await Visitor.come();
    const chat = await ChatPage.signIn(visitor, gateway);
    const foreign: string[] = [];
    chat.page.on("request", (request) => {
      if (!request.url().startsWith(gateway.httpUrl) && !/^(blob|data):/.test(request.url())) {
        foreign.push(request.url());
      }
    });
    chat.page.on("dialog", (dialog) => {
      foreign.push(`dialog ${dialog.message()}`);
      void dialog.dismiss();
    });
    for (const part of parts(HOSTILE, 11)) {
      model.script({ kind: "text", pieces: [...`${part.join("\n\n")}\n\nthe end`] });
      await chat.send("say something hostile");
      await chat.answered(/the end$/, 30_000);
    }
    const odd = await chat.page.locator(".md").evaluateAll(findOdd);
    assert.deepEqual(odd, []);
    assert.deepEqual(foreign, []);
    assert.equal(chat.page.url(), `${gateway.httpUrl}/`);
    assert.equal(await chat.page.locator(".md img, .md iframe, .md script, .md form, .md style").count(), 0);
  },
});

function* parts<T>(items: readonly T[], size: number): Generator<T[]> {
  for (let at = 0; at < items.length; at += size) yield items.slice(at, at + size);
}

/** In the page: every element and attribute below the answers that has no business there. */
function findOdd(roots: Element[]): string[] {
  const tags = new Set(
    ("DIV P BR HR H3 H4 H5 H6 EM STRONG S CODE PRE A SPAN UL OL LI BLOCKQUOTE TABLE THEAD TBODY TR TH TD BUTTON").split(
      " ",
    ),
  );
  const names = new Set(["href", "target", "rel", "title", "class", "start", "data-lang", "type", "tabindex"]);
  const odd: string[] = [];
  for (const element of roots.flatMap((root) => [...root.querySelectorAll("*")])) {
    if (!tags.has(element.tagName)) odd.push(element.tagName);
    for (const { name, value } of element.attributes) {
      if (!names.has(name)) odd.push(`${element.tagName} ${name}=${value}`);
      if (name === "href" && !/^(https?:|mailto:)/.test(value)) odd.push(value);
    }
  }
  return odd;
}
