/** What screens show: revisions, events, restarts, limits. */
import assert from "node:assert/strict";
import { FakeClock } from "../../tests/helpers/fake_clock.ts";
import { FakeBus } from "../../tests/helpers/services.ts";
import { type Db, memoryDb, openDb } from "../storage/db.ts";
import { createScreens } from "./screens.ts";
import type { Screens } from "./types.ts";

const CATALOG = "https://a2ui.org/specification/v0_9/catalogs/basic/catalog.json";
const CHAT = { sessionKey: "agent:main:main" };
const version = "v0.9";
const create = (surfaceId = "s") => ({ version, createSurface: { surfaceId, catalogId: CATALOG } });
const text = (id: string, words: string) => ({
  version,
  updateComponents: { surfaceId: "s", components: [{ id, component: "Text", text: words }] },
});

function open(db: Db = memoryDb()): { screens: Screens; bus: FakeBus; clock: FakeClock; db: Db } {
  const [bus, clock] = [new FakeBus(), new FakeClock()];
  return {
    screens: createScreens({ db, clock, bus, isOwnHost: (host) => host === "127.0.0.1:18793" }),
    bus,
    clock,
    db,
  };
}

Deno.test("a screen that nobody touched is empty, and reading it changes nothing", () => {
  const { screens, bus, db } = open();
  assert.deepEqual(screens.get(CHAT), { revision: 0, page: null, a2ui: null });
  assert.deepEqual(bus.published, []);
  assert.equal(db.all("SELECT * FROM screens").length, 0);
});

Deno.test("each change counts, is told to chats' viewers by one event, and to listeners", () => {
  const { screens, bus } = open();
  const heard: string[] = [];
  screens.onChange((screen, change, { revision }) =>
    heard.push(`${JSON.stringify(screen)} ${change.kind} ${revision}`)
  );
  screens.present(CHAT, { kind: "path", path: "/report/index.html" });
  screens.push(CHAT, [create(), text("root", "Hello")]);
  screens.hide(CHAT);
  screens.reset(CHAT);
  screens.present({ nodeId: "n1" }, { kind: "url", url: "https://example.org" });
  assert.deepEqual(bus.published.map(({ payload }) => payload), [
    { ...CHAT, revision: 1, change: { kind: "present", page: { kind: "path", path: "report/index.html" } } },
    { ...CHAT, revision: 2, change: { kind: "a2ui", version, messages: [create(), text("root", "Hello")] } },
    { ...CHAT, revision: 3, change: { kind: "hide" } },
    { ...CHAT, revision: 4, change: { kind: "reset" } },
  ]);
  assert.deepEqual(heard.slice(3), [`{"sessionKey":"agent:main:main"} reset 4`, `{"nodeId":"n1"} present 1`]);
});

Deno.test("a push shows the surfaces; hiding keeps them, a reset does not", () => {
  const { screens } = open();
  const { surfaces, state } = screens.push(CHAT, [create(), create("t"), text("root", "Hello")]);
  assert.deepEqual([surfaces, state.page], [["s", "t"], { kind: "a2ui", version }]);
  assert.deepEqual(state.a2ui?.messages.length, 5, "create, data and components of one, create and data of the other");
  assert.equal(screens.hide(CHAT).a2ui?.messages.length, 5);
  assert.equal(screens.present(CHAT, { kind: "path", path: "" }).a2ui?.messages.length, 5);
  assert.deepEqual(screens.reset(CHAT), { revision: 4, page: { kind: "path", path: "" }, a2ui: null });
  screens.push(CHAT, [create()]);
  assert.deepEqual(screens.reset(CHAT), { revision: 6, page: null, a2ui: null }, "no page is left of the surfaces");
});

Deno.test("a push that fails, and one that only checks, change nothing and tell nobody", () => {
  const { screens, bus } = open();
  screens.push(CHAT, [create()]);
  assert.throws(() => screens.push(CHAT, [text("root", "x"), create()]), /^GatewayError: Cannot apply message 2/u);
  const checked = screens.push(CHAT, [text("root", "x")], true);
  assert.deepEqual([checked.surfaces, checked.state.revision], [["s"], 1]);
  assert.throws(() => screens.push(CHAT, [create()], true), /which exists/u);
  assert.deepEqual([screens.get(CHAT).revision, bus.published.length], [1, 1]);
});

Deno.test("after a restart everything is there, and updates go on where they were", async () => {
  const path = await Deno.makeTempFile({ suffix: ".sqlite" });
  const before = open(await openDb(path));
  before.screens.push(CHAT, [create(), text("root", "one")]);
  const state = before.screens.get(CHAT);
  before.db.close();
  const after = open(await openDb(path));
  assert.deepEqual(after.screens.get(CHAT), state);
  const next = after.screens.push(CHAT, [text("root", "two"), text("more", "three")]);
  assert.equal(next.state.revision, 2);
  assert.deepEqual(next.state.a2ui?.messages.at(-1), {
    version,
    updateComponents: {
      surfaceId: "s",
      components: [{ id: "root", component: "Text", text: "two" }, { id: "more", component: "Text", text: "three" }],
    },
  });
  assert.throws(() => after.screens.push(CHAT, [create()]), /which exists/u);
  after.db.close();
  await Deno.remove(path);
});

