/** What a worker cannot do to main: crashes, hangs and bad messages end runs, permissions end attempts. */
import assert from "node:assert/strict";
import { type AgentRunner, createModelRunner } from "../gateway/agent/runner.ts";
import { ModelError } from "../gateway/agent/types.ts";
import { systemClock } from "../gateway/observe/clock.ts";
import { createLog } from "../gateway/observe/log.ts";
import { LINK_TIMES, type LinkTimes } from "../gateway/supervisor/worker_link.ts";
import { BUILTIN_TARGET, modelsConfig, request, runOnce } from "./helpers/agent_run.ts";
import { FakeClock } from "./helpers/fake_clock.ts";
import { eventually, within } from "./helpers/wait.ts";

const FIXTURES = new URL("./fixtures/workers/", import.meta.url);
const ROOT = new URL("..", import.meta.url).pathname;

function stuntRunner(times: LinkTimes = LINK_TIMES) {
  const lines: string[] = [];
  const runner = createModelRunner({
    config: modelsConfig([]),
    clock: systemClock,
    log: createLog("debug", (line) => lines.push(line)),
    workerUrl: new URL("stunt_worker.ts", FIXTURES),
    times,
  });
  return { runner, lines, [Symbol.asyncDispose]: () => runner.stop() };
}

const perform = (runner: AgentRunner, stunt: string) =>
  within(`the stunt ${stunt}`, runOnce(runner, request(BUILTIN_TARGET, { system: stunt })));

async function failing(runner: AgentRunner, stunt: string): Promise<ModelError> {
  const error = await perform(runner, stunt).then(() => undefined, (error: unknown) => error);
  assert.ok(error instanceof ModelError, `${stunt}: ${String(error)}`);
  assert.equal(error.kind, "unknown");
  return error;
}

for (
  const [stunt, cause] of [
    ["throw", "TypeError: stunt failed"],
    ["reject", "RangeError: stunt rejected"],
    ["exit", "Error: exit was called"],
  ] as const
) {
  Deno.test(`a ${stunt} in the worker ends the run with its cause, and the next run gets a fresh worker`, async () => {
    await using lab = stuntRunner();
    assert.match((await failing(lab.runner, stunt)).message, new RegExp(`crashed \\(${cause}\\)`, "u"));
    assert.deepEqual((await perform(lab.runner, "ok")).deltas, [{ kind: "text", text: "fine" }]);
    assert.equal(lab.runner.status().generation, 2);
    assert.ok(lab.lines.some((line) => line.includes("worker.crash") && line.includes("stunt_worker.ts")));
  });
}

for (const stunt of ["mute"]) {
  Deno.test(`a worker that goes silent (${stunt}) is found by its missing answers`, async () => {
    await using lab = stuntRunner({ startMs: 20_000, pingIntervalMs: 50, pingDeadlineMs: 1_000, pingMisses: 2 });
    assert.match((await failing(lab.runner, stunt)).message, /no longer answers/u);
    assert.equal(lab.runner.status().wedged, 1);
    assert.equal((await perform(lab.runner, "ok")).aborted, false);
  });
}

Deno.test("a worker that fails again and again is not started for ever", async () => {
  await using lab = stuntRunner();
  for (let failure = 0; failure < 5; failure++) await failing(lab.runner, "throw");
  const error = await failing(lab.runner, "ok");
  assert.match(error.message, /failed 5 times/u);
  assert.ok((error.retryAfterMs ?? 0) > 0);
  assert.equal(lab.runner.status().generation, 5);
});

Deno.test("malformed messages are dropped and counted, the good ones arrive", async () => {
  await using lab = stuntRunner();
  const seen = await perform(lab.runner, "malformed");
  assert.deepEqual(seen.deltas, [{ kind: "text", text: "good" }]);
  const malformed = lab.lines.filter((line) => line.includes("port.malformed"));
  assert.equal(malformed.length, 2, "the first and the second are logged, the third only counted");
});

Deno.test("what a worker still says of a run that has ended finds nobody", async () => {
  await using lab = stuntRunner();
  const seen = await perform(lab.runner, "late");
  await perform(lab.runner, "ok");
  assert.deepEqual(seen.deltas, []);
});

Deno.test("a report that cannot be cloned arrives as what JSON keeps of it", async () => {
  await using lab = stuntRunner();
  await perform(lab.runner, "unclonable");
  assert.ok(lab.lines.some((line) => line.includes("stunt") && line.includes("kept=yes")));
});

Deno.test("a library's console lines go to main's log", async () => {
  await using lab = stuntRunner();
  await perform(lab.runner, "console");
  assert.ok(lab.lines.some((line) => line.includes("worker.console") && line.includes("a library talks 42")));
});

Deno.test("a worker that writes log lines in a loop is cut short", async () => {
  await using lab = stuntRunner();
  await perform(lab.runner, "chatter");
  assert.equal(lab.lines.filter((line) => line.includes("stunt.chatter")).length, 200);
  assert.equal(lab.lines.filter((line) => line.includes("worker.log_limited")).length, 1);
});

Deno.test("stopping the runner ends its runs and its worker, and no run starts afterwards", async () => {
  const { runner } = stuntRunner();
  const running = failing(runner, "never ends");
  await eventually("the run to be under way", () => runner.status().runs === 1);
  await runner.stop();
  assert.match((await running).message, /stopping/u);
  assert.equal(runner.status().state, "idle");
  await failing(runner, "ok");
});

