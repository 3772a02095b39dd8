/** What a hostile page in the canvas does to the person: it takes the keyboard from who types, and acts by itself. */
import assert from "node:assert/strict";
import type { Locator } from "playwright-core";
import { eventually } from "../helpers/wait.ts";
import { ChatPage } from "./chat_page.ts";
import { Visitor } from "./chromium.ts";
import { browserTest } from "./steps.ts";

const MAIN = "agent:main:main";

/** Listens to every key; takes the focus when told, and every 700 ms when its address says so. */
const THIEF = `<!doctype html><html><body style="margin:0"><input id="box"><p id="heard"></p><script>
addEventListener("keydown", ({ key }) => document.getElementById("heard").textContent += key);
globalThis.take = () => document.getElementById("box").focus();
if (location.hash === "#again") setInterval(take, 700);
</script></body></html>`;

/** The keyboard is back where the person typed. On a busy machine that takes longer than a key. */
const theirs = (box: Locator) =>
  eventually("the keyboard to be back", () => box.evaluate((element) => element === document.activeElement));

browserTest("A page in the canvas", { builtIn: true }, {
  "does not get what is typed into the chat, and hears keys once the person goes there": async ({ gateway }) => {
    await Deno.writeTextFile(`${gateway.stateDir}/canvas/thief.html`, THIEF);
    await using agent = await gateway.connect();
    await using visitor = await Visitor.come();
    const { page } = await ChatPage.signIn(visitor, gateway);
    await agent.request("canvas.present", { sessionKey: MAIN, path: "thief.html" });
    const frame = page.frameLocator(".canvas-frame");
    const composer = page.locator("textarea").first();
    await composer.click();
    await page.keyboard.type("my ");
    await frame.locator("#box").evaluate(() => Reflect.get(globalThis, "take")());
    await theirs(composer);
    await page.keyboard.type("secret", { delay: 20 });
    assert.equal(await composer.inputValue(), "my secret");
    assert.equal(await frame.locator("#heard").innerText(), "");
    // A mouse that happens to lie over the canvas is no press in it.
    await frame.locator("#box").hover();
    await page.keyboard.type("!");
    await frame.locator("#box").evaluate(() => Reflect.get(globalThis, "take")());
    await theirs(composer);
    await page.keyboard.type("?");
    assert.equal(await composer.inputValue(), "my secret!?");
    await page.mouse.move(300, 300);
    await frame.locator("#box").click();
    await page.keyboard.type("here");
    assert.equal(await frame.locator("#box").inputValue(), "here");
    await composer.click();
    await page.keyboard.type(" back");
    assert.equal(await composer.inputValue(), "my secret!? back");
  },
  "is put away when it does so again and again": async ({ gateway }) => {
    await Deno.writeTextFile(
      `${gateway.stateDir}/canvas/again.html`,
      THIEF.replace('location.hash === "#again"', "true"),
    );
    await using agent = await gateway.connect();
    await using visitor = await Visitor.come();
    const { page } = await ChatPage.signIn(visitor, gateway);
    const composer = page.locator("textarea").first();
    await composer.click();
    await page.keyboard.type("I type ");
    await agent.request("canvas.present", { sessionKey: MAIN, path: "again.html" });
    await page.keyboard.type("and type and type and type and type", { delay: 120 });
    await page.getByText("took the keyboard while you were typing").waitFor();
    assert.equal(await page.locator(".canvas-frame").count(), 0);
    await page.keyboard.type(" on", { delay: 120 });
    const [typed, wanted] = [await composer.inputValue(), "I type and type and type and type and type on"];
    assert.ok(typed.endsWith(" on"), typed);
    assert.ok(wanted.length - typed.length <= 5, `at most a key for each time: ${typed}`);
  },
});

/** Acts again and again, without anybody. */
const ROBOT = `<!doctype html><html><body><button id="b" onclick="act()">press</button><ol id="log"></ol><script>
globalThis.act = () => OpenClaw.sendUserAction({ name: "again" });
addEventListener("openclaw:action-state", ({ detail }) => {
  if (detail.state !== "done" && detail.state !== "error") return;
  document.getElementById("log").insertAdjacentHTML("beforeend", "<li>" + detail.state);
  if (detail.state === "done") setTimeout(act, 900);
});
addEventListener("openclaw:bridge", act, { once: true });
</script></body></html>`;

browserTest("A page that acts by itself", { builtIn: true }, {
  "starts ten runs of the agent, then none until somebody presses something": async ({ gateway }) => {
    await Deno.writeTextFile(`${gateway.stateDir}/canvas/robot.html`, ROBOT);
    await using agent = await gateway.connect();
    await using visitor = await Visitor.come();
    const { page } = await ChatPage.signIn(visitor, gateway);
    // Whatever the test asks of the page counts as a press there, for five seconds.
    await new Promise((resolve) => setTimeout(resolve, 6_000));
    await agent.request("canvas.present", { sessionKey: MAIN, path: "robot.html" });
    const frame = page.frameLocator(".canvas-frame");
    const answers = () =>
      agent.frames.filter((one) => one.type === "event" && one.event === "chat" && one.payload["state"] === "final")
        .length;
    await eventually("ten answers", () => Promise.resolve(answers() >= 10 || undefined), 60_000);
    await new Promise((resolve) => setTimeout(resolve, 5_000));
    assert.equal(answers(), 10);
    await page.getByText("the page did it by itself too often").waitFor();
    await frame.locator("#b").click();
    await frame.locator("#log li").nth(11).waitFor();
    assert.equal(await frame.locator("#log li").nth(11).innerText(), "done");
  },
});
