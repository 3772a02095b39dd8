/** `openclaw channels` from end to end: real processes on the permissions that users have. */
import assert from "node:assert/strict";
import { denoDir, freePort, runCli, TestGateway } from "../helpers/gateway.ts";
import { gatewayFlags } from "../helpers/permissions.ts";
import { startLab } from "./lab.ts";

const base = async () => ({
  PATH: "/usr/bin:/bin",
  DENO_DIR: await denoDir(),
  NO_COLOR: "1",
  DENO_NO_UPDATE_CHECK: "1",
});

/** The commands of a user whose home is `stateDir`, pointed at `port`. */
async function cliOf(stateDir: string, port: number) {
  const env = { HOME: stateDir, OPENCLAW_STATE_DIR: stateDir, OPENCLAW_GATEWAY_PORT: String(port) };
  const flags = await gatewayFlags({ ...await base(), ...env }, ["--for", "cli"]);
  return (args: readonly string[], stdin?: string) =>
    runCli(args, { env, flags, ...(stdin === undefined ? {} : { stdin }) });
}

Deno.test("list, status, stop, start and login of a running gateway's accounts", async (t) => {
  await using lab = await startLab({ accountA: { loginFirst: true, name: "First one" } });
  const cli = await cliOf(lab.gateway.stateDir, lab.gateway.port);
  await lab.waitState("a", "login_required");
  await lab.waitState("b", "connected");

  await t.step("list names the accounts and what can be added", async () => {
    const { code, stdout } = await cli(["channels"]);
    assert.equal(code, 0);
    assert.match(stdout, /fake +a \(First one\) +login required/u);
    assert.match(stdout, /fake +b +connected/u);
    assert.match(stdout, /To be added .*other/u);
  });

  await t.step("status says what to do, and a probe that works is told", async () => {
    const { code, stdout } = await cli(["channels", "status", "fake", "--probe"]);
    assert.equal(code, 0);
    assert.match(stdout, /openclaw channels login fake a/u);
    assert.match(stdout, /--deny-env/u);
    assert.match(stdout, /not the platform's own/u);
    assert.match(stdout, /answered in \d+ ms/u);
    assert.equal((await cli(["channels", "status", "zzz"])).code, 1);
  });

  await t.step("stop and start", async () => {
    assert.match((await cli(["channels", "stop", "fake", "b"])).stdout, /^Stopped: fake, account b\./u);
    await lab.waitState("b", "stopped");
    assert.match((await cli(["channels", "start", "fake", "b"])).stdout, /^Started: fake, account b\./u);
    await lab.waitState("b", "connected");
  });

  await t.step("login draws the code, asks what the platform asks, and ends", async () => {
    const running = cli(["channels", "login", "fake", "a"], "my-code\n");
    await lab.a.waitCall("login");
    lab.a.order({
      do: "login.step",
      step: { kind: "show", what: "qr", value: "scan-me", text: "Scan this with your phone" },
    });
    await lab.a.waitCall("login");
    lab.a.order({
      do: "login.step",
      step: { kind: "input", fields: [{ name: "code", label: "Code", secret: false }], text: "Which code?" },
    });
    await lab.a.waitCall("login", 2);
    const second = lab.a.calls.filter(({ at }) => at === "login")[1];
    assert.deepEqual(second?.body["input"], { code: "my-code" });
    lab.a.order({ do: "login.step", step: { kind: "done", text: "Logged in as me" } });
    const { code, stdout, stderr } = await running;
    assert.equal(code, 0, stderr);
    assert.match(stdout, /Logged in as me/u);
  });

  await t.step("logout asks, and without a terminal it wants --yes", async () => {
    assert.equal((await cli(["channels", "logout", "fake", "a"])).code, 2);
    assert.equal((await cli(["channels", "logout", "fake", "a", "--yes"])).code, 0);
    await lab.waitState("a", "logged_out");
  });
});

Deno.test("add writes the file when no gateway runs, and keeps its comments", async () => {
  const dir = await Deno.makeTempDir({ prefix: "occh-" });
  try {
    const path = `${dir}/openclaw.json`;
    await Deno.writeTextFile(path, "{\n  // mine\n  gateway: { port: 18789 },\n}\n", { mode: 0o600 });
    const cli = await cliOf(dir, freePort());
    const asked = await cli(["channels", "add", "telegram"], "123:token-of-mine\n");
    assert.equal(asked.code, 0, asked.stderr);
    assert.match(asked.stdout, /Written to/u);
    assert.match(asked.stdout, /No gateway runs/u);
    assert.doesNotMatch(asked.stdout, /token-of-mine/u);
    const second = await cli([
      "channels",
      "add",
      "telegram",
      "--account",
      "work",
      "--set",
      "botToken=${WORK_TOKEN}",
      "--set",
      "pollSeconds=20",
    ]);
    assert.equal(second.code, 0, second.stderr);
    const text = await Deno.readTextFile(path);
    assert.match(text, /\/\/ mine/u);
    assert.match(text, /botToken: "123:token-of-mine"/u);
    assert.match(text, /work: \{\s+enabled: true,\s+botToken: "\$\{WORK_TOKEN\}",\s+pollSeconds: 20/u);
    assert.equal(((await Deno.stat(path)).mode ?? 0) & 0o777, 0o600);
    const rights = await cli(["channels", "permissions", "--json"]);
    const { accounts } = JSON.parse(rights.stdout);
    assert.deepEqual(accounts.map((each: { accountId: string }) => each.accountId), ["default", "work"]);
    assert.equal(accounts[0].flags[0], "--allow-net=api.telegram.org:443");
    for (const category of ["read", "write", "env", "ffi", "import", "run"]) {
      assert.ok(accounts[0].flags.includes(`--deny-${category}`), `--deny-${category} is written out`);
    }
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("add refuses what it does not know and what is missing", async () => {
  const dir = await Deno.makeTempDir({ prefix: "occh-" });
  try {
    const cli = await cliOf(dir, freePort());
    assert.match((await cli(["channels", "add", "telegarm"])).stderr, /there is no such channel/u);
    assert.match((await cli(["channels", "add", "telegram", "--set", "nope=1"])).stderr, /--set "nope"/u);
    assert.match((await cli(["channels", "add", "telegram", "--set", "pollSeconds=often"])).stderr, /does not fit/u);
    const empty = await cli(["channels", "add", "telegram"], "\n");
    assert.equal(empty.code, 2);
    await assert.rejects(Deno.stat(`${dir}/openclaw.json`), Deno.errors.NotFound);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("add over a running gateway says which flags it needs, and its restart has them", async () => {
  await using gateway = await TestGateway.start({ config: {} });
  const cli = await cliOf(gateway.stateDir, gateway.port);
  const port = freePort();
  const { code, stdout, stderr } = await cli([
    ...["channels", "add", "telegram", "--set", "botToken=1:x", "--set", `apiRoot=http://127.0.0.1:${port}`],
  ]);
  assert.equal(code, 0, stderr);
  assert.match(stdout, new RegExp(`--allow-net=127\\.0\\.0\\.1:${port}`, "u"));
  assert.match(stdout, /Start it again to finish/u);
  await gateway.restart();
  assert.match(gateway.output, new RegExp(`Telegram, worker: net 127\\.0\\.0\\.1:${port}`, "u"));
  assert.match(gateway.output, /Telegram talks to http:\/\/127\.0\.0\.1/u);
});
