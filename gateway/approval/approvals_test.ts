/** The service: asks that end once, decisions that count once, and a file that remembers what was allowed always. */
import assert from "node:assert/strict";
import { FakeClock } from "../../tests/helpers/fake_clock.ts";
import { FakeBus } from "../../tests/helpers/services.ts";
import { GatewayError } from "../../schemas/error.ts";
import type { ExecApprovalSubject } from "../../schemas/event/approval.ts";
import { silentLog } from "../observe/log.ts";
import { createExecApprovals, MAX_WAITING } from "./approvals.ts";
import { MAX_ENDED, REMEMBER_MS } from "./ended.ts";
import type { EndedAsk, ExecApprovals } from "./types.ts";

interface Lab {
  readonly clock: FakeClock;
  readonly bus: FakeBus;
  readonly stateDir: string;
  readonly approvals: ExecApprovals;
  readonly ends: EndedAsk[];
}

const test = (sentence: string, body: (lab: Lab) => void | Promise<void>) =>
  Deno.test(sentence, async () => {
    const stateDir = await Deno.makeTempDir({ prefix: "ocappr-" });
    const [clock, bus, ends] = [new FakeClock(), new FakeBus(), new Array<EndedAsk>()];
    const approvals = createExecApprovals({ clock, bus, stateDir, log: silentLog });
    approvals.onEnd(() => {
      throw new Error("a listener that throws disturbs nobody");
    });
    approvals.onEnd((end) => ends.push(end));
    try {
      await body({ clock, bus, stateDir, approvals, ends });
    } finally {
      await Deno.remove(stateDir, { recursive: true });
    }
  });
const subject = (command: string, more: Partial<ExecApprovalSubject> = {}): ExecApprovalSubject => ({
  command,
  cwd: null,
  host: null,
  security: null,
  ask: null,
  agentId: "main",
  resolvedPath: null,
  sessionKey: null,
  ...more,
});
const refused = (code: string, pattern: RegExp) => (error: unknown) =>
  error instanceof GatewayError && error.code === code && pattern.test(error.message);
const never = new AbortController().signal;

test("an ask is announced before anybody can answer, and ends once", async ({ approvals, bus, clock, ends }) => {
  let seen = 0;
  approvals.onAsk(({ id }) => {
    seen = bus.names().filter((name) => name === "exec.approval.requested").length;
    assert.deepEqual(approvals.list().map((ask) => ask.id), [id]);
  });
  const { id, decision, createdAtMs, expiresAtMs } = approvals.ask({ request: subject("ls") });
  assert.deepEqual([seen, createdAtMs, expiresAtMs - createdAtMs], [1, clock.now(), 120_000]);
  approvals.resolve(id, "deny", "Ada");
  assert.equal(await decision, "deny");
  assert.deepEqual(bus.names(), ["exec.approval.requested", "exec.approval.resolved"]);
  assert.deepEqual(bus.published[1]?.payload, { id, decision: "deny", resolvedBy: "Ada", ts: clock.now() });
  assert.throws(() => approvals.resolve(id, "allow-once", "Eve"), refused("INVALID_REQUEST", /^unknown approval id$/u));
  clock.advance(200_000);
  assert.deepEqual(ends, [{ id, decision: "deny", by: "Ada", reason: "decided" }]);
  assert.deepEqual(approvals.list(), []);
});

test("without a decision the end is null and silent, and the time is bounded", async ({ approvals, bus, clock, ends }) => {
  const short = approvals.ask({ id: "s", request: subject("ls"), timeoutMs: 5 });
  const long = approvals.ask({ id: "l", request: subject("ls"), timeoutMs: 1e12 });
  assert.equal(long.expiresAtMs - long.createdAtMs, 3_600_000);
  clock.advance(5);
  assert.equal(await short.decision, null);
  approvals.cancel("l");
  approvals.cancel("l");
  assert.equal(await long.decision, null);
  assert.deepEqual(ends.map(({ id, reason }) => [id, reason]), [["s", "timeout"], ["l", "cancelled"]]);
  assert.equal(bus.names().filter((name) => name === "exec.approval.resolved").length, 0);
});

