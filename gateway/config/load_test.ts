/** Tests of reading the configuration: what a bad part costs, and that it never opens the gateway. */
import assert from "node:assert/strict";
import { envOf } from "../observe/env_capture.ts";
import { configFromText, loadConfig, type LoadOptions } from "./load.ts";
import { pathsOf } from "./paths.ts";

const HOME = { HOME: "/home/a" };
const options = (variables: Record<string, string> = {}, more: Partial<LoadOptions> = {}): LoadOptions => {
  const env = envOf({ ...HOME, ...variables });
  return { env, paths: pathsOf(env), ...more };
};
const read = (text: string | undefined, variables = {}, more = {}) => configFromText(text, options(variables, more));

Deno.test("without a file everything has the protocol's defaults", async () => {
  const { config, secretSource, explicitPort } = await read(undefined);
  assert.equal(config.exists, false);
  assert.deepEqual(config.issues, []);
  assert.equal(config.gateway.port, 18789);
  assert.equal(config.gateway.bind, "loopback");
  assert.equal(config.gateway.auth.mode, "token");
  assert.equal(secretSource, "absent");
  assert.equal(explicitPort, false);
  assert.deepEqual(config.session.reset, { mode: "daily", atHour: 4, idleMinutes: undefined });
  assert.deepEqual(config.session.resetTriggers, ["/new", "/reset"]);
  assert.deepEqual(config.queue, { mode: "collect", byChannel: {}, debounceMs: 1000, cap: 20, drop: "summarize" });
  assert.equal(config.agents.maxConcurrent, 4);
  assert.equal(config.agents.timeoutSeconds, 600);
  assert.deepEqual(config.agents.list.map(({ id }) => id), ["main"]);
  assert.equal(config.models.primary, "builtin/offline");
});

Deno.test("the canvas stands four ports beside the gateway, and one variable switches it off", async () => {
  const { canvasHost } = (await read(undefined)).config;
  assert.deepEqual(canvasHost, { enabled: true, port: 18793, root: "/home/a/.openclaw/canvas", liveReload: true });
  assert.equal((await read("{ gateway: { port: 65535 } }")).config.canvasHost.port, 65531);
  assert.equal((await read("{ canvasHost: { port: 5000 } }")).config.canvasHost.port, 5000);
  assert.equal((await read(undefined, { OPENCLAW_SKIP_CANVAS_HOST: "1" })).config.canvasHost.enabled, false);
  assert.equal((await read(undefined, { OPENCLAW_SKIP_CANVAS_HOST: "0" })).config.canvasHost.enabled, true);
});

Deno.test("JSON5 with comments is read, unknown keys are warned about with the nearest known one", async () => {
  const { config } = await read("{ // mine\n gateway: { prot: 1, port: 18800, tailscale: {} }, sesion: {}, cron: {} }");
  assert.equal(config.gateway.port, 18800);
  assert.deepEqual(config.issues, []);
  assert.deepEqual(config.warnings.map(({ path, message }) => [path, message]), [
    ["gateway.prot", 'Unknown key "prot": did you mean "port"?'],
    ["gateway.tailscale", 'Unknown key "tailscale": this gateway does not use it'],
    ["sesion", 'Unknown key "sesion": did you mean "session"?'],
  ]);
});

Deno.test("a bad part falls back to its defaults and leaves the others alone", async () => {
  const { config } = await read("{ session: { reset: { atHour: 99 } }, agents: { defaults: { maxConcurrent: 7 } } }");
  assert.equal(config.session.reset.atHour, 4);
  assert.equal(config.agents.maxConcurrent, 7);
  assert.deepEqual(config.issues.map(({ path }) => path), ["session"]);
  assert.match(
    config.issues[0]?.message ?? "",
    /Cannot use "session", its defaults apply: reset\.atHour must be <= 23/u,
  );
});

Deno.test("a bad gateway part keeps its port and token and never widens the bind", async () => {
  const { config, secretSource } = await read(
    '{ gateway: { port: 18801, bind: "lan", auth: { mode: "none", token: "t" }, controlUi: 3 } }',
  );
  assert.equal(config.gateway.bind, "loopback");
  assert.equal(config.gateway.port, 18801);
  assert.equal(config.gateway.auth.mode, "token");
  assert.equal(config.gateway.auth.token?.reveal(), "t");
  assert.equal(secretSource, "configuration");
});

