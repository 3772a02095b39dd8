/** The commands against a fake gateway: what they ask for, what they print, how they end. */
import assert from "node:assert/strict";
import { tempState, testCli, type TestCliOptions } from "../../tests/helpers/cli_context.ts";
import { FakeGateway, type FakeRequest, type Handler, HELLO, welcoming } from "../../tests/helpers/fake_gateway.ts";
import { agentCommand } from "./agent.ts";
import { callCommand, KEYED_METHODS } from "./call.ts";
import { getCommand, validateCommand, valueAt } from "./config.ts";
import type { Command } from "./context.ts";
import * as devices from "./devices.ts";
import { CliError } from "./exit.ts";
import { healthCommand } from "./health.ts";
import { loadIdentity } from "./identity.ts";
import { Options } from "./options.ts";
import * as sessions from "./sessions.ts";
import { statusCommand } from "./status.ts";

interface Setup extends TestCliOptions {
  readonly options?: Record<string, unknown>;
  readonly args?: readonly string[];
  readonly onRequest?: (request: FakeRequest, interrupt: () => void) => void;
}

/** Runs a command against `handler` and returns everything it did. */
async function run(command: Command, handler: Handler, setup: Setup = {}) {
  await using state = await tempState();
  const deviceId = (await loadIdentity(state.dir, 1)).deviceId;
  const env = { OPENCLAW_STATE_DIR: state.dir };
  const cli = testCli({ ...setup, env });
  await using fake = await FakeGateway.start(welcoming((request, socket) => {
    setup.onRequest?.(request, cli.interrupt);
    handler(request, socket);
  }));
  const options = new Options({ url: fake.url, ...setup.options });
  const code = await command(cli.context, options, setup.args ?? []).catch((error: unknown) => {
    if (error instanceof CliError) return error;
    throw error;
  });
  const requests = fake.requests.slice(1).map(({ method, params }) => ({ method, params }));
  return { code, stdout: cli.stdout(), stderr: cli.stderr(), requests, deviceId, files: await storedTokens(state.dir) };
}

async function storedTokens(dir: string): Promise<string> {
  let text = "";
  for await (const { name } of Deno.readDir(`${dir}/identity`)) {
    if (name.startsWith("device-auth")) text += await Deno.readTextFile(`${dir}/identity/${name}`);
  }
  return text;
}

/** Answers by method; other methods are unknown. */
const answers = (table: Record<string, unknown>): Handler => (request, socket) =>
  Object.hasOwn(table, request.method)
    ? socket.answer(request, table[request.method])
    : socket.refuse(request, { code: "INVALID_REQUEST", message: `unknown method: ${request.method}` });

const agentRun: Handler = (request, socket) => {
  const runId = request.params["idempotencyKey"];
  const event = (stream: string, data: unknown) =>
    socket.event("agent", { runId, seq: 1, ts: 1, sessionKey: "agent:main:main", stream, data });
  if (request.method !== "agent") return;
  socket.answer(request, { runId, status: "accepted" });
  event("assistant", { text: "Let me see", delta: "Let me see" });
  event("tool", { phase: "start", name: "time", toolCallId: "1", args: {} });
  socket.event("agent", { runId: "other", stream: "assistant", data: { text: "not ours", delta: "not ours" } });
  event("assistant", { text: "Noon", delta: "Noon" });
  socket.answer(request, {
    runId,
    status: "ok",
    summary: "completed",
    result: { payloads: [{ text: "Let me see" }, { text: "Noon" }], meta: { durationMs: 5, aborted: false } },
  });
};

Deno.test("agent streams its own run, with tools between the text", async () => {
  const { code, stdout, requests } = await run(agentCommand, agentRun, {
    options: { message: "Time?", session: "work", thinking: "high", timeout: "90", deliver: true, channel: "last" },
  });
  assert.equal(code, 0);
  assert.equal(stdout, "Let me see\n· tool time\nNoon\n");
  const { idempotencyKey, ...params } = requests[0]?.params ?? {};
  assert.match(String(idempotencyKey), /^[0-9a-f-]{36}$/u);
  assert.deepEqual(params, {
    message: "Time?",
    timeout: 90,
    deliver: true,
    sessionKey: "work",
    thinking: "high",
    channel: "last",
  });
});

Deno.test("agent --json prints the final answer alone, and reads a message from a pipe", async () => {
  const { stdout, requests } = await run(agentCommand, agentRun, { stdin: "From a pipe\n", options: { json: true } });
  assert.equal(JSON.parse(stdout).status, "ok");
  assert.deepEqual([requests[0]?.params["message"], requests[0]?.params["sessionKey"]], ["From a pipe", "main"]);
});

