/**
 * `deno task bench [--write]`: the gateway beside a bare server, its channels and its nodes, as tables with the targets. With
 * `--channels`, `--nodes` or `--gateway` these alone.
 */
import { TestClient } from "../helpers/client.ts";
import { denoDir, freePort, ROOT, TEST_TOKEN } from "../helpers/gateway.ts";
import { engineFlags, gatewayFlags } from "../helpers/permissions.ts";
import { print } from "../helpers/print.ts";
import { cat } from "../helpers/process_facts.ts";
import { pause } from "../helpers/wait.ts";
import { measure } from "./load.ts";
import { page, type Result, table } from "./report.ts";
import { measureLatency } from "./latency.ts";
import { channelSection, type LatencyRow, latencyTable, workerTable } from "./report_channels.ts";
import { measureNodes } from "./nodes.ts";
import { nodeSection, nodeTable } from "./report_nodes.ts";
import { Target } from "./target.ts";
import { measureWorkers } from "./workers.ts";

interface Started {
  readonly child: Deno.ChildProcess;
  readonly startMs: number;
}

/** Starts a process and takes the time until the first challenge arrives. */
async function start(args: string[], url: string, env: Record<string, string>): Promise<Started> {
  const started = performance.now();
  const child = new Deno.Command(Deno.execPath(), { args, env, clearEnv: true, stdout: "null", stderr: "inherit" })
    .spawn();
  while (performance.now() - started < 30_000) {
    const client = await TestClient.open(url).catch(() => undefined);
    if (!client) {
      await pause(3);
      continue;
    }
    await client.challenge();
    const startMs = performance.now() - started;
    await client.close();
    return { child, startMs };
  }
  throw new Error(`Cannot start "${args.join(" ")}": no challenge within 30 s`);
}

async function stop({ child }: Started): Promise<void> {
  child.kill("SIGTERM");
  await child.status;
}

async function oneRun(target: Target): Promise<void> {
  const client = await TestClient.connect(target.url, { token: target.token });
  await client.requestTwice("agent", { message: "bench:5:0", sessionKey: "main", idempotencyKey: crypto.randomUUID() });
  await client.close();
  await pause(1_500);
}

/** Starts twice (the second start has warm caches, as every later one), then measures. */
async function bench(name: string, args: string[], port: number, env: Record<string, string>): Promise<Result> {
  const url = `ws://127.0.0.1:${port}`;
  await stop(await start(args, url, env));
  const running = await start(args, url, env);
  try {
    const target = new Target(name, url, TEST_TOKEN, running.child.pid);
    await pause(2_000);
    const idleMb = target.rss();
    await oneRun(target);
    const idleAfterRunMb = target.rss();
    return { startMs: running.startMs, idleMb, idleAfterRunMb, ...await measure(target) };
  } finally {
    await stop(running);
  }
}

async function main(): Promise<void> {
  const home = await Deno.makeTempDir({ dir: "/tmp", prefix: "ocgw-bench-" });
  const [modelPort, barePort, port] = [freePort(), freePort(), freePort()];
  const modelUrl = `http://127.0.0.1:${modelPort}/v1`;
  const env = {
    HOME: home,
    PATH: "/usr/bin:/bin",
    DENO_DIR: await denoDir(),
    NO_COLOR: "1",
    OPENCLAW_STATE_DIR: `${home}/state`,
    OPENCLAW_CONFIG_PATH: `${home}/state/openclaw.json`,
    OPENCLAW_ALLOW_MULTI_GATEWAY: "1",
  };
  await Deno.mkdir(env.OPENCLAW_STATE_DIR, { mode: 0o700 });
  await Deno.writeTextFile(env.OPENCLAW_CONFIG_PATH, JSON.stringify(configFor(modelUrl)), { mode: 0o600 });
  const model = new Deno.Command(Deno.execPath(), {
    args: [...HELPER, `${ROOT}tests/bench/model_process.ts`, String(modelPort)],
    env,
    clearEnv: true,
    stdout: "null",
  }).spawn();
  try {
    await listening(modelPort);
    if (Deno.args.includes("--nodes")) return void await measureNodePart();
    if (Deno.args.includes("--gateway")) {
      const { ours, bare } = await measureGateway({ port, barePort, modelUrl, env });
      return print(`\n${table(ours, bare)}\n`);
    }
    const channels = await measureChannels(configFor(modelUrl));
    if (Deno.args.includes("--channels")) return;
    const nodes = await measureNodePart();
    const { ours, bare } = await measureGateway({ port, barePort, modelUrl, env });
    print(`\n${table(ours, bare)}\n`);
    if (Deno.args.includes("--write")) await writePage(page(ours, bare, machine(), `${channels}\n${nodes}`));
  } finally {
    model.kill("SIGTERM");
    await model.status;
    await Deno.remove(home, { recursive: true });
  }
}

