/** The talk with one frame: hello for each document, limits, and what waits until it is ready. */
import assert from "node:assert/strict";
import type { Fields } from "../../client/read.ts";
import { FRAME_BURST } from "./canvas_limits.ts";
import { FrameBridge } from "./frame_bridge.ts";

const LOOK = { theme: "light", prefersReducedMotion: false } as const;

function scene() {
  const sent: Fields[] = [];
  const heard: string[] = [];
  let now = 0;
  const bridge = new FrameBridge({
    post: (message) => void sent.push(message),
    now: () => now,
    ready: () => void heard.push("ready"),
    action: ({ name }) => void heard.push(`action ${name}`),
    openUrl: (url) => void heard.push(`open ${url.href}`),
    trouble: (text) => void heard.push(`trouble ${text}`),
  }, LOOK);
  const say = (message: object) => bridge.receive({ data: { openclaw: 1, ...message } });
  return { bridge, sent, heard, say, pass: (ms: number) => void (now += ms) };
}

Deno.test("A frame hears a nonce and the theme when it has loaded, and what waited once it is ready", () => {
  const { bridge, sent, heard, say } = scene();
  bridge.loaded();
  bridge.apply([{ a: 1 }]);
  assert.deepEqual(sent.map((one) => one["type"]), ["hello"]);
  assert.equal(sent[0]?.["theme"], "light");
  say({ type: "ready", page: "a2ui", a2ui: "v0.9" });
  say({ type: "ready", page: "a2ui", a2ui: "v0.9" });
  assert.deepEqual(heard, ["ready"]);
  assert.deepEqual(sent.map((one) => one["type"]), ["hello", "a2ui"]);
  assert.ok(sent.every((one) => one["openclaw"] === 1 && one["nonce"] === sent[0]?.["nonce"]));
  bridge.show({ theme: "dark", prefersReducedMotion: true });
  assert.deepEqual(sent.at(-1), { ...sent.at(-1), type: "theme", theme: "dark", prefersReducedMotion: true });
});

Deno.test("A frame that is ready before its load event gets its hello at once and stays ready", () => {
  const { bridge, sent, heard, say } = scene();
  say({ type: "ready", page: "canvas" });
  assert.deepEqual(sent.map((one) => one["type"]), ["hello"]);
  bridge.loaded();
  bridge.apply([{ a: 1 }]);
  assert.deepEqual(heard, ["ready"]);
  assert.deepEqual(sent.map((one) => one["type"]), ["hello", "hello", "a2ui"]);
  assert.equal(new Set(sent.map((one) => one["nonce"])).size, 1, "a page keeps the nonce of its first hello");
});

Deno.test("A document that took another's place is told everything again, whenever it says ready", () => {
  for (const early of [true, false]) {
    const { bridge, heard, say } = scene();
    bridge.loaded();
    say({ type: "ready", page: "canvas" });
    if (early) say({ type: "ready", page: "canvas" });
    bridge.loaded();
    if (!early) say({ type: "ready", page: "canvas" });
    assert.deepEqual(heard, ["ready", "ready"]);
  }
});

Deno.test("A call that fails is told once, results nobody asked for are not", () => {
  const { bridge, sent, heard, say } = scene();
  bridge.loaded();
  say({ type: "ready", page: "a2ui" });
  bridge.apply([{ a: 1 }]);
  const id = sent.at(-1)?.["id"];
  say({ type: "result", id: "p99", ok: false, error: "never asked" });
  say({ type: "result", id, ok: true, value: { ok: false, error: "Unknown component" } });
  say({ type: "result", id, ok: false, error: "again" });
  assert.deepEqual(heard, ["ready", "trouble Unknown component"]);
});

Deno.test("A page in a loop is heard so often and no more, until time has passed", () => {
  const { heard, say, pass } = scene();
  for (let at = 0; at < 5 * FRAME_BURST; at++) say({ type: "userAction", action: { name: "go" } });
  assert.equal(heard.length, FRAME_BURST);
  pass(1_000);
  for (let at = 0; at < 50; at++) say({ type: "userAction", action: { name: "go" } });
  assert.equal(heard.length, FRAME_BURST + 10);
});

Deno.test("What comes too often is not even unpacked", () => {
  const { bridge } = scene();
  let reads = 0;
  const large = {
    get data() {
      reads++;
      return { openclaw: 1, type: "userAction", action: {} };
    },
  };
  for (let at = 0; at < 5 * FRAME_BURST; at++) bridge.receive(large);
  assert.equal(reads, FRAME_BURST);
});

Deno.test("What an action came to is told with its id; an address is only handed on", () => {
  const { bridge, sent, heard, say } = scene();
  bridge.loaded();
  say({ type: "ready", page: "a2ui" });
  bridge.status("a1", "error", "no model");
  assert.deepEqual(sent.at(-1), {
    openclaw: 1,
    type: "actionStatus",
    id: "a1",
    state: "error",
    error: "no model",
    nonce: sent[0]?.["nonce"],
  });
  say({ type: "openUrl", url: "https://example.org/a" });
  assert.equal(heard.at(-1), "open https://example.org/a");
});

Deno.test("A page that asks to open addresses again and again is not listened to", () => {
  const { heard, say, pass } = scene();
  for (let at = 0; at < 30; at++) {
    say({ type: "openUrl", url: `https://example.org/${at}` });
    pass(100);
  }
  assert.deepEqual(heard, [0, 1, 2].map((at) => `open https://example.org/${at}`));
  pass(10_000);
  say({ type: "openUrl", url: "https://example.org/later" });
  assert.equal(heard.at(-1), "open https://example.org/later");
});