Deno.test("a bad gateway part without a token asks for a secret that nobody has, and writes none", async () => {
  const { config, secretSource } = await read('{ gateway: { bind: 1, auth: { mode: "none" } } }');
  assert.equal(config.gateway.auth.mode, "token");
  assert.ok((config.gateway.auth.token?.reveal() ?? "").length > 40);
  assert.equal(secretSource, "temporary");
});

for (const text of ["{ gateway: ", "[]", '"text"', "null"]) {
  Deno.test(`a file that is ${JSON.stringify(text)} costs all settings and no safety`, async () => {
    const { config, unreadable, secretSource } = await read(text);
    assert.equal(unreadable, true);
    assert.equal(config.issues.length, 1);
    assert.equal(config.gateway.bind, "loopback");
    assert.equal(config.gateway.auth.mode, "token");
    assert.equal(secretSource, "temporary");
  });
}

Deno.test("a file that cannot be read at all is an issue, not an end", async () => {
  const dir = await Deno.makeTempDir();
  const { config, unreadable } = await loadConfig(options({ OPENCLAW_CONFIG_PATH: dir }));
  await Deno.remove(dir);
  assert.equal(unreadable, true);
  assert.match(config.issues[0]?.message ?? "", /Cannot read the configuration/u);
});

Deno.test("a file that others can read is warned about", async () => {
  const path = await Deno.makeTempFile();
  await Deno.writeTextFile(path, "{}");
  await Deno.chmod(path, 0o644);
  const { config } = await loadConfig(options({ OPENCLAW_CONFIG_PATH: path }));
  await Deno.remove(path);
  assert.match(config.warnings[0]?.message ?? "", /chmod 600/u);
});

Deno.test("variables of the file's own env part are behind those of the process", async () => {
  const file = '{ env: { A: "file", vars: { B: "vars" } }, gateway: { auth: { token: "${A}-${B}" } } }';
  assert.equal((await read(file)).config.gateway.auth.token?.reveal(), "file-vars");
  assert.equal((await read(file, { A: "process" })).config.gateway.auth.token?.reveal(), "process-vars");
});

Deno.test("agents have normal ids, one of each, and a default", async () => {
  const { config } = await read(
    '{ agents: { list: [{ id: "My Agent!" }, { id: "b", default: true, model: { primary: "x/y" } }, { id: "my-agent" }] } }',
  );
  assert.deepEqual(config.agents.list.map(({ id }) => id), ["my-agent", "b"]);
  assert.equal(config.agents.defaultId, "b");
  assert.equal(config.agents.list[1]?.model, "x/y");
  assert.deepEqual(config.issues.map(({ path }) => path), ["agents.list[2]"]);
});

Deno.test("older names are read: session.idleMinutes, resetByType.dm, queue mode queue, log level trace", async () => {
  const { config } = await read(
    '{ session: { idleMinutes: 5, resetByType: { dm: { mode: "idle" } } }, messages: { queue: { mode: "queue" } }, ' +
      'logging: { level: "trace" } }',
  );
  assert.deepEqual(config.session.reset, { mode: "idle", atHour: 4, idleMinutes: 5 });
  assert.deepEqual(config.session.resetByType["direct"], { mode: "idle", atHour: 4, idleMinutes: 60 });
  assert.equal(config.queue.mode, "steer");
  assert.equal(config.logging.level, "debug");
});

Deno.test("origins are taken in the browser's form; a wildcard is warned about, a path is refused", async () => {
  const { config } = await read(
    '{ gateway: { controlUi: { allowedOrigins: ["HTTPS://Ui.Example:443", "*", "https://a/b", "null"] } } }',
  );
  assert.deepEqual(config.gateway.allowedOrigins, ["https://ui.example", "*"]);
  assert.equal(config.warnings.length, 3);
});

Deno.test("a port of the environment that is none is an issue, and the flag wins over all", async () => {
  const { config } = await read("{ gateway: { port: 18802 } }", { OPENCLAW_GATEWAY_PORT: "abc" });
  assert.equal(config.gateway.port, 18802);
  assert.deepEqual(config.issues.map(({ path }) => path), ["OPENCLAW_GATEWAY_PORT"]);
  const flagged = await read("{ gateway: { port: 1 } }", { OPENCLAW_GATEWAY_PORT: "2" }, { flags: { port: 3 } });
  assert.equal(flagged.config.gateway.port, 3);
});

Deno.test("no secret is visible in what a person or a log may see", async () => {
  const { config } = await read('{ gateway: { auth: { token: "hunter2" } } }');
  assert.doesNotMatch(JSON.stringify({ ...config, raw: "", parsed: {} }) + Deno.inspect(config.gateway), /hunter2/u);
});
