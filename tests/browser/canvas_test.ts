/** Canvas pages in a real browser: what they can do, and all that they cannot. */
import assert from "node:assert/strict";
import { TEST_TOKEN, TestGateway } from "../helpers/gateway.ts";
import { eventually } from "../helpers/wait.ts";
import { type Place, placeOf, rootOf } from "../canvas/asking.ts";
import { CanvasFrame } from "./canvas_frame.ts";
import { browserMissing, Visitor } from "./chromium.ts";
import { browserTest } from "./steps.ts";

const CANVAS = "/__openclaw__/canvas/";
/** Ten times ten red dots. */
const RED = Uint8Array.fromBase64(
  "iVBORw0KGgoAAAANSUhEUgAAAAoAAAAKCAIAAAACUFjqAAAAEklEQVR4nGP4z8CAB+GTG8HSALfKY52fTcuYAAAAAElFTkSuQmCC",
);

/** The canvas address on its own port, and on the gateway's, as through a tunnel. */
const bothPorts = (gateway: TestGateway, { url, cap }: Place): readonly string[] => [url, `${gateway.httpUrl}${cap}`];

const write = async (gateway: TestGateway, files: Readonly<Record<string, string | Uint8Array<ArrayBuffer>>>) => {
  for (const [name, content] of Object.entries(files)) {
    const path = `${rootOf(gateway)}/${name}`;
    if (typeof content === "string") await Deno.writeTextFile(path, content);
    else await Deno.writeFile(path, content);
  }
};

const GOOD_PAGE = `<!doctype html><html><head><link rel="stylesheet" href="style.css"></head><body>
<img id="red" src="red.png" width="100" height="50" style="display:block">
<canvas id="drawn" width="100" height="50" style="display:block"></canvas>
<canvas id="spoilt" width="10" height="10" hidden></canvas>
<div class="styled"></div><a id="away" href="https://example.com/page?x=1">away</a>
<input id="typed" value="typed"><div style="height:2000px"></div>
<script>
  globalThis.seen = [];
  for (const name of ["openclaw:a2ui-action-status", "openclaw:action-state", "openclaw:theme"]) {
    addEventListener(name, ({ detail }) => seen.push([name, detail]));
  }
  const context = drawn.getContext("2d");
  context.fillStyle = "rgb(255, 255, 0)";
  context.fillRect(0, 0, 100, 50);
  addEventListener("load", () => spoilt.getContext("2d").drawImage(red, 0, 0));
</script>
<script type="module">
  import { answer } from "./module.js";
  const later = await import("./later.js");
  const data = await (await fetch("data.json")).json();
  const own = new Function("return 40 + 2")();
  globalThis.facts = { answer, later: later.value, data: data.value, own, eval: eval("6 * 7") };
</script></body></html>`;

const furnish = (gateway: TestGateway) =>
  write(gateway, {
    "index.html": GOOD_PAGE,
    "red.png": RED,
    "style.css":
      "body { margin: 0; background: rgb(255, 255, 255) } .styled { height: 20px; background: rgb(0, 0, 255) }",
    "module.js": "export const answer = 42;",
    "later.js": "export const value = 'later';",
    "data.json": '{"value":"data"}',
  });

