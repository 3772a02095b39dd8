/** Addresses of the canvas, messages of surfaces, and what becomes of an action. */
import assert from "node:assert/strict";
import type { Timers } from "../../client/link.ts";
import { Actions, messageOf } from "./actions.ts";
import { addressOf, nameOf, pageOf, readJsonl, readPage, versionOf } from "./page.ts";

const BASE = "http://box.lan:18793/__openclaw__/cap/token";

Deno.test("a path lies below the canvas folder, whatever it looks like", () => {
  const address = (url: string) => addressOf(pageOf(url, BASE), BASE);
  assert.equal(address(""), `${BASE}/__openclaw__/canvas/`);
  assert.equal(address("/report/a b.html?x=1#y"), `${BASE}/__openclaw__/canvas/report/a%20b.html?x=1#y`);
  assert.equal(address("/__openclaw__/canvas/x.html"), `${BASE}/__openclaw__/canvas/x.html`);
  for (const url of ["../x", "a/../../../x", "..%2f..%2fx/../../..", "//evil.example/x", "\\\\evil.example\\x"]) {
    const made = (() => {
      try {
        return address(url);
      } catch (error) {
        assert.match(String(error), /INVALID_REQUEST/);
        return `${BASE}/__openclaw__/canvas/`;
      }
    })();
    assert.ok(made.startsWith(`${BASE}/__openclaw__/canvas/`), `${url} leads to ${made}`);
  }
});

Deno.test("addresses of the canvas host open with our own capability, others come through a frame of ours", () => {
  assert.deepEqual(pageOf("http://box.lan:18793/__openclaw__/canvas/x.html?a=1", BASE), {
    kind: "path",
    path: "x.html?a=1",
  });
  for (const path of ["/__openclaw__/canvas", "/__openclaw__/canvas/", "/__openclaw__/cap/other/__openclaw__/canvas"]) {
    assert.deepEqual(pageOf(`http://box.lan:18793${path}`, BASE), { kind: "path", path: "" }, path);
  }
  const capability = "http://box.lan:18793/__openclaw__/cap/other/__openclaw__";
  assert.deepEqual(pageOf(`${capability}/canvas/x.html`, BASE), { kind: "path", path: "x.html" });
  assert.deepEqual(pageOf(`${capability}/a2ui/?v=0.9`, BASE), { kind: "a2ui", version: "v0.9" });
  assert.deepEqual(pageOf("http://box.lan:18789/__openclaw__/a2ui/?v=0.9", BASE), { kind: "a2ui", version: "v0.9" });
  assert.deepEqual(pageOf("https://example.org/x", BASE), { kind: "url", url: "https://example.org/x" });
  assert.equal(nameOf({ kind: "url", url: "https://example.org/x" }), "example.org");
  assert.deepEqual(pageOf("http://example.org/", BASE), { kind: "url", url: "http://example.org/" });
  assert.throws(() => pageOf("http://example.org/", BASE.replace("http", "https")), /https pages only/);
  assert.equal(addressOf({ kind: "url", url: "https://example.org/x" }, BASE), "/frame.html");
  for (const url of ["javascript:alert(1)", "file:///etc/passwd", "data:text/html,x", "blob:x"]) {
    assert.throws(() => pageOf(url, BASE), /INVALID_REQUEST/, url);
  }
});

Deno.test("the gateway's record is read with care", () => {
  assert.equal(readPage(null, BASE), undefined);
  assert.equal(readPage({ kind: "url", url: "javascript:alert(1)" }, BASE), undefined);
  assert.deepEqual(readPage({ kind: "path", path: "" }, BASE), { kind: "path", path: "" });
  assert.deepEqual(readPage({ kind: "a2ui", version: "v0.9" }, BASE), { kind: "a2ui", version: "v0.9" });
});

Deno.test("lines of messages are objects; the version stands in them or is the older one", () => {
  assert.deepEqual(readJsonl('{"a":1}\n\n {"b":2} ', 5), [{ a: 1 }, { b: 2 }]);
  assert.throws(() => readJsonl('{"a":1}\nnope', 5), /line 2 of jsonl is not JSON/);
  assert.throws(() => readJsonl("[]", 5), /line 1 of jsonl is no object/);
  assert.throws(() => readJsonl("\n", 5), /no message/);
  assert.throws(() => readJsonl("{}\n{}\n{}", 2), /more than 2/);
  assert.equal(versionOf([{ version: "v0.9", createSurface: {} }]), "v0.9");
  assert.equal(versionOf([{ surfaceUpdate: {} }]), "v0.8");
});

