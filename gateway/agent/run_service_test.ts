/** The life of runs: events, order, endings, repeats. */
import assert from "node:assert/strict";
import { RunLab, settle } from "../../tests/helpers/run_lab.ts";
import { ModelError, type Tool } from "./types.ts";

Deno.test("a run streams from lifecycle start to chat final in the recorded order", async () => {
  const lab = new RunLab();
  const ticket = lab.send("hello", { runId: "r1" });
  assert.equal(ticket.status, "new");
  assert.equal(ticket.sessionKey, "agent:main:main");
  assert.deepEqual(lab.story("r1"), [], "nothing happens before the caller has its answer");
  const call = lab.call();
  call.say("w0", " w1");
  await call.answer("w0 w1");
  assert.deepEqual(lab.story("r1"), [
    "agent lifecycle start",
    "agent assistant",
    "chat delta",
    "agent assistant",
    "agent assistant",
    "chat delta",
    "agent lifecycle end",
    "chat final",
  ]);
  const seqs = lab.events("agent", "r1").map(({ seq }) => seq);
  assert.deepEqual(seqs, [1, 2, 3, 4, 5]);
  assert.equal((await ticket.final).state, "ok");
});

Deno.test("assistant text is cumulative and the final holds the last message", async () => {
  const lab = new RunLab();
  lab.send("hello", { runId: "r1" });
  const call = lab.call();
  call.say("one", " two");
  call.message("one two");
  await call.end();
  const texts = lab.events("agent", "r1").filter(({ stream }) => stream === "assistant").map(({ data }) => data);
  assert.deepEqual(texts, [{ text: "one", delta: "one" }, { text: "one two", delta: " two" }]);
  const final = lab.events("chat", "r1").at(-1);
  assert.deepEqual(final?.["message"], {
    role: "assistant",
    content: [{ type: "text", text: "one two" }],
    timestamp: lab.services.clock.now(),
  });
  assert.equal(final?.["seq"], 4);
  assert.deepEqual(lab.lines(), ["user: hello", "assistant: one two"]);
});

Deno.test("chat deltas come at once, then at most every 75 ms, and none of the text is lost", async () => {
  const lab = new RunLab();
  lab.send("hello", { runId: "r1" });
  const call = lab.call();
  call.say("a", "b", "c");
  assert.equal(lab.events("chat", "r1").length, 1);
  lab.tick(74);
  assert.equal(lab.events("chat", "r1").length, 1);
  lab.tick(1);
  assert.deepEqual(lab.events("chat", "r1").map(({ deltaText }) => deltaText), ["a", "bc"]);
  call.say("d");
  call.message("abcd");
  await call.end();
  const deltas = lab.events("chat", "r1").filter(({ state }) => state === "delta");
  assert.equal(deltas.map(({ deltaText }) => deltaText).join(""), "abcd");
});

Deno.test("a tool call runs, is told to the caller alone, and both messages are kept", async () => {
  const seen: unknown[] = [];
  const tool: Tool = {
    name: "time",
    description: "the time",
    inputSchema: { type: "object" },
    run: (args, { sessionKey }) => (seen.push(args, sessionKey), "noon"),
  };
  const lab = new RunLab({ tools: [tool] });
  const client = lab.client({ connId: "mine" });
  lab.services.bus.recipients.push(client, lab.client({ connId: "other" }));
  lab.send("what time", { runId: "r1", client });
  const call = lab.call();
  assert.deepEqual(call.request.tools.map(({ name }) => name), ["time"]);
  call.say("let me look");
  call.message("let me look", { stopReason: "toolUse", toolCalls: [{ id: "t1", name: "time", arguments: { z: 1 } }] });
  const result = await call.observer.tool({ id: "t1", name: "time", args: { z: 1 } }, call.signal);
  assert.deepEqual(result, { text: "noon", isError: false });
  await call.answer("it is noon");
  assert.deepEqual(seen, [{ z: 1 }, "agent:main:main"]);
  const tools = lab.services.bus.delivered.filter(({ payload }) => (payload as { stream?: string }).stream === "tool");
  assert.deepEqual(tools.map(({ connId }) => connId), ["mine", "mine"]);
  assert.deepEqual(lab.events("agent", "r1").filter(({ stream }) => stream === "tool").map(({ data }) => data), [
    { phase: "start", name: "time", toolCallId: "t1", args: { z: 1 } },
    { phase: "result", name: "time", toolCallId: "t1", isError: false },
  ]);
  const deltas = lab.events("chat", "r1").filter(({ state }) => state === "delta");
  assert.equal(deltas.at(-1)?.["replace"], true, "the second message replaces the first in the chat view");
  assert.deepEqual(lab.history().map(({ role }) => role), ["user", "assistant", "toolResult", "assistant"]);
  assert.deepEqual(lab.events("chat", "r1").at(-1)?.["message"], {
    role: "assistant",
    content: [{ type: "text", text: "it is noon" }],
    timestamp: lab.services.clock.now(),
  });
});

