/** The canvas of a browser node: pages, answers, pictures, A2UI surfaces, and what a hostile page cannot do. */
import assert from "node:assert/strict";
import { eventually } from "../helpers/wait.ts";
import { NodePage, nodeVisitor } from "./node_page.ts";
import { jpegSize, pngSize } from "./node_pictures.ts";
import { browserTest, type Stage } from "./steps.ts";
import type { Visitor } from "./chromium.ts";

const PAGE = `<!doctype html><title>Report</title><body style="margin:0;background:#fff"><h1>Quarter</h1>
<button onclick="OpenClaw.sendUserAction({ id: 'a1', name: 'approve plan', surfaceId: 'main', sourceComponentId: 'ok',
  context: { plan: 7 } })">Approve</button>
<button id="out" onclick="OpenClaw.openUrl('https://elsewhere.example/x?y=1')">Out</button>
<button id="evil" onclick="OpenClaw.openUrl('javascript:alert(1)')">Evil</button>
<p id="state"></p><script>
addEventListener("openclaw:action-state", ({ detail }) => {
  document.getElementById("state").textContent += " " + detail.state;
});
</script></body>`;

/** A page of the web that tries what only pages of the canvas may. */
const ELSEWHERE = `<h1>Elsewhere</h1><script>for (const up of [parent, top]) {
  up.postMessage({ openclaw: 1, type: "openUrl", url: "https://elsewhere.example/pop" }, "*");
  up.postMessage({ openclaw: 1, type: "userAction", action: { name: "steal" } }, "*");
}</script>`;

/** A page of the canvas that floods its parent and tries to leave. */
const FLOOD = `<!doctype html><title>Flood</title><p>Flood</p><script>
for (let i = 0; i < 3000; i++) {
  parent.postMessage({ openclaw: 1, type: "userAction", action: { name: "flood" + i, context: { deep: [[[i]]] } } }, "*");
  parent.postMessage({ openclaw: 1, type: "openUrl", url: "https://elsewhere.example/" + i }, "*");
  parent.postMessage({ openclaw: 1, type: "result", id: "1." + i, ok: true, value: { format: "png", base64: "<svg>" } }, "*");
  parent.postMessage({ openclaw: 1, type: "ready", page: { toString: 1 } }, "*");
  parent.postMessage([{ openclaw: 1 }], "*");
}
</script>`;

const V08 = [
  {
    surfaceUpdate: {
      surfaceId: "main",
      components: [
        { id: "root", component: { Column: { children: { explicitList: ["title", "go"] } } } },
        { id: "title", component: { Text: { text: { literalString: "Pick a time" } } } },
        { id: "go", component: { Button: { child: "label", action: { name: "book it" } } } },
        { id: "label", component: { Text: { text: { literalString: "Book" } } } },
      ],
    },
  },
  { beginRendering: { surfaceId: "main", root: "root" } },
];

const text08 = (words: string) => ({
  surfaceUpdate: {
    surfaceId: "main",
    components: [{ id: "title", component: { Text: { text: { literalString: words } } } }],
  },
});

/** A page in the canvas folder. */
async function write({ gateway }: Pick<Stage, "gateway">, name: string, html: string): Promise<void> {
  await Deno.mkdir(`${gateway.stateDir}/canvas`, { recursive: true });
  await Deno.writeTextFile(`${gateway.stateDir}/canvas/${name}`, html);
}

/** The A2UI package says that a renderer of its own is not there; ours is in its place. */
const quiet = (visitor: Visitor) => visitor.expected.push(/MarkdownDirective/);