browserTest("A canvas page", { builtIn: true }, {
  "has its images, styles, modules, data and eval, on both ports": async ({ gateway }) => {
    await furnish(gateway);
    await using visitor = await Visitor.come();
    const page = await visitor.open(gateway.httpUrl);
    const place = await placeOf(gateway);
    for (const url of bothPorts(gateway, place)) {
      const canvas = await CanvasFrame.open(page, `${url}${CANVAS}`);
      assert.equal((await canvas.hear("ready"))["page"], "canvas");
      const inside = await canvas.inside();
      const facts = await eventually("the module", () => inside.evaluate(() => Reflect.get(globalThis, "facts")));
      assert.deepEqual(facts, { answer: 42, later: "later", data: "data", own: 42, eval: 42 });
      assert.equal(await inside.evaluate(() => document.querySelector("img")?.naturalWidth), 10);
      const colour = await inside.evaluate(() => getComputedStyle(document.querySelector(".styled")!).backgroundColor);
      assert.equal(colour, "rgb(0, 0, 255)");
      assert.equal(await inside.evaluate(() => self.origin), "null");
    }
    await place.client.close();
  },
  "reloads when one of its files changes": async ({ gateway }) => {
    await using visitor = await Visitor.come();
    // The page goes away while it loads.
    visitor.expected.push(/ERR_ABORTED/u);
    const page = await visitor.open(gateway.httpUrl);
    const place = await placeOf(gateway);
    for (const [index, url] of bothPorts(gateway, place).entries()) {
      const canvas = await CanvasFrame.open(page, `${url}${CANVAS}`);
      await new Promise((resolve) => setTimeout(resolve, 500));
      await write(gateway, { "index.html": `${GOOD_PAGE}<p id="edited">edited ${index}</p>` });
      const inside = await canvas.inside();
      await inside.getByText(`edited ${index}`).waitFor();
      await canvas.hear("ready", 2);
      assert.equal((await canvas.ask({ type: "eval", javaScript: "edited.textContent" }))["value"], `edited ${index}`);
    }
    await place.client.close();
  },
  "works on an IPv6 address, where a policy can only name the whole origin": async ({ gateway }) => {
    const origin = `http://[::1]:${gateway.port}`;
    if (await fetch(`${origin}/healthz`).then((answer) => answer.body?.cancel(), () => "none") === "none") return;
    await furnish(gateway);
    await using visitor = await Visitor.come();
    visitor.expected.push(/WebSocket connection/u);
    const page = await visitor.open(origin);
    const { client, cap } = await placeOf(gateway);
    const canvas = await CanvasFrame.open(page, `${origin}${cap}${CANVAS}`);
    const inside = await canvas.inside();
    const facts = await eventually("the module", () => inside.evaluate(() => Reflect.get(globalThis, "facts")));
    assert.equal(Object(facts).data, "data");
    const socket = await inside.evaluate((url) =>
      new Promise((resolve) => {
        const made = new WebSocket(url);
        made.onopen = () => resolve("open");
        made.onclose = () => resolve("closed");
      }), `ws://[::1]:${gateway.port}`);
    assert.equal(socket, "closed", "the gateway's socket refuses a page without an origin");
    await client.close();
  },
  "talks to the page around it: eval, actions, their states, links, the look": async ({ gateway }) => {
    await furnish(gateway);
    await using visitor = await Visitor.come();
    const page = await visitor.open(gateway.httpUrl);
    const { client, url } = await placeOf(gateway);
    const canvas = await CanvasFrame.open(page, `${url}${CANVAS}`);
    const value = async (javaScript: string) => await canvas.ask({ type: "eval", javaScript });
    assert.equal((await value("1 + 1"))["value"], "2");
    assert.equal((await value("'text'"))["value"], "text");
    assert.equal((await value("({ a: [1] })"))["value"], '{"a":[1]}');
    assert.equal((await value("Promise.resolve('later')"))["value"], "later");
    assert.equal((await value("undefined"))["value"], "");
    const failed = await value("nothing.here");
    assert.deepEqual([failed["ok"], failed["error"]], [false, "nothing is not defined"]);
    assert.equal((await value("document.documentElement.dataset.openclawTheme"))["value"], "dark");
    await value("OpenClaw.sendUserAction({ name: 'press', context: { n: 1 } })");
    const { action } = await canvas.hear("userAction");
    assert.match(Object(action)["id"], /^[0-9a-f]{32}$/u);
    assert.deepEqual({ ...Object(action), id: "" }, { id: "", name: "press", context: { n: 1 } });
    await value("openclawPostMessage(JSON.stringify({ userAction: { id: 'mine', name: 'text' } }))");
    assert.equal(Object((await canvas.hear("userAction", 2))["action"])["id"], "mine");
    assert.equal((await value("OpenClaw.postMessage({ other: 1 })"))["value"], "false");
    for (const state of ["pending", "working", "done"]) await canvas.send({ type: "actionStatus", id: "mine", state });
    await canvas.send({ type: "actionStatus", id: "other", state: "error", error: "no" });
    await canvas.send({ type: "theme", theme: "light", prefersReducedMotion: false });
    const seen = JSON.parse(String((await value("seen"))["value"]));
    assert.deepEqual(seen.filter(([name]: [string]) => name === "openclaw:a2ui-action-status"), [
      ["openclaw:a2ui-action-status", { id: "mine", ok: true }],
      ["openclaw:a2ui-action-status", { id: "other", ok: false, error: "no" }],
    ]);
    assert.equal(seen.filter(([name]: [string]) => name === "openclaw:action-state").length, 4);
    assert.deepEqual(seen.at(-1), ["openclaw:theme", { theme: "light", prefersReducedMotion: false }]);
    await (await canvas.inside()).locator("#away").click();
    assert.equal((await canvas.hear("openUrl"))["url"], "https://example.com/page?x=1");
    await client.close();
  },
  "hears only the page around it, and only with the nonce of its hello": async ({ gateway }) => {
    await using visitor = await Visitor.come();
    const page = await visitor.open(gateway.httpUrl);
    const { client, url } = await placeOf(gateway);
    const canvas = await CanvasFrame.open(page, `${url}${CANVAS}`);
    await canvas.send({ type: "eval", id: "bad-1", nonce: "guess", javaScript: "globalThis.hit = 1" });
    await canvas.send({ type: "eval", id: "bad-2", nonce: undefined, javaScript: "globalThis.hit = 1" });
    await canvas.send({ type: "eval", id: "bad-3", openclaw: 2, javaScript: "globalThis.hit = 1" });
    const inside = await canvas.inside();
    await inside.evaluate((nonce) => {
      postMessage({ openclaw: 1, type: "eval", id: "bad-4", nonce, javaScript: "globalThis.hit = 1" }, "*");
    }, "n-0123456789");
    assert.equal((await canvas.ask({ type: "eval", javaScript: "String(globalThis.hit)" }))["value"], "undefined");
    const unknown = await canvas.ask({ type: "whatever" });
    assert.match(String(unknown["error"]), /does not know "whatever"/u);
    await client.close();
  },
  "gives a picture of what it shows: PNG, JPEG, narrower, scrolled, with images and drawings": async ({ gateway }) => {
    await furnish(gateway);
    await using visitor = await Visitor.come();
    const page = await visitor.open(gateway.httpUrl);
    const place = await placeOf(gateway);
    for (const url of bothPorts(gateway, place)) {
      const canvas = await CanvasFrame.open(page, `${url}${CANVAS}`);
      const shot = async (wish: Record<string, unknown>) => {
        const answer = await canvas.ask({ type: "snapshot", ...wish });
        assert.equal(answer["ok"], true, String(answer["error"]));
        return Object(answer["value"]);
      };
      const png = await shot({ format: "png" });
      assert.deepEqual([png.format, png.width, png.height], ["png", 640, 400]);
      assert.deepEqual(await canvas.colours(png, [[50, 25], [50, 75], [300, 110], [600, 300]]), [
        "255,0,0",
        "255,255,0",
        "0,0,255",
        "255,255,255",
      ]);
      const small = await shot({ format: "png", maxWidth: 320 });
      assert.deepEqual([small.width, small.height], [320, 200]);
      assert.deepEqual(await canvas.colours(small, [[25, 12]]), ["255,0,0"]);
      const [fine, coarse] = [await shot({ format: "jpeg", quality: 1 }), await shot({ format: "jpeg", quality: 0.1 })];
      assert.equal(fine.format, "jpeg");
      assert.ok(fine.base64.length > coarse.base64.length);
      await canvas.ask({ type: "eval", javaScript: "scrollTo(0, 60)" });
      assert.deepEqual(await canvas.colours(await shot({ format: "png" }), [[50, 10], [300, 50]]), [
        "255,255,0",
        "0,0,255",
      ]);
    }
    await place.client.close();
  },
  "that is opened by itself works without the bridge, and the demo page says so": async ({ gateway }) => {
    await Deno.remove(`${rootOf(gateway)}/index.html`);
    await gateway.restart();
    await using visitor = await Visitor.come();
    const page = await visitor.open(`${gateway.httpUrl}${CANVAS}`);
    assert.match(page.url(), /\/__openclaw__\/cap\/[\w-]{43}\/__openclaw__\/canvas\/$/u);
    await page.getByText("this page was opened by itself").waitFor();
    await page.getByRole("button", { name: "Say hello" }).click();
    await page.getByText("Nobody listens").waitFor();
    assert.equal(await page.evaluate(() => Reflect.get(globalThis, "OpenClaw").postMessage("{}")), false);
  },
  "shows in its demo that the bridge is there": async ({ gateway }) => {
    await using visitor = await Visitor.come();
    const page = await visitor.open(gateway.httpUrl);
    const { client, url } = await placeOf(gateway);
    const canvas = await CanvasFrame.open(page, `${url}${CANVAS}`);
    const inside = await canvas.inside();
    await inside.getByText("connected", { exact: true }).waitFor();
    await inside.getByRole("button", { name: "Ask for the time" }).click();
    const { action } = await canvas.hear("userAction");
    assert.equal(Object(action)["name"], "time");
    await canvas.send({ type: "actionStatus", id: Object(action)["id"], state: "done" });
    await inside.getByText(/Done: /u).waitFor();
    await client.close();
  },
});

