/** Calls to the node: one answer each, in the words of the protocol, in time and within the limits. */
import assert from "node:assert/strict";
import { keptSwitches } from "../state/keep.ts";
import { createStore } from "../state/store.ts";
import { invalid, NodeFailure } from "./failure.ts";
import { type Call, type Command, Host, MAX_RESULT_CHARS } from "./host.ts";
import { Jobs } from "./jobs.ts";
import { refusal } from "./gate.ts";

interface Answer {
  readonly id: string;
  readonly ok: boolean;
  readonly payloadJSON?: string;
  readonly error?: { readonly code: string; readonly message: string };
}

const quiet = { canvas: "granted", camera: "granted", microphone: "granted", screen: "granted" } as const;

function scene(run: (call: Call) => Promise<unknown>, refused?: NodeFailure) {
  const store = createStore({
    tab: "mine",
    connection: { state: "connected" },
    deviceId: "d",
    gatewayVersion: "1",
    standing: undefined,
    switches: keptSwitches(),
    permissions: { ...quiet, location: "granted", notify: "granted" },
    jobs: [],
    ask: undefined,
    shown: undefined,
    overlays: [],
  }, (callback) => callback());
  const answers: Answer[] = [];
  const jobs = new Jobs(store, () => 0);
  const command: Command = {
    ability: "camera",
    prepare: (params) => {
      params.int("n", { min: 0, max: 9 });
      return run;
    },
  };
  const host = new Host({
    commands: { "test.run": command },
    jobs,
    refusal: () => refused,
    now: () => Date.now(),
    request: (method, params) => {
      assert.equal(method, "node.invoke.result");
      answers.push(params as Answer);
      return Promise.resolve({ ok: true });
    },
  });
  const call = async (more: Record<string, unknown> = {}) => {
    const before = answers.length;
    host.receive({ id: crypto.randomUUID(), nodeId: "n1", command: "test.run", paramsJSON: null, ...more });
    for (let turn = 0; turn < 400 && answers.length === before; turn++) {
      await new Promise((done) => setTimeout(done, 5));
    }
    return answers.at(-1);
  };
  return { host, jobs, store, answers, call };
}

Deno.test("a result goes back as JSON text, an empty one as an object", async () => {
  const { call } = scene(() => Promise.resolve({ a: [1] }));
  assert.deepEqual({ ...await call({ id: "c1" }) }, { id: "c1", nodeId: "n1", ok: true, payloadJSON: '{"a":[1]}' });
  assert.equal((await scene(() => Promise.resolve(undefined)).call())?.payloadJSON, "{}");
});

Deno.test("an unknown command, wrong parameters and a closed gate are refused before anything runs", async () => {
  const { call } = scene(() => Promise.reject(new Error("ran")));
  assert.match((await call({ command: "system.run" }))?.error?.message ?? "", /^INVALID_REQUEST: .*"system.run"/);
  assert.match((await call({ command: "toString" }))?.error?.message ?? "", /no command/);
  assert.match((await call({ paramsJSON: '{"n":10}' }))?.error?.message ?? "", /n must be a number from 0 to 9/);
  const closed = scene(() => Promise.reject(new Error("ran")), new NodeFailure("CAMERA_DISABLED", "off"));
  assert.deepEqual((await closed.call())?.error, { code: "CAMERA_DISABLED", message: "CAMERA_DISABLED: off" });
  assert.match((await closed.call({ paramsJSON: '{"n":10}' }))?.error?.code ?? "", /INVALID_REQUEST/);
});

Deno.test("what is thrown becomes an answer with a code", async () => {
  assert.equal((await scene(() => Promise.reject(invalid("no"))).call())?.error?.message, "INVALID_REQUEST: no");
  const strange = await scene(() => Promise.reject(new TypeError("odd"))).call();
  assert.deepEqual(strange?.error, { code: "UNAVAILABLE", message: "UNAVAILABLE: TypeError: odd" });
});

Deno.test("a call ends at its deadline, by Stop and with the connection, whatever its work does", async () => {
  const late = await scene(() => new Promise(() => {})).call({ timeoutMs: 300 });
  assert.match(late?.error?.message ?? "", /UNAVAILABLE: not finished in 300 ms/);

  const stopped = scene((call) => (call.show("camera"), new Promise(() => {})));
  const answer = stopped.call();
  await new Promise((done) => setTimeout(done, 10));
  const [job] = stopped.store.get().jobs;
  assert.equal(job?.command, "test.run");
  stopped.jobs.stop(job?.id ?? 0);
  assert.equal((await answer)?.error?.message, "UNAVAILABLE: stopped by the person at this device");
  assert.deepEqual(stopped.store.get().jobs, []);

  const cut = scene(() => new Promise(() => {}));
  const gone = cut.call();
  await new Promise((done) => setTimeout(done, 10));
  cut.host.disconnected();
  assert.match((await gone)?.error?.message ?? "", /connection to the gateway was lost/);
});

Deno.test("a repeat of a running call, and what is no call, gets no answer of its own", async () => {
  const { host, answers, call } = scene(() => new Promise((done) => setTimeout(() => done({}), 20)));
  for (const payload of [undefined, null, 1, {}, { id: "x" }, { nodeId: "n1" }]) host.receive(payload);
  const first = call({ id: "twice" });
  host.receive({ id: "twice", nodeId: "n1", command: "test.run" });
  await first;
  await new Promise((done) => setTimeout(done, 40));
  assert.equal(answers.length, 1);
});

Deno.test("a result that no frame can hold is refused with its size, and so is one call too many", async () => {
  const large = await scene(() => Promise.resolve({ base64: "x".repeat(MAX_RESULT_CHARS) })).call();
  assert.match(large?.error?.message ?? "", /^UNAVAILABLE: the result has 2097\d{4} characters and at most 20971520/);
  const { host, answers, call } = scene(() => new Promise(() => {}));
  for (let n = 0; n < 32; n++) host.receive({ id: `c${n}`, nodeId: "n1", command: "test.run", timeoutMs: 400 });
  await new Promise((done) => setTimeout(done, 10));
  assert.match((await call())?.error?.message ?? "", /32 calls run on this device already/);
  while (answers.length < 33) await new Promise((done) => setTimeout(done, 20));
});

Deno.test("the gate names the first thing that is in the way", () => {
  const code = (facts: Parameters<typeof refusal>[1], ability: Parameters<typeof refusal>[0] = "camera") =>
    refusal(ability, facts)?.code;
  assert.equal(code({ on: true, permission: "granted", hidden: false }), undefined);
  assert.equal(code({ on: true, permission: "unknown", hidden: false }), undefined);
  assert.equal(code({ on: false, permission: "denied", hidden: true }), "CAMERA_DISABLED");
  assert.equal(code({ on: true, permission: "denied", hidden: true }), "CAMERA_PERMISSION_REQUIRED");
  assert.equal(code({ on: true, permission: "prompt", hidden: false }), "CAMERA_PERMISSION_REQUIRED");
  assert.equal(code({ on: true, permission: "granted", hidden: true }), "NODE_BACKGROUND_UNAVAILABLE");
  assert.equal(code({ on: true, permission: "granted", hidden: true }, "location"), undefined);
  assert.equal(code({ on: false, permission: "granted", hidden: false }, "canvas"), "CANVAS_DISABLED");
  assert.equal(code({ on: true, permission: "missing", hidden: false }, "screen"), "UNAVAILABLE");
});
