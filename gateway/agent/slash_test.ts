/** Every slash command, as a client sees it. */
import assert from "node:assert/strict";
import { isStopText, parseCommand, SLASH_COMMANDS } from "../session/commands.ts";
import { RunLab, settle, textOf } from "../../tests/helpers/run_lab.ts";

const TRIGGERS = ["/new", "/reset"];

/** Sends a command and returns the text of its answer. */
async function ask(lab: RunLab, command: string): Promise<string> {
  const ticket = lab.send(command, { sessionKey: "main" });
  const { runId } = ticket;
  assert.deepEqual(lab.story(runId), [], "the answer comes after the response");
  lab.tick();
  assert.deepEqual(lab.story(runId), ["chat final"], "no agent events");
  const event = lab.events("chat", runId)[0];
  assert.deepEqual([event?.["seq"], event?.["sessionKey"]], [1, "main"]);
  const final = await ticket.final;
  assert.ok(final.state === "ok");
  const text = final.payloads[0]?.text ?? "";
  assert.equal(textOf(lab.history().at(-1)), text, "the answer is kept");
  return text;
}

Deno.test("commands are recognised by name and alias, and other slashes stay text", () => {
  assert.deepEqual(parseCommand("/status", TRIGGERS), { name: "status", rest: "" });
  assert.deepEqual(parseCommand(" /T high ", TRIGGERS), { name: "think", rest: "high" });
  assert.deepEqual(parseCommand("/model: a/b", TRIGGERS), { name: "model", rest: "a/b" });
  assert.deepEqual(parseCommand("/new hello\nyou", TRIGGERS), { name: "new", rest: "hello\nyou" });
  for (const text of ["/etc/hosts", "/newer", "/unknown", "hello /status", "/"]) {
    assert.equal(parseCommand(text, TRIGGERS), undefined, text);
  }
  assert.deepEqual(parseCommand("/fresh x", ["/fresh"]), { name: "reset", rest: "x" });
  assert.equal(parseCommand("/new", ["/fresh"]), undefined, "configured triggers replace the usual ones");
});

Deno.test("every command of the table is recognised by each of its spellings", () => {
  for (const { name, aliases } of SLASH_COMMANDS) {
    for (const word of [`/${name}`, ...aliases]) assert.equal(parseCommand(word, TRIGGERS)?.name, name, word);
  }
});

Deno.test("stop texts are whole messages", () => {
  for (const text of ["/stop", " STOP ", "esc", "abort", "wait", "exit", "interrupt"]) {
    assert.ok(isStopText(text), text);
  }
  for (const text of ["stop it", "wait a minute", "/stopp"]) assert.equal(isStopText(text), false, text);
});

Deno.test("/new and /reset start a new session id without a model call", async () => {
  for (const command of ["/new", "/reset"]) {
    const lab = new RunLab();
    lab.send("hello");
    await lab.call().answer("hi");
    const before = lab.services.sessions.get("main")?.sessionId;
    assert.equal(await ask(lab, command), "New session started");
    assert.notEqual(lab.services.sessions.get("main")?.sessionId, before);
    assert.deepEqual(lab.lines(), ["assistant: New session started"]);
    assert.equal(lab.runner.calls.length, 1);
  }
});

Deno.test("/new with a text runs the text in the new session", async () => {
  const lab = new RunLab();
  lab.send("hello");
  await lab.call().answer("hi");
  lab.send("/new what now", { runId: "r2" });
  const call = lab.call(1);
  assert.equal(call.prompt, "what now");
  assert.equal(call.request.messages.length, 1, "the old session is not in the prompt");
  await call.answer("this");
  assert.deepEqual(lab.lines(), ["user: what now", "assistant: this"]);
});

Deno.test("/new with a model chooses it, with or without a text", async () => {
  const lab = new RunLab();
  assert.equal(await ask(lab, "/new fake/thinker"), "New session started with fake/thinker");
  lab.send("/new thinker go on", { runId: "r2" });
  const call = lab.call(0);
  assert.deepEqual([call.request.target.model, call.prompt], ["thinker", "go on"]);
});

Deno.test("/new stops what runs first", async () => {
  const lab = new RunLab();
  lab.send("long", { runId: "r1" });
  const call = lab.call();
  call.say("part");
  await ask(lab, "/new");
  assert.equal(call.signal.aborted, true);
  assert.equal(lab.story("r1").at(-1), "chat aborted");
  assert.deepEqual(lab.lines(), ["assistant: New session started"]);
});

Deno.test("/stop with words behind it stops as well and says how much", async () => {
  const lab = new RunLab();
  assert.equal(await ask(lab, "/stop please"), "Nothing was running");
  lab.send("long", { runId: "r1" });
  lab.call();
  assert.equal(await ask(lab, "/stop please"), "Stopped 1 run");
});