browserTest("The canvas of a browser node", {}, {
  "shows a page of the canvas folder in a frame without an origin, and answers for it": async (stage) => {
    const { gateway } = stage;
    await write(stage, "report.html", PAGE);
    await using owner = await gateway.connect();
    await using visitor = await nodeVisitor();
    const node = await NodePage.approved(visitor, gateway, owner);
    assert.match(await node.refusal("canvas.eval", { javaScript: "1" }), /UNAVAILABLE: nothing is shown/);
    assert.deepEqual(await node.ask("canvas.present", { url: "report.html" }), {});
    await node.canvas.getByRole("heading", { name: "Quarter" }).waitFor();
    await node.page.locator(".stage-name", { hasText: "report.html" }).waitFor();
    assert.equal(await node.page.locator(".stage iframe").getAttribute("sandbox"), "allow-scripts");
    assert.deepEqual(await node.ask("canvas.eval", { javaScript: "document.title" }), { result: "Report" });
    assert.deepEqual(await node.ask("canvas.eval", { javaScript: "Promise.resolve({ a: [1] })" }), {
      result: '{"a":[1]}',
    });
    assert.match(
      await node.refusal("canvas.eval", { javaScript: "throw new Error('no such thing')" }),
      /no such thing/,
    );
    // An opaque origin: neither the gateway's storage nor its cookies are there, and this page is out of reach.
    const reach = "const no = (look) => { try { return String(look()) } catch ({ name }) { return name } };" +
      "[origin, no(() => document.cookie), no(() => localStorage), no(() => parent.document)].join()";
    assert.deepEqual(await node.ask("canvas.eval", { javaScript: reach }), {
      result: "null,SecurityError,SecurityError,SecurityError",
    });
    const png = await node.ask("canvas.snapshot", { maxWidth: 300 });
    assert.equal(png["format"], "png");
    assert.equal(pngSize(png["base64"]).width, 300);
    const jpeg = await node.ask("canvas.snapshot", { format: "jpg", quality: 0.5, maxWidth: 200 });
    assert.equal(jpeg["format"], "jpeg");
    assert.equal(jpegSize(jpeg["base64"]).width, 200);
    assert.deepEqual(await node.ask("canvas.hide"), {});
    await node.page.locator(".stage iframe").waitFor({ state: "detached" });
  },
  "is brought into sight on a phone, and gives its picture from out of sight too": async (stage) => {
    const { gateway } = stage;
    await write(stage, "report.html", PAGE);
    await using owner = await gateway.connect();
    await using visitor = await nodeVisitor({ viewport: { width: 360, height: 640 } });
    const node = await NodePage.approved(visitor, gateway, owner);
    const top = async () => (await node.page.locator(".stage").boundingBox())?.y ?? NaN;
    const scroll = (to: number) => node.page.locator(".node-main").evaluate((main, y) => main.scrollTo(0, y), to);
    await scroll(10_000);
    await node.ask("canvas.present", { url: "report.html" });
    await eventually("the canvas comes into sight", async () => await top() > 0);
    await scroll(10_000);
    assert.ok(await top() < -300, "the canvas is out of sight");
    const { base64 } = await node.ask("canvas.snapshot", { maxWidth: 200 });
    assert.equal(pngSize(base64).width, 200);
  },
  "goes to pages of the web and back, and refuses what no page is": async (stage) => {
    const { gateway } = stage;
    await using owner = await gateway.connect();
    await using visitor = await nodeVisitor();
    await visitor.context.route(
      "https://elsewhere.example/**",
      (route) => route.fulfill({ contentType: "text/html", body: ELSEWHERE }),
    );
    const node = await NodePage.approved(visitor, gateway, owner);
    assert.deepEqual(await node.ask("canvas.navigate", { url: "https://elsewhere.example/page" }), {});
    await node.canvas.frameLocator("iframe").getByRole("heading", { name: "Elsewhere" }).waitFor();
    await node.page.getByText("A page of another site").waitFor();
    // What such a page says to the frame's parents is of no interest.
    await node.page.reload();
    await node.canvas.frameLocator("iframe").getByRole("heading", { name: "Elsewhere" }).waitFor();
    await node.connectedAgain();
    assert.match(await node.refusal("canvas.eval", { javaScript: "1" }), /pages of other sites cannot be asked/);
    assert.deepEqual(await node.ask("canvas.present", {}), {});
    await node.canvas.getByText("Canvas").first().waitFor();
    for (const url of ["javascript:alert(1)", "file:///etc/passwd", "data:text/html,x"]) {
      assert.match(
        await node.refusal("canvas.navigate", { url }),
        /INVALID_REQUEST|Cannot show the page/,
        url,
      );
    }
    assert.match(await node.refusal("canvas.present", { url: "../../secret" }), /Cannot show the page|INVALID_REQUEST/);
    // By its plain address, as agents know it.
    const port = new URL(String(await node.page.locator(".stage iframe").getAttribute("src"))).port;
    const plain = `http://127.0.0.1:${port}/__openclaw__/canvas/index.html`;
    assert.deepEqual(await node.ask("canvas.present", { url: plain }), {});
    await node.page.locator(".stage-name", { hasText: "index.html" }).waitFor();
  },
  "is taken away by its switch and by the person, and fills the screen": async ({ gateway }) => {
    await using owner = await gateway.connect();
    await using visitor = await nodeVisitor();
    const node = await NodePage.approved(visitor, gateway, owner);
    await node.ask("canvas.present", {});
    await node.page.getByRole("button", { name: "Full screen" }).click();
    await node.page.locator('.stage[data-full="true"]').waitFor();
    await node.page.keyboard.press("Escape");
    await node.page.locator('.stage[data-full="false"]').waitFor();
    await node.page.getByRole("button", { name: "Full screen" }).click();
    await node.page.getByRole("button", { name: "Leave full screen" }).click();
    await node.page.getByRole("button", { name: "Hide the canvas" }).click();
    await node.page.locator(".stage iframe").waitFor({ state: "detached" });
    await node.ask("canvas.present", {});
    await node.toggle("Canvas").click();
    await node.page.locator(".stage iframe").waitFor({ state: "detached" });
    for (const [command, params] of [["canvas.present", {}], ["canvas.a2ui.reset", {}]] as const) {
      assert.match(await node.refusal(command, params), /CANVAS_DISABLED: the canvas is switched off/);
    }
  },
  "carries what a person does to the agent and shows how it went": async (stage) => {
    const { gateway, model } = stage;
    await write(stage, "form.html", PAGE);
    await using owner = await gateway.connect();
    await using visitor = await nodeVisitor();
    const node = await NodePage.approved(visitor, gateway, owner);
    await node.ask("canvas.present", { url: "form.html" });
    const before = model.requests.length;
    model.script({ kind: "text", pieces: ["Done"], delayMs: 100 });
    await node.canvas.getByRole("button", { name: "Approve" }).click();
    await node.canvas.locator("#state", { hasText: "pending working done" }).waitFor();
    const said = JSON.stringify(model.requests[before]?.body);
    assert.match(said, /CANVAS_A2UI action=approve_plan session=node-[0-9a-f]{64} surface=main component=ok host=\S+/);
    assert.match(said, /instance=[0-9a-f]{64} ctx=\{.{0,4}plan.{0,4}:7\} default=update_canvas/);
    // A page that presses the button by itself is slowed down.
    await node.ask("canvas.eval", {
      javaScript: "for (let i = 0; i < 12; i++) OpenClaw.sendUserAction({ name: 'again' + i }); 'sent'",
    });
    await node.canvas.locator("#state", { hasText: "error" }).waitFor();
    await eventually("the end of the runs", () => model.open === 0 || undefined);
    assert.ok(model.requests.length - before <= 7, `${model.requests.length - before} runs`);
  },
  "opens another page only when the person agrees, and never a script": async (stage) => {
    const { gateway } = stage;
    await write(stage, "links.html", PAGE);
    await using owner = await gateway.connect();
    await using visitor = await nodeVisitor();
    await visitor.context.route(
      "https://elsewhere.example/**",
      (route) => route.fulfill({ contentType: "text/html", body: "<h1>Elsewhere</h1>" }),
    );
    const node = await NodePage.approved(visitor, gateway, owner);
    await node.ask("canvas.present", { url: "links.html" });
    const dialog = node.page.getByRole("dialog", { name: "Open this page?" });
    await node.canvas.locator("#evil").click();
    await node.canvas.locator("#out").click();
    await dialog.getByText("https://elsewhere.example/x?y=1").waitFor();
    await dialog.getByRole("button", { name: "Cancel" }).click();
    assert.equal(visitor.context.pages().length, 1);
    await node.canvas.locator("#out").click();
    const opened = visitor.context.waitForEvent("page");
    await dialog.getByRole("button", { name: "Open" }).click();
    const page = await opened;
    await page.getByRole("heading", { name: "Elsewhere" }).waitFor();
    assert.equal(await page.evaluate(() => globalThis.opener), null);
  },
});