Deno.test("agent prints the final text when nothing was streamed", async () => {
  const handler: Handler = (request, socket) =>
    socket.answer(request, { status: "ok", result: { payloads: [{ text: "All\x1b[2J at once" }] } });
  assert.equal((await run(agentCommand, handler, { args: ["Hi", "there"] })).stdout, "All[2J at once\n");
});

Deno.test("a run that fails ends with 1 and its sentence, one to come back to with 75", async () => {
  const failing = (more: Record<string, unknown>): Handler => (request, socket) => {
    socket.answer(request, { runId: "r", status: "accepted" });
    const error = { code: "UNAVAILABLE", message: "The model refused the key", ...more };
    socket.refuse(request, error, { runId: "r", status: "error", summary: "x" });
  };
  const failed = (await run(agentCommand, failing({}), { args: ["Hi"] })).code;
  assert.ok(failed instanceof CliError && failed.exit === "failed");
  assert.equal(failed.message, "The run failed: The model refused the key");
  const limited = (await run(agentCommand, failing({ retryAfterMs: 1000 }), { args: ["Hi"] })).code;
  assert.ok(limited instanceof CliError && limited.exit === "temporary");
});

Deno.test("Ctrl-C stops the run once, a second one leaves", async () => {
  const stopping: Handler = (request, socket) => {
    const runId = request.params["idempotencyKey"];
    if (request.method === "agent") socket.answer(request, { runId, status: "accepted" });
  };
  const asked: string[] = [];
  const twice = await run(agentCommand, stopping, {
    args: ["Hi"],
    onRequest: ({ method }, interrupt) => {
      asked.push(method);
      interrupt();
    },
  });
  assert.equal(twice.code, 130);
  assert.deepEqual(asked, ["agent", "chat.abort"]);
  assert.match(twice.stdout, /stopping the run; Ctrl-C again to leave/u);

  let running: FakeRequest | undefined;
  const once = await run(agentCommand, (request, socket) => {
    if (request.method === "agent") running = request;
    else if (running !== undefined) {
      socket.answer(request, { ok: true, aborted: true });
      socket.answer(running, { status: "ok", result: { payloads: [], meta: { aborted: true } } });
    }
  }, { args: ["Hi"], onRequest: ({ method }, interrupt) => method === "agent" && interrupt() });
  assert.equal(once.code, 130);
  assert.match(once.stderr, /The run was stopped/u);
  assert.deepEqual(once.requests[1]?.params, { sessionKey: "main", runId: running?.params["idempotencyKey"] });
});

Deno.test("agent without a message, or with a wrong level, is a usage error before anything is sent", async () => {
  for (const setup of [{ inputTty: true }, { stdin: "  " }, { args: ["Hi"], options: { thinking: "hard" } }]) {
    const { code, requests } = await run(agentCommand, agentRun, setup);
    assert.ok(code instanceof CliError && code.exit === "usage");
    assert.deepEqual(requests, []);
  }
});

Deno.test("call sends its parameters as given and adds a key only where one is needed", async () => {
  const echo: Handler = (request, socket) => socket.answer(request, { echo: request.params });
  const plain = await run(callCommand, echo, { args: ["sessions.list", '{"limit":5}'] });
  assert.deepEqual(JSON.parse(plain.stdout), { echo: { limit: 5 } });
  const keyed = await run(callCommand, echo, { args: ["chat.send"], options: { params: '{"message":"x"}' } });
  assert.match(JSON.parse(keyed.stdout).echo.idempotencyKey, /^[0-9a-f-]{36}$/u);
  const own = await run(callCommand, echo, { args: ["send", '{"idempotencyKey":"mine"}'] });
  assert.equal(JSON.parse(own.stdout).echo.idempotencyKey, "mine");
  const piped = await run(callCommand, echo, { args: ["health", "-"], stdin: '{"probe":true}' });
  assert.deepEqual(JSON.parse(piped.stdout), { echo: { probe: true } });
});

Deno.test("call refuses parameters that are no JSON object, without connecting", async () => {
  for (const text of ["{", "[]", "null", '"x"']) {
    const { code, requests } = await run(callCommand, answers({}), { args: ["health", text] });
    assert.ok(code instanceof CliError && code.exit === "usage", text);
    assert.deepEqual(requests, []);
  }
});

Deno.test("call knows each method that needs a key", async () => {
  const { METHODS } = await import("../rpc/registry.ts");
  const needed = METHODS.filter(({ idempotency }) => idempotency !== "none").map(({ name }) => name);
  assert.deepEqual(needed.filter((name) => !KEYED_METHODS.has(name)), []);
});

