/** What becomes of messages that find their session busy, and how lanes share the model. */
import assert from "node:assert/strict";
import type { Config } from "../config/types.ts";
import { fakeConfig } from "../../tests/helpers/services.ts";
import { png, RunLab, textOf } from "../../tests/helpers/run_lab.ts";

const queue = (change: Partial<Config["queue"]>): { config: Partial<Config> } => ({
  config: { queue: { ...fakeConfig().queue, ...change } },
});

Deno.test("collect waits for a pause and makes one turn of what came meanwhile", async () => {
  const lab = new RunLab();
  lab.send("first", { runId: "r1" });
  const first = lab.call();
  const second = lab.send("and this", { runId: "r2" });
  lab.tick(400);
  const third = lab.send("and that", { runId: "r3" });
  await first.answer("ok");
  lab.tick(999);
  assert.equal(lab.runner.calls.length, 1, "a further message may still come");
  lab.tick(1);
  const call = lab.call(1);
  assert.equal(
    call.prompt,
    "[Queued messages while agent was busy]\n\n---\nQueued #1\nand this\n\n---\nQueued #2\nand that",
  );
  await call.answer("both");
  assert.deepEqual(lab.story("r2"), ["chat final"], "an honest end without a message");
  assert.equal(lab.events("chat", "r2")[0]?.["message"], undefined);
  assert.equal(lab.story("r3").at(-1), "chat final");
  assert.deepEqual([(await second.final).state, (await third.final).state], ["ok", "ok"]);
  assert.deepEqual(lab.lines(), [
    "user: first",
    "assistant: ok",
    "user: and this",
    "user: and that",
    "assistant: both",
  ]);
});

Deno.test("a single collected message is an ordinary turn", async () => {
  const lab = new RunLab();
  lab.send("first", { runId: "r1" });
  const first = lab.call();
  lab.send("second", { runId: "r2" });
  await first.answer("ok");
  lab.tick(1_000);
  const call = lab.call(1);
  assert.equal(call.prompt, "second");
  await call.answer("fine");
});

Deno.test("followup gives each message its own turn, in order", async () => {
  const lab = new RunLab(queue({ mode: "followup" }));
  for (const text of ["one", "two", "three"]) lab.send(text, { runId: text });
  for (const text of ["one", "two", "three"]) {
    const call = lab.call(lab.runner.calls.length);
    assert.equal(call.prompt, text);
    await call.answer(`re ${text}`);
  }
  assert.deepEqual(lab.lines().filter((line) => line.startsWith("assistant")), [
    "assistant: re one",
    "assistant: re two",
    "assistant: re three",
  ]);
});

Deno.test("steer behaves as followup, because the agent cannot be steered", async () => {
  const lab = new RunLab(queue({ mode: "steer" }));
  lab.send("one", { runId: "r1" });
  const call = lab.call();
  lab.send("two", { runId: "r2" });
  assert.equal(call.signal.aborted, false);
  await call.answer("1");
  assert.equal(lab.call(1).prompt, "two");
});

Deno.test("interrupt stops the run, drops what waits and runs the newest", async () => {
  const lab = new RunLab();
  const first = lab.send("one", { runId: "r1" });
  const call = lab.call();
  const second = lab.send("two", { runId: "r2" });
  lab.send("three", { runId: "r3", queueMode: "interrupt" });
  assert.equal(call.signal.aborted, true);
  assert.deepEqual([(await first.final).state, (await second.final).state], ["aborted", "aborted"]);
  assert.deepEqual([lab.story("r1").at(-1), lab.story("r2")], ["chat aborted", ["chat aborted"]]);
  const next = lab.call(1);
  assert.equal(next.prompt, "three");
  await next.answer("3");
});

Deno.test("an agent call is a turn of its own and is never merged", async () => {
  const lab = new RunLab();
  lab.send("one", { runId: "r1" });
  const call = lab.call();
  lab.send("two", { runId: "r2" });
  lab.send("program", { runId: "a1", method: "agent" });
  lab.send("three", { runId: "r3" });
  await call.answer("1");
  const second = lab.call(1);
  assert.equal(second.prompt, "two", "nothing can join it any more, so it does not wait");
  await second.answer("2");
  const program = lab.call(2);
  assert.ok(program.prompt.endsWith("program"));
  await program.answer("3");
  lab.tick(1_000);
  assert.equal(lab.call(3).prompt, "three");
});

