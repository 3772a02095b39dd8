/** The canvas of the page: what opens, what follows, what is read anew, and where an action goes. */
import assert from "node:assert/strict";
import { RequestError } from "../../client/link.ts";
import { CanvasDesk } from "./canvas_desk.ts";
import { frameUrl, saysReady } from "./canvas_model.ts";
import { readAction, readCanvas, readFrameMessage, readPage, surfaceAddress } from "./canvas_parse.ts";
import { readActionMessage, withoutActionForm } from "./action_text.ts";
import { type Answer, KEY, scene as bare } from "./fake_scene.ts";

const PAGE = { kind: "path", path: "report/index.html" };
const MESSAGE = { beginRendering: { surfaceId: "main", root: "r" } };
const event = (revision: number, change: unknown, sessionKey = KEY) => ({ sessionKey, revision, change });

function scene(answers: Record<string, Answer> = {}, scopes?: readonly string[]) {
  const one = bare({ "canvas.get": () => ({ revision: 0, page: null, a2ui: null }), ...answers }, scopes);
  const desk = new CanvasDesk(one.store, one.wire, one.timers);
  const tell = async (payload: unknown, name = "canvas.changed") => {
    desk.event(name, payload);
    await one.settle();
  };
  const start = async (canvasUrl?: string) => {
    desk.hello(canvasUrl);
    await one.settle();
  };
  return { ...one, desk, tell, start, view: () => one.store.get().canvas };
}

Deno.test("What the agent presents comes to the front, and hide takes it away", async () => {
  const { start, tell, view } = scene();
  await start();
  assert.equal(view().loaded, true);
  await tell(event(1, { kind: "present", page: PAGE }));
  assert.deepEqual(view().page, PAGE);
  assert.equal(view().shown, true);
  await tell(event(2, { kind: "hide" }));
  assert.equal(view().page, undefined);
  assert.equal(view().shown, false);
});

Deno.test("Another chat's canvas changes nothing here", async () => {
  const { start, tell, view, calls } = scene();
  await start();
  await tell(event(1, { kind: "present", page: PAGE }, "agent:main:other"));
  assert.equal(view().page, undefined);
  assert.equal(calls("canvas.get").length, 1);
});

Deno.test("A hole in the revisions, an unknown change and an early event are read anew; old news is no news", async () => {
  const { start, tell, view, calls, answers } = scene();
  await tell(event(1, { kind: "present", page: PAGE }));
  assert.equal(calls("canvas.get").length, 1, "before the first read");
  await start();
  answers["canvas.get"] = () => ({ revision: 5, page: PAGE, a2ui: null });
  await tell(event(5, { kind: "present", page: PAGE }));
  assert.equal(view().revision, 5);
  const before = calls("canvas.get").length;
  await tell(event(4, { kind: "hide" }));
  assert.equal(calls("canvas.get").length, before);
  assert.deepEqual(view().page, PAGE);
  await tell(event(6, { kind: "explode" }));
  assert.equal(calls("canvas.get").length, before + 1);
});

Deno.test("Messages are added to the surfaces; a reset and another version begin anew", async () => {
  const { start, tell, view } = scene();
  await start();
  await tell(event(1, { kind: "a2ui", version: "v0.8", messages: [MESSAGE] }));
  assert.deepEqual(view().page, { kind: "a2ui", version: "v0.8" });
  assert.equal(view().shown, true);
  const { epoch } = view().surfaces ?? { epoch: -1 };
  await tell(event(2, { kind: "a2ui", version: "v0.8", messages: [{ surfaceUpdate: {} }, "no message"] }));
  assert.equal(view().surfaces?.messages.length, 2);
  assert.equal(view().surfaces?.epoch, epoch);
  await tell(event(3, { kind: "reset" }));
  assert.equal(view().page, undefined, "a form without surfaces is nothing to look at");
  assert.equal(view().surfaces?.epoch, epoch + 1);
  await tell(event(4, { kind: "a2ui", version: "v0.9", messages: [MESSAGE] }));
  assert.deepEqual(view().surfaces, { version: "v0.9", messages: [MESSAGE], epoch: epoch + 2 });
});

Deno.test("A canvas that the person closed stays closed until the agent presents something", async () => {
  const { start, tell, view, desk } = scene();
  await start();
  await tell(event(1, { kind: "a2ui", version: "v0.9", messages: [MESSAGE] }));
  desk.close();
  await tell(event(2, { kind: "a2ui", version: "v0.9", messages: [MESSAGE] }));
  assert.equal(view().shown, false);
  assert.equal(view().unseen, true);
  await tell(event(3, { kind: "present", page: PAGE }));
  assert.equal(view().shown, true);
  assert.equal(view().unseen, false);
});