browserTest("A hostile canvas page on a browser node", {}, {
  "floods in vain: a few actions, one question, and the node still answers": async (stage) => {
    const { gateway, model } = stage;
    await write(stage, "flood.html", FLOOD);
    await using owner = await gateway.connect();
    await using visitor = await nodeVisitor();
    const node = await NodePage.approved(visitor, gateway, owner);
    const before = model.requests.length;
    await node.ask("canvas.present", { url: "flood.html" });
    await node.canvas.getByText("Flood").waitFor();
    assert.equal((await node.ask("device.status"))["visible"], true);
    assert.ok(await node.page.getByRole("dialog").count() <= 1);
    await node.page.keyboard.press("Escape");
    await eventually("the end of the runs", () => model.open === 0 || undefined);
    assert.ok(model.requests.length - before <= 6, `${model.requests.length - before} runs`);
    await node.ask("canvas.hide");
    // The page of the node itself is where it was, and what comes later works.
    await write(stage, "calm.html", PAGE);
    await node.ask("canvas.present", { url: "calm.html" });
    assert.deepEqual(await node.ask("canvas.eval", { javaScript: "document.title" }), { result: "Report" });
    assert.equal(node.page.url(), `${gateway.httpUrl}/node`);
  },
  "cannot send its frame to another site": async (stage) => {
    const { gateway } = stage;
    await write(stage, "leave.html", PAGE);
    await using owner = await gateway.connect();
    const visitor = await nodeVisitor();
    visitor.expected.push(/Content Security Policy|Framing/);
    const visits: string[] = [];
    await visitor.context.route("https://elsewhere.example/**", (route) => {
      visits.push(route.request().url());
      return route.fulfill({ contentType: "text/html", body: "stolen" });
    });
    const node = await NodePage.approved(visitor, gateway, owner);
    await node.ask("canvas.present", { url: "leave.html" });
    await node.call("canvas.eval", { javaScript: "location.href = 'https://elsewhere.example/?stolen'; 'asked'" });
    await eventually("the browser's refusal", () => visitor.faults.some((fault) => /CSP: frame-src/.test(fault)));
    assert.deepEqual(visits, []);
    visitor.faults.length = 0;
    await visitor[Symbol.asyncDispose]();
  },
});

