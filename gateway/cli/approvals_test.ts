/** `openclaw approvals` against a fake gateway: what it asks for and what it prints. */
import assert from "node:assert/strict";
import { answers, run } from "../../tests/helpers/cli_run.ts";
import { allowCommand, denyCommand, getCommand, listCommand, setCommand } from "./approvals.ts";
import { CliError } from "./exit.ts";

const NOW = Date.now();
const ask = (id: string, command: string, more = {}) => ({
  id,
  request: {
    command,
    cwd: "/home/ada",
    host: "node",
    security: null,
    ask: null,
    agentId: "main",
    resolvedPath: null,
    sessionKey: null,
    ...more,
  },
  createdAtMs: NOW,
  expiresAtMs: NOW + 90_000,
});
const ASKS = [
  ask("3f1c9a2e-1", "git status", { nodeId: "0123456789abcdef" }),
  ask("3f1cffff", "echo \u202eevil\u001b[2J\nrm -rf /"),
];
const FILE = {
  version: 1,
  defaults: { security: "allowlist", ask: "always" },
  agents: {
    main: {
      ask: "on-miss",
      allowlist: [{ id: "e1", pattern: "/usr/bin/git", lastUsedAt: NOW - 60_000, lastUsedCommand: "git log" }],
    },
  },
};
const SNAPSHOT = { path: "/s/exec-approvals.json", exists: true, hash: "9f86", file: FILE };
const table = (change: Record<string, unknown> = {}) =>
  answers({
    "exec.approval.list": ASKS,
    "exec.approval.resolve": { ok: true },
    "node.list": { nodes: [{ nodeId: "0123456789abcdef", displayName: "Kitchen", connected: true }] },
    "exec.approvals.get": SNAPSHOT,
    "exec.approvals.set": SNAPSHOT,
    "exec.approvals.node.get": { ...SNAPSHOT, exists: false },
    "exec.approvals.node.set": SNAPSHOT,
    ...change,
  });

Deno.test("approvals list shows every command whole, with nothing in it hidden", async () => {
  const { stdout, requests } = await run(listCommand, table());
  assert.deepEqual(requests, [{ method: "exec.approval.list", params: {} }, { method: "node.list", params: {} }]);
  for (
    const part of [
      "git status",
      "3f1c9a2e-1",
      "Kitchen",
      "/home/ada",
      "echo \\u202eevil\\x1b[2J\n    rm -rf /",
      "1 min",
    ]
  ) {
    assert.ok(stdout.includes(part), `${part}\n${stdout}`);
  }
  assert.match((await run(listCommand, table({ "exec.approval.list": [] }))).stdout, /No command waits/u);
  assert.deepEqual(JSON.parse((await run(listCommand, table(), { options: { json: true } })).stdout), ASKS);
});

Deno.test("approvals allow and deny take an id or its beginning, when only one begins so", async () => {
  const once = await run(allowCommand, table(), { args: ["3f1c9"] });
  assert.deepEqual(once.requests.at(-1), {
    method: "exec.approval.resolve",
    params: { id: "3f1c9a2e-1", decision: "allow-once" },
  });
  assert.equal(once.stdout, "Allowed once: git status\n");
  const always = await run(allowCommand, table(), { args: ["3f1c9a2e-1"], options: { always: true } });
  assert.deepEqual(always.requests.at(-1)?.params, { id: "3f1c9a2e-1", decision: "allow-always" });
  const deny = await run(denyCommand, table(), { args: ["3f1cffff"] });
  assert.deepEqual(deny.requests.at(-1)?.params, { id: "3f1cffff", decision: "deny" });
  for (
    const [id, why] of [["3f1c", /more than one/u], ["77", /no command with this id/u], ["", /no command/u]] as const
  ) {
    const { code, requests } = await run(allowCommand, table(), { args: [id] });
    assert.ok(code instanceof CliError && why.test(code.message), id);
    assert.equal(requests.length, 1, "nothing was decided");
  }
});

Deno.test("approvals get shows the rules in force, here or of a node", async () => {
  const { stdout, requests } = await run(getCommand, table());
  assert.deepEqual(requests, [{ method: "exec.approvals.get", params: {} }]);
  assert.match(stdout, /\*\s+allowlist\s+always\s+deny\nmain\s+allowlist\s+on-miss\s+deny/u);
  assert.match(stdout, /main\s+\/usr\/bin\/git\s+1 min ago\s+git log/u);
  const node = await run(getCommand, table(), { options: { node: "Kitchen" } });
  assert.deepEqual(node.requests, [{ method: "exec.approvals.node.get", params: { nodeId: "Kitchen" } }]);
  assert.match(node.stdout, /not there yet/u);
});

Deno.test("approvals set sends the file with the hash that it was made against", async () => {
  const { requests } = await run(setCommand, table(), { args: ["-"], stdin: JSON.stringify(FILE) });
  assert.deepEqual(requests.at(-1), { method: "exec.approvals.set", params: { file: FILE, baseHash: "9f86" } });
  const node = await run(setCommand, table(), {
    args: ["-"],
    stdin: JSON.stringify(SNAPSHOT),
    options: { node: "n", baseHash: "old" },
  });
  assert.deepEqual(node.requests.at(-1), {
    method: "exec.approvals.node.set",
    params: { file: FILE, baseHash: "old", nodeId: "n" },
  });
  const first = await run(setCommand, table(), { args: ["-"], stdin: JSON.stringify(FILE), options: { node: "n" } });
  assert.deepEqual(first.requests.at(-1)?.params, { file: FILE, nodeId: "n" });
  for (const [args, stdin] of [[["-"], "{ no"], [["/nonexistent/rules.json"], ""]] as const) {
    const { code, requests } = await run(setCommand, table(), { args, stdin });
    assert.ok(code instanceof CliError && code.exit === "usage");
    assert.deepEqual(requests, []);
  }
});
