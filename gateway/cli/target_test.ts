/** Which gateway, which credential, from which settings. */
import assert from "node:assert/strict";
import { tempState } from "../../tests/helpers/cli_context.ts";
import { envOf } from "../observe/env_capture.ts";
import { Secret } from "../secrets/secret.ts";
import { mayRetry, planCredentials } from "./credentials.ts";
import { CliError } from "./exit.ts";
import { loadSettings, type Settings } from "./settings.ts";
import { chooseTarget, isLoopback, sendsInClear } from "./target.ts";

const NONE = { token: undefined, password: undefined };
const SETTINGS: Settings = {
  stateDir: "/s",
  configPath: "/s/openclaw.json",
  port: 18789,
  tls: false,
  remoteUrl: undefined,
  remote: NONE,
  local: NONE,
  problems: [],
};
const env = envOf({});

Deno.test("without a word the gateway is the one of this host", () => {
  assert.deepEqual(chooseTarget(SETTINGS, undefined, env), {
    url: "ws://127.0.0.1:18789/",
    source: "default",
    loopback: true,
    foreign: false,
  });
  assert.equal(chooseTarget({ ...SETTINGS, port: 1234 }, undefined, env).url, "ws://127.0.0.1:1234/");
});

Deno.test("--url wins over the environment, and that over gateway.remote.url", () => {
  const remote = { ...SETTINGS, remoteUrl: "wss://r.example" };
  const named = envOf({ OPENCLAW_GATEWAY_URL: "ws://e.example:1" });
  assert.deepEqual(
    [
      chooseTarget(remote, "ws://u.example:2", named),
      chooseTarget(remote, undefined, named),
      chooseTarget(remote, undefined, env),
    ]
      .map(({ url, source, foreign }) => [url, source, foreign]),
    [
      ["ws://u.example:2/", "--url", true],
      ["ws://e.example:1/", "OPENCLAW_GATEWAY_URL", true],
      ["wss://r.example/", "gateway.remote.url", false],
    ],
  );
});

Deno.test("addresses are taken as people have them: web links, host and port, a pasted link without its code", () => {
  const url = (text: string) => chooseTarget(SETTINGS, text, env).url;
  assert.equal(url("http://127.0.0.1:18789/#code=abc"), "ws://127.0.0.1:18789/");
  assert.equal(url("https://g.example/base?x=1"), "wss://g.example/base");
  assert.equal(url("g.example:18789"), "ws://g.example:18789/");
  assert.equal(url("[::1]:18789"), "ws://[::1]:18789/");
});

Deno.test("addresses that cannot be used are refused with a sentence", () => {
  for (const bad of ["ftp://x", "ws://", "ws://u:p@h", "ws://h:99999"]) {
    assert.throws(
      () => chooseTarget(SETTINGS, bad, env),
      (error) => error instanceof CliError && error.exit === "usage" && error.message.startsWith("Cannot use --url:"),
      bad,
    );
  }
});

Deno.test("the same gateway by another loopback name is not foreign", () => {
  assert.equal(chooseTarget(SETTINGS, "ws://localhost:18789", env).foreign, false);
  assert.equal(chooseTarget(SETTINGS, "ws://127.0.0.1:18790", env).foreign, true);
});

Deno.test("loopback is told by name, and a secret crosses in the clear only beyond it", () => {
  const at = (text: string) => chooseTarget(SETTINGS, text, env);
  for (const text of ["ws://localhost:1", "ws://127.9.9.9:1", "ws://[::1]:1"]) {
    assert.ok(isLoopback(new URL(text)), text);
    assert.ok(!sendsInClear(at(text)), text);
  }
  for (const text of ["ws://127.0.0.1.example:1", "ws://10.0.0.1:1", "ws://localhost.example:1"]) {
    assert.ok(!isLoopback(new URL(text)), text);
    assert.ok(sendsInClear(at(text)), text);
  }
  assert.ok(!sendsInClear(at("wss://10.0.0.1:1")));
});

