/** Commands on the node's host: what is refused, what passes, what a program sees, how it ends. */
import assert from "node:assert/strict";
import { FakeClock } from "../../../tests/helpers/fake_clock.ts";
import type { ExecApprovalsFile } from "../../../schemas/method/approvals.ts";
import { systemClock } from "../../observe/clock.ts";
import { envOf } from "../../observe/env_capture.ts";
import { runChild } from "./child.ts";
import { baseEnvironment, checkedEnvironment, pathFolders } from "./environment.ts";
import { NodeError } from "./error.ts";
import { CappedOutput } from "./output_cap.ts";
import { type Programs, programsOf } from "./programs.ts";
import { type ExecEvent, Runner } from "./run.ts";

const PROGRAMS: Programs = {
  which: (name) => Promise.resolve(name === "ls" || name === "sh" ? `/usr/bin/${name}` : undefined),
  locate: (word) => Promise.resolve(word.startsWith("/") ? word : word === "none" ? undefined : `/usr/bin/${word}`),
  mayRun: (path) => path !== "/usr/bin/forbidden",
};
const still = new AbortController().signal;

function lab(file: ExecApprovalsFile) {
  const events: ExecEvent[] = [];
  const remembered: unknown[] = [];
  const runner = new Runner({
    clock: systemClock,
    programs: PROGRAMS,
    rules: {
      read: () => file,
      remember: (...entry) => void remembered.push(entry),
      used: (hit) => void remembered.push(hit),
    },
    base: { PATH: "/usr/bin" },
    home: "/",
    tell: (event) => void events.push(event),
  });
  return { runner, events, remembered };
}

const refusal = async (attempt: Promise<unknown>): Promise<string> => {
  const error = await attempt.then(() => undefined, (error: unknown) => error);
  assert.ok(error instanceof NodeError, String(error));
  return `${error.code} ${error.message}`;
};

Deno.test("without rules every command needs a person, and asking is no denial that the session hears of", async () => {
  const { runner, events } = lab({ version: 1 });
  assert.equal(
    await refusal(runner.run({ command: ["ls"] }, still)),
    "UNAVAILABLE SYSTEM_RUN_DENIED: approval required",
  );
  assert.deepEqual(events, []);
  assert.match(await refusal(runner.run({ command: ["forbidden"] }, still)), /PERMISSION_MISSING: run/u);
  assert.match(await refusal(runner.run({ command: ["none"] }, still)), /no such program/u);
});

Deno.test("a denial for good is told to the session, with its reason", async () => {
  const off = lab({ version: 1, defaults: { security: "deny" } });
  const params = { command: ["ls"], approved: true, runId: "r", sessionKey: "s" };
  assert.equal(await refusal(off.runner.run(params, still)), "UNAVAILABLE SYSTEM_RUN_DISABLED: security=deny");
  assert.deepEqual(off.events, [{
    event: "exec.denied",
    payload: { sessionKey: "s", runId: "r", command: "ls", reason: "security=deny" },
  }]);
  const miss = lab({ version: 1, defaults: { security: "allowlist", ask: "off" } });
  assert.equal(
    await refusal(miss.runner.run({ command: ["ls"] }, still)),
    "UNAVAILABLE SYSTEM_RUN_DENIED: allowlist miss",
  );
  assert.equal(miss.events[0]?.payload["reason"], "allowlist-miss");
});

Deno.test("what was allowed runs, tells its start and end, and allow-always writes the program down", async () => {
  const { runner, events, remembered } = lab({ version: 1 });
  const params = {
    command: ["ls", "/"],
    approved: true,
    approvalDecision: "allow-always",
    runId: "r",
    cwd: null,
    env: null,
  };
  const result = await runner.run(params, still);
  assert.ok(result.success && result.stdout.includes("usr\n"));
  assert.deepEqual(remembered, [["main", "/usr/bin/ls", { command: "ls /", resolvedPath: "/usr/bin/ls" }]]);
  assert.deepEqual(events.map(({ event }) => event), ["exec.started", "exec.finished"]);
  assert.equal(events[1]?.payload["exitCode"], 0);
  const listed = lab({ version: 1, agents: { main: { allowlist: [{ pattern: "/usr/bin/ls" }] } } });
  assert.ok((await listed.runner.run({ command: ["ls", "/"] }, still)).success);
  assert.deepEqual(listed.remembered, [{ agentId: "main", pattern: "/usr/bin/ls" }]);
});

