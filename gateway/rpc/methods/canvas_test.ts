/** canvas.get, canvas.present, canvas.hide, canvas.a2ui.push, canvas.a2ui.reset, canvas.action and node.canvas.get as clients see them. */
import assert from "node:assert/strict";
import { callMethod, fakeClient, FakeRuns, fakeServices } from "../../../tests/helpers/services.ts";
import type { RunRequest, RunService, RunTicket } from "../../agent/types.ts";
import { createScreens } from "../../canvas/screens.ts";
import type { NodeCall } from "../../node/types.ts";
import type { Services } from "../services.ts";
import { canvasMethods } from "./canvas.ts";

const KEY = "agent:main:main";
const FORM = [
  { surfaceUpdate: { surfaceId: "form", components: [{ id: "a", component: { Divider: {} } }] } },
  { beginRendering: { surfaceId: "form", root: "a" } },
];

/** Runs that begin, and are known by their id from then on. */
function startedRuns(): { readonly requests: RunRequest[]; readonly runs: RunService } {
  const requests: RunRequest[] = [];
  const find = (runId: string) => requests.find((request) => request.runId === runId);
  const start = (request: RunRequest): RunTicket => {
    const status = find(request.runId) ? "in_flight" : "new";
    if (status === "new") requests.push(request);
    const final = new Promise<never>(() => {});
    return { runId: request.runId, sessionKey: request.sessionKey, agentId: "main", acceptedAt: 0, status, final };
  };
  return { requests, runs: Object.assign(new FakeRuns(), { start, find }) };
}

function open() {
  const base = fakeServices();
  const screens = createScreens({ db: base.db, clock: base.clock, bus: base.bus });
  const calls: NodeCall[] = [];
  const { requests, runs } = startedRuns();
  const nodes: Services["nodes"] = Object.assign(Object.create(null), {
    find: (nodeId: string) => ({ nodeId: nodeId === "phone" ? "n1" : nodeId }),
    invoke(call: NodeCall) {
      calls.push(call);
      // As the registry does it: what is pushed is checked and kept before the node gets it.
      const { messages } = Object(call.params);
      if (call.command === "canvas.a2ui.push") screens.push({ nodeId: call.nodeId }, messages);
      return Promise.resolve({ nodeId: call.nodeId, command: call.command, payload: {}, payloadJSON: "{}" });
    },
  });
  const services: Services = { ...base, screens, nodes, runs };
  const call = (name: string, params: unknown, client = fakeClient()) =>
    callMethod(canvasMethods, name, params, services, client);
  return { call, calls, screens, requests, clock: base.clock };
}

Deno.test("a chat's canvas: shown, filled by JSONL, read, hidden, emptied", async () => {
  const { call } = open();
  assert.deepEqual(await call("canvas.present", { sessionKey: "main", path: "report/" }), { ok: true, revision: 1 });
  const jsonl = FORM.map((message) => JSON.stringify(message)).join("\n\n") + "\n";
  assert.deepEqual(await call("canvas.a2ui.push", { sessionKey: KEY, jsonl }), {
    ok: true,
    version: "v0.8",
    revision: 2,
    surfaces: ["form"],
  });
  assert.deepEqual(await call("canvas.get", { sessionKey: "main" }), {
    revision: 2,
    page: { kind: "a2ui", version: "v0.8" },
    a2ui: { version: "v0.8", messages: FORM },
  });
  assert.deepEqual(await call("canvas.hide", { sessionKey: KEY }), { ok: true, revision: 3 });
  assert.deepEqual(await call("canvas.a2ui.reset", { sessionKey: KEY }), { ok: true, revision: 4 });
  assert.deepEqual(await call("canvas.get", { sessionKey: KEY }), { revision: 4, page: null, a2ui: null });
});

Deno.test("only checking changes nothing, on a node either", async () => {
  const { call, calls, screens } = open();
  for (const where of [{ sessionKey: KEY }, { nodeId: "phone" }]) {
    const answer = await call("canvas.a2ui.push", { ...where, messages: FORM, dryRun: true });
    assert.deepEqual(answer, { ok: true, version: "v0.8", revision: 0, surfaces: ["form"] });
  }
  assert.deepEqual([calls, screens.get({ nodeId: "n1" }).revision], [[], 0]);
});

