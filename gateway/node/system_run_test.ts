/** Tests of system_run.ts: an approval counts once, for the command that was shown, and for no other. */
import assert from "node:assert/strict";
import { planParams, runParams, withPlan } from "./system_run.ts";

/** One allow-once for `text` under the id `r1`. */
function once(text: string) {
  let left = 1;
  return { redeem: (id: string, command: string) => id === "r1" && command === text && left-- > 0 };
}
const claim = { approved: true, approvalDecision: "allow-once", runId: "r1" };

Deno.test("what claims nothing passes untouched", () => {
  const params = { command: ["ls"], runId: "r1" };
  assert.equal(runParams(params, once("ls")), params);
  assert.equal(runParams(undefined, once("ls")), undefined);
});

Deno.test("an approval of exactly this command passes, once", () => {
  const approvals = once("ls -l '/a b'");
  const params = { command: ["ls", "-l", "/a b"], ...claim };
  assert.equal(runParams(params, approvals), params);
  assert.deepEqual(runParams(params, approvals), { command: params.command, runId: "r1" });
});

Deno.test("a script that a shell runs may be approved by its own text", () => {
  const params = { command: ["/bin/sh", "-lc", "ls | wc"], rawCommand: "ls | wc", ...claim };
  assert.equal(runParams(params, once("ls | wc")), params);
});

Deno.test("a claim without an approval, of another command, or with a text that lies is removed", () => {
  for (
    const params of [
      { command: ["rm", "-rf", "/"], ...claim },
      { command: ["rm", "-rf", "/"], rawCommand: "ls", ...claim },
      { command: ["ls"], rawCommand: "rm -rf /", ...claim },
      { command: ["ls"], ...claim, runId: "other" },
      { command: ["ls"], ...claim, runId: "" },
      { command: "ls", ...claim },
      { command: [], ...claim },
      { ...claim },
      { command: ["ls"], approvalDecision: "allow-always" },
      { command: ["ls"], approved: false },
    ]
  ) {
    const sent = Object(runParams(params, once("ls")));
    assert.deepEqual([sent.approved, sent.approvalDecision], [undefined, undefined], JSON.stringify(params));
    assert.deepEqual(sent.command, Object(params).command);
  }
});

Deno.test("variables beside an approved command take the approval away: nobody read them", () => {
  const params = { command: ["ls"], env: { PATH: "/evil" }, ...claim };
  assert.equal(Object(runParams(params, once("ls"))).approved, undefined);
  assert.equal(Object(runParams({ ...params, env: {} }, once("ls"))).approved, true);
});

Deno.test("an approved run goes out as its node planned it; without a fitting plan it goes out without the claim", () => {
  const params = { command: ["ls", "-l"], sessionKey: "main", ...claim };
  assert.deepEqual(planParams(params), { command: ["ls", "-l"], sessionKey: "main", runId: "r1" });
  assert.equal(planParams({ command: ["ls"] }), undefined);
  const plan = { argv: ["/usr/bin/ls", "-l"], commandText: "/usr/bin/ls -l", cwd: "/home", policy: {} };
  assert.deepEqual(withPlan(params, { plan }), {
    ...params,
    command: plan.argv,
    rawCommand: plan.commandText,
    cwd: "/home",
    systemRunPlan: plan,
  });
  const rest = { command: ["ls", "-l"], sessionKey: "main", runId: "r1" };
  for (const answer of [undefined, {}, { plan: {} }, { plan: { ...plan, argv: ["/usr/bin/ls", "-la"] } }]) {
    assert.deepEqual(withPlan(params, answer), rest);
  }
});

Deno.test("a plan that the caller wrote does not go out with an approval: hosts run what it says", () => {
  const plan = { argv: ["/bin/rm", "-rf", "/"], commandText: "ls", cwd: null };
  const params = { command: ["ls"], systemRunPlan: plan, ...claim };
  const sent = Object(runParams(params, once("ls")));
  assert.deepEqual([sent.approved, "systemRunPlan" in sent], [true, false]);
  assert.equal("systemRunPlan" in Object(planParams(sent)), false);
  assert.equal("systemRunPlan" in Object(withPlan(sent, undefined)), false);
});

Deno.test("a claim of allow-always is redeemed as one, for the agent whose rule it would become", () => {
  const asked: unknown[] = [];
  const approvals = { redeem: (_id: string, _form: string, where: unknown) => asked.push(where) > 0 };
  runParams({ command: ["ls"], ...claim }, approvals, "n1");
  runParams({ command: ["ls"], ...claim, approvalDecision: "allow-always", agentId: "work" }, approvals, "n1");
  runParams({ command: ["ls"], ...claim, approvalDecision: "allow-always" }, approvals, "n1");
  const allowedOnce = { redeem: (_id: string, _form: string, where: object = {}) => !("alwaysFor" in where) };
  const sent = Object(runParams({ command: ["ls"], ...claim, approvalDecision: "allow-always" }, allowedOnce, "n1"));
  assert.deepEqual([sent.approved, sent.approvalDecision], [true, "allow-once"]);
  const place = { nodeId: "n1", cwd: null };
  assert.deepEqual(asked, [place, { ...place, alwaysFor: "work" }, { ...place, alwaysFor: "" }]);
});
