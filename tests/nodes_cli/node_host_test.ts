/** Our headless node from end to end: a real gateway, a real node process on its derived permissions, a real owner. */
import assert from "node:assert/strict";
import { assertHealthyOutput, TEST_TOKEN, TestGateway } from "../helpers/gateway.ts";
import { TestClient } from "../helpers/client.ts";
import { forwardingProxy } from "../helpers/proxy.ts";
import { eventually } from "../helpers/wait.ts";
import { ask, TestNode } from "./lab.ts";

const PROGRAMS = ["sh", "cat", "sleep", "echo", "yes"].flatMap((name) => ["--allow-program", name]);
const run = (command: readonly string[], more: Record<string, unknown> = {}) => ({ command, ...more });

/** Asks for approval of `argv` as one client and decides as another; returns the id. */
async function decided(gateway: TestGateway, owner: TestClient, argv: readonly string[], decision: string) {
  await using second = await gateway.connect();
  const asked = await owner.request("exec.approval.request", {
    command: argv.join(" "),
    commandArgv: argv,
    twoPhase: true,
  });
  const id = String(asked["id"]);
  await second.waitEvent((event) => event.event === "exec.approval.requested" && event.payload["id"] === id);
  await second.request("exec.approval.resolve", { id, decision });
  const { decision: heard } = await owner.request("exec.approval.waitDecision", { id });
  assert.equal(heard, decision);
  return id;
}

