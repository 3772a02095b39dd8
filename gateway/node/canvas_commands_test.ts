/** Tests of canvas_commands.ts: which pages may be shown, and when the screen changes. */
import assert from "node:assert/strict";
import type { Screens } from "../canvas/types.ts";
import { canvasStep, linesOf, pageOf } from "./canvas_commands.ts";

Deno.test("a page is an http(s) address or a path inside the canvas", () => {
  assert.deepEqual(pageOf(undefined, false), { kind: "path", path: "" });
  assert.deepEqual(pageOf("", false), { kind: "path", path: "" });
  assert.deepEqual(pageOf("/report/index.html?x=1#top", true), { kind: "path", path: "report/index.html?x=1#top" });
  assert.deepEqual(pageOf("/__openclaw__/canvas/a.html", true), { kind: "path", path: "a.html" });
  assert.deepEqual(pageOf("HTTPS://example.com/a", true), { kind: "url", url: "HTTPS://example.com/a" });
});

Deno.test("what else a browser could open is refused, however it is written", () => {
  for (
    const url of [
      "javascript:alert(1)",
      "JaVaScRiPt:alert(1)",
      " javascript:alert(1)",
      "java\nscript:alert(1)",
      "java\tscript:alert(1)",
      "\u0001javascript:alert(1)",
      "data:text/html,x",
      "file:///etc/passwd",
      "blob:https://example.com/1",
      "about:blank",
      "vbscript:x",
      "openclaw://agent?message=x",
      "//evil.example/x",
      "\\\\evil.example\\x",
      "../secret",
      "a/../../secret",
      "a/%2e%2e/secret",
      "%2E%2E/secret",
      "a/%zz",
      "http://",
      "x".repeat(3_000),
    ]
  ) assert.throws(() => pageOf(url, false), { code: "INVALID_REQUEST" }, url);
  assert.throws(() => pageOf(5, false), { code: "INVALID_REQUEST" });
  assert.throws(() => pageOf("", true), { code: "INVALID_REQUEST" });
});

Deno.test("lines of JSON are messages, and a broken one is named by its number", () => {
  assert.deepEqual(linesOf('{"a":1}\n\n  {"b":2}\r\n'), [{ a: 1 }, { b: 2 }]);
  assert.throws(() => linesOf('{"a":1}\n\n{"b":'), /line 3 of jsonl is not JSON/u);
  assert.throws(() => linesOf("[]\n".repeat(501)), /more than 500 messages/u);
  assert.throws(() => linesOf(" ".repeat((1 << 20) + 1)), /longer than/u);
  assert.throws(() => linesOf(undefined), { code: "INVALID_REQUEST" });
});

Deno.test("surfaces are kept before the node is asked; pages only after it said yes", () => {
  const calls: unknown[] = [];
  const screens = new Proxy<Screens>(Object.create(null), {
    get: (_target, name) => (...args: unknown[]) => void calls.push([String(name), ...args]),
  });
  const screen = { nodeId: "n1" };
  assert.equal(canvasStep(screens, "n1", "canvas.a2ui.push", { messages: [{ a: 1 }] }).kept, true);
  assert.equal(canvasStep(screens, "n1", "canvas.a2ui.pushJSONL", { jsonl: '{"b":2}' }).kept, true);
  assert.deepEqual(calls.splice(0), [["push", screen, [{ a: 1 }]], ["push", screen, [{ b: 2 }]]]);
  for (
    const [command, params, done] of [
      ["canvas.present", { url: "a.html" }, ["present", screen, { kind: "path", path: "a.html" }]],
      ["canvas.navigate", { url: "https://e.example/" }, ["present", screen, {
        kind: "url",
        url: "https://e.example/",
      }]],
      ["canvas.hide", undefined, ["hide", screen]],
      ["canvas.a2ui.reset", {}, ["reset", screen]],
    ] as const
  ) {
    const step = canvasStep(screens, "n1", command, params);
    assert.deepEqual([step.kept, calls.length], [false, 0], command);
    step.done();
    assert.deepEqual(calls.splice(0), [done], command);
  }
  canvasStep(screens, "n1", "camera.snap", {}).done();
  assert.deepEqual(calls, []);
});