Deno.test("drop summarize folds the oldest message into the newest turn", async () => {
  const lab = new RunLab(queue({ cap: 2 }));
  lab.send("busy", { runId: "r0" });
  const call = lab.call();
  const dropped = lab.send("alpha ".repeat(60), { runId: "r1" });
  lab.send("beta", { runId: "r2" });
  lab.send("gamma", { runId: "r3" });
  assert.equal((await dropped.final).state, "ok");
  assert.deepEqual(lab.story("r1"), ["chat final"]);
  await call.answer("done");
  lab.tick(1_000);
  const { prompt } = lab.call(1);
  assert.ok(prompt.startsWith("[Earlier queued messages, shortened]\n- alpha alpha"));
  assert.ok(prompt.includes("…"), "a long message is cut");
  assert.ok(prompt.endsWith("Queued #1\nbeta\n\n---\nQueued #2\ngamma"));
});

Deno.test("drop old ends the oldest with an error, drop new refuses the newest", async () => {
  const old = new RunLab(queue({ cap: 1, drop: "old" }));
  old.send("busy", { runId: "r0" });
  old.call();
  const dropped = old.send("alpha", { runId: "r1" });
  old.send("beta", { runId: "r2" });
  const final = await dropped.final;
  assert.ok(final.state === "error" && final.message.includes("full queue"));
  assert.equal(old.story("r1").at(-1), "chat error");

  const fresh = new RunLab(queue({ cap: 1, drop: "new" }));
  fresh.send("busy", { runId: "r0" });
  fresh.call();
  fresh.send("alpha", { runId: "r1" });
  assert.throws(() => fresh.send("beta", { runId: "r2" }), {
    code: "UNAVAILABLE",
    message: "Cannot queue the message: 1 already wait in this session",
  });
  assert.equal(fresh.runs.find("r2"), undefined);
});

Deno.test("a full queue refuses agent calls whatever its drop rule", () => {
  const lab = new RunLab(queue({ cap: 1 }));
  lab.send("busy", { runId: "r0", method: "agent" });
  lab.call();
  lab.send("waits", { runId: "r1", method: "agent" });
  assert.throws(() => lab.send("too many", { runId: "r2", method: "agent" }), { code: "UNAVAILABLE" });
  assert.throws(() => lab.send("too many", { runId: "r3" }), { code: "UNAVAILABLE" }, "nothing there may be dropped");
});

Deno.test("a session's own queue settings beat the configuration", async () => {
  const lab = new RunLab();
  lab.services.sessions.update("main", { queueMode: "followup" });
  lab.send("one", { runId: "r1" });
  const call = lab.call();
  lab.send("two", { runId: "r2" });
  lab.send("three", { runId: "r3" });
  await call.answer("1");
  assert.equal(lab.call(1).prompt, "two");
});

Deno.test("sessions run side by side up to the cap, then in the order in which they became ready", async () => {
  const { agents } = fakeConfig();
  const lab = new RunLab({ config: { agents: { ...agents, maxConcurrent: 2 } } });
  for (const key of ["a", "b", "c", "d"]) lab.send(key, { runId: key, sessionKey: key });
  lab.send("a2", { runId: "a2", sessionKey: "a", method: "agent" });
  lab.tick();
  assert.deepEqual(lab.runner.calls.map(({ prompt }) => prompt), ["a", "b"]);
  await lab.runner.calls[0]?.answer("1");
  lab.tick();
  assert.equal(lab.runner.calls[2]?.prompt, "c", "a's second message stands behind c and d");
  lab.runs.abort({ sessionKey: "b" }, "rpc");
  lab.tick();
  assert.equal(lab.runner.calls[3]?.prompt, "d", "an abort frees its place at once");
  await lab.runner.calls[2]?.answer("3");
  lab.tick();
  assert.ok(lab.runner.calls[4]?.prompt.endsWith("a2"));
});

Deno.test("images of collected messages go together", async () => {
  const lab = new RunLab();
  lab.services.sessions.update("main", { providerOverride: "fake", modelOverride: "thinker" });
  lab.send("busy", { runId: "r0" });
  const call = lab.call();
  lab.send("this", { runId: "r1", attachments: [png()] });
  lab.send("that", { runId: "r2", attachments: [png()] });
  await call.answer("ok");
  lab.tick(1_000);
  const message = lab.call(1).request.messages.at(-1);
  assert.equal(message?.content.filter(({ type }) => type === "image").length, 2);
  assert.ok(textOf(message).includes("Queued #2\nthat"));
});