Deno.test("tool results stand in events only at verbose level full, and an unknown tool is an error result", async () => {
  const lab = new RunLab();
  lab.services.sessions.update("main", { verboseLevel: "full" });
  lab.send("go", { runId: "r1" });
  const call = lab.call();
  const result = await call.observer.tool({ id: "t1", name: "nope", args: {} }, call.signal);
  assert.deepEqual(result, { text: 'There is no tool "nope"', isError: true });
  const event = lab.events("agent", "r1").at(-1)?.["data"];
  assert.deepEqual(event, {
    phase: "result",
    name: "nope",
    toolCallId: "t1",
    isError: true,
    result: { content: [{ type: "text", text: 'There is no tool "nope"' }] },
  });
  await call.answer("done");
});

Deno.test("NO_REPLY shows nothing: no deltas and a final without message", async () => {
  const lab = new RunLab();
  lab.send("psst", { runId: "r1" });
  const call = lab.call();
  call.say("NO", "_REP", "LY");
  call.message("NO_REPLY");
  await call.end();
  assert.deepEqual(lab.story("r1"), ["agent lifecycle start", "agent lifecycle end", "chat final"]);
  assert.equal(lab.events("chat", "r1")[0]?.["message"], undefined);
});

Deno.test("a short answer that only begins like NO_REPLY is shown when it is complete", async () => {
  const lab = new RunLab();
  lab.send("ok?", { runId: "r1" });
  const call = lab.call();
  call.say("NO");
  call.message("NO");
  await call.end();
  assert.deepEqual(lab.story("r1"), [
    "agent lifecycle start",
    "agent assistant",
    "chat delta",
    "agent lifecycle end",
    "chat final",
  ]);
});

Deno.test("thinking is streamed only when it was asked for", async () => {
  const lab = new RunLab();
  lab.send("one", { runId: "r1" });
  lab.call().think("hm");
  await lab.runner.calls[0]?.answer("1");
  assert.equal(lab.events("agent", "r1").some(({ stream }) => stream === "thinking"), false);
  lab.send("two", { runId: "r2", thinking: "high" });
  const call = lab.call();
  call.think("h");
  call.think("m");
  await call.answer("2");
  const thoughts = lab.events("agent", "r2").filter(({ stream }) => stream === "thinking").map(({ data }) => data);
  assert.deepEqual(thoughts, [{ text: "h", delta: "h" }, { text: "hm", delta: "m" }]);
  assert.equal(call.request.thinking, "high");
});

Deno.test("a model error reaches the user as its sentence with its kind, and the partial text is kept", async () => {
  const lab = new RunLab();
  const ticket = lab.send("hello", { runId: "r1" });
  const call = lab.call();
  call.say("I was say");
  await call.fail(new ModelError("rate_limit", "fake refused: too many requests, wait 20 s"));
  assert.deepEqual(lab.story("r1").slice(-2), ["agent lifecycle error", "chat error"]);
  const error = lab.events("chat", "r1").at(-1);
  assert.equal(error?.["errorMessage"], "fake refused: too many requests, wait 20 s");
  assert.equal(error?.["errorKind"], "rate_limit");
  assert.equal((await ticket.final).state, "error");
  const last = lab.history().at(-1);
  assert.ok(last?.role === "assistant");
  assert.deepEqual([last.stopReason, last.errorMessage], ["error", "fake refused: too many requests, wait 20 s"]);
  assert.deepEqual(lab.lines(), ["user: hello", "assistant: I was say"]);
});

Deno.test("a runner that throws, at once or later, ends the run and frees the lane", async () => {
  const lab = new RunLab();
  lab.runner.broken = new Error("worker is gone");
  const first = lab.send("one", { runId: "r1" });
  lab.tick();
  await settle();
  const final = await first.final;
  assert.ok(final.state === "error" && final.message.includes("worker is gone"));
  lab.runner.broken = undefined;
  lab.send("two", { runId: "r2" });
  await lab.call().fail(new Error("later"));
  lab.send("three", { runId: "r3" });
  await lab.call().answer("fine");
  assert.deepEqual(lab.story("r3").at(-1), "chat final");
  assert.equal(lab.runs.activeCount(), 0);
});

