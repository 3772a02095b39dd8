/** How a real gateway starts, refuses to start, and ends: first lines, locks, secrets, exit codes, signals. */
import assert from "node:assert/strict";
import { FakeModel } from "./helpers/fake_model.ts";
import { denoDir, freePort, ROOT, TestGateway } from "./helpers/gateway.ts";
import { gatewayFlags } from "./helpers/permissions.ts";
import { eventually } from "./helpers/wait.ts";

type Env = Record<string, string>;

async function inHome(action: (home: string, env: Env) => Promise<void>): Promise<void> {
  const home = await Deno.makeTempDir({ prefix: "ocstart-" });
  const env: Env = {
    PATH: "/usr/bin:/bin",
    DENO_DIR: await denoDir(),
    NO_COLOR: "1",
    HOME: home,
    OPENCLAW_ALLOW_MULTI_GATEWAY: "1",
    OPENCLAW_GATEWAY_PORT: String(freePort()),
  };
  try {
    await action(home, env);
  } finally {
    await Deno.remove(home, { recursive: true });
  }
}

/** Runs `gateway` until it ends, or until `when` matches what it printed; then it gets SIGTERM. */
async function gateway(
  env: Env,
  options: { args?: string[]; flags?: readonly string[]; when?: RegExp; signal?: Deno.Signal } = {},
) {
  const flags = options.flags ?? await gatewayFlags(env, []);
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", ...flags, "--cached-only", "--no-prompt", `${ROOT}main.ts`, "gateway", ...options.args ?? []],
    clearEnv: true,
    env,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let [text, exited] = ["", false];
  const read = async (stream: ReadableStream<Uint8Array>) => {
    const decoder = new TextDecoder();
    for await (const part of stream) text += decoder.decode(part, { stream: true });
  };
  const done = Promise.all([child.status, read(child.stdout), read(child.stderr)]).then(([status]) => {
    exited = true;
    return status;
  });
  try {
    const { when } = options;
    if (when) {
      await eventually(`output ${when}`, () => exited || when.test(text), 20_000);
      if (!exited) child.kill(options.signal ?? "SIGTERM");
    }
    await eventually("the end of the process", () => exited, 20_000);
  } finally {
    if (!exited) child.kill("SIGKILL");
  }
  return { code: (await done).code, text };
}

const LINK = /WebChat +http\S+#code=\S+/u;
const config = (home: string) => `${home}/.openclaw/openclaw.json`;
const write = async (home: string, text: string) => {
  await Deno.mkdir(`${home}/.openclaw`, { recursive: true, mode: 0o700 });
  await Deno.writeTextFile(config(home), text, { mode: 0o600 });
};

Deno.test("the first start generates a token, keeps the rest of the file, and the second start uses it", () =>
  inHome(async (home, env) => {
    await write(home, "{\n  // mine\n  agents: {},\n}\n");
    const first = await gateway(env, { when: LINK });
    assert.equal(first.code, 0, first.text);
    const text = await Deno.readTextFile(config(home));
    assert.match(text, /\/\/ mine/u);
    const token = /token["']?: ["']([\w-]{43})["']/u.exec(text)?.[1];
    assert.ok(token, text);
    assert.ok(!first.text.includes(token), "the token is not printed");
    assert.match(first.text, /Access +token, generated and written to/u);
    const second = await gateway(env, { when: LINK });
    assert.match(second.text, /Access +token from the configuration/u);
    assert.equal(await Deno.readTextFile(config(home)), text);
    for (
      const [path, mode] of [[".openclaw", 0o700], [".openclaw/openclaw.json", 0o600], [
        ".openclaw/gateway.sqlite",
        0o600,
      ]] as const
    ) {
      assert.equal(((await Deno.stat(`${home}/${path}`)).mode ?? 0) & 0o777, mode, path);
    }
  }));