const HELPER = ["run", "--cached-only", "--no-prompt", "--allow-net=127.0.0.1", "--allow-env", "--allow-sys"];

interface Setup {
  readonly port: number;
  readonly barePort: number;
  readonly modelUrl: string;
  readonly env: Record<string, string>;
}

async function measureGateway({ port, barePort, modelUrl, env }: Setup): Promise<{ ours: Result; bare: Result }> {
  const gatewayArgs = ["--port", String(port)];
  const flags = [...await engineFlags(), ...await gatewayFlags(env, gatewayArgs)];
  const entry = [`${ROOT}main.ts`, "gateway", ...gatewayArgs];
  print("Measuring the bare server …");
  const bareArgs = [...HELPER, `${ROOT}tests/bench/bare_server.ts`, String(barePort), modelUrl];
  const bare = await bench("bare", bareArgs, barePort, env);
  print("Measuring the gateway …");
  const ours = await bench("gateway", ["run", ...flags, "--cached-only", "--no-prompt", ...entry], port, env);
  return { ours, bare };
}

/** Prints the tables of the channels and returns their part of the page. */
async function measureChannels(modelConfig: Record<string, unknown>): Promise<string> {
  print("Measuring the workers of the providers …");
  const workers = await measureWorkers();
  print(`\n${workerTable(workers)}\n`);
  const rows: LatencyRow[] = [];
  for (const flood of ["none", "refused", "answered"] as const) {
    print(`Measuring the way of a message (flood: ${flood}) …`);
    rows.push({ flood, latency: await measureLatency(flood, modelConfig) });
  }
  print(`\n${latencyTable(rows)}\n`);
  return channelSection(workers, rows);
}

/** Prints the table of nodes and canvas and returns its part of the page. */
async function measureNodePart(): Promise<string> {
  print("Measuring nodes and canvas …");
  const figures = await measureNodes();
  print(`\n${nodeTable(figures)}\n`);
  return nodeSection(figures);
}

/** Writes the committed page in the form that `deno fmt --check` wants. */
async function writePage(text: string): Promise<void> {
  const path = `${ROOT}BENCHMARKS.md`;
  await Deno.writeTextFile(path, text);
  await new Deno.Command(Deno.execPath(), { args: ["fmt", "--quiet", path], cwd: ROOT }).output();
}

const configFor = (baseUrl: string) => ({
  gateway: { auth: { mode: "token", token: TEST_TOKEN } },
  agents: { defaults: { model: { primary: "fake/bench-model" } } },
  models: {
    providers: { fake: { baseUrl, apiKey: "sk-bench", api: "openai-completions", models: [{ id: "bench-model" }] } },
  },
});

/** Waits until something listens on the port. */
async function listening(port: number): Promise<void> {
  for (let attempt = 0; attempt < 500; attempt++) {
    const connection = await Deno.connect({ hostname: "127.0.0.1", port }).catch(() => undefined);
    if (connection) return connection.close();
    await pause(10);
  }
  throw new Error(`Cannot reach port ${port}: nothing listens`);
}

function machine(): string {
  const { hardwareConcurrency } = navigator;
  const model = /model name\s*: (.*)/u.exec(cat("/proc/cpuinfo"))?.[1] ?? "unknown processor";
  const day = new Date().toISOString().slice(0, 10);
  return `${day}, Deno ${Deno.version.deno}, ${Deno.build.os} ${Deno.osRelease()}, ${hardwareConcurrency} × ${model}.`;
}

await main();
