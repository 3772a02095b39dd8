/** Proves, on the flags that `openclaw permissions` prints, what main and a worker cannot do. */
import assert from "node:assert/strict";
import { denoDir, freePort, ROOT } from "./helpers/gateway.ts";
import { gatewayFlags } from "./helpers/permissions.ts";

const REFUSED = /^(NotCapable|PermissionDenied): |Requires \S+ access|Cannot find|not found|--cached-only|npm package/u;

interface Report {
  readonly forbidden: Record<string, string>;
  readonly permitted: Record<string, string>;
  readonly worker: Record<string, string>;
  readonly processEnv: readonly string[];
}

async function environment(home: string, more: Record<string, string> = {}): Promise<Record<string, string>> {
  return { PATH: "/usr/bin:/bin", DENO_DIR: await denoDir(), NO_COLOR: "1", HOME: home, ...more };
}

async function run(args: readonly string[], env: Record<string, string>) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [...args],
    cwd: ROOT,
    clearEnv: true,
    env,
    stdout: "piped",
    stderr: "piped",
  }).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

async function inHome(action: (home: string) => Promise<void>): Promise<void> {
  const home = await Deno.makeTempDir({ prefix: "ocperm-" });
  try {
    await Deno.mkdir(`${home}/.openclaw`, { mode: 0o700 });
    await action(home);
  } finally {
    await Deno.remove(home, { recursive: true });
  }
}

const writeConfig = (home: string, config: unknown) =>
  Deno.writeTextFile(`${home}/.openclaw/openclaw.json`, JSON.stringify(config), { mode: 0o600 });

Deno.test("main and a worker are denied everything that the configuration does not name", () =>
  inHome(async (home) => {
    const [model, other] = [
      Deno.listen({ hostname: "127.0.0.1", port: 0 }),
      Deno.listen({ hostname: "127.0.0.1", port: 0 }),
    ];
    try {
      const endpoint = `127.0.0.1:${model.addr.port}`;
      await writeConfig(home, {
        models: { providers: { p: { baseUrl: `http://${endpoint}/v1`, apiKey: "${MY_KEY}" } } },
      });
      const env = await environment(home, { MY_KEY: "k", OPENCLAW_GATEWAY_TOKEN: "secret" });
      const flags = await gatewayFlags(env, ["--port", String(freePort())]);
      const { code, stdout, stderr } = await run([
        "run",
        ...flags,
        "--cached-only",
        "--no-prompt",
        "tests/fixtures/denials.ts",
        endpoint,
        `127.0.0.1:${other.addr.port}`,
        `${home}/.openclaw`,
      ], env);
      assert.equal(code, 0, stderr);
      const report: Report = JSON.parse(stdout);
      for (const [what, how] of Object.entries(report.forbidden)) assert.match(how, REFUSED, `main: ${what}`);
      for (const [what, how] of Object.entries(report.permitted)) assert.equal(how, "allowed", `main: ${what}`);
      const { "connect to the model": reached, ...denied } = report.worker;
      assert.equal(reached, "allowed", "worker: connect to the model");
      for (const [what, how] of Object.entries(denied)) assert.match(how, REFUSED, `worker: ${what}`);
      assert.deepEqual(report.processEnv, ["HOME", "NO_COLOR"], "process.env holds no secret");
    } finally {
      model.close();
      other.close();
    }
  }));

Deno.test("the flags name every address, folder and variable, and grant no category as a whole", () =>
  inHome(async (home) => {
    await writeConfig(home, {
      gateway: { port: 18999, auth: { token: "file:/run/secrets/gateway" } },
      models: { providers: { p: { baseUrl: "https://llm.example/v1", apiKey: "${MY_KEY}" } } },
    });
    const flags = await gatewayFlags(await environment(home), []);
    const of = (name: string) =>
      flags.find((flag) => flag.startsWith(`--allow-${name}=`))?.split("=")[1]?.split(",") ?? [];
    assert.deepEqual(of("net"), [
      "127.0.0.1:18999",
      "[::1]:18999",
      "127.0.0.1:19003",
      "[::1]:19003",
      "llm.example:443",
    ]);
    assert.ok(of("read").includes("/run/secrets/gateway"));
    assert.ok(of("env").includes("MY_KEY"));
    assert.equal(of("write")[0], `${home}/.openclaw`);
    assert.deepEqual(flags.filter((flag) => !/^--allow-(net|read|write|env|sys)=.+$/u.test(flag)), ["--deny-import"]);
  }));

Deno.test("a state directory with a space is refused with a sentence, and the gateway does not start on it", () =>
  inHome(async (home) => {
    const env = await environment(home, { OPENCLAW_STATE_DIR: `${home}/my state` });
    const { code, stderr } = await run(["task", "--quiet", "flags"], env);
    assert.equal(code, 78, stderr);
    assert.match(stderr, /"[^"]+my state" into --allow-read: a space or comma splits the flag/u);
  }));

Deno.test("permissions prints JSON and a text that can be read", () =>
  inHome(async (home) => {
    const env = await environment(home);
    const flags = await gatewayFlags(env, []);
    const base = ["run", "--cached-only", "--no-prompt", ...flags, "main.ts", "permissions"];
    const json = await run([...base, "--json"], env);
    assert.deepEqual(JSON.parse(json.stdout).flags, flags);
    const text = await run(base, env);
    assert.match(text.stdout, /no run, no ffi, no import/u);
    assert.match(text.stdout, /DENO_AUDIT_PERMISSIONS/u);
  }));