Deno.test("an idle worker is ended after its time and started again by the next run", async () => {
  const clock = new FakeClock();
  const runner = createModelRunner({
    config: modelsConfig([]),
    clock,
    log: createLog("error", () => {}),
    workerUrl: new URL("stunt_worker.ts", FIXTURES),
    idleMs: 3_000,
  });
  try {
    await perform(runner, "ok");
    assert.equal(runner.status().state, "running");
    clock.advance(3_000);
    assert.equal(runner.status().state, "idle");
    await perform(runner, "ok");
    assert.deepEqual({ ...runner.status() }, { state: "running", runs: 0, generation: 2, failures: 0, wedged: 0 });
  } finally {
    await runner.stop();
  }
});

interface Output {
  readonly code: number;
  readonly signal: string | null;
  readonly stdout: string;
}

async function main(script: string, args: readonly string[], flags: readonly string[] = []): Promise<Output> {
  const output = await spawn(script, args, flags).output();
  return { code: output.code, signal: output.signal, stdout: new TextDecoder().decode(output.stdout) };
}

const pathOf = (script: string) => new URL(script, FIXTURES).pathname;

const spawn = (script: string, args: readonly string[], flags: readonly string[]) =>
  new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--quiet",
      "--no-check",
      "--cached-only",
      "--no-prompt",
      `--allow-read=${ROOT}`,
      ...flags,
      pathOf(script),
    ]
      .concat(args),
    cwd: ROOT,
    stdout: "piped",
    stderr: "null",
  }).spawn();

Deno.test("an error that nobody in a worker caught does not end the process", async () => {
  const { code, stdout } = await main("main_crash.ts", []);
  assert.equal(code, 0);
  assert.match(stdout, /told: Uncaught .*raw throw[\s\S]*survived/u);
});

Deno.test("without preventDefault the same error ends the process: the handler is what holds", async () => {
  const { code, stdout } = await main("main_crash.ts", ["unprevented"]);
  assert.equal(code, 1);
  assert.doesNotMatch(stdout, /survived/u);
});

Deno.test("a run that never returns to its event loop is ended and replaced", async () => {
  const { code, stdout } = await main("main_spin.ts", []);
  assert.equal(code, 0);
  const { outcomes, status } = JSON.parse(stdout);
  assert.match(outcomes[0], /no longer answers/u);
  assert.equal(outcomes[1], "fine");
  assert.deepEqual(status, { state: "running", runs: 0, generation: 2, failures: 1, wedged: 1 });
});

function twoServers() {
  const options = { hostname: "127.0.0.1", port: 0, onListen: () => {} };
  const denied = Deno.serve(options, () => new Response("denied host"));
  const deniedUrl = `http://127.0.0.1:${denied.addr.port}`;
  const allowed = Deno.serve(
    options,
    (request) =>
      request.url.endsWith("/redirect")
        ? new Response(null, { status: 302, headers: { location: `${deniedUrl}/plain` } })
        : new Response("allowed host"),
  );
  return {
    allowedUrl: `http://127.0.0.1:${allowed.addr.port}`,
    deniedUrl,
    async [Symbol.asyncDispose]() {
      await allowed.shutdown();
      await denied.shutdown();
    },
  };
}

Deno.test("a worker under the agent's set reaches its endpoint and nothing else", async () => {
  await using servers = twoServers();
  const flags = [
    "--allow-net=127.0.0.1",
    "--allow-env",
    "--allow-sys",
    `--allow-run=${Deno.execPath()}`,
  ];
  const { stdout } = await main("main_probe.ts", [servers.allowedUrl, servers.deniedUrl], flags);
  const results: Record<string, string> = JSON.parse(stdout);
  const { fetchAllowed, processEnv, broadcastChannel, caches, signalListener, nestedSame, ...attempts } = results;
  assert.equal(fetchAllowed, "allowed: allowed host");
  assert.equal(processEnv, "allowed: 0");
  assert.equal(broadcastChannel, "allowed: undefined");
  assert.equal(caches, "allowed: undefined");
  assert.equal(signalListener, "allowed: undefined");
  assert.equal(nestedSame, "allowed: undefined");
  assert.equal(Object.keys(attempts).length, 17);
  for (const [name, result] of Object.entries(attempts)) {
    assert.doesNotMatch(result, /^allowed/u, `${name} was possible`);
    if (name !== "importNpm" && name !== "nestedWider") {
      assert.match(result, /NotCapable|requires|Requires/u, `${name}: ${result}`);
    }
  }
  assert.match(results["nestedWider"] ?? "", /escalate/u);
});

Deno.test("a worker that listens for SIGTERM does not keep the process from ending on it", async () => {
  await using servers = twoServers();
  const child = spawn("main_probe.ts", [servers.allowedUrl, servers.deniedUrl, "stay"], ["--allow-net=127.0.0.1"]);
  try {
    const reader = child.stdout.getReader();
    await within("the probes", reader.read());
    reader.releaseLock();
    child.kill("SIGTERM");
    assert.equal((await within("the process to end", child.status)).signal, "SIGTERM");
    await child.stdout.cancel();
  } catch (error) {
    child.kill("SIGKILL");
    throw error;
  }
});
