/** A2UI forms beside the chat, from the agent's message to its answer, in both versions of the specification. */
import assert from "node:assert/strict";
import type { FrameLocator, Page } from "playwright-core";
import { freePort } from "../helpers/gateway.ts";
import { eventually } from "../helpers/wait.ts";
import { FORM_V08, FORM_V09 } from "./a2ui_forms.ts";
import { ChatPage } from "./chat_page.ts";
import { PHONE, Visitor } from "./chromium.ts";
import { clean, snap } from "./faces.ts";
import { browserTest } from "./steps.ts";

const MAIN = "agent:main:main";
const CANVAS = { canvasHost: { port: freePort() } };

const panel = (page: Page) => page.getByRole("complementary", { name: "Canvas" });
const inside = (page: Page): FrameLocator => page.frameLocator(".canvas-frame");

browserTest("A form beside the chat", { config: CANVAS }, {
  "is pushed by the agent's tool, filled in, sent, and answered": async ({ gateway, model }) => {
    await using visitor = await Visitor.come();
    const chat = await ChatPage.signIn(visitor, gateway);
    const { page } = chat;
    const jsonl = FORM_V09.map((message) => JSON.stringify(message)).join("\n");
    model.script(
      { kind: "tool", name: "a2ui_push", args: { jsonl } },
      { kind: "text", pieces: ["Please fill in the form."] },
    );
    await chat.send("I want to book a table");
    await chat.answered(/fill in the form\.$/);
    assert.equal(await panel(page).getByRole("heading", { level: 2 }).first().innerText(), "Form");
    await inside(page).getByRole("textbox", { name: "Your name" }).fill("Ann");
    await clean(page, "a form beside the chat");
    await snap(page, "canvas_form_light");
    model.script({ kind: "text", pieces: ["A table for two, ", "Ann. See you!"], delayMs: 500 });
    await inside(page).getByRole("button", { name: "Book" }).click();
    await panel(page).getByText("The agent is working on it…").waitFor();
    await chat.answered(/See you!$/);
    await panel(page).getByText("The agent has answered.").waitFor();
    assert.match(await chat.questions.last().innerText(), /book table\s+name\s+Ann\s+guests\s+2\s+news\s+false$/u);
    await snap(page, "canvas_form_done");
  },
  "is there after a reload, changes with the data, and goes with the reset": async ({ gateway }) => {
    await using agent = await gateway.connect();
    await using visitor = await Visitor.come({ colorScheme: "dark" });
    const chat = await ChatPage.signIn(visitor, gateway);
    const { page } = chat;
    const name = () => inside(page).getByRole("textbox", { name: "Your name" });
    await name().waitFor();
    await page.reload();
    await chat.ready();
    await name().waitFor();
    const change = [{ version: "v0.9", updateDataModel: { surfaceId: "form", path: "/name", value: "Bob" } }];
    await agent.request("canvas.a2ui.push", { sessionKey: MAIN, messages: change });
    await eventually("the new value", async () => await name().inputValue() === "Bob");
    await snap(page, "canvas_form_dark");
    await agent.request("canvas.a2ui.reset", { sessionKey: MAIN });
    await panel(page).waitFor({ state: "detached" });
  },
  "survives a restart of the gateway with what was typed": async ({ gateway }) => {
    await using visitor = await Visitor.come();
    visitor.expected.push(/WebSocket|ERR_CONNECTION_REFUSED|Failed to load/u);
    const chat = await ChatPage.signIn(visitor, gateway);
    const { page } = chat;
    {
      await using agent = await gateway.connect();
      await agent.request("canvas.a2ui.push", { sessionKey: MAIN, messages: FORM_V09 });
    }
    const name = inside(page).getByRole("textbox", { name: "Your name" });
    await name.fill("typed before");
    await gateway.restart();
    await page.locator('.connection[data-state="connected"]').waitFor({ timeout: 30_000 });
    assert.equal(await name.inputValue(), "typed before");
    await using agent = await gateway.connect();
    const change = [{ version: "v0.9", updateDataModel: { surfaceId: "form", path: "/guests", value: "7" } }];
    await agent.request("canvas.a2ui.push", { sessionKey: MAIN, messages: change });
    const guests = inside(page).getByLabel("Guests");
    await eventually("the new value", async () => await guests.inputValue() === "7");
    assert.equal(await name.inputValue(), "typed before");
  },
  "of version 0.8 works as well, on a phone": async ({ gateway, model }) => {
    await using agent = await gateway.connect();
    await agent.request("canvas.a2ui.reset", { sessionKey: MAIN });
    await using visitor = await Visitor.come({ ...PHONE, colorScheme: "dark" });
    // The known kind of this version (design of the web parts, section 1).
    visitor.expected.push(/style-src-attr|inline style/u);
    const chat = await ChatPage.signIn(visitor, gateway);
    const { page } = chat;
    await agent.request("canvas.a2ui.push", { sessionKey: MAIN, messages: FORM_V08 });
    await inside(page).getByLabel("Your name").fill("Eve");
    await snap(page, "canvas_form_phone");
    model.script({ kind: "text", pieces: ["Booked."] });
    await inside(page).getByRole("button", { name: "Book" }).tap();
    await panel(page).getByText("The agent has answered.").waitFor();
    await panel(page).getByRole("button", { name: "Close the canvas" }).tap();
    await chat.answered(/Booked\.$/);
    await snap(page, "canvas_action_phone");
    visitor.faults.splice(0, visitor.faults.length, ...visitor.faults.filter((one) => !/style-src-attr/u.test(one)));
  },
  "that fails to answer says why on the canvas": async ({ gateway, model }) => {
    await using agent = await gateway.connect();
    await agent.request("canvas.a2ui.reset", { sessionKey: MAIN });
    await using visitor = await Visitor.come();
    const chat = await ChatPage.signIn(visitor, gateway);
    const { page } = chat;
    await agent.request("canvas.a2ui.push", { sessionKey: MAIN, messages: FORM_V09 });
    model.script({ kind: "error", status: 401, message: "bad key" });
    await inside(page).getByRole("button", { name: "Book" }).click();
    await panel(page).locator(".canvas-status .problem").waitFor();
    await chat.page.locator(".failure").waitFor();
    await clean(page, "a failed action");
  },
});