function scene(answer: (event: string) => unknown, session?: string) {
  const statuses: string[] = [];
  const sent: { event: string; payload: Record<string, unknown> }[] = [];
  let time = 0;
  const jobs: (() => void)[] = [];
  const timers: Timers = {
    now: () => time,
    after: (_ms, callback) => {
      jobs.push(callback);
      return () => void jobs.splice(jobs.indexOf(callback), 1);
    },
  };
  const actions = new Actions({
    timers,
    nodeId: () => "n1",
    deviceName: () => "Ann's phone",
    shownFor: () => Promise.resolve(session),
    status: (id, state, error) => statuses.push([id, state, error].filter(Boolean).join(" ")),
    request: (_method, params) => {
      const { event, payload } = params as { event: string; payload: Record<string, unknown> };
      sent.push({ event, payload });
      return Promise.resolve(answer(event));
    },
  });
  return { actions, statuses, sent, pass: (ms: number) => void (time += ms), jobs };
}

Deno.test("an action becomes a message to the agent, and its end comes back", async () => {
  const { actions, statuses, sent } = scene((event) => event === "agent.request" ? { ok: true, runId: "r1" } : {});
  await actions.perform({ id: "a1", name: "book it", surfaceId: "main", sourceComponentId: "go", context: { n: 1 } });
  assert.deepEqual(sent.map(({ event }) => event), ["chat.subscribe", "agent.request"]);
  assert.equal(sent[0]?.payload["sessionKey"], "node-n1");
  assert.equal(
    sent[1]?.payload["message"],
    "CANVAS_A2UI action=book_it session=node-n1 surface=main component=go host=Ann's_phone instance=n1 " +
      'ctx={"n":1} default=update_canvas',
  );
  assert.equal(sent[1]?.payload["key"], "a1");
  actions.heard({ runId: "other", state: "final" });
  actions.heard({ runId: "r1", state: "delta" });
  assert.deepEqual(statuses, ["a1 pending", "a1 working"]);
  actions.heard({ runId: "r1", state: "final" });
  actions.heard({ runId: "r1", state: "final" });
  assert.deepEqual(statuses, ["a1 pending", "a1 working", "a1 done"]);
});

Deno.test("an action goes to the chat whose agent showed the surface", async () => {
  const { actions, sent } = scene(() => ({ runId: "r1" }), "agent:main:main");
  await actions.perform({ id: "a1", name: "go" });
  assert.deepEqual(sent.map(({ payload }) => payload["sessionKey"]), ["agent:main:main", "agent:main:main"]);
  assert.match(String(sent[1]?.payload["message"]), / session=agent:main:main /);
});

Deno.test("an end that is quicker than the answer with its id is not lost", async () => {
  const { actions, statuses, jobs } = scene(() => {
    actions.heard({ runId: "r1", state: "error" });
    return { runId: "r1" };
  });
  await actions.perform({ id: "a1", name: "go" });
  for (const job of [...jobs]) job();
  assert.deepEqual(statuses, ["a1 pending", "a1 working", "a1 error the assistant could not answer"]);
});

Deno.test("what a hostile page sends is refused: nameless, huge, too often, refused by the gateway", async () => {
  const { actions, statuses, pass, sent } = scene(() => ({ ok: true, handled: false, reason: "rate limited" }));
  await actions.perform({ id: "x", name: "" });
  await actions.perform({ id: "x", name: { toString: "evil" } });
  await actions.perform({ id: "x", name: "n", context: { text: "x".repeat(17_000) } });
  assert.deepEqual(sent, []);
  await actions.perform({ id: "x", name: "n" });
  assert.equal(statuses.at(-1), "x error rate limited");
  for (let turn = 0; turn < 9; turn++) await actions.perform({ id: `y${turn}`, name: "n" });
  assert.equal(sent.filter(({ event }) => event === "agent.request").length, 5);
  assert.equal(statuses.at(-1), "y8 error too many actions; wait a moment");
  pass(1_000);
  await actions.perform({ id: "z", name: "n" });
  assert.equal(sent.filter(({ event }) => event === "agent.request").length, 6);
});

Deno.test("words of the message stay words: no spaces or lines come in from a page", () => {
  const host = { deviceName: () => "a\nb", nodeId: () => "n" };
  const action = { surfaceId: " x\ny ", sourceComponentId: 7 };
  const message = messageOf({ action, name: "n\u2028m", context: "{}", sessionKey: "s", host });
  assert.equal(
    message,
    "CANVAS_A2UI action=n_m session=s surface=x_y component=- host=a_b instance=n default=update_canvas",
  );
});
