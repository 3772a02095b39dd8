/** Restarts: every accepted run is run again or ended, and no session is stuck. */
import assert from "node:assert/strict";
import { RunLab, settle } from "../../tests/helpers/run_lab.ts";
import { RESTARTED } from "./recovery.ts";

Deno.test("a run that was in progress ends with an error that says so", async () => {
  const before = new RunLab();
  before.send("hello", { runId: "r1" });
  before.call().say("half");
  const lab = new RunLab({ after: before });
  lab.runs.recover();
  assert.deepEqual(lab.story("r1"), ["agent lifecycle error", "chat error"]);
  assert.equal(lab.events("chat", "r1")[0]?.["errorMessage"], RESTARTED);
  const last = lab.history().at(-1);
  assert.ok(last?.role === "assistant");
  assert.deepEqual([last.stopReason, last.errorMessage], ["error", RESTARTED]);
  const again = lab.send("hello", { runId: "r1" });
  assert.equal(again.status, "done");
  assert.deepEqual(await again.final, { state: "error", runId: "r1", message: RESTARTED, kind: "restarted" });
  lab.send("next", { runId: "r2" });
  await lab.call().answer("fine");
  assert.equal(lab.story("r2").at(-1), "chat final");
});

Deno.test("queued runs start again in their order, with what they were asked", async () => {
  const before = new RunLab();
  before.send("one", { runId: "r1" });
  before.call();
  before.send("two", { runId: "r2", thinking: "high" });
  before.send("three", { runId: "a3", method: "agent", extraSystemPrompt: "be quick" });
  const lab = new RunLab({ after: before });
  lab.runs.recover();
  assert.equal(lab.runs.activeCount(), 2);
  const repeat = lab.send("two", { runId: "r2" });
  assert.equal(repeat.status, "in_flight");
  const second = lab.call(0);
  assert.deepEqual([second.prompt, second.request.thinking], ["two", "high"]);
  await second.answer("2");
  assert.equal((await repeat.final).state, "ok");
  const third = lab.call(1);
  assert.ok(third.prompt.endsWith("three") && third.request.system.endsWith("be quick"));
  await third.answer("3");
  assert.deepEqual(lab.lines().slice(-4), ["user: two", "assistant: 2", "user: three", "assistant: 3"]);
});

Deno.test("a queued message that is too old is not run, but kept with the reason", () => {
  const before = new RunLab();
  before.send("forgotten", { runId: "r1" });
  const lab = new RunLab({ after: before });
  lab.tick(15 * 60_000);
  lab.services.bus.published.length = 0;
  lab.runs.recover();
  assert.equal(lab.runs.activeCount(), 0);
  assert.deepEqual(lab.lines(), ["user: forgotten", "assistant: "]);
  assert.ok(String(lab.events("chat", "r1")[0]?.["errorMessage"]).includes("send it again"));
});

Deno.test("a run whose session was deleted ends without bringing the session back", () => {
  const before = new RunLab();
  before.send("hello", { runId: "r1" });
  before.call();
  before.services.sessions.remove("main", true);
  const lab = new RunLab({ after: before });
  lab.runs.recover();
  assert.equal(lab.services.sessions.get("main"), undefined);
  assert.equal(lab.db.get("SELECT COUNT(*) AS n FROM transcript")?.["n"], 0);
  assert.equal(lab.db.get("SELECT state FROM runs")?.["state"], "error");
});

Deno.test("drain refuses new runs, waits for running ones and keeps waiting ones for the next start", async () => {
  const before = new RunLab();
  before.send("one", { runId: "r1" });
  const call = before.call();
  before.send("two", { runId: "r2" });
  const drained = before.runs.drain(10_000);
  assert.throws(() => before.send("three"), { message: "gateway is stopping", code: "UNAVAILABLE" });
  await call.answer("1");
  await drained;
  before.tick(5_000);
  assert.equal(before.runner.calls.length, 1);
  const lab = new RunLab({ after: before });
  lab.runs.recover();
  assert.equal(lab.call(0).prompt, "two");
});

Deno.test("drain ends what is not done in time with an error that says so", async () => {
  const lab = new RunLab();
  const ticket = lab.send("slow", { runId: "r1" });
  const call = lab.call();
  call.say("almo");
  const drained = lab.runs.drain(5_000);
  lab.tick(5_000);
  await drained;
  await settle();
  const final = await ticket.final;
  assert.ok(final.state === "error" && final.message.includes("stopped while this run was in progress"));
  assert.equal(call.signal.aborted, true);
  assert.deepEqual(lab.lines(), ["user: slow", "assistant: almo"]);
});