Deno.test("a node is asked by its own commands, and its state is what counts", async () => {
  const { call, calls } = open();
  const pushed = await call("canvas.a2ui.push", { nodeId: "phone", messages: FORM });
  assert.deepEqual(pushed, { ok: true, version: "v0.8", revision: 1, surfaces: ["form"] });
  await call("canvas.present", { nodeId: "phone", url: "https://example.org/" });
  await call("canvas.present", { nodeId: "phone" });
  await call("canvas.hide", { nodeId: "phone" });
  await call("canvas.a2ui.reset", { nodeId: "phone" });
  assert.deepEqual(calls.map(({ nodeId, command, params }) => [nodeId, command, params]), [
    ["n1", "canvas.a2ui.push", { messages: FORM }],
    ["n1", "canvas.present", { url: "https://example.org/" }],
    ["n1", "canvas.present", { url: "" }],
    ["n1", "canvas.hide", undefined],
    ["n1", "canvas.a2ui.reset", undefined],
  ]);
  assert.equal(new Set(calls.map(({ idempotencyKey }) => idempotencyKey)).size, calls.length);
});

Deno.test("a node reads its own canvas and no other", async () => {
  const { call, screens } = open();
  screens.push({ nodeId: "n1" }, FORM);
  const node = (deviceId: string) => fakeClient({ role: "node", deviceId });
  assert.equal((await call("node.canvas.get", {}, node("n1")))["revision"], 1);
  assert.equal((await call("node.canvas.get", { nodeId: "n1" }, node("n2")))["revision"], 0);
});

Deno.test("either a chat or a node, either a path or an address, either JSONL or messages", async () => {
  const { call } = open();
  await assert.rejects(call("canvas.get", {}), /Give either sessionKey or nodeId/u);
  await assert.rejects(call("canvas.get", { sessionKey: KEY, nodeId: "n1" }), /Give either sessionKey or nodeId/u);
  await assert.rejects(call("canvas.present", { sessionKey: KEY, path: "a", url: "https://b" }), /either path or url/u);
  await assert.rejects(
    call("canvas.present", { nodeId: "n1", url: "javascript:alert(1)" }),
    /no http or https address/u,
  );
  await assert.rejects(call("canvas.a2ui.push", { sessionKey: KEY }), /either jsonl or messages/u);
  await assert.rejects(
    call("canvas.a2ui.push", { sessionKey: KEY, jsonl: "", messages: [] }),
    /either jsonl or messages/u,
  );
  await assert.rejects(
    call("canvas.a2ui.push", { sessionKey: KEY, jsonl: '{"deleteSurface":{"surfaceId":"a"}}\n\n{oops' }),
    /^GatewayError: Cannot push: line 3 of jsonl is not JSON: .*; write one message a line$/u,
  );
});

Deno.test("an action starts one run in its session, once for each id", async () => {
  const { call, requests } = open();
  const action = { id: "c1", name: "book table", surfaceId: "form", sourceComponentId: "send", context: { guests: 2 } };
  assert.deepEqual(await call("canvas.action", { sessionKey: "main", action }), {
    runId: "a2ui-c1",
    status: "started",
  });
  assert.deepEqual(await call("canvas.action", { sessionKey: KEY, action }), { runId: "a2ui-c1", status: "in_flight" });
  const [request, ...more] = requests;
  assert.deepEqual([more, request?.sessionKey, request?.plain, request?.trusted], [[], KEY, true, true]);
  assert.equal(
    request?.message,
    "CANVAS_A2UI action=book_table session=agent:main:main surface=form component=send host=linux instance=conn-1 " +
      'ctx={"guests":2} default=update_canvas',
  );
});

Deno.test("too many actions are refused for a second, a repeat is not", async () => {
  const { call, clock, requests } = open();
  const act = (id: string) => call("canvas.action", { sessionKey: KEY, action: { id, name: "ok" } });
  for (const id of "abcde") await act(id);
  await assert.rejects(act("f"), (error: unknown) => {
    const { code, message, options } = Object(error);
    assert.deepEqual([code, message], ["UNAVAILABLE", "Too many actions in this session; wait a second"]);
    assert.deepEqual([options.retryable, options.retryAfterMs], [true, 1_000]);
    return true;
  });
  assert.equal((await act("a"))["status"], "in_flight");
  clock.advance(1_000);
  await act("f");
  assert.equal(requests.length, 6);
});
