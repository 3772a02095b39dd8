/** Approvals on a running gateway: held and two-phase answers, decisions from other connections, the file, scopes, nodes. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { CallFailed, type Json, makeIdentity, type TestClient } from "../helpers/client.ts";
import { gatewayTest, TestGateway } from "../helpers/gateway.ts";
import { denoDir, runCli } from "../helpers/gateway.ts";
import { gatewayFlags } from "../helpers/permissions.ts";
import { within } from "../helpers/wait.ts";

const fileOf = (gateway: TestGateway) => `${gateway.stateDir}/exec-approvals.json`;
const idsOf = (list: unknown): string[] => Array.isArray(list) ? list.map(({ id }) => String(id)) : [];

async function refusal(client: TestClient, method: string, params: unknown): Promise<readonly [string, string]> {
  const { error } = await client.call(method, params);
  return [error?.code ?? "none", error?.message ?? ""];
}

/** Asks and returns the id of the request frame; the answer is held. */
async function hold(client: TestClient, params: Json): Promise<string> {
  const frame = client.sendRequest("exec.approval.request", params);
  await client.waitEvent(({ event, payload }) => event === "exec.approval.requested" && payload["id"] === params["id"]);
  return frame;
}

gatewayTest("exec approvals", {}, {
  "the answer is held until somebody decides, and both events come in order": async (gateway) => {
    await using asker = await gateway.connect({ scopes: ["operator.approvals"] });
    await using decider = await gateway.connect({
      scopes: ["operator.approvals"],
      device: makeIdentity(),
      client: { displayName: "Ada's laptop" },
    });
    const frame = await hold(asker, { id: "held", command: "git status", cwd: "/x", agentId: "main", unknown: 1 });
    assert.equal(asker.frames.some((each) => each.type === "res" && each.id === frame), false);
    const requested = await decider.waitEvent("exec.approval.requested");
    assert.deepEqual(requested.payload["request"], {
      command: "git status",
      cwd: "/x",
      host: null,
      security: null,
      ask: null,
      agentId: "main",
      resolvedPath: null,
      sessionKey: null,
    });
    const list = await decider.call("exec.approval.list", {});
    assert.deepEqual(list.payload, [requested.payload]);
    assert.deepEqual(await decider.request("exec.approval.resolve", { id: "held", decision: "allow-once" }), {
      ok: true,
    });
    const answer = await asker.waitRes(frame);
    const { createdAtMs, expiresAtMs } = requested.payload;
    assert.deepEqual(answer.payload, { id: "held", decision: "allow-once", createdAtMs, expiresAtMs });
    assert.equal(Number(expiresAtMs) - Number(createdAtMs), 120_000);
    const resolved = await asker.waitEvent("exec.approval.resolved");
    assert.deepEqual({ ...resolved.payload, ts: 0 }, {
      id: "held",
      decision: "allow-once",
      resolvedBy: "Ada's laptop",
      ts: 0,
    });
  },
  "two-phase: accepted at once, the decision for whoever waits, also afterwards": async (gateway) => {
    await using asker = await gateway.connect();
    await using other = await gateway.connect();
    const accepted = await asker.request("exec.approval.request", {
      id: "two",
      commandArgv: ["ls", "a b"],
      twoPhase: true,
    });
    const { createdAtMs, expiresAtMs } = accepted;
    assert.deepEqual(accepted, { status: "accepted", id: "two", createdAtMs, expiresAtMs });
    const waiting = other.sendRequest("exec.approval.waitDecision", { id: "two" });
    await asker.close();
    const event = await other.waitEvent(({ event, payload }) =>
      event === "exec.approval.requested" && payload["id"] === "two"
    );
    assert.equal(Object(event.payload["request"]).command, "ls 'a b'");
    await other.request("exec.approval.resolve", { id: "two", decision: "deny" });
    const expected = { id: "two", decision: "deny", createdAtMs, expiresAtMs };
    assert.deepEqual((await other.waitRes(waiting)).payload, expected);
    await using late = await gateway.connect();
    assert.deepEqual(await late.request("exec.approval.waitDecision", { id: "two" }), expected);
    assert.deepEqual(await refusal(late, "exec.approval.waitDecision", { id: "none" }), [
      "APPROVAL_NOT_FOUND",
      "unknown approval id",
    ]);
  },
  "nobody decides: null, and no event": async (gateway) => {
    await using client = await gateway.connect();
    const { decision } = await client.request("exec.approval.request", { id: "late", command: "ls", timeoutMs: 50 });
    assert.equal(decision, null);
    assert.equal(client.events("exec.approval.resolved").filter(({ payload }) => payload["id"] === "late").length, 0);
    assert.deepEqual(idsOf((await client.call("exec.approval.list", {})).payload), []);
  },
  "the texts of the refusals": async (gateway) => {
    await using client = await gateway.connect();
    await hold(client, { id: "twice", command: "ls" });
    assert.deepEqual(await refusal(client, "exec.approval.request", { id: "twice", command: "ls" }), [
      "INVALID_REQUEST",
      "approval id already pending",
    ]);
    assert.deepEqual(await refusal(client, "exec.approval.resolve", { id: "twice", decision: "maybe" }), [
      "INVALID_REQUEST",
      "invalid decision",
    ]);
    assert.deepEqual(await refusal(client, "exec.approval.resolve", { id: "none", decision: "deny" }), [
      "INVALID_REQUEST",
      "unknown approval id",
    ]);
    assert.match(
      (await refusal(client, "exec.approval.request", {}))[1],
      /^invalid exec\.approval\.request params: .*'command'/u,
    );
    await client.request("exec.approval.resolve", { id: "twice", decision: "deny" });
  },
  "an asker that goes away does not end its ask": async (gateway) => {
    await using owner = await gateway.connect();
    const asker = await gateway.connect();
    asker.sendRequest("exec.approval.request", { id: "gone", command: "ls" });
    await owner.waitEvent(({ event, payload }) => event === "exec.approval.requested" && payload["id"] === "gone");
    await asker.close();
    assert.deepEqual(idsOf((await owner.call("exec.approval.list", {})).payload), ["gone"]);
    await owner.request("exec.approval.resolve", { id: "gone", decision: "deny" });
  },
  "who may not decide neither decides nor hears of it": async (gateway) => {
    await using owner = await gateway.connect();
    await using writer = await gateway.connect({ scopes: ["operator.read", "operator.write", "operator.pairing"] });
    await using approver = await gateway.connect({ scopes: ["operator.approvals"] });
    await hold(owner, { id: "scoped", command: "ls" });
    for (
      const method of [
        "exec.approval.request",
        "exec.approval.resolve",
        "exec.approval.waitDecision",
        "exec.approval.list",
      ]
    ) {
      assert.equal(
        (await refusal(writer, method, { id: "scoped", decision: "allow-once" }))[1],
        "missing scope: operator.approvals",
      );
    }
    for (
      const method of ["exec.approvals.get", "exec.approvals.set", "exec.approvals.node.get", "exec.approvals.node.set"]
    ) {
      assert.equal((await refusal(approver, method, { nodeId: "n" }))[1], "missing scope: operator.admin");
    }
    await approver.request("exec.approval.resolve", { id: "scoped", decision: "deny" });
    await writer.request("health", {});
    assert.deepEqual([writer.events("exec.approval.requested"), writer.events("exec.approval.resolved")], [[], []]);
  },
  "always writes the program into the file, which is its owner's alone and guarded by its hash": async (gateway) => {
    await using client = await gateway.connect();
    const empty = await client.request("exec.approvals.get", {});
    assert.deepEqual([empty["exists"], empty["path"], empty["file"]], [false, fileOf(gateway), {
      version: 1,
      agents: {},
    }]);
    await hold(client, {
      id: "always",
      command: "git status",
      resolvedPath: "/usr/bin/git",
      sessionKey: "agent:main:main",
    });
    await client.request("exec.approval.resolve", { id: "always", decision: "allow-always" });
    assert.equal((await Deno.stat(fileOf(gateway))).mode! & 0o777, 0o600);
    const { hash, file } = await client.request("exec.approvals.get", {});
    assert.equal(hash, createHash("sha256").update(await Deno.readTextFile(fileOf(gateway))).digest("hex"));
    const [entry] = Object(file).agents.main.allowlist;
    assert.deepEqual([entry.pattern, entry.lastUsedCommand, entry.lastResolvedPath], [
      "/usr/bin/git",
      "git status",
      "/usr/bin/git",
    ]);

    const next = { version: 1, socket: { path: "/run/x" }, agents: {} };
    assert.match(
      (await refusal(client, "exec.approvals.set", { file: next }))[1],
      /^exec approvals base hash required/u,
    );
    assert.match(
      (await refusal(client, "exec.approvals.set", { file: next, baseHash: "x" }))[1],
      /^exec approvals changed since last load/u,
    );
    const after = await client.request("exec.approvals.set", { file: next, baseHash: hash });
    assert.deepEqual(after["file"], next);

    await Deno.writeTextFile(fileOf(gateway), "{ broken");
    assert.match((await refusal(client, "exec.approvals.get", {}))[1], /left as it is\. Correct it, or move it away/u);
    await hold(client, { id: "kept", command: "ls" });
    assert.match(
      (await refusal(client, "exec.approval.resolve", { id: "kept", decision: "allow-always" }))[1],
      /left as it is/u,
    );
    assert.equal(await Deno.readTextFile(fileOf(gateway)), "{ broken");
    await client.request("exec.approval.resolve", { id: "kept", decision: "deny" });
    await Deno.remove(fileOf(gateway));
  },
  "the rules of a node are asked of the node, whatever the policy says": async (gateway) => {
    await using owner = await gateway.connect();
    const device = makeIdentity();
    await using node = await gateway.connect({
      role: "node",
      device,
      scopes: [],
      protocol: 3,
      client: { id: "node-host", mode: "node", platform: "linux", displayName: "Kitchen" },
      commands: ["system.run", "system.execApprovals.get", "system.execApprovals.set"],
    });
    const snapshot = { path: "/n/exec-approvals.json", exists: true, hash: "h", file: { version: 1 } };
    node.onFrame = (frame) => {
      if (frame.type !== "event" || frame.event !== "node.invoke.request") return;
      const { id, nodeId, command, paramsJSON } = frame.payload;
      const payload = { ...snapshot, hash: `${command} ${paramsJSON}` };
      node.sendRequest("node.invoke.result", { id, nodeId, ok: true, payloadJSON: JSON.stringify(payload) });
    };
    const got = await owner.request("exec.approvals.node.get", { nodeId: device.id });
    assert.deepEqual(got, { ...snapshot, hash: "system.execApprovals.get {}" });
    const set = await owner.request("exec.approvals.node.set", {
      nodeId: "Kitchen",
      file: { version: 1 },
      baseHash: "h",
    });
    assert.equal(set["hash"], 'system.execApprovals.set {"file":{"version":1},"baseHash":"h"}');
    await assert.rejects(owner.request("exec.approvals.node.get", { nodeId: "nobody" }), CallFailed);
    assert.equal((await refusal(owner, "exec.approvals.node.set", { nodeId: device.id }))[0], "INVALID_REQUEST");
  },
  "the command line lists, allows and shows the rules": async (gateway) => {
    await using client = await gateway.connect();
    const env = {
      HOME: gateway.stateDir,
      OPENCLAW_STATE_DIR: gateway.stateDir,
      OPENCLAW_GATEWAY_PORT: String(gateway.port),
    };
    const base = { PATH: "/usr/bin:/bin", DENO_DIR: await denoDir(), NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" };
    const flags = await gatewayFlags({ ...base, ...env }, ["--for", "cli"]);
    const cli = async (...args: string[]) => {
      const done = await within(`openclaw ${args.join(" ")}`, runCli(args, { env, flags }), 60_000);
      assert.equal(done.code, 0, done.stderr);
      return done.stdout;
    };
    const frame = await hold(client, { id: "by-command-line", command: "uname -a", agentId: "main" });
    assert.match(await cli("approvals"), /uname -a\n\s+id\s+by-command-line/u);
    assert.equal(await cli("approvals", "allow", "by-com", "--always"), "Allowed always: uname -a\n");
    assert.equal(Object((await client.waitRes(frame)).payload).decision, "allow-always");
    assert.match(await cli("approvals", "get"), /main\s+uname\s/u);
  },
});

Deno.test("a gateway that stops answers whoever waits for a decision", async () => {
  await using gateway = await TestGateway.start();
  const client = await gateway.connect();
  const frame = await hold(client, { id: "stop", command: "ls" });
  const wait = client.sendRequest("exec.approval.waitDecision", { id: "stop" });
  await gateway.kill("SIGTERM");
  for (const id of [frame, wait]) assert.equal(Object((await client.waitRes(id)).payload).decision, null);
  await client.close();
});
