/** The specification's own examples, and the page as a native app shows it: without a parent. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { createDialects } from "../../gateway/canvas/a2ui/dialects.ts";
import { push } from "../../gateway/canvas/a2ui/board.ts";
import { ROOT } from "../helpers/gateway.ts";
import { FORM_V08 } from "./a2ui_forms.ts";
import { A2UI_PATH, A2uiPage, A2uiServer } from "./a2ui_page.ts";
import { browserMissing, Visitor } from "./chromium.ts";

const EXAMPLES = join(ROOT, "node_modules/@a2ui/web_core/src/v0_9/schemas/catalogs/basic/examples");

Deno.test({
  name: "every example of the v0.9 specification passes the gateway's check and is drawn",
  ignore: browserMissing,
  async fn() {
    await using server = new A2uiServer();
    await using visitor = await Visitor.come();
    const at = await A2uiPage.open(visitor, server, "v0.9");
    const dialectOf = createDialects();
    let drawn = 0;
    for (const { name } of Deno.readDirSync(EXAMPLES)) {
      const example = JSON.parse(await Deno.readTextFile(join(EXAMPLES, name)));
      const { messages, board } = push(dialectOf, undefined, example.messages ?? example);
      const answer = await at.apply(messages);
      assert.equal(answer["ok"], true, `${name}: ${String(answer["error"])}`);
      const surfaces = [...board.surfaces.keys()];
      assert.deepEqual(Object(answer["value"]).surfaces, surfaces, name);
      if (surfaces.length > 0) {
        await at.frame.waitForFunction(() => (document.querySelector("#surfaces")?.textContent ?? "").trim() !== "");
        assert.doesNotMatch(
          await at.frame.locator("#surfaces").innerText(),
          /Error rendering|Unknown component/u,
          name,
        );
        drawn += 1;
      }
      await at.send({ type: "a2ui.reset", id: name });
      await at.wait("result", name);
    }
    assert.ok(drawn > 30, `${drawn} examples were drawn`);
  },
});

Deno.test({
  name: "a native app shows a surface, gets its action as JSON, and says how it ended",
  ignore: browserMissing,
  async fn() {
    await using server = new A2uiServer();
    await using visitor = await Visitor.come();
    await visitor.context.addInitScript(() => {
      const posted: string[] = [];
      Object.assign(globalThis, {
        posted,
        openclawCanvasA2UIAction: { postMessage: (text: string) => posted.push(text) },
      });
    });
    const page = await visitor.open(`${server.url}${A2UI_PATH}?platform=android`);
    const applied = await page.evaluate(
      (messages) => Reflect.get(globalThis, "openclawA2UI").applyMessages(messages),
      FORM_V08,
    );
    assert.deepEqual(applied, { ok: true, surfaces: ["form"] });
    await page.getByLabel("Your name").fill("Ada");
    const button = page.getByRole("button", { name: "Book" });
    await button.click();
    const [text] = await page.evaluate((): string[] => Reflect.get(globalThis, "posted"));
    const { userAction } = JSON.parse(text ?? "{}");
    assert.equal(userAction.name, "book table");
    assert.deepEqual(userAction.context, { name: "Ada", guests: "2", news: false });
    await page.evaluate((id) => {
      dispatchEvent(new CustomEvent("openclaw:a2ui-action-status", { detail: { id, ok: true } }));
    }, userAction.id);
    assert.equal(await button.getAttribute("data-action"), "done");
    assert.deepEqual(await page.evaluate(() => Reflect.get(globalThis, "openclawA2UI").reset()), {
      ok: true,
      surfaces: [],
    });
  },
});

Deno.test({
  name: "a page that nobody listens to says so on the control",
  ignore: browserMissing,
  async fn() {
    await using server = new A2uiServer();
    await using visitor = await Visitor.come();
    const page = await visitor.open(`${server.url}${A2UI_PATH}?v=0.8`);
    await page.evaluate((messages) => Reflect.get(globalThis, "openclawA2UI").applyMessages(messages), FORM_V08);
    await page.getByRole("button", { name: "Book" }).click();
    await page.locator("#status").getByText("That did not work: nobody listens to this page").waitFor();
  },
});
