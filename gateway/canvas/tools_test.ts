/** Unit tests of the tools for the canvas, over real files and real screens. */
import assert from "node:assert/strict";
import type { NodeView } from "../../schemas/method/nodes.ts";
import { fakeServices } from "../../tests/helpers/services.ts";
import { runTool, sameTools } from "../agent/tools.ts";
import type { NodeCall } from "../node/types.ts";
import { createCanvasFiles } from "./files.ts";
import { keepInCanvas } from "./keep_files.ts";
import { createScreens } from "./screens.ts";
import { A2UI_EXAMPLE } from "./tool_a2ui.ts";
import { canvasTools } from "./tools.ts";

const KEY = "agent:main:main";
const OWNER = { sessionKey: KEY, agentId: "main", trusted: true };
const PNG = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0).toBase64();

const PHONE: NodeView = {
  nodeId: "phone-0123",
  displayName: "Phone",
  caps: [],
  commands: ["canvas.present", "canvas.hide", "canvas.snapshot", "canvas.eval", "canvas.a2ui.pushJSONL"],
  paired: true,
  connected: true,
};

async function lab(nodes: readonly NodeView[] = [], answer: (call: NodeCall) => unknown = () => ({})) {
  const dir = await Deno.makeTempDir();
  const { clock, db, bus } = fakeServices();
  const files = createCanvasFiles({ root: `${dir}/canvas`, clock, historyDir: `${dir}/history` });
  const screens = createScreens({ db, clock, bus });
  const calls: NodeCall[] = [];
  const box = canvasTools({
    files,
    screens,
    nodes: {
      list: () => nodes,
      find: () => PHONE,
      invoke(call) {
        calls.push(call);
        return Promise.resolve({
          nodeId: call.nodeId,
          command: call.command,
          payload: answer(call),
          payloadJSON: null,
        });
      },
    },
  });
  const run = (name: string, args: Record<string, unknown> = {}) =>
    runTool(box.for(OWNER), name, args, {
      ...OWNER,
      runId: "r",
      toolCallId: "c",
      toChat: false,
      signal: new AbortController().signal,
    }, clock);
  return {
    box,
    files,
    screens,
    calls,
    run,
    published: () => bus.published.filter(({ event }) => event === "canvas.changed"),
    [Symbol.asyncDispose]: () => Deno.remove(dir, { recursive: true }),
  };
}

Deno.test("strangers get no tool, a node's picture and script only with such a node", async () => {
  await using bare = await lab();
  const names = bare.box.for(OWNER).map(({ name }) => name);
  assert.equal(names.length, 10);
  assert.ok(!names.includes("canvas_eval") && !names.includes("canvas_snapshot"));
  assert.deepEqual(bare.box.for({ ...OWNER, trusted: false }), []);
  await using with_ = await lab([PHONE]);
  assert.deepEqual(with_.box.all().slice(-2).map(({ name }) => name), ["canvas_snapshot", "canvas_eval"]);
  const chars = with_.box.all().reduce((sum, { description }) => sum + description.length, 0);
  assert.ok(chars < 3_500, `${chars} characters`);
});

Deno.test("files are written, read in parts, patched, undone and deleted, and mistakes are explained", async () => {
  await using each = await lab();
  const { run } = each;
  assert.equal((await run("canvas_list")).text, "No files.");
  assert.match(
    (await run("canvas_write", { path: "a/index.html", content: "<p>one</p>" })).text,
    /^Kept a\/index.html, 10 bytes/u,
  );
  await run("canvas_patch", { path: "a/index.html", find: "one", replace: "two" });
  assert.equal((await run("canvas_read", { path: "a/index.html" })).text, "<p>two</p>");
  assert.match((await run("canvas_undo")).text, /last patch of a\/index.html/u);
  assert.equal((await run("canvas_read", { path: "a/index.html" })).text, "<p>one</p>");
  assert.match((await run("canvas_list")).text, /^a\/index.html 10 bytes/u);
  await run("canvas_write", { path: "long.txt", content: "x".repeat(30_000) });
  assert.match(
    (await run("canvas_read", { path: "long.txt" })).text,
    /\[9520 more characters: read on with offset 20480\]$/u,
  );
  assert.equal((await run("canvas_read", { path: "long.txt", offset: 20_480 })).text.length, 9_520);
  await run("canvas_delete", { path: "long.txt" });
  for (
    const [name, args] of [
      ["canvas_read", { path: "long.txt" }],
      ["canvas_write", { path: "../outside.html", content: "x" }],
      ["canvas_patch", { path: "a/index.html", find: "nowhere", replace: "" }],
      ["canvas_write", { path: "x.html" }],
    ] as const
  ) {
    const { isError, text } = await run(name, args);
    assert.ok(isError && text.startsWith("Cannot "), text);
  }
});

