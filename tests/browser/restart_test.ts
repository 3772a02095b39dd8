/** The gateway dies and comes back while the page is open: nothing is lost, doubled or stuck. */
import assert from "node:assert/strict";
import { eventually } from "../helpers/wait.ts";
import { ChatPage } from "./chat_page.ts";
import { Visitor } from "./chromium.ts";
import { browserTest, slowly } from "./steps.ts";

/** The browser itself reports every refused connection; that is what a dead gateway looks like. */
const REFUSED = /WebSocket connection to .* failed|ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET/;

browserTest("A gateway that dies", {}, {
  "in mid-answer by SIGKILL is told in plain words, and its run ends with a reason": async ({ gateway }) => {
    await using visitor = await Visitor.come();
    visitor.expected.push(REFUSED);
    const chat = await ChatPage.signIn(visitor, gateway);
    await chat.send(slowly(300, 50));
    await chat.streaming(/^w0 w1 w2/);
    await gateway.kill("SIGKILL");
    await chat.page.locator(".bar").getByText("Connection lost").waitFor();
    await chat.page.getByRole("button", { name: "Try now" }).waitFor();
    assert.ok(
      (await chat.questions.allInnerTexts()).includes(slowly(300, 50)),
      "the conversation must stay on the page",
    );
    await gateway.startAgain();
    await chat.page.locator('.connection[data-state="connected"]').waitFor({ timeout: 20_000 });
    await chat.page.locator(".failure, .turn.agent[data-state=done]").last().waitFor();
    await eventually("the end of the run", async () => await chat.stop.count() === 0);
    await chat.page.locator(".failure").getByText(/restarted/i).waitFor();
    await chat.matchesHistory(gateway);
  },
  "takes what was written meanwhile exactly once": async ({ gateway, model }) => {
    await using visitor = await Visitor.come();
    visitor.expected.push(REFUSED);
    const chat = await ChatPage.signIn(visitor, gateway);
    await gateway.kill("SIGTERM");
    await chat.page.locator(".bar").waitFor();
    await chat.send(`written offline ${slowly(5, 0)}`);
    await chat.page.locator(".bubble", { hasText: "written offline" }).waitFor();
    await chat.page.getByText("Sending…").waitFor();
    const asked = model.requests.length;
    await gateway.startAgain();
    await chat.answered(/w4$/, 25_000);
    assert.equal(model.requests.length, asked + 1);
    await chat.matchesHistory(gateway);
  },
  "is found again after a network failure without a reload": async ({ gateway }) => {
    await using visitor = await Visitor.come();
    visitor.expected.push(REFUSED, /ERR_INTERNET_DISCONNECTED/);
    const chat = await ChatPage.signIn(visitor, gateway);
    const mark = await chat.page.evaluate(() => (document.documentElement.dataset["mark"] = "same page"));
    await gateway.restart("SIGKILL");
    await chat.page.locator('.connection[data-state="connected"]').waitFor({ timeout: 20_000 });
    assert.equal(await chat.page.evaluate(() => document.documentElement.dataset["mark"]), mark);
    await chat.send(slowly(3, 0));
    await chat.answered(/w2$/);
  },
});