test("an id waits once, ids are bounded, and so is what waits", ({ approvals }) => {
  approvals.ask({ id: "a", request: subject("ls") });
  assert.throws(
    () => approvals.ask({ id: "a", request: subject("ls") }),
    refused("INVALID_REQUEST", /^approval id already pending$/u),
  );
  for (const id of ["x".repeat(129), "a\nb", "a\u202eb"]) {
    assert.throws(() => approvals.ask({ id, request: subject("ls") }), refused("INVALID_REQUEST", /the id is longer/u));
  }
  assert.throws(
    () => approvals.ask({ request: subject("x".repeat(16_385)) }),
    refused("INVALID_REQUEST", /command is longer/u),
  );
  assert.throws(
    () => approvals.ask({ request: subject("ls", { cwd: "x".repeat(5_000) }) }),
    refused("INVALID_REQUEST", /cwd/u),
  );
  assert.throws(() => approvals.ask({ request: subject("  ") }), refused("INVALID_REQUEST", /empty/u));
  for (let count = 1; count < MAX_WAITING; count++) approvals.ask({ request: subject("ls") });
  assert.throws(() => approvals.ask({ request: subject("ls") }), refused("UNAVAILABLE", /200 requests wait already/u));
});

test("who comes late hears the decision for ten minutes", async ({ approvals, clock }) => {
  approvals.ask({ id: "a", request: subject("ls") });
  const waiting = approvals.wait("a", never);
  approvals.resolve("a", "allow-once", undefined);
  assert.equal((await waiting).decision, "allow-once");
  assert.deepEqual((await approvals.wait("a", never)).ask.request.command, "ls");
  clock.advance(REMEMBER_MS);
  await assert.rejects(approvals.wait("a", never), refused("APPROVAL_NOT_FOUND", /^unknown approval id$/u));
  for (let count = 0; count <= MAX_ENDED; count++) {
    approvals.ask({ id: `n${count}`, request: subject("ls") });
    approvals.cancel(`n${count}`);
  }
  await assert.rejects(approvals.wait("n0", never));
  assert.equal((await approvals.wait("n1", never)).decision, null);
});

test("an allow counts once, for the command that was shown, where it was shown", ({ approvals }) => {
  const ask = (id: string, more: Partial<ExecApprovalSubject> = {}) =>
    approvals.ask({ id, argv: ["ls", "a b"], request: subject("", { cwd: "/x", nodeId: "n1", ...more }) });
  assert.equal(ask("a").request.command, "ls 'a b'");
  assert.equal(approvals.redeem("a", ["ls", "a b"]), false, "nobody has decided");
  approvals.resolve("a", "allow-once", undefined);
  assert.equal(approvals.redeem("a", ["ls", "a", "b"]), false);
  assert.equal(approvals.redeem("a", "ls a b"), false);
  assert.equal(approvals.redeem("a", ["ls", "a b"], { nodeId: "n2", cwd: "/x" }), false);
  assert.equal(approvals.redeem("a", ["ls", "a b"], { nodeId: "n1", cwd: null }), false);
  assert.equal(approvals.redeem("other", ["ls", "a b"]), false);
  assert.equal(approvals.redeem("a", ["/bin/sh", "-lc", "ls 'a b'"], { nodeId: "n1", cwd: "/x" }), true);
  assert.equal(approvals.redeem("a", ["ls", "a b"]), false, "it is used up");
  ask("b");
  approvals.resolve("b", "deny", undefined);
  assert.equal(approvals.redeem("b", ["ls", "a b"]), false);
  approvals.ask({ id: "c", argv: ["sh", "-c", "ls | wc"], request: subject("ls | wc") });
  approvals.resolve("c", "allow-once", undefined);
  approvals.ask({ id: "c", argv: ["sh", "-c", "ls | wc"], request: subject("ls | wc") });
  assert.equal(approvals.redeem("c", "ls | wc"), false, "an old decision does not count for a new ask of the same id");
});