Deno.test({
  name: "With gateway.tls a canvas page, its files and live reload go over HTTPS on both ports",
  ignore: browserMissing,
  fn: async () => {
    const auth = { mode: "token", token: TEST_TOKEN };
    await using gateway = await TestGateway.start({ config: { gateway: { auth, tls: { enabled: true } } } });
    await furnish(gateway);
    await using visitor = await Visitor.come({ ignoreHTTPSErrors: true });
    visitor.expected.push(/ERR_ABORTED/u);
    const page = await visitor.open(`https://127.0.0.1:${gateway.port}${CANVAS}`);
    const prefix = new URL(page.url()).pathname;
    await page.goto(`https://127.0.0.1:${gateway.port}/`);
    for (const [index, port] of [gateway.port + 4, gateway.port].entries()) {
      const canvas = await CanvasFrame.open(page, `https://127.0.0.1:${port}${prefix}`);
      const inside = await canvas.inside();
      await eventually("the module", () => inside.evaluate(() => Reflect.get(globalThis, "facts")));
      await new Promise((resolve) => setTimeout(resolve, 500));
      await write(gateway, { "index.html": `${GOOD_PAGE}<p>secure ${index}</p>` });
      await inside.getByText(`secure ${index}`).waitFor();
    }
  },
});

for (const version of ["0.8", "0.9"]) {
  browserTest(`The A2UI page ${version}`, { builtIn: true }, {
    "says what it is, takes messages and gives a picture, without breaking its policy": async ({ gateway }) => {
      await using visitor = await Visitor.come();
      const page = await visitor.open(gateway.httpUrl);
      const place = await placeOf(gateway);
      for (const url of bothPorts(gateway, place)) {
        const canvas = await CanvasFrame.open(page, `${url}/__openclaw__/a2ui/?v=${version}`);
        const ready = await canvas.hear("ready");
        assert.deepEqual([ready["page"], ready["a2ui"]], ["a2ui", `v${version}`]);
        const answer = await canvas.ask({ type: "a2ui", messages: [] });
        assert.deepEqual([answer["ok"], answer["value"]], [true, { ok: true, surfaces: [] }]);
        assert.equal((await canvas.ask({ type: "a2ui.reset" }))["ok"], true);
        const refused = await canvas.ask({ type: "eval", javaScript: "1 + 1" });
        assert.equal(refused["ok"], false, "its policy has no eval");
        // That refusal is a violation of the policy, and meant; its report comes by another way than the answer.
        await eventually("the report", () => visitor.faults.some((fault) => fault.startsWith("CSP:")));
        const faults = visitor.faults.splice(0);
        assert.ok(faults.every((fault) => /script-src|eval/u.test(fault)), faults.join("\n"));
        const picture = await canvas.ask({ type: "snapshot", format: "png" });
        assert.equal(picture["ok"], true, String(picture["error"]));
        assert.equal(Object(picture["value"]).width, 640);
      }
      await place.client.close();
    },
  });
}