Deno.test("a bus that throws does not keep the lane", async () => {
  const lab = new RunLab();
  lab.send("one", { runId: "r1" });
  const call = lab.call();
  const { publish } = lab.services.bus;
  lab.services.bus.publish = () => {
    throw new Error("no bus today");
  };
  call.message("x");
  await call.end();
  lab.services.bus.publish = publish;
  assert.equal(lab.runs.activeCount(), 0);
  lab.send("two", { runId: "r2" });
  await lab.call().answer("fine");
  assert.equal(lab.story("r2").at(-1), "chat final");
});

Deno.test("a session model that is gone ends the run with a sentence", async () => {
  const lab = new RunLab();
  lab.services.sessions.update("main", { providerOverride: "fake", modelOverride: "removed" });
  const ticket = lab.send("hello", { runId: "r1" });
  lab.tick();
  const final = await ticket.final;
  assert.deepEqual(final, { state: "error", runId: "r1", message: "unknown model: fake/removed", kind: "bad_model" });
});

Deno.test("abort in the run sends the partial text before it returns, stops the model and frees the lane", async () => {
  const lab = new RunLab();
  const ticket = lab.send("hello", { runId: "r1" });
  const call = lab.call();
  call.say("half an ans");
  assert.deepEqual(lab.runs.abort({ sessionKey: "main" }, "rpc"), ["r1"]);
  const event = lab.events("chat", "r1").at(-1);
  assert.deepEqual([event?.["state"], event?.["stopReason"], event?.["seq"]], ["aborted", "rpc", 3]);
  assert.equal(event?.["sessionKey"], "main", "the key as the client wrote it");
  assert.equal(JSON.stringify(event?.["message"]).includes("half an ans"), true);
  assert.equal(call.signal.aborted, true);
  lab.send("next", { runId: "r2" });
  await lab.call(1).answer("yes");
  call.say("too late");
  await call.end(true);
  assert.equal(lab.story("r1").at(-1), "chat aborted", "nothing follows an abort");
  assert.deepEqual(lab.lines(), ["user: hello", "assistant: half an ans", "user: next", "assistant: yes"]);
  const final = await ticket.final;
  assert.ok(final.state === "aborted");
  assert.deepEqual(final.payloads, [{ text: "half an ans" }]);
  assert.equal(lab.services.sessions.get("main")?.entry.abortedLastRun, undefined, "the next run cleared it");
});

Deno.test("abort finds a waiting run by its id, and the running one goes on", async () => {
  const lab = new RunLab();
  lab.send("one", { runId: "r1" });
  const call = lab.call();
  const waiting = lab.send("two", { runId: "r2" });
  assert.deepEqual(lab.runs.find("r2"), { sessionKey: "agent:main:main" });
  assert.deepEqual(lab.runs.abort({ sessionKey: "elsewhere", runId: "r2" }, "rpc"), ["r2"]);
  assert.equal((await waiting.final).state, "aborted");
  assert.deepEqual(lab.story("r2"), ["chat aborted"]);
  await call.answer("one");
  lab.tick(5000);
  assert.equal(lab.runner.calls.length, 1);
  assert.deepEqual(lab.lines(), ["user: one", "assistant: one"]);
});

Deno.test("a run past its deadline ends with an error that says so", async () => {
  const lab = new RunLab();
  const ticket = lab.send("slow", { runId: "r1", timeoutMs: 2_000 });
  const call = lab.call();
  call.say("thinking abou");
  lab.tick(1_999);
  assert.equal(lab.story("r1").at(-1), "chat delta");
  lab.tick(1);
  const final = await ticket.final;
  assert.deepEqual(final, {
    state: "error",
    runId: "r1",
    message: "The run was stopped: no complete answer within its time limit of 2 s",
    kind: "timeout",
  });
  assert.equal(lab.events("chat", "r1").at(-1)?.["errorKind"], "timeout");
  assert.equal(call.signal.aborted, true);
});

Deno.test("no timeout means the configured one, and 0 the longest", async () => {
  const lab = new RunLab();
  const usual = lab.send("a", { sessionKey: "a" });
  const long = lab.send("b", { sessionKey: "b", timeoutMs: 0 });
  lab.call(1);
  lab.tick(600_000);
  assert.equal((await usual.final).state, "error");
  assert.equal(lab.runs.activeCount(), 1);
  lab.tick(24 * 3_600_000);
  assert.equal((await long.final).state, "error");
});