test("an allow-once is never redeemed as always, nor an always for another agent", ({ approvals }) => {
  approvals.ask({ id: "once", argv: ["ls"], request: subject("ls") });
  approvals.resolve("once", "allow-once", "Ada");
  assert.equal(approvals.redeem("once", ["ls"], { alwaysFor: "main" }), false);
  assert.equal(approvals.redeem("once", ["ls"]), true, "the refused claim did not use it up");
  approvals.ask({ id: "always", argv: ["ls"], request: subject("ls", { agentId: "work" }) });
  approvals.resolve("always", "allow-always", "Ada");
  assert.equal(approvals.redeem("always", ["ls"], { alwaysFor: "" }), false);
  assert.equal(approvals.redeem("always", ["ls"], { alwaysFor: "Work" }), true);
});

test("always allows the program from then on, for that agent alone", ({ approvals, stateDir }) => {
  const { pattern } = approvals.ask({
    id: "a",
    argv: ["git", "status"],
    request: subject("", { resolvedPath: "/usr/bin/git" }),
  });
  assert.equal(pattern, "/usr/bin/git");
  assert.equal(approvals.allowed("main", ["git", "log"], { resolvedPath: "/usr/bin/git" }), false);
  approvals.resolve("a", "allow-always", "Ada");
  assert.equal(approvals.allowed("Main", ["git", "log"], { resolvedPath: "/usr/bin/git" }), true);
  assert.equal(approvals.allowed("other", ["git", "log"], { resolvedPath: "/usr/bin/git" }), false);
  assert.equal(approvals.allowed("main", ["sh", "-c", "git log; id"], { resolvedPath: "/usr/bin/git" }), false);
  assert.deepEqual([approvals.redeem("a", ["git", "status"]), approvals.redeem("a", ["git", "status"])], [true, true]);
  Deno.writeTextFileSync(`${stateDir}/exec-approvals.json`, '{"version":1}');
  assert.equal(approvals.redeem("a", ["git", "status"]), false, "the owner has taken the rule away");

  approvals.ask({ id: "chain", request: subject("ls; id", { agentId: null, sessionKey: "agent:helper:main" }) });
  approvals.resolve("chain", "allow-always", "Ada");
  assert.equal(approvals.redeem("chain", "ls; id"), true);
  assert.equal(approvals.redeem("chain", "ls; id"), false, "a chain is allowed this once");
  approvals.ask({ id: "plain", request: subject("ls -l", { agentId: null, sessionKey: "agent:helper:main" }) });
  approvals.resolve("plain", "allow-always", "Ada");
  assert.equal(approvals.allowed("helper", ["ls"]), true);
});

test("a broken file allows nothing, is not overwritten, and keeps an always open", async ({ approvals, stateDir }) => {
  const path = `${stateDir}/exec-approvals.json`;
  Deno.writeTextFileSync(path, "{ oh");
  assert.equal(approvals.allowed("main", ["ls"]), false);
  const { decision } = approvals.ask({ id: "a", request: subject("ls") });
  assert.throws(
    () => approvals.resolve("a", "allow-always", "Ada"),
    refused("INVALID_REQUEST", /Correct it, or move it away/u),
  );
  assert.equal(approvals.list().length, 1);
  approvals.resolve("a", "allow-once", "Ada");
  assert.equal(await decision, "allow-once");
  assert.equal(Deno.readTextFileSync(path), "{ oh");
});

test("the end of the gateway ends every ask, and takes no new one", async ({ approvals, ends }) => {
  const { decision } = approvals.ask({ id: "a", request: subject("ls") });
  const stopping = new AbortController();
  const waiting = approvals.wait("a", stopping.signal);
  approvals.stop();
  assert.deepEqual([await decision, (await waiting).decision, ends[0]?.reason], [null, null, "stopped"]);
  assert.throws(() => approvals.ask({ request: subject("ls") }), refused("UNAVAILABLE", /stopping/u));
});
