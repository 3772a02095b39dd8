/** The page on a phone: one column, a drawer, nothing that needs a mouse or sideways scrolling. */
import assert from "node:assert/strict";
import { eventually } from "../helpers/wait.ts";
import { ChatPage } from "./chat_page.ts";
import { PHONE, Visitor } from "./chromium.ts";
import { browserTest, slowly } from "./steps.ts";

browserTest("On a phone", {}, {
  "one chats in one column and finds the chats in a drawer": async ({ gateway, model }) => {
    await using visitor = await Visitor.come(PHONE);
    const chat = await ChatPage.signIn(visitor, gateway);
    const { page } = chat;
    model.script({
      kind: "text",
      pieces: [
        `A table:\n\n| ${"column | ".repeat(9)}\n|${"---|".repeat(9)}\n| ${"wide cell | ".repeat(9)}\n\n${
          "x".repeat(300)
        }\n\nend`,
      ],
    });
    await chat.box.fill("hello");
    await page.getByRole("button", { name: "Send" }).tap();
    await chat.answered(/end$/);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.ok(wide <= 0, `the page must not scroll sideways: ${wide}`);
    const thread = await page.locator(".thread").evaluate((node) => node.scrollWidth - node.clientWidth);
    assert.ok(thread <= 0, `the thread must not scroll sideways: ${thread}`);

    assert.equal(await page.locator(".sidebar").evaluate((node) => node.hasAttribute("inert")), true);
    await page.getByRole("button", { name: "Open the list of chats" }).tap();
    await page.getByRole("button", { name: "New chat" }).first().waitFor();
    await page.locator(".new-chat").tap();
    await page.locator(".welcome").waitFor();
    await eventually(
      "the drawer to close",
      () => page.locator(".sidebar").evaluate((node) => node.hasAttribute("inert")),
    );
    await chat.box.fill(slowly(200, 40));
    await page.getByRole("button", { name: "Send" }).tap();
    await chat.stop.tap();
    await page.getByText("Stopped", { exact: true }).last().waitFor();
  },
  "every control is large enough for a finger": async ({ gateway }) => {
    await using visitor = await Visitor.come(PHONE);
    const { page } = await ChatPage.signIn(visitor, gateway);
    const small = await page.locator(".head button, .composer button").evaluateAll((buttons) =>
      buttons.filter((button) => button.checkVisibility()).map((button) => {
        const { width, height } = button.getBoundingClientRect();
        return width < 40 || height < 40 ? `${button.getAttribute("aria-label")} ${width}x${height}` : "";
      }).filter((text) => text)
    );
    assert.deepEqual(small, []);
  },
});
