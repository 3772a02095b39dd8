/** Canvas pages that attack the bridge: from frames inside the frame, with forged nonces, and with huge messages. */
import assert from "node:assert/strict";
import type { FrameLocator, Page } from "playwright-core";
import { ChatPage } from "../browser/chat_page.ts";
import { Visitor } from "../browser/chromium.ts";
import { NodePage, nodeVisitor } from "../browser/node_page.ts";
import { browserTest, type Stage } from "../browser/steps.ts";
import { freePort } from "../helpers/gateway.ts";
import { eventually, within } from "../helpers/wait.ts";

const CANVAS = { canvasHost: { port: freePort() } };
const END = "<" + "/script>";

/** In the inner frame: speaks to our page as if it were the canvas, and to the canvas as if it were our page. */
const INNER = `<script>
  const say = (window, message) => window.postMessage({ openclaw: 1, ...message }, "*");
  for (const ours of [top, parent.parent]) {
    say(ours, { type: "ready", page: "canvas" });
    say(ours, { type: "userAction", action: { id: "inner", name: "from inside" } });
    say(ours, { type: "openUrl", url: "https://elsewhere.example/inner" });
    for (const id of ["1.1", "2.1", "p1", "x"]) say(ours, { type: "result", id, ok: true, value: "forged" });
  }
  for (const nonce of ["forged", "", undefined, null, 0, true]) {
    say(parent, { type: "hello", nonce, theme: "dark", prefersReducedMotion: true });
    say(parent, { type: "eval", nonce, id: "e", javaScript: "document.body.dataset.owned = 'by the inner frame'" });
    say(parent, { type: "actionStatus", nonce, id: "a", state: "done" });
    say(parent, { type: "theme", nonce, theme: "dark" });
  }
  parent.postMessage("inner ran", "*");
${END}`;

const NEST = `<!doctype html><title>Nest</title><body><h1>Nest</h1><pre id="heard"></pre>
<button id="real" onclick="OpenClaw.sendUserAction({ id: 'real', name: 'real press' })">Real</button><script>
  const heard = document.getElementById("heard");
  addEventListener("message", ({ data }) => { if (data === "inner ran") heard.textContent += "inner ran "; });
  addEventListener("openclaw:action-state", () => heard.textContent += "status ");
  addEventListener("openclaw:theme", ({ detail }) => heard.textContent += detail.theme + " ");
  // The page speaks to itself in our name.
  for (const nonce of ["self", undefined]) {
    postMessage({ openclaw: 1, type: "hello", nonce, theme: "dark" }, "*");
    postMessage({ openclaw: 1, type: "eval", nonce, id: "s", javaScript: "document.body.dataset.owned = 'by itself'" }, "*");
  }
  const frame = document.createElement("iframe");
  frame.srcdoc = ${JSON.stringify(INNER).replaceAll("</", "<\\/")};
  document.body.append(frame);
${END}</body>`;

const HUGE = `<!doctype html><title>Huge</title><body><h1>Huge</h1>
<button id="real" onclick="OpenClaw.sendUserAction({ id: 'after', name: 'real press' })">Real</button><script>
  const long = "x".repeat(4 << 20);
  const deep = JSON.parse('{"a":'.repeat(5000) + "1" + "}".repeat(5000));
  const say = (message) => { try { parent.postMessage({ openclaw: 1, ...message }, "*"); } catch {} };
  for (let index = 0; index < 3; index++) {
    say({ type: "userAction", action: { name: long } });
    say({ type: "userAction", action: { name: "n", context: { long } } });
    say({ type: "userAction", action: { name: "n", context: deep } });
    say({ type: "userAction", action: { name: "n", id: long, surfaceId: long, sourceComponentId: long } });
    say({ type: "userAction", action: { name: "n", context: new Array(20000).fill({}) } });
    say({ type: "openUrl", url: "https://elsewhere.example/" + long });
    say({ type: "openUrl", url: { toString: 1 } });
    say({ type: "result", id: "1.1", ok: false, error: long });
    say({ type: "ready", page: long, a2ui: long });
    say({ type: long });
    say({ type: "__proto__" });
    say({ type: "constructor" });
    say(new Map([["type", "userAction"]]));
  }
  document.querySelector("h1").textContent = "Sent";
${END}</body>`;