const secret = (text: string) => new Secret(text);
const local: Settings = { ...SETTINGS, local: { token: secret("file"), password: undefined } };
const plan = (options: Partial<Parameters<typeof planCredentials>[0]>) =>
  planCredentials({
    target: chooseTarget(local, undefined, env),
    settings: local,
    explicit: NONE,
    environment: NONE,
    deviceToken: undefined,
    ...options,
  }).map((each) => [each.source, (each.token ?? each.password ?? each.deviceToken)?.reveal()]);

Deno.test("credentials: option, environment, device token with one retry, configuration", () => {
  const environment = { token: undefined, password: secret("env") };
  const explicit = { token: secret("opt"), password: undefined };
  const deviceToken = secret("dev");
  assert.deepEqual(plan({ explicit, environment, deviceToken }), [["option", "opt"]]);
  assert.deepEqual(plan({ environment, deviceToken }), [["environment", "env"]]);
  assert.deepEqual(plan({ deviceToken }), [["device token", "dev"], ["configuration", "file"]]);
  assert.deepEqual(plan({}), [["configuration", "file"]]);
  assert.deepEqual(plan({ settings: SETTINGS }), [["none", undefined]]);
});

Deno.test("the secret of the configuration file is never sent to a foreign host", () => {
  assert.deepEqual(plan({ target: chooseTarget(local, "wss://elsewhere.example", env) }), [["none", undefined]]);
  assert.deepEqual(plan({ target: chooseTarget(local, "ws://127.0.0.1:2222", env) }), [["configuration", "file"]]);
  const remote = { ...local, remoteUrl: "wss://r.example", remote: { token: secret("rem"), password: undefined } };
  assert.deepEqual(plan({ settings: remote, target: chooseTarget(remote, undefined, env) }), [[
    "configuration",
    "rem",
  ]]);
});

Deno.test("only a refused credential is worth a second one", () => {
  const refusal = (code: string, message = "x") => mayRetry({ code: "INVALID_REQUEST", message, details: { code } });
  assert.ok(refusal("AUTH_TOKEN_MISMATCH"));
  assert.ok(refusal("AUTH_SCOPE_MISMATCH"));
  assert.ok(mayRetry({ code: "INVALID_REQUEST", message: "unauthorized: gateway token mismatch (…)" }));
  assert.ok(!refusal("AUTH_RATE_LIMITED"));
  assert.ok(!refusal("PROTOCOL_MISMATCH"));
  assert.ok(!mayRetry({ code: "NOT_PAIRED", message: "pairing required", details: { code: "PAIRING_REQUIRED" } }));
});

Deno.test("settings come from the file, with secrets by reference; a broken file is a warning", async () => {
  await using state = await tempState();
  const write = (text: string) => Deno.writeTextFile(`${state.dir}/openclaw.json`, text, { mode: 0o600 });
  const load = (more: Record<string, string> = {}) => loadSettings(envOf({ OPENCLAW_STATE_DIR: state.dir, ...more }));
  await write(
    "{ gateway: { port: 1234, mode: 'remote', auth: { token: '${T}' }, remote: { url: 'ws://r:1', password: 'p' } } }",
  );
  const settings = await load({ T: "from-env", OPENCLAW_GATEWAY_PORT: "4321" });
  assert.equal(settings.port, 4321);
  assert.equal((await load({ T: "x", OPENCLAW_GATEWAY_PORT: "none" })).port, 1234);
  assert.equal(settings.remoteUrl, "ws://r:1");
  assert.equal(settings.local.token?.reveal(), "from-env");
  assert.equal(settings.remote.password?.reveal(), "p");
  assert.deepEqual(settings.problems, []);
  assert.match((await load()).problems.join(), /gateway\.auth\.token: Cannot resolve \$\{T\}/u);
  await write("{ gateway: ");
  const broken = await load();
  assert.equal(broken.port, 18_789);
  assert.equal(broken.problems.length, 1);
});

Deno.test("no home and no state directory is a sentence", async () => {
  await assert.rejects(loadSettings(envOf({})), (error) => error instanceof CliError && error.exit === "usage");
});