Deno.test("parameters that make no sense are named", async () => {
  const { runner } = lab({ version: 1, defaults: { security: "full" } });
  for (
    const params of [{}, { command: [] }, { command: "ls" }, { command: [1] }, { command: ["ls"], timeoutMs: -1 }, null]
  ) {
    assert.match(
      await refusal(runner.run(params, still)),
      /INVALID_REQUEST Cannot read the parameters of system\.run/u,
    );
  }
  assert.match(await refusal(runner.run({ command: ["ls"], cwd: "relative" }, still)), /it is relative/u);
  assert.match(
    await refusal(runner.run({ command: ["ls"], needsScreenRecording: true }, still)),
    /PERMISSION_MISSING/u,
  );
});

Deno.test("a program that ignores SIGTERM is killed after the grace", async () => {
  const clock = new FakeClock();
  const dir = await Deno.makeTempDir({ prefix: "occli-" });
  try {
    const script = `trap "" TERM; echo ready > ${dir}/ready; while :; do sleep 0.05; done`;
    const request = { program: "/usr/bin/sh", args: ["-c", script], cwd: undefined, env: { PATH: "/usr/bin" } };
    const running = runChild({ ...request, timeoutMs: 1000, signal: still }, clock);
    while (await Deno.stat(`${dir}/ready`).then(() => false, () => true)) {
      await new Promise((done) => setTimeout(done, 10));
    }
    clock.advance(1000);
    clock.advance(4999);
    assert.equal(await Promise.race([running, new Promise((done) => setTimeout(() => done("runs"), 100))]), "runs");
    clock.advance(1);
    const settle = setInterval(() => clock.advance(500), 10);
    const { timedOut, exitCode, error } = await running.finally(() => clearInterval(settle));
    assert.deepEqual([timedOut, exitCode, error], [true, null, "it was ended after 1000 ms"]);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("long output keeps its beginning and its end, whatever the pieces", () => {
  const bytes = new TextEncoder().encode(Array.from({ length: 100 }, (_, n) => String(n).padStart(3, "0")).join(""));
  for (const step of [1, 7, 300]) {
    const output = new CappedOutput(60);
    for (let at = 0; at < bytes.length; at += step) output.add(bytes.slice(at, at + step));
    assert.equal(
      output.text(),
      "000001002003004005006007008009\n[… 240 bytes left out …]\n090091092093094095096097098099",
    );
    assert.ok(output.truncated);
  }
  const short = new CappedOutput(60);
  short.add(bytes.slice(0, 60));
  assert.deepEqual([short.text().length, short.truncated], [60, false]);
});

Deno.test("variables that could change what runs are refused, others pass", () => {
  for (
    const name of [
      "LD_PRELOAD",
      "ld_library_path",
      "PYTHONPATH",
      "GIT_SSH_COMMAND",
      "https_proxy",
      "MAKEFLAGS",
      "KUBECONFIG",
      "SSL_CERT_FILE",
      "RSYNC_RSH",
      "IFS",
      "Path",
      "HOME",
      "1A",
      "A B",
      "",
    ]
  ) {
    assert.throws(() => checkedEnvironment({ [name]: "x" }), NodeError, name);
  }
  assert.throws(() => checkedEnvironment({ A: "x\0y" }), NodeError);
  assert.throws(
    () => checkedEnvironment(Object.fromEntries(Array.from({ length: 65 }, (_, n) => [`A${n}`, ""]))),
    NodeError,
  );
  assert.deepEqual(checkedEnvironment({ GREETING: "hi", RESULT: "", LDAP_BASE: "x" }), {
    GREETING: "hi",
    RESULT: "",
    LDAP_BASE: "x",
  });
});

Deno.test("programs are looked for in the absolute folders of PATH, and get a clean environment", async () => {
  const env = envOf({ PATH: "bin:/usr/bin/:.:/usr/bin", HOME: "/root", OPENCLAW_GATEWAY_TOKEN: "secret" });
  assert.deepEqual(pathFolders(env), ["/usr/bin"]);
  assert.deepEqual(baseEnvironment(env), { PATH: "/usr/bin", HOME: "/root" });
  const programs = programsOf(env);
  assert.equal(await programs.which("sh"), "/usr/bin/sh");
  for (const name of ["", ".", "..", "../bin/sh", "/usr/bin/sh", "no-such", "a\0b"]) {
    assert.equal(await programs.which(name), undefined, name);
  }
  assert.equal(await programs.locate("./sh", "/usr/bin"), "/usr/bin/sh");
  assert.equal(await programs.locate("/etc/passwd", "/"), undefined, "no program");
});
