/** health, status, devices, sessions and config against a fake gateway: what they ask for and what they print. */
import assert from "node:assert/strict";
import { tempState, testCli } from "../../tests/helpers/cli_context.ts";
import { answers, run } from "../../tests/helpers/cli_run.ts";
import { HELLO } from "../../tests/helpers/fake_gateway.ts";
import { getCommand, validateCommand, valueAt } from "./config.ts";
import * as devices from "./devices.ts";
import { CliError } from "./exit.ts";
import { healthCommand } from "./health.ts";
import { Options } from "./options.ts";
import * as sessions from "./sessions.ts";
import { statusCommand } from "./status.ts";

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
  const nodes = [{ nodeId: "n1", connected: true, pendingRequestId: "r1" }, { nodeId: "n2", connected: false }];
  const { stdout } = await run(
    statusCommand,
    answers({ status: STATUS, health: {}, "device.pair.list": DEVICES, "node.list": { nodes } }),
  );
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
      "2 nodes, 1 connected, 1 waiting for approval (openclaw nodes)",
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
