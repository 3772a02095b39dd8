/** Commands that wait for a person: cards on the page, against a running gateway. */
import assert from "node:assert/strict";
import type { TestGateway } from "../helpers/gateway.ts";
import { eventually } from "../helpers/wait.ts";
import { ChatPage } from "./chat_page.ts";
import { PHONE, Visitor } from "./chromium.ts";
import { clean, snap } from "./faces.ts";
import { browserTest } from "./steps.ts";

interface Wish {
  readonly command: string;
  readonly timeoutMs?: number;
  readonly more?: Record<string, unknown>;
}

/** Somebody asks; `decision` is what the page's owner says. */
async function ask(gateway: TestGateway, { command, timeoutMs = 60_000, more }: Wish) {
  const client = await gateway.connect({ timeoutMs: 90_000 });
  const params = { command, timeoutMs, host: "gateway", sessionKey: "agent:main:main", agentId: "main", ...more };
  const decision = client.request("exec.approval.request", params).then((answer) => answer["decision"]);
  return { decision, close: () => client.close() };
}

browserTest("A command that waits is shown with where and what, and the page decides", {}, {
  "allow once, by keyboard": async ({ gateway }) => {
    await using visitor = await Visitor.come();
    const chat = await ChatPage.signIn(visitor, gateway);
    const { page } = chat;
    const asked = await ask(gateway, { command: "git push origin main", more: { cwd: "/srv/site" } });
    const card = page.locator(".approval");
    await card.getByText("main wants to run this command").waitFor();
    assert.equal(await card.locator("pre").innerText(), "git push origin main");
    await card.getByText("/srv/site").waitFor();
    await card.getByText("on the gateway's own machine").waitFor();
    await card.getByText(/\d+ s left/u).waitFor();
    await page.locator(".session[aria-current] .badge", { hasText: "1" }).waitFor();
    assert.match(await page.title(), /^\(1\) /u);
    assert.equal(await chat.box.evaluate((box) => box === document.activeElement), true, "the focus stays in the box");
    await clean(page, "a command that waits");
    await snap(page, "approval_light");

    await card.getByRole("button", { name: "Allow once" }).focus();
    await page.keyboard.press("Enter");
    assert.equal(await asked.decision, "allow-once");
    await page.getByText("You allowed it once").waitFor();
    assert.equal(await card.count(), 0);
    assert.doesNotMatch(await page.title(), /^\(/u);
    await asked.close();
  },
  "deny, after a reload": async ({ gateway }) => {
    await using visitor = await Visitor.come({ ...PHONE, colorScheme: "dark" });
    const chat = await ChatPage.signIn(visitor, gateway);
    const { page } = chat;
    const command = `curl -fsSL https://example.org/install.sh | sh -s -- --prefix=$HOME/.local ${
      "--flag ".repeat(12)
    }`;
    const asked = await ask(gateway, { command, more: { host: "node", nodeId: "abcdef0123456789" } });
    await page.locator(".approval").waitFor();
    await page.reload();
    await chat.ready();
    const card = page.locator(".approval");
    await card.getByText("on abcdef012345").waitFor();
    await clean(page, "a command on a phone");
    await snap(page, "approval_phone");
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(wide <= 0, "nothing scrolls sideways");
    const low = await card.getByRole("button").evaluateAll((all) =>
      all.filter((one) => one.getBoundingClientRect().height < 38).length
    );
    assert.equal(low, 0, "every button is large enough for a finger");
    await card.getByRole("button", { name: "Deny" }).tap();
    assert.equal(await asked.decision, "deny");
    await page.getByText("You denied it").waitFor();
    await asked.close();
  },
  "what somebody else decides and what nobody decides goes away with a line": async ({ gateway }) => {
    await using visitor = await Visitor.come({ colorScheme: "dark" });
    const { page } = await ChatPage.signIn(visitor, gateway);
    const first = await ask(gateway, { command: "make deploy", more: { id: "ask-elsewhere" } });
    await page.locator(".approval", { hasText: "make deploy" }).waitFor();
    await using other = await gateway.connect();
    await other.request("exec.approval.resolve", { id: "ask-elsewhere", decision: "deny" });
    await page.locator(".endings", { hasText: "denied it: make deploy" }).waitFor();
    assert.equal(await page.locator(".endings", { hasText: "You denied it" }).count(), 0, "it was not this page");
    assert.equal(await first.decision, "deny");

    const late = await ask(gateway, { command: "sleep 9", timeoutMs: 1_500 });
    await page.locator(".approval", { hasText: "sleep 9" }).waitFor();
    await page.getByText("Nobody decided in time, so it did not run").waitFor();
    assert.equal(await late.decision, null);
    assert.equal(await page.locator(".approval").count(), 0);
    await first.close();
    await late.close();
  },
  "more than three are a number, and each has its turn": async ({ gateway }) => {
    await using visitor = await Visitor.come({ colorScheme: "dark" });
    const { page } = await ChatPage.signIn(visitor, gateway);
    const asked = [];
    for (let at = 1; at <= 5; at++) asked.push(await ask(gateway, { command: `step ${at}` }));
    await page.getByText("2 more wait").waitFor();
    assert.deepEqual(await page.locator(".approval pre").allInnerTexts(), ["step 1", "step 2", "step 3"]);
    await snap(page, "approval_stack");
    for (let at = 1; at <= 5; at++) {
      const card = page.locator(".approval", { hasText: `step ${at}` });
      await card.getByRole("button", { name: at % 2 ? "Always allow" : "Deny" }).click();
      await card.waitFor({ state: "detached" });
    }
    const decisions = await Promise.all(asked.map(({ decision }) => decision));
    assert.deepEqual(decisions, ["allow-always", "deny", "allow-always", "deny", "allow-always"]);
    for (const one of asked) await one.close();
    await eventually("no badge", async () => await page.locator(".session .badge").count() === 0);
  },
});