Deno.test("a repeat in flight shares the run, a repeat afterwards gets its end", async () => {
  const lab = new RunLab();
  const first = lab.send("hello", { runId: "same" });
  const again = lab.send("hello", { runId: "same" });
  assert.deepEqual([again.status, again.acceptedAt], ["in_flight", first.acceptedAt]);
  await lab.call().answer("hi");
  const after = lab.send("hello", { runId: "same" });
  assert.equal(after.status, "done");
  assert.deepEqual(await after.final, await first.final);
  assert.deepEqual(await again.final, await first.final);
  assert.equal(lab.runner.calls.length, 1);
});

Deno.test("the same key of another device or method is another run", () => {
  const lab = new RunLab();
  assert.equal(lab.send("a", { runId: "same" }).status, "new");
  assert.equal(lab.send("a", { runId: "same", client: lab.client({ deviceId: "phone" }) }).status, "new");
  assert.equal(lab.send("a", { runId: "same", method: "agent" }).status, "new");
});

Deno.test("a repeat after a restart gets the stored end, until its time is over", async () => {
  const before = new RunLab();
  const first = before.send("hello", { runId: "same" });
  await before.call().answer("hi");
  const lab = new RunLab({ after: before });
  lab.runs.recover();
  const again = lab.send("hello", { runId: "same" });
  assert.equal(again.status, "done");
  assert.deepEqual(await again.final, JSON.parse(JSON.stringify(await first.final)));
  lab.tick(300_000);
  assert.equal(lab.send("hello", { runId: "same" }).status, "new");
});

Deno.test("maintenance forgets old ends and keeps at most a thousand", async () => {
  const lab = new RunLab();
  for (let index = 0; index < 1_002; index++) lab.send("/status", { runId: `r${index}` });
  lab.runs.maintenance();
  assert.equal(lab.db.get("SELECT COUNT(*) AS n FROM runs")?.["n"], 1_000);
  lab.tick(600_000);
  lab.runs.maintenance();
  assert.equal(lab.db.get("SELECT COUNT(*) AS n FROM runs")?.["n"], 0);
  await settle();
});

Deno.test("wait answers at the end, from memory, after the timeout, and for a run that comes later", async () => {
  const lab = new RunLab();
  const signal = new AbortController().signal;
  const early = lab.runs.wait("r1", 1_000, signal);
  const now = lab.services.clock.now();
  lab.send("hello", { runId: "r1" });
  lab.call();
  assert.deepEqual(await lab.runs.wait("r1", 0, signal), { status: "timeout", startedAt: now });
  const short = lab.runs.wait("r1", 10, signal);
  lab.tick(10);
  assert.deepEqual(await short, { status: "timeout", startedAt: now });
  await lab.runner.calls[0]?.answer("hi");
  const end = { status: "ok", startedAt: now, endedAt: now + 10 };
  assert.deepEqual(await early, end);
  assert.deepEqual(await lab.runs.wait("r1", 1_000, signal), end);
  const unknown = lab.runs.wait("nobody", 5, signal);
  lab.tick(5);
  assert.deepEqual(await unknown, { status: "timeout" });
});

Deno.test("wait gives the reason of a failed run, and ends with its caller", async () => {
  const lab = new RunLab();
  const caller = new AbortController();
  lab.send("hello", { runId: "r1" });
  const call = lab.call();
  const left = lab.runs.wait("r1", 1_000, caller.signal);
  const stays = lab.runs.wait("r1", 1_000, new AbortController().signal);
  caller.abort();
  assert.equal((await left).status, "timeout");
  await call.fail(new ModelError("no_key", "no key for fake"));
  const failed = await stays;
  assert.deepEqual([failed.status, failed.error], ["error", "no key for fake"]);
});

Deno.test("active shows what a page needs after a reload: text so far, and messages that wait", () => {
  const lab = new RunLab();
  lab.send("one", { runId: "r1" });
  lab.call().say("so far");
  lab.send("two", { runId: "r2" });
  const [running, waiting] = lab.runs.active("main");
  assert.deepEqual([running?.runId, running?.state, running?.text, running?.message], [
    "r1",
    "running",
    "so far",
    undefined,
  ]);
  assert.deepEqual([waiting?.state, waiting?.startedAt, waiting?.message?.role], ["queued", undefined, "user"]);
  assert.equal(lab.runs.activeCount(), 2);
});