Deno.test("the chat whose agent shows something on a node is kept with it, also over a restart", async () => {
  const path = await Deno.makeTempFile({ suffix: ".sqlite" });
  const before = open(await openDb(path));
  const node = { nodeId: "n1" };
  before.screens.push(node, [create(), text("root", "one")]);
  before.screens.shownFor("n1", CHAT.sessionKey);
  before.screens.present(node, { kind: "path", path: "a.html" });
  assert.deepEqual(before.bus.published, [], "a node's screen is nobody else's news");
  const state = before.screens.get(node);
  assert.deepEqual([state.sessionKey, state.revision], [CHAT.sessionKey, 2]);
  before.db.close();
  const after = open(await openDb(path));
  assert.deepEqual(after.screens.get(node), state);
  assert.deepEqual(after.screens.push(node, [text("more", "two")]).surfaces, ["s"]);
  after.screens.shownFor("n1", undefined);
  assert.equal(after.screens.get(node).sessionKey, undefined);
  after.db.close();
  await Deno.remove(path);
});

Deno.test("a row that is no state any more counts as empty", () => {
  const { screens, db } = open();
  db.run(
    "INSERT INTO screens (screen, state, updated_at) VALUES (?, ?, ?)",
    "chat:agent:main:main",
    '{"revision":"x"}',
    1,
  );
  assert.equal(screens.get(CHAT).revision, 0);
});

Deno.test("the five hundred screens that changed last are kept", () => {
  const { screens, clock, db } = open();
  for (let at = 0; at <= 500; at += 1) {
    clock.advance(1);
    screens.present({ nodeId: `n${at}` }, { kind: "path", path: "" });
  }
  assert.equal(db.get("SELECT count(*) AS n FROM screens")?.["n"], 500);
  assert.equal(db.get("SELECT screen FROM screens ORDER BY updated_at LIMIT 1")?.["screen"], "node:n1");
  assert.equal(screens.get({ nodeId: "n0" }).revision, 0, "the oldest begins anew");
  assert.equal(screens.get({ nodeId: "n500" }).revision, 1);
});

Deno.test("a screen takes two megabytes and no more", () => {
  const { screens } = open();
  const value = "x".repeat(900_000);
  for (const id of ["a", "b"]) {
    screens.push(CHAT, [create(id), { version, updateDataModel: { surfaceId: id, value } }]);
  }
  const more = [create("c"), { version, updateDataModel: { surfaceId: "c", value } }];
  assert.throws(() => screens.push(CHAT, more), /Cannot keep the surfaces: they would take more than 2097152 bytes/u);
  assert.deepEqual(screens.push(CHAT, [{ version, deleteSurface: { surfaceId: "a" } }]).surfaces, ["b"]);
  assert.deepEqual(screens.push(CHAT, more).surfaces, ["b", "c"]);
});

Deno.test("pages: paths below the root and addresses of the web", () => {
  const { screens } = open();
  for (const path of ["../x", "a/../../x", "a/%2e%2e/x", "..\\x", "a\0"]) {
    assert.throws(() => screens.present(CHAT, { kind: "path", path }), /it is no path below the canvas root/u, path);
  }
  for (const url of ["javascript:alert(1)", "file:///etc/passwd", "/x", "data:text/html,x", "http://"]) {
    assert.throws(() => screens.present(CHAT, { kind: "url", url }), /it is no http or https address/u, url);
  }
  assert.throws(
    () => screens.present(CHAT, { kind: "url", url: "https://ada:secret@example.org/" }),
    /a name or a password/u,
  );
  assert.deepEqual(screens.present(CHAT, { kind: "path", path: "a/b.html?x=..#y" }).page, {
    kind: "path",
    path: "a/b.html?x=..#y",
  });
});

Deno.test("an address of the canvas host is the file that it names, not a page of the web", () => {
  const { screens } = open();
  const present = (url: string) => screens.present(CHAT, { kind: "url", url }).page;
  const host = "http://127.0.0.1:18793";
  for (const prefix of ["", `/__openclaw__/cap/${"t".repeat(43)}`]) {
    for (const end of ["", "/"]) {
      assert.deepEqual(present(`${host}${prefix}/__openclaw__/canvas${end}`), { kind: "path", path: "" });
    }
    assert.deepEqual(present(`${host}${prefix}/__openclaw__/canvas/a%20b/x.html?y#z`), {
      kind: "path",
      path: "a b/x.html",
    });
  }
  assert.throws(() => present(`${host}/__openclaw__/canvas/%2e%2e%2fx`), /it is no path below/u);
  for (const url of [`http://elsewhere:18793/__openclaw__/canvas/x`, `${host}/__openclaw__/canvasx`, `${host}/x`]) {
    assert.deepEqual(present(url), { kind: "url", url });
  }
});

Deno.test("people act five times at once in a session, then once a second", () => {
  const { screens, clock } = open();
  const take = (count: number, key = "s") =>
    Array.from({ length: count }, () => screens.takeAction(key)).filter(Boolean).length;
  assert.equal(take(8), 5);
  assert.equal(take(1, "other"), 1);
  clock.advance(1_000);
  assert.equal(take(3), 1);
  clock.advance(60_000);
  assert.equal(take(8), 5);
});