Deno.test("a page is shown beside the chat or on a node, and only a page", async () => {
  await using each = await lab([PHONE]);
  const { run, screens, calls, published } = each;
  await run("canvas_present", { path: "a/index.html" });
  assert.deepEqual(screens.get({ sessionKey: KEY }).page, { kind: "path", path: "a/index.html" });
  assert.equal(published().length, 1);
  for (const url of ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd"]) {
    assert.ok((await run("canvas_present", { url })).isError);
  }
  assert.ok((await run("canvas_present", { path: "a", url: "https://example.org/" })).isError);
  await run("canvas_hide");
  assert.equal(screens.get({ sessionKey: KEY }).page, null);
  assert.equal((await run("canvas_present", { path: "b.html", node: "Phone" })).text, "Shown on Phone (phone-01).");
  assert.deepEqual([calls[0]?.command, calls[0]?.params], ["canvas.present", { url: "b.html" }]);
});

Deno.test("the canvas of a node comes as a picture and answers scripts", async () => {
  await using each = await lab(
    [PHONE],
    ({ command }) => command === "canvas.eval" ? { result: "42" } : { format: "png", base64: PNG },
  );
  const shot = await each.run("canvas_snapshot");
  assert.deepEqual(shot.images, [{ type: "image", data: PNG, mimeType: "image/png" }]);
  assert.equal(shot.media, undefined);
  assert.equal((await each.run("canvas_eval", { javaScript: "6*7" })).text, "42");
});

Deno.test("the example in the description of a2ui_push is shown as it stands", async () => {
  await using each = await lab();
  const { run, screens } = each;
  assert.ok(each.box.all().some(({ description }) => description.includes(A2UI_EXAMPLE)));
  const dry = await run("a2ui_push", { jsonl: A2UI_EXAMPLE, dryRun: true });
  assert.equal(dry.text, "Valid v0.9. Nothing was shown.");
  assert.equal(screens.get({ sessionKey: KEY }).a2ui, null);
  assert.equal((await run("a2ui_push", { jsonl: A2UI_EXAMPLE })).text, "Shown beside the chat in WebChat (v0.9): s1.");
  assert.equal(screens.get({ sessionKey: KEY }).a2ui?.version, "v0.9");
  await run("a2ui_reset");
  assert.equal(screens.get({ sessionKey: KEY }).a2ui, null);
});

Deno.test("an error of a2ui_push says what to repair, and after the repair it is shown", async () => {
  await using each = await lab([PHONE]);
  const wrong = A2UI_EXAMPLE.replace('"component":"TextField"', '"component":"TextInput"');
  for (const where of [{}, { node: "Phone" }]) {
    const { isError, text } = await each.run("a2ui_push", { jsonl: wrong, ...where });
    assert.ok(isError);
    assert.match(text, /component/u);
    assert.match(text, /TextField/u);
  }
  assert.match((await each.run("a2ui_push", { jsonl: "{broken" })).text, /line 1/u);
  assert.equal(each.calls.length, 0);
  assert.equal((await each.run("a2ui_push", { jsonl: A2UI_EXAMPLE, node: "Phone" })).isError, false);
  assert.equal(each.calls[0]?.command, "canvas.a2ui.pushJSONL");
});

Deno.test("a clip of a run without a chat becomes a file of the canvas; a picture and a chat's clip do not", async () => {
  await using each = await lab();
  const media = [
    { kind: "video" as const, mimeType: "video/webm", fileName: "clip-1.webm", data: Uint8Array.of(1, 2, 3) },
    { kind: "image" as const, mimeType: "image/png", fileName: "p.png", data: Uint8Array.of(4) },
    { kind: "document" as const, mimeType: "text/html", fileName: "..", data: Uint8Array.of(5) },
  ];
  const clip = { name: "clip", description: "c", inputSchema: {}, run: () => ({ text: "recorded", media }) };
  const [tool] = keepInCanvas(sameTools([clip]), each.files).all();
  const context = { ...OWNER, runId: "r", toolCallId: "c", signal: new AbortController().signal };
  assert.deepEqual(await tool?.run({}, { ...context, toChat: true }), { text: "recorded", media });
  const kept = await tool?.run({}, { ...context, toChat: false });
  assert.ok(typeof kept === "object");
  assert.deepEqual(kept.media?.map(({ fileName }) => fileName), ["p.png"]);
  assert.match(
    kept.text,
    /^recorded\nKept as the canvas file received\/clip-1\.webm; canvas_present.*\n\.\. could not be kept/u,
  );
  assert.deepEqual((await each.files.list()).map(({ path, bytes }) => [path, bytes]), [["received/clip-1.webm", 3]]);
});
