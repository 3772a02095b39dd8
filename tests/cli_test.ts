/** The executable from end to end: real processes on the permissions that users have, against a real gateway. */
import assert from "node:assert/strict";
import { FakeModel } from "./helpers/fake_model.ts";
import { assertHealthyOutput, denoDir, freePort, ROOT, runCli, TEST_TOKEN, TestGateway } from "./helpers/gateway.ts";
import { gatewayFlags } from "./helpers/permissions.ts";
import { forwardingProxy } from "./helpers/proxy.ts";
import { eventually, within } from "./helpers/wait.ts";

interface Result {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}
type Cli = (...args: string[]) => Promise<Result>;

/** The commands of a user whose home is `stateDir`, pointed at `port`. */
async function cliOf(stateDir: string, port: number, more: Record<string, string> = {}): Promise<{
  readonly cli: Cli;
  readonly env: Record<string, string>;
  readonly flags: string[];
  piped(stdin: string, ...args: string[]): Promise<Result>;
}> {
  const env = { HOME: stateDir, OPENCLAW_STATE_DIR: stateDir, OPENCLAW_GATEWAY_PORT: String(port), ...more };
  const base = { PATH: "/usr/bin:/bin", DENO_DIR: await denoDir(), NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" };
  const flags = await gatewayFlags({ ...base, ...env }, ["--for", "cli"]);
  const piped = async (stdin: string | undefined, args: string[]): Promise<Result> => {
    const result = await within(
      `openclaw ${args.join(" ")}`,
      runCli(args, { env, flags, ...(stdin === undefined ? {} : { stdin }) }),
      60_000,
    );
    assertHealthyOutput(result.stderr);
    return result;
  };
  return {
    cli: (...args) => piped(undefined, args),
    piped: (stdin, ...args) => piped(stdin, args),
    env: { ...base, ...env },
    flags,
  };
}

/** Runs a command that must succeed and parses what it printed. */
async function json(cli: Cli, ...args: string[]) {
  const { code, stdout, stderr } = await cli(...args, "--json");
  assert.equal(code, 0, `${args.join(" ")}\n${stdout}${stderr}`);
  return JSON.parse(stdout);
}

async function text(cli: Cli, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await cli(...args);
  assert.equal(code, 0, `${args.join(" ")}\n${stdout}${stderr}`);
  return stdout;
}

Deno.test("help needs no permission at all, and every command has examples in it", async () => {
  const help = async (...args: string[]) => {
    const { code, stdout, stderr } = await runCli(args, { flags: [] });
    assert.deepEqual([code, stderr], [0, ""], args.join(" "));
    return stdout;
  };
  const commands = (page: string) =>
    [...page.matchAll(/^ {2}([a-z]+)(?: \[options\].*| {2,}.*)$/gmu)].map(([, name]) => name ?? "")
      .filter((name) => !["help", "openclaw"].includes(name));
  const root = await help("help");
  const names = commands(root);
  for (const name of ["gateway", "permissions", "chat", "agent", "status", "sessions", "devices", "config", "call"]) {
    assert.ok(names.includes(name), name);
  }
  for (const name of names) {
    const page = await help("help", name);
    assert.match(page, new RegExp(`Examples:\\n {2}openclaw ${name}`, "u"));
    if (!page.includes("\nCommands:")) continue;
    for (const sub of commands(page)) {
      assert.match(await help(name, sub, "--help"), new RegExp(`Examples:\\n {2}openclaw ${name} ${sub}`, "u"));
    }
  }
});

Deno.test("every command answers in words and in JSON", async (t) => {
  await using gateway = await TestGateway.start();
  const { cli, piped } = await cliOf(gateway.stateDir, gateway.port);

  await t.step("health, status, presence, models", async () => {
    assert.match(await text(cli, "health"), /^OK\n/u);
    assert.equal((await json(cli, "health")).ok, true);
    const status = await text(cli, "status");
    for (const part of [`process ${gateway.pid}`, "builtin/", "protocol 4", gateway.configPath]) {
      assert.ok(status.includes(part), `${part}\n${status}`);
    }
    const all = await json(cli, "status");
    assert.equal(all.connection.protocol, 4);
    assert.equal(all.status.gateway.pid, gateway.pid);
    assert.match(await text(cli, "presence"), /^HOST .*\n.* gateway /u);
    assert.ok(Array.isArray(await json(cli, "presence")));
    assert.match(await text(cli, "models"), /builtin\//u);
    assert.equal((await json(cli, "models")).models[0].provider, "builtin");
  });

  await t.step("agent and chat", async () => {
    assert.match(await text(cli, "agent", "--message", "What time is it?"), /· tool time\n.*It is/su);
    const final = await json(cli, "agent", "-s", "work", "-m", "hello");
    assert.equal(final.status, "ok");
    assert.ok(final.result.payloads.length > 0);
    const chat = await piped("hello\n/status\n", "chat", "-s", "work");
    assert.equal(chat.code, 0, chat.stderr);
    assert.match(chat.stdout, /^Hello! .*\nSession: agent:main:work/su);
    const events = await piped("hello\n", "chat", "-s", "work", "--json");
    const lines = events.stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
    assert.equal(lines.at(-1).state, "final");
  });

  await t.step("sessions", async () => {
    assert.match(await text(cli, "sessions", "rename", "agent:main:work", "The work"), /is "The work"/u);
    assert.match(await text(cli, "sessions"), /agent:main:work +The work/u);
    assert.ok((await json(cli, "sessions", "list")).sessions.length >= 2);
    const show = await text(cli, "sessions", "show", "agent:main:work");
    assert.match(show, /Title +The work\n(.*\n)*\nYou: hello\nAssistant: /u);
    assert.equal((await json(cli, "sessions", "show", "main"))["chat.history"].sessionKey, "main");
    assert.match(await text(cli, "sessions", "reset", "agent:main:work"), /Started afresh: agent:main:work/u);
    assert.match(await text(cli, "sessions", "delete", "agent:main:work", "--yes"), /Deleted: agent:main:work/u);
    assert.equal((await cli("sessions", "show", "agent:main:work")).code, 1);
    assert.equal((await cli("sessions", "delete", "main", "--yes")).code, 1);
  });

  await t.step("devices", async () => {
    assert.match(await text(cli, "devices"), /this device/u);
    const { paired } = await json(cli, "devices", "list");
    assert.equal(paired.length, 1);
    assert.match(await text(cli, "devices", "rotate", "self"), /This device keeps the new one/u);
    assert.equal((await cli("health")).code, 0);
    assert.match(await text(cli, "devices", "revoke", paired[0].deviceId.slice(0, 12)), /Revoked the operator token/u);
    assert.equal((await cli("health")).code, 0);
    assert.equal((await cli("devices", "approve", "no-such-request")).code, 1);
    assert.match(await text(cli, "devices", "remove", "self", "--yes"), /Removed/u);
  });

  await t.step("config", async () => {
    const shown = await text(cli, "config", "get");
    assert.ok(!shown.includes(TEST_TOKEN));
    assert.match(await text(cli, "config", "get", "gateway.auth.mode"), /^token\n$/u);
    assert.equal((await json(cli, "config", "get")).valid, true);
    assert.match(await text(cli, "config", "validate"), /is valid/u);
    assert.equal((await json(cli, "config", "validate")).valid, true);
    assert.equal(await text(cli, "config", "path"), `${gateway.configPath}\n`);
  });

  await t.step("call", async () => {
    assert.ok(Array.isArray(JSON.parse(await text(cli, "call", "sessions.list", '{"limit":1}')).sessions));
    const final = JSON.parse(
      await text(cli, "call", "agent", '{"message":"hi","sessionKey":"main"}', "--expect-final"),
    );
    assert.equal(final.status, "ok");
    const accepted = JSON.parse(await text(cli, "call", "agent", '{"message":"hi","sessionKey":"main"}'));
    assert.equal(accepted.status, "accepted");
    const unknown = await cli("call", "no.such.method", "--json");
    assert.equal(unknown.code, 1);
    assert.equal(JSON.parse(unknown.stdout).error.code, "INVALID_REQUEST");
  });
});

Deno.test("refusals and absence have their exit codes and next steps, and no secret is printed", async () => {
  const gateway = await TestGateway.start();
  const { cli } = await cliOf(gateway.stateDir, gateway.port);
  try {
    const wrong = await cli("health", "--token", "wrong-secret-value");
    assert.equal(wrong.code, 4, wrong.stderr);
    assert.match(wrong.stderr, /gateway token mismatch/u);
    assert.ok(!`${wrong.stdout}${wrong.stderr}`.includes("wrong-secret-value"));
    assert.equal((await cli("health", "--url", `ws://127.0.0.1:${freePort()}`)).code, 3);
  } finally {
    await gateway.stop();
  }
  await Deno.mkdir(gateway.stateDir, { recursive: true });
  const gone = await cli("health");
  assert.equal(gone.code, 3);
  assert.match(gone.stderr, /Start the gateway: openclaw gateway/u);
  await Deno.remove(gateway.home, { recursive: true });
});

Deno.test("a remote device waits for approval, is let in, and then needs no secret", async () => {
  await using gateway = await TestGateway.start({ config: { gateway: { trustedProxies: ["127.0.0.1"] } } });
  await using proxy = forwardingProxy(gateway.port, "203.0.113.7");
  const remoteDir = await Deno.makeTempDir({ prefix: "occli-" });
  try {
    const owner = await cliOf(gateway.stateDir, gateway.port);
    const guest = await cliOf(remoteDir, proxy.port);
    const first = await guest.cli("health", "--token", TEST_TOKEN);
    assert.equal(first.code, 5, first.stderr);
    const request = /openclaw devices approve (\S+)/u.exec(first.stderr)?.[1] ?? "";
    const waiting = await text(owner.cli, "devices");
    assert.match(waiting, /Waiting for approval/u);
    assert.ok(waiting.includes(request), waiting);
    assert.match(await text(owner.cli, "devices", "approve", request), /^Approved: /u);
    assert.match(await text(guest.cli, "health", "--token", TEST_TOKEN), /^OK/u);
    assert.match(await text(guest.cli, "health"), /^OK/u);
    const rejected = await cliOf(`${remoteDir}/other`, proxy.port);
    const second = await rejected.cli("status", "--json", "--token", TEST_TOKEN);
    assert.equal(second.code, 5);
    assert.equal(JSON.parse(second.stdout).error.details.code, "PAIRING_REQUIRED");
    assert.match(await text(owner.cli, "devices", "reject", "--latest"), /^Rejected: /u);
  } finally {
    await Deno.remove(remoteDir, { recursive: true });
  }
});

Deno.test("Ctrl-C stops the run at the gateway and ends with 130", async () => {
  await using model = await FakeModel.start();
  await using gateway = await TestGateway.start({ config: model.config() });
  const { env, flags, cli } = await cliOf(gateway.stateDir, gateway.port);
  model.script({ kind: "text", pieces: ["Begin", ...Array.from({ length: 200 }, () => " more")], delayMs: 50 });
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", ...flags, "--cached-only", "--no-prompt", `${ROOT}main.ts`, "agent", "-m", "Go on and on"],
    clearEnv: true,
    env,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let stdout = "";
  const reading = (async () => {
    for await (const part of child.stdout.pipeThrough(new TextDecoderStream())) stdout += part;
  })();
  const errors = new Response(child.stderr).text();
  await eventually("the first words", () => stdout.includes("Begin"), 30_000);
  child.kill("SIGINT");
  const { code } = await within("the end of the command", child.status, 15_000);
  await reading;
  assert.equal(code, 130, `${stdout}${await errors}`);
  assert.match(stdout, /stopping the run/u);
  const { sessions } = await json(cli, "sessions");
  assert.equal(sessions[0].hasActiveRun, false);
});

Deno.test("a model that fails is a sentence and exit code 1", async () => {
  await using model = await FakeModel.start();
  await using gateway = await TestGateway.start({ config: model.config() });
  const { cli } = await cliOf(gateway.stateDir, gateway.port);
  model.script({ kind: "error", status: 401, message: "bad key" });
  const { code, stderr } = await cli("agent", "-m", "Hi");
  assert.equal(code, 1, stderr);
  assert.match(stderr, /^Error: The run failed: /u);
});