Deno.test("a headless node connects, waits for approval, and does what it was allowed", async (t) => {
  await using gateway = await TestGateway.start();
  const shared = await Deno.realPath(await Deno.makeTempDir({ prefix: "ocshare-" }));
  await Deno.writeTextFile(`${shared}/hello.txt`, "Grüße");
  await Deno.symlink("/etc/passwd", `${shared}/out`);
  await Deno.mkdir(`${shared}/inner`);
  await using node = await TestNode.start({
    port: gateway.port,
    token: TEST_TOKEN,
    args: ["--allow-dir", shared, "--name", "Build box", ...PROGRAMS],
  });
  await using owner = await gateway.connect();
  const id = await node.id();

  await t.step("it waits, and nothing of it works until it is approved", async () => {
    await node.said(/Connected to ws:\/\/127/u);
    await node.said(/Waiting for approval of its commands, on the gateway's host: openclaw nodes approve/u);
    const refused = await ask(owner, id, "system.which", { bins: ["sh"] });
    assert.match(refused.message, /node command not allowed/u);
    await node.approve(owner, ["system.run"]);
    const { nodes } = Object(await owner.request("node.list", {}));
    assert.equal(nodes[0].displayName, "Build box");
    assert.deepEqual(nodes[0].caps, ["file", "system"]);
    assert.ok(nodes[0].commands.includes("system.run") && nodes[0].commands.includes("file.read"), nodes[0].commands);
  });

  await t.step("which looks without running", async () => {
    const { payload } = await ask(owner, id, "system.which", { bins: ["sh", "no-such-program", "../bin/sh", ""] });
    assert.deepEqual(payload, { bins: { sh: "/usr/bin/sh" } });
  });

  await t.step("a run needs a person's word, and the caller's own word is none", async () => {
    const first = await ask(owner, id, "system.run", run(["echo", "hi"]));
    assert.equal(first.message, "SYSTEM_RUN_DENIED: approval required");
    const claimed = run(["echo", "hi"], { approved: true, approvalDecision: "allow-once", runId: "made-up" });
    assert.equal((await ask(owner, id, "system.run", claimed)).message, "SYSTEM_RUN_DENIED: approval required");
  });

  await t.step("allowed once by another client it runs once", async () => {
    const runId = await decided(gateway, owner, ["echo", "hi"], "allow-once");
    const wish = run(["echo", "hi"], { approved: true, approvalDecision: "allow-once", runId });
    const { payload } = await ask(owner, id, "system.run", wish);
    assert.deepEqual([payload["stdout"], payload["exitCode"], payload["success"]], ["hi\n", 0, true]);
    assert.equal((await ask(owner, id, "system.run", wish)).message, "SYSTEM_RUN_DENIED: approval required");
    const denied = await decided(gateway, owner, ["echo", "no"], "deny");
    const forced = run(["echo", "no"], { approved: true, approvalDecision: "allow-once", runId: denied });
    assert.equal((await ask(owner, id, "system.run", forced)).message, "SYSTEM_RUN_DENIED: approval required");
  });

  await t.step("allow-always makes the next run silent, of that program and of no other", async () => {
    const runId = await decided(gateway, owner, ["cat", "/dev/null"], "allow-always");
    const wish = run(["cat", "/dev/null"], { approved: true, approvalDecision: "allow-always", runId });
    assert.equal((await ask(owner, id, "system.run", wish)).payload["success"], true);
    assert.equal((await ask(owner, id, "system.run", run(["cat", `${shared}/hello.txt`]))).payload["stdout"], "Grüße");
    assert.match((await ask(owner, id, "system.run", run(["echo", "x"]))).message, /approval required/u);
    const { file } = Object(await owner.request("exec.approvals.node.get", { nodeId: id }));
    assert.deepEqual(file.agents.main.allowlist.map((entry: { pattern: string }) => entry.pattern), ["/usr/bin/cat"]);
  });

  await t.step("the owner's rules for the node hold: everything, then nothing", async () => {
    const rules = async (security: string) => {
      const { hash } = Object(await owner.request("exec.approvals.node.get", { nodeId: id }));
      const file = { version: 1, defaults: { security, ask: "off" } };
      await owner.request("exec.approvals.node.set", { nodeId: id, file, baseHash: hash });
    };
    await rules("deny");
    const claimed = run(["cat", "/dev/null"], { approved: true, runId: "x" });
    assert.equal((await ask(owner, id, "system.run", claimed)).message, "SYSTEM_RUN_DISABLED: security=deny");
    await rules("allowlist");
    assert.equal((await ask(owner, id, "system.run", run(["echo", "x"]))).message, "SYSTEM_RUN_DENIED: allowlist miss");
    await rules("full");
    assert.equal((await ask(owner, id, "system.run", run(["echo", "x"]))).payload["stdout"], "x\n");
  });

  await t.step("a program outside its rights is refused with the way to add it", async () => {
    const { message } = await ask(owner, id, "system.run", run(["id"]));
    assert.match(message, /^PERMISSION_MISSING: run \/usr\/bin\/id: .*nodeHost\.programs \(or --allow-program\)/u);
    assert.match(
      (await ask(owner, id, "system.run", run(["no-such-program"]))).message,
      /no such program in the PATH/u,
    );
    assert.match((await ask(owner, id, "system.run", run(["cat"], { cwd: "/no/such" }))).message, /Cannot run/u);
  });

  await t.step("variables that steer programs are refused, secrets of the node are not handed on", async () => {
    for (const name of ["LD_PRELOAD", "DYLD_INSERT_LIBRARIES", "PATH", "NODE_OPTIONS", "DENO_DIR", "BASH_ENV", "A=B"]) {
      const { message } = await ask(owner, id, "system.run", run(["sh", "-c", "env"], { env: { [name]: "x" } }));
      assert.match(message, /Cannot set the variable/u, name);
    }
    const { payload } = await ask(owner, id, "system.run", run(["sh", "-c", "env"], { env: { GREETING: "hi" } }));
    const names = String(payload["stdout"]).trim().split("\n").map((line) => line.split("=")[0] ?? "").sort();
    assert.deepEqual(names.filter((name) => !["_", "OLDPWD", "SHLVL"].includes(name)), [
      "GREETING",
      "HOME",
      "PATH",
      "PWD",
    ]);
  });

  await t.step("a timeout ends the program, and output is capped at both ends", async () => {
    const started = performance.now();
    const slow = await ask(owner, id, "system.run", run(["sleep", "60"], { timeoutMs: 300 }));
    assert.deepEqual([slow.payload["timedOut"], slow.payload["success"], slow.payload["exitCode"]], [
      true,
      false,
      null,
    ]);
    const orphan = await ask(owner, id, "system.run", run(["sh", "-c", "sleep 20 & echo started"]));
    assert.equal(orphan.payload["stdout"], "started\n");
    assert.ok(performance.now() - started < 15_000, "a grandchild that keeps the pipe open is not waited for");
    const flood = await ask(owner, id, "system.run", run(["yes", "0123456789"], { timeoutMs: 500 }));
    const text = String(flood.payload["stdout"]);
    assert.ok(text.length > 200_000 && text.length < 210_000, String(text.length));
    assert.match(text, /bytes left out/u);
    assert.equal(flood.payload["truncated"], true);
  });

  await t.step("four commands at once and no fifth", async () => {
    const wish = run(["sleep", "30"], { timeoutMs: 1500 });
    const all = await Promise.all(Array.from({ length: 6 }, () => ask(owner, id, "system.run", wish)));
    assert.deepEqual(all.map(({ ok }) => ok).filter((ok) => ok).length, 4);
    assert.match(all.find(({ ok }) => !ok)?.message ?? "", /4 are running; try again later/u);
  });

  await t.step("files inside the folder are listed and read, everything else is out of reach", async () => {
    const list = await ask(owner, id, "file.list", { path: shared });
    const entries = Object(list.payload["entries"]);
    assert.deepEqual(entries.map(({ name, type }: Record<string, string>) => `${name} ${type}`), [
      "hello.txt file",
      "inner directory",
      "out link",
    ]);
    assert.deepEqual((await ask(owner, id, "file.list")).payload["entries"], [{ name: shared, type: "directory" }]);
    assert.equal((await ask(owner, id, "file.read", { path: `${shared}/hello.txt` })).payload["text"], "Grüße");
    const part = await ask(owner, id, "file.read", { path: "hello.txt", maxBytes: 3, encoding: "base64" });
    assert.deepEqual([part.payload["base64"], part.payload["truncated"], part.payload["size"]], ["R3LD", true, 7]);
    for (
      const path of [
        "/etc/passwd",
        `${shared}/../etc/passwd`,
        `${shared}/out`,
        `${shared}/inner/../../x`,
        `${shared}-other/x`,
        `${node.stateDir}/identity/node.json`,
        "../../etc/passwd",
        `${shared}/hello.txt\0`,
      ]
    ) assert.match((await ask(owner, id, "file.read", { path })).message, /outside the folders|damaged/u, path);
    assert.match((await ask(owner, id, "file.read", { path: shared })).message, /it is no file/u);
    assert.match((await ask(owner, id, "file.read", { path: `${shared}/none` })).message, /does not exist/u);
  });

  await t.step("it comes back when the gateway was away, still approved", async () => {
    await owner.close();
    await gateway.restart();
    await node.said(/Connection lost: .*; trying again[\s\S]*Connected to/u, 40_000);
    await using again = await gateway.connect();
    await eventually("the node in the list", async () => {
      const { nodes } = Object(await again.request("node.list", {}));
      return nodes[0]?.connected === true;
    }, 40_000);
    assert.ok((await ask(again, id, "system.which", { bins: ["sh"] })).ok);
  });

  await t.step("SIGTERM ends what it runs, answers for it, and ends with 0", async () => {
    await using again = await gateway.connect();
    const marker = `${shared}/alive`;
    const wish = run(["sh", "-c", `echo $$ > ${marker}; exec sleep 600`]);
    const running = ask(again, id, "system.run", wish, 60_000);
    const pid = await eventually("the command", () => Deno.readTextFile(marker).catch(() => undefined));
    const { code } = await node.stop();
    assert.equal(code, 0, node.output);
    assert.equal((await running).payload["error"], "the node was stopped");
    assert.throws(() => Deno.kill(Number(pid), "SIGCONT"), Deno.errors.NotFound);
    assertHealthyOutput(node.output);
  });

  await Deno.remove(shared, { recursive: true });
});

Deno.test("a node on another machine waits for its device first, then comes in by itself", async () => {
  await using gateway = await TestGateway.start({ config: { gateway: { trustedProxies: ["127.0.0.1"] } } });
  await using proxy = forwardingProxy(gateway.port, "203.0.113.7");
  await using owner = await gateway.connect();
  await using node = await TestNode.start({ port: proxy.port, token: TEST_TOKEN });
  const [, requestId] = await node.said(/openclaw devices approve (\S+?)\. The node goes on by itself then/u);
  await owner.request("device.pair.approve", { requestId });
  await node.said(/Connected to/u);
  assert.equal([...node.output.matchAll(/This device is not approved/gu)].length, 1, node.output);
});

Deno.test("with --once a refusal is the end, with the exit code of the reason", async () => {
  await using gateway = await TestGateway.start();
  await using node = await TestNode.start({ port: gateway.port, token: "wrong-secret", args: ["--once"] });
  const { code } = await node.done;
  assert.equal(code, 4, node.output);
  assert.ok(!node.output.includes("wrong-secret"));
});

Deno.test("a one-use code lets a node in without a secret, and the same command line works ever after", async () => {
  await using gateway = await TestGateway.start({ config: { gateway: { publicUrl: "https://gateway.example" } } });
  await using owner = await gateway.connect();
  const { url } = await owner.request("node.link", {});
  const code = new URLSearchParams(new URL(String(url)).hash.slice(1)).get("code") ?? "";
  const args = ["--code", code];
  await using first = await TestNode.start({ port: gateway.port, args });
  await first.said(/Connected to/u);
  assert.ok(!first.output.includes(code));
  await first.stop();
  await using again = await TestNode.start({ port: gateway.port, args, home: first.home });
  await again.said(/Connected to/u);
  await using stranger = await TestNode.start({ port: gateway.port, args: [...args, "--once"] });
  assert.equal((await stranger.done).code, 4, stranger.output);
});

Deno.test("a node trusts a gateway's own certificate when it is given it, and otherwise not", async () => {
  await using gateway = await TestGateway.start({ config: { gateway: { tls: { enabled: true } } } });
  const args = ["--tls", "--once"];
  await using wary = await TestNode.start({ port: gateway.port, token: TEST_TOKEN, args });
  assert.equal((await wary.done).code, 3, wary.output);
  const env = { DENO_CERT: `${gateway.stateDir}/tls/cert.pem` };
  await using node = await TestNode.start({ port: gateway.port, token: TEST_TOKEN, args, env });
  await node.said(/Connected to wss:/u);
});