Deno.test("/status tells session, model, tokens and queue, also while a run is active", async () => {
  const lab = new RunLab();
  lab.send("hello");
  await lab.call().answer("hi");
  lab.send("again", { runId: "r2" });
  lab.call(1);
  const text = await ask(lab, "/status");
  assert.ok(text.includes("Session: agent:main:main, 3 messages"), text);
  assert.ok(text.includes("Model: fake/small"), text);
  assert.ok(text.includes("Tokens: 10 in, 3 out in the last run; context 13 of 128000 (0 %)"), text);
  assert.ok(text.includes("Queue: collect, cap 20; 1 run active"), text);
});

Deno.test("neither a command nor its answer goes to the model", async () => {
  const lab = new RunLab();
  await ask(lab, "/status");
  await ask(lab, "/help");
  lab.send("hello");
  const call = lab.call();
  assert.deepEqual(call.request.messages.map(textOf), ["hello"]);
});

Deno.test("/model shows, chooses and clears", async () => {
  const lab = new RunLab();
  assert.ok((await ask(lab, "/model")).includes("- fake/thinker"));
  assert.equal(await ask(lab, "/model fake/thinker"), "Model: fake/thinker, from the next message on");
  assert.equal(lab.services.sessions.get("main")?.entry.modelOverride, "thinker");
  assert.ok((await ask(lab, "/model nonsense")).startsWith('There is no model "nonsense"'));
  assert.equal(await ask(lab, "/model default"), "Model: fake/small (the default)");
  assert.equal(lab.services.sessions.get("main")?.entry.modelOverride, undefined);
});

Deno.test("/think shows, sets, clears, refuses, and counts for one message with a text", async () => {
  const lab = new RunLab();
  assert.ok((await ask(lab, "/think")).startsWith("Thinking: off (the default)"));
  assert.equal(await ask(lab, "/think high"), "Thinking: high");
  assert.ok((await ask(lab, "/think enormously")).startsWith('There is no thinking level "enormously"'));
  assert.ok(
    (await ask(lab, "/think xhigh")).startsWith('There is no thinking level "xhigh"'),
    "the model does not reason",
  );
  lab.send("/think low what is this", { runId: "r1" });
  const call = lab.call();
  assert.deepEqual([call.request.thinking, call.prompt], ["low", "what is this"]);
  await call.answer("a test");
  assert.equal(lab.services.sessions.get("main")?.entry.thinkingLevel, "high");
  assert.equal(await ask(lab, "/think default"), "Thinking: off (the default)");
});

Deno.test("/queue shows, sets, clears and says that steering is not possible", async () => {
  const lab = new RunLab();
  assert.ok((await ask(lab, "/queue")).startsWith("Queue: collect, debounce 1000 ms, cap 20, drop summarize"));
  assert.equal(
    await ask(lab, "/queue followup debounce:2s cap:25 drop:old"),
    "Queue: followup, debounce 2000 ms, cap 25, drop old",
  );
  assert.ok((await ask(lab, "/queue steer")).includes("cannot be steered"));
  assert.ok((await ask(lab, "/queue sideways")).startsWith('Cannot read "sideways"'));
  assert.ok((await ask(lab, "/queue cap:0")).startsWith('Cannot read "cap:0"'));
  assert.equal(await ask(lab, "/queue default"), "Queue: collect, debounce 1000 ms, cap 20, drop summarize");
});

Deno.test("/help lists every command", async () => {
  const text = await ask(new RunLab(), "/help");
  for (const { name } of SLASH_COMMANDS) assert.ok(text.includes(`/${name}`), name);
});

Deno.test("a repeated command is answered from the ledger and does nothing again", async () => {
  const lab = new RunLab();
  lab.send("/new", { runId: "same" });
  const id = lab.services.sessions.get("main")?.sessionId;
  const again = lab.send("/new", { runId: "same" });
  assert.equal(again.status, "done");
  assert.equal(lab.services.sessions.get("main")?.sessionId, id);
  await settle();
});

Deno.test("agent knows only the words that start a new session", async () => {
  const lab = new RunLab();
  const ticket = lab.send("/new", { method: "agent", runId: "a1" });
  const final = await ticket.final;
  assert.ok(final.state === "ok");
  assert.deepEqual(final.payloads, [{ text: "New session started" }]);
  lab.send("/status", { method: "agent", runId: "a2" });
  assert.ok(lab.call().prompt.endsWith("/status"));
});

Deno.test("plain text is never a command", () => {
  const lab = new RunLab();
  lab.send("/status", { plain: true });
  assert.equal(lab.call().prompt, "/status");
});