Deno.test("the first lines say version, process, state, addresses, permissions, model and one link", () =>
  inHome(async (home, env) => {
    const { text } = await gateway(env, { when: LINK });
    const port = env["OPENCLAW_GATEWAY_PORT"];
    assert.match(text, /^OpenClaw gateway \d+\.\d+\.\d+, process id \d+$/mu);
    assert.match(text, new RegExp(`^ +State +${home}/.openclaw$`, "mu"));
    assert.match(text, new RegExp(`^ +Listening +127\\.0\\.0\\.1:${port}`, "mu"));
    assert.match(text, new RegExp(`^ +Permissions +net 127\\.0\\.0\\.1:${port}.*env given back`, "mu"));
    assert.match(text, /^ +Model +\S+\/\S+ \(.+\)/mu);
    assert.equal(text.match(/https?:\/\//gu)?.length, 1, text);
  }));

Deno.test("what is wrong in the file is said at the start, and the gateway runs", () =>
  inHome(async (home, env) => {
    await write(home, '{ session: 3, gatewya: {}, gateway: { auth: { token: "t" } } }');
    const { code, text } = await gateway(env, { when: LINK });
    assert.equal(code, 0, text);
    assert.match(text, /Problem +session: /u);
    assert.match(text, /Warning +gatewya: Unknown key "gatewya": did you mean "gateway"\?/u);
  }));

Deno.test("a file that cannot be parsed stays as it is, and the gateway asks for a secret on loopback", () =>
  inHome(async (home, env) => {
    await write(home, '{ gateway: { bind: "lan", auth: { mode: "none" } ');
    const { code, text } = await gateway(env, { when: LINK });
    assert.equal(code, 0, text);
    assert.match(text, /PROBLEM +The configuration file could not be read/u);
    assert.match(text, /Listening +127\.0\.0\.1:\d+(, \[::1\]:\d+)?$/mu);
    assert.equal(await Deno.readTextFile(config(home)), '{ gateway: { bind: "lan", auth: { mode: "none" } ');
  }));

Deno.test("mode none beyond loopback does not start and says what to set", () =>
  inHome(async (home, env) => {
    await write(home, '{ gateway: { bind: "lan", auth: { mode: "none" } } }');
    const { code, text } = await gateway(env);
    assert.equal(code, 78, text);
    assert.match(text, /set gateway\.auth\.token \(or OPENCLAW_GATEWAY_TOKEN\)/u);
  }));

Deno.test("an address that the flags do not hold is refused with the command to run", () =>
  inHome(async (_home, env) => {
    const port = freePort();
    const { code, text } = await gateway(env, { args: ["--port", String(port)] });
    assert.equal(code, 77, text);
    assert.match(text, new RegExp(`OPENCLAW_GATEWAY_PORT=${port} deno task gateway`, "u"));
  }));

Deno.test("a bind that the flags do not hold is refused with what to set", () =>
  inHome(async (home, env) => {
    const { code, text } = await gateway(env, { args: ["--bind", "lan"] });
    assert.equal(code, 77, text);
    assert.ok(text.includes(`Set gateway.bind to "lan" in ${config(home)}`), text);
  }));

Deno.test("without any permission the gateway says so instead of failing somewhere", () =>
  inHome(async (_home, env) => {
    const { code, text } = await gateway(env, { flags: [] });
    assert.equal(code, 78, text);
    assert.match(text, /permissions --flags/u);
  }));

Deno.test("a port that another program has is named, and nothing is left locked", () =>
  inHome(async (_home, env) => {
    const taken = Deno.listen({ hostname: "127.0.0.1", port: Number(env["OPENCLAW_GATEWAY_PORT"]) });
    const refused = await gateway(env);
    taken.close();
    assert.equal(refused.code, 75, refused.text);
    assert.match(refused.text, /another program uses that port/u);
    assert.equal((await gateway(env, { when: LINK })).code, 0);
  }));

Deno.test("a second gateway on the same state directory is refused and names the first one's process id", async () => {
  await using first = await TestGateway.start();
  const env: Env = {
    PATH: "/usr/bin:/bin",
    DENO_DIR: await denoDir(),
    NO_COLOR: "1",
    HOME: first.home,
    OPENCLAW_STATE_DIR: first.stateDir,
    OPENCLAW_GATEWAY_PORT: String(freePort()),
    OPENCLAW_ALLOW_MULTI_GATEWAY: "1",
  };
  const second = await gateway(env);
  assert.equal(second.code, 75, second.text);
  assert.match(second.text, new RegExp(`already running on this host \\(pid ${first.pid}, port ${first.port}`, "u"));
  await first.kill("SIGKILL");
  const third = await gateway(env, { when: LINK });
  assert.equal(third.code, 0, `the lock of a dead process is taken over\n${third.text}`);
  await first.startAgain();
});

Deno.test("a second signal ends the gateway at once, while work is still running", async () => {
  await using model = await FakeModel.start();
  await using running = await TestGateway.start({ config: model.config() });
  const pid = running.pid;
  await using client = await running.connect();
  model.script({ kind: "hang" });
  await client.call("chat.send", { sessionKey: "main", message: "hi", idempotencyKey: crypto.randomUUID() });
  await eventually("the model is asked", () => model.requests.length > 0);
  Deno.kill(pid, "SIGTERM");
  await running.waitLog(/gateway\.stopping/u);
  const { code } = await running.kill("SIGTERM");
  assert.equal(code, 130);
  await running.startAgain();
});