Deno.test("It does not come down over somebody who writes", async () => {
  const { start, tell, view, desk } = scene();
  await start();
  desk.mayOpen = () => false;
  await tell(event(1, { kind: "present", page: PAGE }));
  assert.equal(view().shown, false);
  assert.equal(view().unseen, true);
  desk.open();
  assert.equal(view().shown, true);
});

Deno.test("Where it would cover the chat, a canvas from before waits behind its tab when the page is opened", async () => {
  const { start, tell, view, desk } = scene({ "canvas.get": () => ({ revision: 4, page: PAGE, a2ui: null }) });
  desk.mayOpen = (arriving) => !arriving;
  await start();
  assert.deepEqual(view().page, PAGE);
  assert.equal(view().shown, false);
  assert.equal(view().unseen, true);
  await tell(event(5, { kind: "present", page: PAGE }));
  assert.equal(view().shown, true);
});

Deno.test("A reconnect that finds the same revision leaves the surfaces alone", async () => {
  const state = {
    revision: 3,
    page: { kind: "a2ui", version: "v0.9" },
    a2ui: { version: "v0.9", messages: [MESSAGE] },
  };
  const { start, view } = scene({ "canvas.get": () => state });
  await start();
  const { surfaces } = view();
  await start();
  assert.equal(view().surfaces, surfaces);
  assert.equal(view().shown, true);
});

Deno.test("The capability is prolonged in time as long as there is a page", async () => {
  const { start, tell, view, calls, pass, answers, now } = scene();
  let at = 0;
  answers["plugin.surface.refresh"] = () => ({
    surface: "canvas",
    pluginSurfaceUrls: { canvas: `http://127.0.0.1:18793/__openclaw__/cap/${++at}/` },
    expiresAtMs: now() + 600_000,
  });
  await start("http://127.0.0.1:18793/__openclaw__/cap/0");
  await pass(60_000);
  assert.equal(calls("plugin.surface.refresh").length, 0, "nothing to show, nothing to prolong");
  await tell(event(1, { kind: "present", page: PAGE }));
  await pass(2_000);
  assert.equal(view().surfaceUrl, "http://127.0.0.1:18793/__openclaw__/cap/1");
  await pass(250_000);
  assert.equal(calls("plugin.surface.refresh").length, 1);
  await pass(60_000);
  assert.equal(calls("plugin.surface.refresh").length, 2);
  await tell(event(2, { kind: "hide" }));
  await pass(600_000);
  assert.equal(calls("plugin.surface.refresh").length, 2);
});

Deno.test("An action goes to the session and ends with its run", async () => {
  const { start, desk, view, calls, settle, tell, answers } = scene();
  answers["canvas.action"] = () => ({ runId: "r1", status: "started" });
  await start();
  await tell(event(1, { kind: "a2ui", version: "v0.9", messages: [MESSAGE] }));
  desk.act({ name: "order", id: "a1" });
  assert.equal(view().actions[0]?.state, "pending");
  await settle();
  assert.deepEqual(calls("canvas.action"), [{ sessionKey: KEY, action: { name: "order", id: "a1" } }]);
  assert.equal(view().actions[0]?.state, "working");
  await tell({ runId: "other", state: "final" }, "chat");
  assert.equal(view().actions[0]?.state, "working");
  await tell({ runId: "r1", state: "error", errorMessage: "no model" }, "chat");
  assert.deepEqual([view().actions[0]?.state, view().actions[0]?.error], ["error", "no model"]);
});

Deno.test("A run that ends before its answer came, one that ended while nobody listened, and one never heard of", async () => {
  const { start, desk, view, settle, tell, answers, pass } = scene();
  await start();
  await tell(event(1, { kind: "a2ui", version: "v0.9", messages: [MESSAGE] }));
  answers["canvas.action"] = () => ({ runId: "fast", status: "started" });
  desk.act({ name: "go", id: "a1" });
  await tell({ runId: "fast", state: "final" }, "chat");
  assert.equal(view().actions[0]?.state, "done");

  answers["canvas.action"] = () => ({ runId: "missed", status: "started" });
  answers["agent.wait"] = () => ({ runId: "missed", status: "ok" });
  desk.act({ name: "go", id: "a2" });
  await settle();
  desk.gap();
  await settle();
  assert.equal(view().actions[1]?.state, "done");

  answers["canvas.action"] = () => ({ runId: "lost", status: "started" });
  answers["agent.wait"] = () => ({ runId: "lost", status: "timeout" });
  desk.act({ name: "go", id: "a3" });
  await settle();
  await pass(11 * 60_000);
  desk.gap();
  await settle();
  assert.equal(view().actions[2]?.state, "done");
});