Deno.test("counters of the session hold the last run's tokens and how full the context is", async () => {
  const lab = new RunLab({ tools: [] });
  lab.send("hello", { runId: "r1" });
  const call = lab.call();
  call.message("a", { stopReason: "toolUse", toolCalls: [], usage: { input: 10, output: 2, total: 12, cacheRead: 4 } });
  call.message("b", { usage: { input: 20, output: 3, total: 23 } });
  await call.end();
  const entry = lab.services.sessions.get("main")?.entry;
  assert.deepEqual([entry?.inputTokens, entry?.outputTokens, entry?.totalTokens, entry?.model], [30, 5, 23, "small"]);
  const row = lab.db.get("SELECT final FROM runs");
  const final = JSON.parse(String(row?.["final"]));
  assert.deepEqual(final.usage, { input: 30, output: 5, cacheRead: 4, total: 35 });
  assert.deepEqual(final.payloads, [{ text: "a" }, { text: "b" }]);
});

Deno.test("a session whose time is over starts anew with the next message, but not under a working run", async () => {
  const lab = new RunLab();
  lab.send("old", { runId: "r1" });
  await lab.call().answer("old answer");
  const before = lab.services.sessions.get("main")?.sessionId;
  lab.tick(24 * 3_600_000);
  lab.send("new day", { runId: "r2", timeoutMs: 0 });
  const call = lab.call();
  const after = lab.services.sessions.get("main")?.sessionId;
  assert.notEqual(after, before);
  assert.deepEqual(lab.lines(), ["user: new day"]);
  lab.tick(20 * 3_600_000);
  lab.send("still here", { runId: "r3" });
  assert.equal(lab.services.sessions.get("main")?.sessionId, after);
  await call.answer("morning");
});

Deno.test("a session with send policy deny and a blank message are refused before anything is written", () => {
  const lab = new RunLab();
  assert.throws(() => lab.send("  "), { message: "message or attachment required" });
  lab.services.sessions.update("main", { sendPolicy: "deny" });
  assert.throws(() => lab.send("hi"), { message: "send blocked by session policy" });
  assert.equal(lab.db.get("SELECT COUNT(*) AS n FROM runs")?.["n"], 0);
});

Deno.test("a message that is too long and a run too many are refused", () => {
  const lab = new RunLab();
  assert.throws(() => lab.send("x".repeat(1_000_001)), { code: "INVALID_REQUEST" });
  for (let index = 0; index < 1_000; index++) lab.send("hi", { sessionKey: `s${index}` });
  assert.throws(() => lab.send("hi", { sessionKey: "one more" }), {
    code: "UNAVAILABLE",
    message: "Cannot take the message: 1000 runs are waiting already",
  });
  assert.equal(lab.runs.activeCount(), 1_000);
});

Deno.test("a tool that hangs does not hang the session: the deadline ends the run and stops the tool", async () => {
  let stopped = false;
  const tool: Tool = {
    name: "hang",
    description: "never answers",
    inputSchema: { type: "object" },
    run: (_args, { signal }) =>
      new Promise<string>((resolve) =>
        signal.addEventListener("abort", () => {
          stopped = true;
          resolve("stopped");
        })
      ),
  };
  const lab = new RunLab({ tools: [tool] });
  const ticket = lab.send("go", { runId: "r1", timeoutMs: 1_000 });
  const call = lab.call();
  const result = call.observer.tool({ id: "t1", name: "hang", args: {} }, call.signal);
  lab.tick(1_000);
  assert.equal((await ticket.final).state, "error");
  assert.match((await result).text, /stopped/u);
  assert.equal(stopped, true);
  lab.send("next", { runId: "r2" });
  await lab.call(1).answer("fine");
  assert.equal(lab.story("r2").at(-1), "chat final");
  assert.deepEqual(lab.history().map(({ role }) => role), ["user", "assistant", "user", "assistant"]);
});

Deno.test("a tool that throws gives the model its sentence", async () => {
  const tool: Tool = {
    name: "bad",
    description: "throws",
    inputSchema: { type: "object" },
    run: () => {
      throw new Error("no such session");
    },
  };
  const lab = new RunLab({ tools: [tool] });
  lab.send("go", { runId: "r1" });
  const call = lab.call();
  const result = await call.observer.tool({ id: "t1", name: "bad", args: {} }, call.signal);
  assert.deepEqual(result, { text: "no such session", isError: true });
  await call.answer("sorry");
});

Deno.test("a listener that throws at acceptance leaves the run in its lane", async () => {
  const lab = new RunLab();
  const { publish } = lab.services.bus;
  lab.services.bus.publish = () => {
    throw new Error("no bus today");
  };
  assert.throws(() => lab.send("hello", { runId: "r1" }), { message: "no bus today" });
  lab.services.bus.publish = publish;
  assert.equal(lab.send("hello", { runId: "r1" }).status, "in_flight");
  await lab.call().answer("hi");
  assert.equal(lab.story("r1").at(-1), "chat final");
});
