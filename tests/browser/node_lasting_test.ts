/** A browser node lasts: restarts of the gateway, calls that are cut off, further tabs; and everybody can use its page. */
import assert from "node:assert/strict";
import { eventually } from "../helpers/wait.ts";
import { PHONE, Visitor } from "./chromium.ts";
import { clean } from "./faces.ts";
import { ALLOW_ALL, NodePage, nodeVisitor } from "./node_page.ts";
import { browserTest } from "./steps.ts";

/** The browser itself reports every refused connection; that is what a dead gateway looks like. */
const REFUSED = /WebSocket connection to .* failed|ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET/;

browserTest("A browser node lasts", { builtIn: true, config: ALLOW_ALL }, {
  "over a restart of the gateway, without a reload; what ran is stopped": async ({ gateway }) => {
    await using visitor = await nodeVisitor();
    visitor.expected.push(REFUSED);
    const owner = await gateway.connect();
    const node = await NodePage.approved(visitor, gateway, owner);
    await node.switchOn("Camera");
    await node.ask("canvas.present", {});
    await node.page.evaluate(() => document.documentElement.dataset["mark"] = "same page");
    owner.sendRequest("node.invoke", {
      nodeId: node.nodeId,
      command: "camera.clip",
      params: { durationMs: 15_000 },
      idempotencyKey: "cut-off",
    });
    await node.page.locator(".job video").waitFor();
    await gateway.kill("SIGKILL");
    await node.page.getByText("Connection lost").waitFor();
    await node.page.locator(".job").waitFor({ state: "detached" });
    await node.page.getByRole("button", { name: "Try now" }).waitFor();
    await gateway.startAgain();
    await using fresh = await gateway.connect();
    const same = await NodePage.on(node.page, fresh);
    assert.equal(same.nodeId, node.nodeId);
    assert.equal(await node.page.evaluate(() => document.documentElement.dataset["mark"]), "same page");
    assert.equal((await same.ask("camera.snap", { maxWidth: 40 }))["width"], 40);
    // The page in the frame came back under its new address.
    await same.canvas.getByText("connected").first().waitFor();
    assert.equal((await same.ask("canvas.eval", { javaScript: "document.title" }))["result"], "OpenClaw canvas");
    await owner.close();
  },
  "in one tab at a time; another one offers to take over, and takes over when the first is closed": async (
    { gateway },
  ) => {
    await using owner = await gateway.connect();
    await using visitor = await nodeVisitor();
    const node = await NodePage.approved(visitor, gateway, owner);
    const second = await visitor.open(`${gateway.httpUrl}/node`);
    await second.getByRole("heading", { name: "The node runs in another tab" }).waitFor();
    assert.equal((await node.ask("device.status"))["visible"], true);
    await second.getByRole("button", { name: "Use this tab" }).click();
    await second.locator('.connection[data-state="connected"]').waitFor();
    await node.page.getByRole("heading", { name: "The node runs in another tab" }).waitFor();
    await eventually("the node under its new tab", async () => (await node.call("device.info")).ok || undefined);
    await second.close();
    await node.page.locator('.connection[data-state="connected"]').waitFor();
    await eventually("the node in its first tab", async () => (await node.call("device.info")).ok || undefined);
    const { nodes } = await owner.request("node.list", {});
    assert.equal(JSON.stringify(nodes).match(/"connected":true/g)?.length, 1);
  },
  "and comes back at once when the page wakes up": async ({ gateway }) => {
    await using owner = await gateway.connect();
    await using visitor = await nodeVisitor();
    visitor.expected.push(REFUSED, /ERR_INTERNET_DISCONNECTED/);
    const node = await NodePage.approved(visitor, gateway, owner);
    await gateway.kill("SIGTERM");
    await node.page.getByText(/Connection lost|The gateway is restarting/).first().waitFor();
    await gateway.startAgain();
    await node.page.evaluate(() => dispatchEvent(new Event("online")));
    await node.page.locator('.connection[data-state="connected"]').waitFor({ timeout: 3_000 });
  },
});

const FACES = [
  { name: "by day", colorScheme: "light" },
  { name: "by night on a phone", colorScheme: "dark", ...PHONE },
] as const;

browserTest(
  "The node page has no serious accessibility finding",
  { builtIn: true, config: ALLOW_ALL },
  Object.fromEntries(FACES.map(({ name, ...face }) => [
    name,
    async ({ gateway }) => {
      await using owner = await gateway.connect();
      await using visitor = await Visitor.come({
        ...face,
        args: ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"],
        permissions: ["camera"],
      });
      const page = await visitor.open(`${gateway.httpUrl}/node`);
      await page.getByLabel("Gateway token").waitFor();
      await clean(page, "the way in");
      await page.getByLabel("Gateway token").fill(gateway.token);
      await page.keyboard.press("Enter");
      const node = await NodePage.on(page, owner);
      await page.getByRole("heading", { name: "One step is missing" }).waitFor();
      await clean(page, "waiting for approval");
      await node.approve();
      await page.getByRole("heading", { name: "One step is missing" }).waitFor({ state: "detached" });
      // By the keyboard alone: to a switch, on, and the screen asks.
      await node.toggle("Camera").focus();
      await page.keyboard.press("Space");
      await page.locator('[role="switch"][aria-checked="true"]').and(node.toggle("Camera")).waitFor();
      await node.ask("canvas.present", {});
      const clip = node.refusal("camera.clip", { durationMs: 10_000 });
      await page.locator(".job video").waitFor();
      await clean(page, "the camera runs and a page is shown");
      await node.stopButton.focus();
      await page.keyboard.press("Enter");
      await clip;
      await node.switchOn("Screen recording");
      const film = node.refusal("screen.record", { durationMs: 500 });
      await page.getByRole("dialog", { name: "Record this screen?" }).waitFor();
      await clean(page, "the question");
      assert.equal(await page.evaluate(() => document.activeElement?.textContent), "Deny");
      await page.keyboard.press("Escape");
      await film;
    },
  ])),
);
