/** The watch over the pages must itself be awake: what it exists to find, it finds. */
import assert from "node:assert/strict";
import axe from "axe-core";
import { eventually } from "../helpers/wait.ts";
import { browserMissing, Visitor } from "./chromium.ts";
import { browserTest } from "./steps.ts";

browserTest("The watch over a page", { builtIn: true }, {
  "sees CSP violations, console errors and uncaught errors": async ({ gateway }) => {
    const visitor = await Visitor.come();
    const page = await visitor.open(gateway.httpUrl);
    await page.evaluate(() => {
      document.body.setAttribute("style", "color: red");
      const image = new Image();
      image.src = "https://evil.example/beacon.png";
      setTimeout(() => {
        throw new Error("uncaught on purpose");
      });
    });
    const has = (pattern: RegExp) => visitor.faults.some((fault) => pattern.test(fault));
    await eventually("the image", () => has(/^CSP: img-src https:\/\/evil\.example/));
    await eventually("the style", () => has(/^CSP: style-src-attr/));
    await eventually("the console", () => has(/^console error: .*Content Security Policy/));
    await eventually("the uncaught error", () => has(/^page error: uncaught on purpose/));
    await assert.rejects(async () => await visitor[Symbol.asyncDispose](), /no CSP violation/);
  },
  "cannot be talked into markup: strings are refused where markup is made": async ({ gateway }) => {
    const visitor = await Visitor.come();
    const page = await visitor.open(gateway.httpUrl);
    const outcome = await page.evaluate(() => {
      try {
        document.body.innerHTML = "<b>markup</b>";
        return "taken";
      } catch (error) {
        return error instanceof TypeError ? "refused" : "odd";
      }
    });
    assert.equal(outcome, "refused");
    await assert.rejects(async () => await visitor[Symbol.asyncDispose](), /no CSP violation/);
  },
  "hears axe": async ({ gateway }) => {
    await using visitor = await Visitor.come();
    await visitor.context.addInitScript({ content: axe.source });
    const page = await visitor.open(gateway.httpUrl);
    await page.getByLabel("Gateway token").waitFor();
    const ids = await page.evaluate(async () => {
      const button = document.createElement("button");
      document.querySelector("main")?.append(button);
      const { violations } = await Reflect.get(globalThis, "axe").run(document);
      return violations.map((one: { id: string }) => one.id);
    });
    assert.ok(ids.includes("button-name"), ids.join(", "));
  },
});

Deno.test("Where the owner requires the browser tests they are never left out", () => {
  if (Deno.env.get("OPENCLAW_BROWSER_TESTS") === "required") assert.equal(browserMissing, false);
  else assert.equal(typeof browserMissing, "boolean");
});