async function furnish({ gateway }: Stage): Promise<void> {
  await Deno.mkdir(`${gateway.stateDir}/canvas`, { recursive: true });
  await Deno.writeTextFile(`${gateway.stateDir}/canvas/nest.html`, NEST);
  await Deno.writeTextFile(`${gateway.stateDir}/canvas/huge.html`, HUGE);
}

interface Around {
  readonly page: Page;
  readonly inside: FrameLocator;
  show(path: string): Promise<void>;
}

/** The same attacks on the page of a node, and on WebChat. */
function attacksOn(around: (stage: Stage, use: (around: Around) => Promise<void>) => Promise<void>) {
  return {
    "a frame inside the frame and the page itself are nobody to either end of the bridge": (stage: Stage) =>
      around(stage, async ({ page, inside, show }) => {
        const { model } = stage;
        const before = model.requests.length;
        await show("nest.html");
        await inside.locator("#heard", { hasText: "inner ran" }).waitFor();
        await inside.locator("#heard", { hasText: "light" }).waitFor();
        // The positive control comes last: by then everything that was forged has been heard or thrown away.
        model.script({ kind: "text", pieces: ["Heard."] });
        await inside.locator("#real").press("Enter");
        await inside.locator("#heard", { hasText: "status" }).waitFor();
        await eventually("the run", () => model.requests.length > before && model.open === 0);
        assert.equal(model.requests.length, before + 1, "only the press of the person started a run");
        assert.match(JSON.stringify(model.requests.at(-1)?.body["messages"]), /action=real_press/u);
        assert.doesNotMatch(JSON.stringify(model.requests.at(-1)?.body["messages"]), /from_inside/u);
        assert.equal(await inside.locator("body").getAttribute("data-owned"), null, "no script ran in our name");
        assert.doesNotMatch(await inside.locator("#heard").innerText(), /dark/u, "no forged theme");
        assert.equal(await page.getByText("elsewhere.example").count(), 0, "no question of the inner frame");
      }),
    "huge, deep and senseless messages start nothing and stop nothing": (stage: Stage) =>
      around(stage, async ({ page, inside, show }) => {
        const { model } = stage;
        const before = model.requests.length;
        await show("huge.html");
        await inside.getByRole("heading", { name: "Sent" }).waitFor();
        assert.equal(await within("our page", page.evaluate(() => 1 + 1), 15_000), 2);
        assert.equal(await page.getByRole("dialog").or(page.getByRole("alert").getByText("Open")).count(), 0);
        // The limits let somebody in again after a moment.
        await eventually("the press of the person", async () => {
          await inside.locator("#real").press("Enter");
          await new Promise((resolve) => setTimeout(resolve, 300));
          return JSON.stringify(model.requests.slice(before)).includes("action=real_press");
        }, 20_000);
        await eventually("the runs to end", () => model.open === 0);
        const runs = model.requests.slice(before).map(({ body }) => JSON.stringify(body["messages"]));
        assert.ok(runs.every((prompt) => prompt.length < 200_000), "nothing huge reached the model");
      }),
  };
}

browserTest(
  "The bridge of WebChat under attack",
  { config: CANVAS },
  attacksOn(async (stage, use) => {
    const { gateway } = stage;
    await furnish(stage);
    await using agent = await gateway.connect();
    await using visitor = await Visitor.come();
    visitor.expected.push(/Content Security Policy|sandbox/iu);
    const { page } = await ChatPage.signIn(visitor, gateway);
    const show = (path: string) =>
      agent.request("canvas.present", { sessionKey: "agent:main:main", path }).then(() => undefined);
    await use({ page, inside: page.frameLocator(".canvas-frame"), show });
    await agent.request("canvas.hide", { sessionKey: "agent:main:main" });
    assert.equal(page.url(), `${gateway.httpUrl}/`);
  }),
);

browserTest(
  "The bridge of the node page under attack",
  { config: CANVAS },
  attacksOn(async (stage, use) => {
    const { gateway } = stage;
    await furnish(stage);
    await using owner = await gateway.connect();
    await using visitor = await nodeVisitor();
    visitor.expected.push(/Content Security Policy|sandbox/iu);
    const node = await NodePage.approved(visitor, gateway, owner);
    const show = (url: string) => node.ask("canvas.present", { url }).then(() => undefined);
    await use({ page: node.page, inside: node.canvas, show });
    assert.deepEqual(await node.ask("canvas.eval", { javaScript: "1 + 1" }), { result: "2" }, "no forged result");
  }),
);
