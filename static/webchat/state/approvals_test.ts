/** Approvals of commands on the page: each is there once, ends once, and says how. */
import assert from "node:assert/strict";
import { RequestError } from "../../client/link.ts";
import { ApprovalDesk } from "./approval_desk.ts";
import { briefly, isLong, visibly } from "./approvals_model.ts";
import { readApproval, readResolved } from "./approvals_parse.ts";
import { type Answer, scene as bare } from "./fake_scene.ts";

const NOW = 1_000_000;
const ask = (id: string, forMs = 60_000) => ({
  id,
  request: { command: `run ${id}`, cwd: null, host: "gateway", agentId: "main", sessionKey: null, nodeId: null },
  createdAtMs: NOW,
  expiresAtMs: NOW + forMs,
});

function scene(answers: Record<string, Answer> = {}, scopes?: readonly string[]) {
  const one = bare({ "exec.approval.list": () => [], ...answers }, scopes);
  const desk = new ApprovalDesk(one.store, one.wire, one.timers);
  const state = () => one.store.get().approvals;
  const tell = (name: string, payload: unknown) => desk.event(`exec.approval.${name}`, payload);
  return { ...one, desk, state, tell, ids: () => state().open.map(({ id }) => id) };
}

Deno.test("Requests are listed at the connect and join by their event, each once", async () => {
  const { desk, tell, ids, settle } = scene({ "exec.approval.list": () => [ask("a"), 7, { id: "no command" }] });
  await desk.refresh();
  tell("requested", ask("a"));
  tell("requested", ask("b"));
  tell("requested", { id: "c" });
  await settle();
  assert.deepEqual(ids(), ["a", "b"]);
});

Deno.test("Our own decision is told as ours, whichever comes first: answer or event", async () => {
  for (const eventFirst of [true, false]) {
    const { desk, tell, state, calls, settle } = scene({
      "exec.approval.resolve": () => {
        if (eventFirst) tell("resolved", { id: "a", decision: "allow-once", resolvedBy: "WebChat", ts: NOW });
        return { ok: true };
      },
    });
    tell("requested", ask("a"));
    const [approval] = state().open;
    assert.ok(approval);
    await desk.decide(approval, "allow-once");
    if (!eventFirst) tell("resolved", { id: "a", decision: "allow-once", resolvedBy: "WebChat", ts: NOW });
    await settle();
    assert.deepEqual(calls("exec.approval.resolve"), [{ id: "a", decision: "allow-once" }]);
    assert.deepEqual(state().open, []);
    assert.deepEqual(state().endings.map(({ end, own }) => ({ end, own })), [{ end: "allow-once", own: true }]);
  }
});

Deno.test("What somebody else decides says who; a line goes away by itself", async () => {
  const { tell, state, pass } = scene();
  tell("requested", ask("a"));
  tell("resolved", { id: "a", decision: "deny", resolvedBy: "Ann's CLI", ts: NOW });
  tell("resolved", { id: "unknown", decision: "deny", ts: NOW });
  assert.deepEqual(state().endings.map(({ end, by, own }) => [end, by, own]), [["deny", "Ann's CLI", false]]);
  await pass(13_000);
  assert.deepEqual(state().endings, []);
});

Deno.test("A request that nobody decided goes by the gateway's clock", async () => {
  const { store, tell, state, pass } = scene();
  store.dispatch({ type: "channels", change: { skewMs: 5_000 } });
  tell("requested", ask("a", 20_000));
  tell("requested", ask("b", 40_000));
  await pass(14_000);
  assert.equal(state().open.length, 2);
  await pass(2_000);
  assert.deepEqual(state().endings.map(({ id, end }) => [id, end]), [["a", "expired"]]);
  await pass(20_000);
  assert.equal(state().open.length, 0);
});

Deno.test("A refusal stands on its card; one that came too late takes the card away", async () => {
  const { desk, tell, state, answers } = scene();
  answers["exec.approval.resolve"] = () => {
    throw new RequestError("INVALID_REQUEST", "missing scope: operator.approvals");
  };
  tell("requested", ask("a"));
  const [approval] = state().open;
  assert.ok(approval);
  await desk.decide(approval, "deny");
  assert.deepEqual(state().failures["a"], { kind: "right", text: "operator.approvals" });
  answers["exec.approval.resolve"] = () => {
    throw new RequestError("INVALID_REQUEST", "unknown approval id");
  };
  await desk.decide(approval, "deny");
  assert.deepEqual(state().open, []);
  assert.equal(state().endings[0]?.end, "gone");
  assert.deepEqual(state().busy, []);
});

Deno.test("Without the right nothing is asked", async () => {
  const { desk, calls } = scene({}, ["operator.read"]);
  await desk.refresh();
  assert.equal(calls("exec.approval.list").length, 0);
});

Deno.test("Payloads are read with care", () => {
  assert.equal(readApproval({ id: "x", request: { command: "" } }), undefined);
  assert.equal(readResolved({ id: "x", decision: "maybe" }), undefined);
  assert.equal(visibly("rm \u202etxt.exe\u2028; ls\n\u0007"), "rm \\u{202e}txt.exe\\u{2028}; ls\n\\u{7}");
  assert.deepEqual([isLong("ls"), isLong("a\n".repeat(9)), isLong("x".repeat(500))], [false, true, true]);
  assert.equal(briefly(`a\n  b ${"c".repeat(90)}`).length, 60);
});