browserTest("A2UI on a browser node", {}, {
  "draws surfaces, takes what is pressed to the agent, and starts over": async ({ gateway, model }) => {
    await using owner = await gateway.connect();
    await using visitor = await nodeVisitor();
    quiet(visitor);
    const node = await NodePage.approved(visitor, gateway, owner);
    const drawn = await node.ask("canvas.a2ui.push", { messages: V08 });
    assert.deepEqual(drawn, { ok: true, surfaces: ["main"] });
    await node.canvas.getByText("Pick a time").waitFor();
    await node.ask("canvas.a2ui.pushJSONL", { jsonl: `${JSON.stringify(text08("Pick a day"))}\n\n` });
    await node.canvas.getByText("Pick a day").waitFor();
    const before = model.requests.length;
    await node.canvas.getByRole("button", { name: "Book" }).click();
    await eventually("the agent's run", () => model.requests.length > before || undefined);
    assert.match(JSON.stringify(model.requests[before]?.body), /CANVAS_A2UI action=book_it/);
    assert.match(
      await node.refusal("canvas.a2ui.push", { messages: [{ surfaceUpdate: { surfaceId: 7 } }] }),
      /message|surface/,
    );
    assert.deepEqual((await node.ask("canvas.a2ui.reset"))["surfaces"], []);
    await node.canvas.getByText("Pick a day").waitFor({ state: "detached" });
  },
  "is there again after a reload, after another page, and after a restart of the gateway": async ({ gateway }) => {
    await using visitor = await nodeVisitor();
    quiet(visitor);
    visitor.expected.push(/WebSocket connection to .* failed|ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET/);
    const owner = await gateway.connect();
    const node = await NodePage.approved(visitor, gateway, owner);
    await node.ask("canvas.a2ui.push", { messages: V08 });
    await node.canvas.getByText("Pick a time").waitFor();
    await node.page.reload();
    await node.canvas.getByText("Pick a time").waitFor();
    await node.connectedAgain();
    await node.ask("canvas.present", {});
    await node.canvas.getByText("Pick a time").waitFor({ state: "detached" });
    // A push brings the surfaces back, with what they held before.
    const back = await node.ask("canvas.a2ui.push", { messages: [text08("Pick an hour")] });
    assert.deepEqual(back, { ok: true, surfaces: ["main"] });
    await node.canvas.getByText("Pick an hour").waitFor();
    await node.canvas.getByRole("button", { name: "Book" }).waitFor();
    await owner.close();
    await gateway.restart();
    await using again = await gateway.connect();
    const same = await NodePage.on(node.page, again);
    await same.canvas.getByText("Pick an hour").waitFor();
    assert.deepEqual(await same.ask("canvas.a2ui.push", { messages: [text08("Pick a minute")] }), {
      ok: true,
      surfaces: ["main"],
    });
    await same.canvas.getByText("Pick a minute").waitFor();
  },
});