Deno.test("an error of the gateway keeps its sentence and gets an exit code", async () => {
  const refusing = (error: Record<string, unknown>): Handler => (request, socket) => socket.refuse(request, error);
  const codeOf = async (error: Record<string, unknown>) => {
    const { code } = await run(callCommand, refusing(error), { args: ["health"] });
    assert.ok(code instanceof CliError);
    assert.ok(code.message.includes(String(error["message"])), code.message);
    return code.exit;
  };
  assert.equal(await codeOf({ code: "INVALID_REQUEST", message: "no such thing" }), "failed");
  assert.equal(await codeOf({ code: "FORBIDDEN", message: "missing scope: operator.admin" }), "refused");
  assert.equal(await codeOf({ code: "UNAVAILABLE", message: "busy" }), "temporary");
  assert.equal(await codeOf({ code: "UNAVAILABLE", message: "broken", retryable: false }), "failed");
  assert.equal(await codeOf({ code: "NOT_PAIRED", message: "pairing required" }), "notPaired");
});

Deno.test("health is 0 when all is well and 1 when the gateway says otherwise", async () => {
  const well = await run(healthCommand, answers({ health: { ok: true, agents: [{ agentId: "main" }], channels: {} } }));
  assert.equal(well.code, undefined);
  assert.match(well.stdout, /^OK\nGateway +ws:\/\/127/u);
  assert.equal((await run(healthCommand, answers({ health: { ok: false } }))).code, 1);
  const json = await run(healthCommand, answers({ health: { ok: true, extra: [1] } }), { options: { json: true } });
  assert.deepEqual(JSON.parse(json.stdout), { ok: true, extra: [1] });
});

Deno.test("an answer of another form is a sentence with the way to see it", async () => {
  const { code } = await run(healthCommand, answers({ health: { agents: "none" } }));
  assert.ok(code instanceof CliError && code.exit === "failed");
  assert.match(code.message, /Cannot read the answer of health: at \/agents/u);
  assert.match(code.hints.join(), /openclaw call health/u);
});

const STATUS = {
  gateway: {
    pid: 7,
    uptimeMs: 61_000,
    model: { provider: "builtin", model: "offline", source: "built in" },
    activeRuns: 1,
    configIssues: [{ path: "agents", message: "bad part" }],
    configWarnings: [],
  },
  sessions: { count: 2, recent: [{ key: "agent:main:main", updatedAt: 1 }] },
};
const PENDING = { requestId: "req-aaaa", deviceId: "dev-1111", displayName: "Phone", role: "operator", ts: 1 };
const DEVICES = { pending: [PENDING], paired: [{ deviceId: "dev-2222", scopes: ["operator.admin"] }] };

Deno.test("status tells what matters and names what waits", async () => {
  const { stdout } = await run(statusCommand, answers({ status: STATUS, health: {}, "device.pair.list": DEVICES }));
  for (
    const part of [
      "version 1.2.3",
      "process 7, up 1 min",
      "builtin/offline (built in)",
      "2 sessions, 1 run in progress",
      "issue    agents: bad part",
      "agent:main:main",
      "req-aaaa  Phone",
      "1 device approved, 1 waiting",
      "not available: unknown method: channels.status",
    ]
  ) assert.ok(stdout.includes(part), `${part}\n${stdout}`);
});

Deno.test("status --json holds each answer as it came and each refusal as an error", async () => {
  const { stdout } = await run(statusCommand, answers({ status: STATUS }), { options: { json: true } });
  const all = JSON.parse(stdout);
  assert.deepEqual(all.status, STATUS);
  assert.equal(all.health.error.code, "INVALID_REQUEST");
  assert.deepEqual(all.connection.methods, HELLO.features.methods);
});

Deno.test("devices are approved by the start of a request id or as the latest one", async () => {
  const handler = answers({
    "device.pair.list": DEVICES,
    "device.pair.approve": { requestId: "req-aaaa", device: {} },
  });
  for (const setup of [{ args: ["req-"] }, { options: { latest: true } }, { args: ["req-aaaa"] }]) {
    const { requests, stdout } = await run(devices.approveCommand, handler, setup);
    assert.deepEqual(requests[1], { method: "device.pair.approve", params: { requestId: "req-aaaa" } });
    assert.match(stdout, /^Approved: Phone/u);
  }
  for (const setup of [{}, { args: ["x"], options: { latest: true } }]) {
    const { code } = await run(devices.approveCommand, handler, setup);
    assert.ok(code instanceof CliError && code.exit === "usage");
  }
});

