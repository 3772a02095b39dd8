/** Sending, streaming, stopping, reloading, two tabs, lost events: the page always equals the history. */
import assert from "node:assert/strict";
import { eventually } from "../helpers/wait.ts";
import { ChatPage } from "./chat_page.ts";
import { Visitor } from "./chromium.ts";
import { browserTest, slowly } from "./steps.ts";

browserTest("The conversation", {}, {
  "streams an answer word by word and ends equal to the history": async ({ gateway }) => {
    await using visitor = await Visitor.come();
    const chat = await ChatPage.signIn(visitor, gateway);
    await chat.send(slowly(25));
    await chat.streaming(/^w0 w1/);
    assert.ok(!(await chat.lastAnswer()).includes("w24"), "the answer must be seen while it grows");
    await chat.stop.waitFor();
    await chat.answered(/w24$/);
    assert.equal(await chat.stop.count(), 0);
    await chat.matchesHistory(gateway);
  },
  "stops the run and keeps the conversation": async ({ gateway, model }) => {
    await using visitor = await Visitor.come();
    const chat = await ChatPage.signIn(visitor, gateway);
    const before = (await chat.conversation()).length;
    await chat.send(slowly(200, 50));
    await chat.streaming(/^w0 w1 w2/);
    await chat.stop.click();
    await chat.page.getByText("Stopped", { exact: true }).last().waitFor();
    assert.equal(await chat.stop.count(), 0);
    await eventually("the model to hear of it", () => model.open === 0);
    assert.equal((await chat.conversation()).length, before + 2);
    await chat.send(slowly(3, 0));
    await chat.answered(/w2$/);
    await chat.matchesHistory(gateway);
  },
  "shows the answer and the Stop button right after a reload in mid-answer": async ({ gateway }) => {
    await using visitor = await Visitor.come();
    const chat = await ChatPage.signIn(visitor, gateway);
    await chat.send(slowly(60));
    await chat.streaming(/^w0 w1 w2 w3/);
    await chat.page.reload();
    await chat.stop.waitFor();
    await chat.streaming(/^w0 w1 w2 w3/);
    await chat.answered(/w59$/);
    await chat.matchesHistory(gateway);
  },
  "queues what is sent meanwhile and answers it in order": async ({ gateway }) => {
    await using visitor = await Visitor.come();
    const chat = await ChatPage.signIn(visitor, gateway);
    await chat.send(`first ${slowly(60)}`);
    await chat.streaming(/^w0/);
    await chat.send(`second ${slowly(4, 0)}`);
    await chat.page.getByText("Queued").waitFor();
    await chat.page.reload();
    await chat.page.getByText("Queued").waitFor();
    assert.match((await chat.questions.allInnerTexts()).at(-1) ?? "", /^second/);
    await chat.answered(/^w0 w1 w2 w3$/);
    await chat.matchesHistory(gateway);
  },
  "is the same in two tabs, while it streams and at its end": async ({ gateway }) => {
    await using visitor = await Visitor.come();
    const one = await ChatPage.signIn(visitor, gateway);
    const two = await ChatPage.again(visitor, gateway);
    await one.send(`tabs ${slowly(40)}`);
    await two.page.locator(".bubble", { hasText: "tabs" }).waitFor();
    await two.streaming(/^w0 w1/);
    await Promise.all([one.answered(/w39$/), two.answered(/w39$/)]);
    assert.deepEqual(await two.conversation(), await one.conversation());
    await two.send(`again ${slowly(200, 40)}`);
    await one.streaming(/^w0 w1/);
    await one.stop.click();
    await two.page.getByText("Stopped", { exact: true }).last().waitFor();
    await Promise.all([one.matchesHistory(gateway), two.matchesHistory(gateway)]);
  },
  "notices lost events and makes up for them quietly": async ({ gateway }) => {
    await using visitor = await Visitor.come();
    const page = await visitor.tab();
    let losing = false;
    let lost = 0;
    await page.routeWebSocket(/127\.0\.0\.1/, (socket) => {
      const server = socket.connectToServer();
      server.onMessage((message) => {
        const dropped = losing && /"event":"(agent|chat|session\.message)"/.test(String(message));
        if (dropped) lost++;
        else socket.send(message);
      });
    });
    await page.goto(gateway.httpUrl);
    const chat = new ChatPage(page);
    await chat.enterToken(gateway.token);
    await chat.ready();
    await chat.send(`lossy ${slowly(40)}`);
    await chat.streaming(/^w0 w1/);
    losing = true;
    await eventually("some events to be lost", () => lost > 12);
    losing = false;
    await chat.answered(/w39$/);
    await chat.matchesHistory(gateway);
  },
});