Deno.test("Refused, unanswered, repeated and too many actions say so", async () => {
  const { start, desk, view, settle, answers, calls } = scene();
  answers["canvas.action"] = () => {
    throw new RequestError("INVALID_REQUEST", "Cannot act: the session is gone");
  };
  await start();
  desk.act({ name: "go", id: "a1" });
  await settle();
  assert.equal(view().actions[0]?.error, "Cannot act: the session is gone");
  answers["canvas.action"] = () => {
    throw new RequestError("CLOSED", "gone");
  };
  desk.act({ name: "go", id: "a2" });
  await settle();
  assert.equal(view().actions[1]?.error, "lost");
  answers["canvas.action"] = () => new Promise(() => {});
  for (const id of ["b1", "b1", "b2", "b3", "b4", "b5"]) desk.act({ name: "go", id });
  await settle();
  assert.equal(calls("canvas.action").length, 6);
  assert.equal(view().actions.at(-1)?.error, "busy");
});

Deno.test("Without the right to write no action is sent", async () => {
  const { start, desk, view, settle, calls } = scene({}, ["operator.read"]);
  await start();
  desk.act({ name: "go" });
  await settle();
  assert.equal(calls("canvas.action").length, 0);
  assert.equal(view().actions[0]?.error, "operator.write");
});

Deno.test("Addresses of frames keep every name a name", () => {
  const base = "http://h:1/__openclaw__/cap/t";
  assert.equal(
    frameUrl(base, { kind: "path", path: "a b/ü?.html" }),
    `${base}/__openclaw__/canvas/a%20b/%C3%BC%3F.html`,
  );
  assert.equal(frameUrl(base, { kind: "a2ui", version: "v0.8" }), `${base}/__openclaw__/a2ui/?v=0.8`);
  assert.equal(frameUrl(base, { kind: "url", url: "https://example.org/" }), "/frame.html");
  assert.equal(surfaceAddress("javascript:alert(1)"), undefined);
  assert.equal(surfaceAddress("http://h:1/x?y"), undefined);
  const ready = (path: string) => saysReady({ kind: "path", path });
  assert.deepEqual(["", "a/", "a/x.html", "a/x.HTM", "a/x", "a.b/x"].map(ready), [true, true, true, true, true, true]);
  assert.deepEqual(["x.png", "a/notes.txt"].map(ready), [false, false]);
});

Deno.test("Pages and states that make no sense are nothing", () => {
  for (
    const page of [null, 7, {}, { kind: "url", url: "javascript:1" }, { kind: "a2ui", version: "v2" }, { kind: "path" }]
  ) {
    assert.equal(readPage(page), undefined);
  }
  assert.deepEqual(readPage({ kind: "path", path: "/x.html" }), { kind: "path", path: "x.html" });
  assert.deepEqual(readCanvas("no"), { revision: 0, page: undefined, surfaces: undefined });
});

Deno.test("A frame's messages are read with care", () => {
  const wrap = (message: object) => ({ openclaw: 1, ...message });
  for (
    const bad of [
      null,
      "ready",
      { type: "ready" },
      { openclaw: "1", type: "ready" },
      wrap({ type: "openUrl", url: "javascript:alert(1)" }),
      wrap({ type: "openUrl", url: "file:///etc/passwd" }),
      wrap({ type: "openUrl", url: `https://e.org/${"x".repeat(5_000)}` }),
      wrap({ type: "userAction", action: { name: "" } }),
      wrap({ type: "userAction", action: { name: "x".repeat(129) } }),
      wrap({ type: "userAction", action: { name: "x", context: { a: "y".repeat(20_000) } } }),
      wrap({ type: "userAction", action: { name: "x", context: [1] } }),
      wrap({ type: "eval", javaScript: "1" }),
      wrap({ type: "result" }),
    ]
  ) assert.equal(readFrameMessage(bad), undefined, JSON.stringify(bad)?.slice(0, 80));
  const loop: Record<string, unknown> = {};
  loop["self"] = loop;
  assert.equal(readAction({ name: "x", context: loop }), undefined);
  assert.equal(readAction({ name: "x", context: { big: 1n } }), undefined);
  assert.deepEqual(readAction({ name: "x", surfaceId: 7, evil: true, context: { a: new Map([[1, 2]]) } }), {
    name: "x",
    context: { a: {} },
  });
});

Deno.test("A message that an action became is told as the action; anything else stays as it is", () => {
  const head = "CANVAS_A2UI action=send_order session=agent:main:main surface=s component=go host=Chrome instance=-";
  assert.deepEqual(readActionMessage(`${head} ctx={"name":"Ann b","n":2,"list":[1]} default=update_canvas`), {
    name: "send order",
    values: [["name", "Ann b"], ["n", "2"], ["list", "[1]"]],
  });
  assert.deepEqual(readActionMessage(`${head} default=update_canvas`)?.values, []);
  assert.equal(readActionMessage(`Look: ${head} default=update_canvas`), undefined);
  assert.equal(readActionMessage("CANVAS_A2UI action=x"), undefined);
  assert.equal(withoutActionForm("CANVAS_A2UI action=book_table sess"), "book table");
  assert.equal(withoutActionForm("hello"), "hello");
});