Deno.test("a start that fits two requests chooses neither", async () => {
  const two = { pending: [PENDING, { ...PENDING, requestId: "req-aabb" }], paired: [] };
  const { code, requests } = await run(devices.rejectCommand, answers({ "device.pair.list": two }), {
    args: ["req-aa"],
  });
  assert.ok(code instanceof CliError && code.exit === "usage" && /2 ids start with it/u.test(code.message));
  assert.deepEqual(requests.map(({ method }) => method), ["device.pair.list"]);
});

Deno.test("a rotated token of this device is kept in its file and printed nowhere", async () => {
  const rotated = { token: "new-secret", role: "operator", scopes: ["operator.admin"], rotatedAtMs: 9 };
  for (const json of [true, false]) {
    const { stdout, stderr, files, requests, deviceId } = await run(
      devices.rotateCommand,
      answers({ "device.token.rotate": rotated }),
      { args: ["self"], options: { json, scope: ["operator.admin"] } },
    );
    assert.deepEqual(requests[0]?.params, { deviceId, role: "operator", scopes: ["operator.admin"] });
    assert.ok(!`${stdout}${stderr}`.includes("new-secret"));
    assert.ok(files.includes("new-secret"));
  }
});

Deno.test("what is lost for good is asked for, and without a terminal needs --yes", async () => {
  const handler = answers({ "sessions.delete": { ok: true, key: "agent:main:x", deleted: true } });
  const silent = await run(sessions.deleteCommand, handler, { args: ["x"] });
  assert.ok(silent.code instanceof CliError && silent.code.exit === "usage" && /--yes/u.test(silent.code.hints.join()));
  const no = await run(sessions.deleteCommand, handler, { args: ["x"], inputTty: true, stdin: "n" });
  assert.ok(no.code instanceof CliError && no.code.exit === "interrupted");
  const yes = await run(sessions.deleteCommand, handler, { args: ["x"], inputTty: true, stdin: "y" });
  assert.equal(yes.stdout, "Deleted: agent:main:x\n");
  const flag = await run(sessions.deleteCommand, handler, { args: ["x"], options: { yes: true } });
  assert.deepEqual([silent.requests, no.requests, flag.requests[0]?.params], [[], [], { key: "x" }]);
});

Deno.test("sessions are listed with a hint that there are more", async () => {
  const row = { key: "agent:main:a", label: "Plan\x1b[2J", updatedAt: Date.now(), totalTokens: 12_345, model: "m" };
  const handler = answers({ "sessions.list": { sessions: [{ ...row, hasActiveRun: true }], totalCount: 3 } });
  const { stdout, requests } = await run(sessions.listCommand, handler, { options: { limit: "1", search: "a" } });
  assert.match(stdout, /agent:main:a \* +Plan\[2J +now +12k +m/u);
  assert.match(stdout, /… and 2 more/u);
  assert.deepEqual([requests[0]?.params["limit"], requests[0]?.params["search"]], [1, "a"]);
});

Deno.test("a value of the configuration is found by its path, own keys only", async () => {
  const parsed = { gateway: { port: 5 }, agents: { list: [{ id: "main" }] }, name: "x" };
  assert.equal(valueAt(parsed, "agents.list[0].id"), "main");
  assert.equal(valueAt(parsed, "agents.list.0.id"), "main");
  assert.equal(valueAt(parsed, "gateway.constructor"), undefined);
  const get = (path: string) => run(getCommand, answers({ "config.get": { parsed } }), { args: [path] });
  assert.equal((await get("gateway.port")).stdout, "5\n");
  assert.equal((await get("name")).stdout, "x\n");
  const missing = (await get("gateway.bind")).code;
  assert.ok(missing instanceof CliError && missing.exit === "failed");
});

Deno.test("config validate needs no gateway and ends with 1 on issues", async () => {
  await using state = await tempState();
  const path = `${state.dir}/openclaw.json`;
  const validate = async (text: string, options: Record<string, unknown> = {}) => {
    await Deno.writeTextFile(path, text, { mode: 0o600 });
    const cli = testCli({ env: { OPENCLAW_STATE_DIR: state.dir } });
    return { code: await validateCommand(cli.context, new Options(options), []), stdout: cli.stdout() };
  };
  assert.equal((await validate("{}")).code, 0);
  const typo = await validate("{ gatway: {} }");
  assert.equal(typo.code, 0);
  assert.match(typo.stdout, /warning .*gatway.*gateway/u);
  const bad = await validate("{ gateway: { port: 'x' } }", { json: true });
  assert.equal(bad.code, 1);
  assert.equal(JSON.parse(bad.stdout).valid, false);
  assert.equal((await validate("{")).code, 1);
});
