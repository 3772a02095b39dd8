/** What is special to a worker that is a process: signals, its standard output, the end of main. */
import assert from "node:assert/strict";
import { fakeAccount, startSupervisor } from "../helpers/supervisor.ts";
import { eventually } from "../helpers/wait.ts";
import { startFakePlatform } from "../servers/fake/platform.ts";

Deno.test("signals that a terminal or service manager sends to the whole group leave the worker to main", async () => {
  await using platform = startFakePlatform();
  await using lab = await startSupervisor({ accounts: [fakeAccount("a", platform.url, { isolation: "process" })] });
  await lab.waitState("a", "connected");
  const { body } = await platform.waitCall("hello");
  const pid = Number(body["pid"]);
  assert.notEqual(pid, Deno.pid);
  for (const signal of ["SIGINT", "SIGTERM"] as const) Deno.kill(pid, signal);
  assert.deepEqual(await lab.send("a", "still here"), ["m1"]);
  assert.equal((await lab.channels.stop("fake", "a")).state, "stopped");
  await platform.waitCall("bye");
});

Deno.test("what a library prints goes to the log and does not disturb the protocol", async () => {
  await using platform = startFakePlatform();
  await using lab = await startSupervisor({ accounts: [fakeAccount("a", platform.url, { isolation: "process" })] });
  await lab.waitState("a", "connected");
  platform.order({ do: "print", text: "hello" });
  for (const by of ["Deno", "node"]) {
    await eventually(
      `the line by ${by}`,
      () => lab.lines.some((line) => line.includes("worker.printed") && line.includes(`hello by ${by}`)),
    );
  }
  assert.deepEqual(await lab.send("a", "still here"), ["m1"]);
  assert.equal(lab.status("a").generation, 1);
});

Deno.test("a worker process ends when main was killed", async () => {
  await using platform = startFakePlatform();
  const main = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--cached-only",
      "--no-prompt",
      "--allow-net=127.0.0.1",
      "--allow-sys",
      "--allow-read",
      `--allow-run=${Deno.execPath()}`,
      new URL("chaos_main.ts", import.meta.url).href,
      "wait",
      "-",
      platform.url,
    ],
    clearEnv: true,
    stdout: "null",
    stderr: "null",
  }).spawn();
  try {
    await platform.waitConnected();
  } finally {
    main.kill("SIGKILL");
    await main.status;
  }
  await eventually("the worker to end", () => !platform.connected());
  assert.equal(platform.calls.filter(({ at }) => at === "bye").length, 0);
});
