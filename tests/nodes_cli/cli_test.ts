/** `openclaw nodes` from end to end: the commands of an owner, on the permissions that users have, with a real node. */
import assert from "node:assert/strict";
import { assertHealthyOutput, denoDir, runCli, TEST_TOKEN, TestGateway } from "../helpers/gateway.ts";
import { gatewayFlags } from "../helpers/permissions.ts";
import { eventually, within } from "../helpers/wait.ts";
import { TestNode } from "./lab.ts";

type Cli = (args: readonly string[], stdin?: string) => Promise<{ code: number; stdout: string; stderr: string }>;

async function cliOf(gateway: TestGateway): Promise<Cli> {
  const env = {
    HOME: gateway.stateDir,
    OPENCLAW_STATE_DIR: gateway.stateDir,
    OPENCLAW_GATEWAY_PORT: String(gateway.port),
  };
  const base = { PATH: "/usr/bin:/bin", DENO_DIR: await denoDir(), NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" };
  const flags = await gatewayFlags({ ...base, ...env }, ["--for", "cli"]);
  return async (args, stdin) => {
    const options = { env, flags, ...(stdin === undefined ? {} : { stdin }) };
    const result = await within(`openclaw ${args.join(" ")}`, runCli(args, options), 60_000);
    assertHealthyOutput(result.stderr);
    return result;
  };
}

async function ok(cli: Cli, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await cli(args);
  assert.equal(code, 0, `${args.join(" ")}\n${stdout}${stderr}`);
  return stdout;
}

Deno.test("an owner approves a node, asks it, runs a command with an approval, and takes it back", async (t) => {
  await using gateway = await TestGateway.start();
  const shared = await Deno.realPath(await Deno.makeTempDir({ prefix: "ocshare-" }));
  await Deno.writeTextFile(`${shared}/a.txt`, "content");
  await using node = await TestNode.start({
    port: gateway.port,
    token: TEST_TOKEN,
    nodeHost: { displayName: "Build box", allowDirs: [shared], programs: ["echo"] },
  });
  await node.said(/Waiting for approval/u);
  const cli = await cliOf(gateway);

  await t.step("list, approve, describe, rename", async () => {
    assert.match(await ok(cli, "nodes"), /Build box +linux, Linux +connected, waits for approval/u);
    const approved = await ok(cli, "nodes", "approve", "build box");
    assert.match(approved, /^Approved: "Build box" \(7 commands\)\nStill off: system\.run\n/u);
    await node.said(/Approved: its commands can be called/u);
    assert.match(
      await ok(cli, "nodes", "list", "--connected"),
      /Off on "Build box" until you allow them: system\.run\nAllow one: openclaw nodes allow \w{12} system\.run\n/u,
    );
    assert.match(await ok(cli, "nodes", "allow", "build box", "system.run"), /beyond the usual: system\.run/u);
    assert.match(await ok(cli, "nodes", "describe", "build box"), /Commands +.*file\.read.*system\.run/u);
    assert.match(await ok(cli, "nodes", "rename", "Build box", "Box"), /"Build box" is now "Box"/u);
    assert.match((await cli(["nodes", "describe", "Nobody"])).stderr, /Choose one of:\n.*Box/u);
  });

  await t.step("invoke, with a file of the node saved here", async () => {
    assert.match(
      await ok(cli, "nodes", "invoke", "Box", "system.which", '{"bins":["echo"]}'),
      /"echo": "\/usr\/bin\/echo"/u,
    );
    const target = `${gateway.stateDir}/copy.txt`;
    const read = JSON.stringify({ path: `${shared}/a.txt`, encoding: "base64" });
    assert.match(
      await ok(cli, "nodes", "invoke", "Box", "file.read", read, "--output", target),
      /Saved: .*copy\.txt \(7 bytes\)/u,
    );
    assert.equal(await Deno.readTextFile(target), "content");
    const beyond = await cli(["nodes", "invoke", "Box", "file.read", read, "--output", "/tmp/beyond-the-rights"]);
    assert.equal(beyond.code, 77, beyond.stderr);
    const outside = await cli(["nodes", "invoke", "Box", "file.read", '{"path":"/etc/passwd"}']);
    assert.equal(outside.code, 1);
    assert.match(outside.stderr, /"Box" did not do file\.read: INVALID_REQUEST: .*outside the folders/u);
    assert.match((await cli(["nodes", "camera", "snap"])).stderr, /may not be asked for camera\.snap/u);
    assert.match((await cli(["nodes", "notify", "hello"])).stderr, /Cannot show a notification|notify-send/u);
  });

  await t.step("run waits for another client's decision; allow-always makes the next one silent", async () => {
    await using owner = await gateway.connect();
    const running = cli(["nodes", "run", "--node", "Box", "--", "echo", "one two"]);
    const asked = await owner.waitEvent("exec.approval.requested", 30_000);
    assert.equal(Object(asked.payload["request"]).command, "echo 'one two'");
    await owner.request("exec.approval.resolve", { id: asked.payload["id"], decision: "allow-always" });
    const first = await running;
    assert.deepEqual([first.code, first.stdout], [0, "one two\n"], first.stderr);
    assert.match(first.stderr, /Waiting up to 2 min .*echo 'one two'/u);
    const second = await cli(["nodes", "run", "--", "echo", "again"]);
    assert.deepEqual([second.code, second.stdout, second.stderr], [0, "again\n", ""]);
  });

  await t.step("a denial and a program that the node may not run end with their codes", async () => {
    await using owner = await gateway.connect();
    await ok(cli, "call", "exec.approvals.node.set", JSON.stringify(await emptied(cli, await node.id())));
    const running = cli(["nodes", "run", "--", "echo", "x"]);
    const asked = await owner.waitEvent("exec.approval.requested", 30_000);
    await owner.request("exec.approval.resolve", { id: asked.payload["id"], decision: "deny" });
    const denied = await running;
    assert.equal(denied.code, 1, denied.stderr);
    assert.match(denied.stderr, /was denied and did not run/u);
    const lacking = await cli(["nodes", "run", "--", "id"]);
    assert.equal(lacking.code, 1);
    assert.match(lacking.stderr, /PERMISSION_MISSING: run \/usr\/bin\/id/u);
  });

  await t.step("a2ui is checked before anything is sent, and the canvas beside a chat takes it", async () => {
    const wrong = await cli(["nodes", "canvas", "a2ui", "push", "-s", "main", "--dry-run", "--jsonl", "-"], "{}\n");
    assert.notEqual(wrong.code, 0, wrong.stdout);
    assert.match(
      await ok(cli, "nodes", "canvas", "present", "index.html", "-s", "main"),
      /Shows index\.html beside "main"/u,
    );
    assert.match(await ok(cli, "nodes", "canvas", "hide", "-s", "main"), /Hidden beside "main"/u);
  });

  await t.step("qr says what to set, remove takes the approval back", async () => {
    assert.match((await cli(["nodes", "qr"])).stderr, /No link for a phone\n {2}A phone gives/u);
    assert.match(await ok(cli, "nodes", "remove", "Box", "--yes"), /Took back the approval of "Box"/u);
    await node.said(/Its approval was taken back/u);
    await eventually("the request anew", async () => /waits for approval/u.test(await ok(cli, "nodes")));
    assert.match(await ok(cli, "nodes", "reject", "--latest"), /^Rejected: /u);
    await node.said(/Rejected: its commands cannot be called/u);
  });

  await Deno.remove(shared, { recursive: true });
});

/** Parameters that empty the rules of a node. */
async function emptied(cli: Cli, nodeId: string): Promise<unknown> {
  const { hash } = JSON.parse(await ok(cli, "call", "exec.approvals.node.get", JSON.stringify({ nodeId })));
  return { nodeId, file: { version: 1, agents: {} }, baseHash: hash };
}
