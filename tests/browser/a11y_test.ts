/** axe-core on every face of the page: no serious or critical finding, by day, by night, on a phone. */
import assert from "node:assert/strict";
import axe from "axe-core";
import type { Page } from "playwright-core";
import { ChatPage } from "./chat_page.ts";
import { PHONE, Visitor } from "./chromium.ts";
import { browserTest } from "./steps.ts";

const FACES = [
  { name: "by day", colorScheme: "light" },
  { name: "by night", colorScheme: "dark" },
  { name: "on a phone by day", colorScheme: "light", ...PHONE },
  { name: "on a phone by night", colorScheme: "dark", ...PHONE },
] as const;

browserTest(
  "No serious accessibility finding",
  {},
  Object.fromEntries(FACES.map(({ name, ...face }) => [
    name,
    async ({ gateway, model }) => {
      await using visitor = await Visitor.come(face);
      await visitor.context.addInitScript({ content: axe.source });
      const page = await visitor.open(gateway.httpUrl);
      const chat = new ChatPage(page);
      await page.getByLabel("Gateway token").waitFor();
      await clean(page, "token form");
      await chat.enterToken("wrong");
      await page.getByRole("alert").getByText("does not accept").waitFor();
      await clean(page, "wrong token");
      await chat.enterToken(gateway.token);
      await chat.ready();
      if ("isMobile" in face) await page.getByRole("button", { name: "New chat" }).last().tap();
      else await page.locator(".new-chat").click();
      await page.locator(".welcome").waitFor();
      await clean(page, "empty chat");

      model.script(
        { kind: "tool", name: "time", args: { zone: "UTC" }, text: "A look. " },
        {
          kind: "text",
          pieces: [
            "# Title\n\nText with [a link](https://example.org), `code`.\n\n",
            TABLE,
            "\n\n```ts\nlet a;\n```\n",
          ],
        },
        { kind: "error", status: 429, message: "slow down" },
        { kind: "text", pieces: Array.from({ length: 400 }, (_, at) => `w${at} `), delayMs: 50 },
      );
      await chat.send("show all");
      await chat.answered(/let a;/);
      await page.locator(".fold summary").last().click();
      await chat.send("fail");
      await page.locator(".failure").waitFor();
      await chat.send("stream");
      await chat.streaming(/^w0/);
      await chat.send("one more");
      await page.getByText("Queued").waitFor();
      await clean(page, "conversation");
      await page.keyboard.press("Control+k");
      await page.getByRole("dialog").waitFor();
      await clean(page, "switcher");
      await page.keyboard.press("Escape");
      if ("isMobile" in face) {
        await page.getByRole("button", { name: "Open the list of chats" }).tap();
        await clean(page, "drawer");
      }
      await chat.openDevices();
      await clean(page, "devices");
      await page.keyboard.press("Escape");
      await chat.stop.click();
    },
  ])),
);

const TABLE = "| a | b |\n|---|---|\n| 1 | 2 |\n";

async function clean(page: Page, what: string): Promise<void> {
  const found = await page.evaluate(async () => {
    const tool = Reflect.get(globalThis, "axe");
    const { violations } = await tool.run(document, { resultTypes: ["violations"] });
    return violations
      .filter(({ impact }: { impact: string }) => impact === "serious" || impact === "critical")
      .map((one: { id: string; nodes: { html: string; failureSummary: string }[] }) =>
        `${one.id}: ${one.nodes.map((node) => `${node.html.slice(0, 160)} ${node.failureSummary}`).join("\n")}`
      );
  });
  assert.deepEqual(found, [], what);
}
