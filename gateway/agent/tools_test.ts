/** Unit tests of the first tools and of running a tool. */
import assert from "node:assert/strict";
import { assistantSays, fakeConfig, fakeServices, userSays } from "../../tests/helpers/services.ts";
import { FakeClock } from "../../tests/helpers/fake_clock.ts";
import { createTools, runTool, type ToolResult } from "./tools.ts";
import type { Tool } from "./types.ts";

const agent = (id: string) => ({
  id,
  name: undefined,
  identity: {},
  model: undefined,
  workspace: undefined,
  systemPrompt: undefined,
});

function lab() {
  const base = fakeConfig();
  const config = { ...base, agents: { ...base.agents, list: [agent("main"), agent("other")] } };
  const services = fakeServices({ config });
  const { sessions, transcript, clock } = services;
  const tools = createTools(services);
  const context = {
    sessionKey: "agent:main:main",
    agentId: "main",
    runId: "run-1",
    toolCallId: "call-1",
    trusted: true,
    toChat: false,
    signal: new AbortController().signal,
  };
  const run = (name: string, args: Record<string, unknown> = {}, trusted = true): Promise<ToolResult> =>
    runTool(tools, name, args, { ...context, trusted }, clock);
  for (const key of ["agent:main:main", "agent:main:work", "agent:other:main"]) {
    const { sessionId } = sessions.ensure(key);
    transcript.append(sessionId, userSays(`question in ${key}`));
    transcript.append(sessionId, assistantSays(`answer in ${key}`));
  }
  return { run, sessions, transcript, clock };
}

Deno.test("time tells the clock's time, in the zone asked for", async () => {
  const { run, clock } = lab();
  const { text } = await run("time", { timeZone: "Asia/Shanghai" });
  const told = JSON.parse(text);
  assert.equal(told.iso, new Date(clock.now()).toISOString());
  assert.equal(told.timeZone, "Asia/Shanghai");
  assert.match(told.local, /GMT\+8/u);
  assert.equal(JSON.parse((await run("time")).text).iso, told.iso);
  assert.match((await run("time", { timeZone: "Mars/Base" })).text, /no such time zone/u);
});

Deno.test("sessions_list shows the agent's own sessions and no other agent's", async () => {
  const { run } = lab();
  const { text, isError } = await run("sessions_list");
  const told = JSON.parse(text);
  assert.equal(isError, false);
  assert.equal(told.total, 2);
  const keys = told.sessions.map((session: { key: string }) => session.key).sort();
  assert.deepEqual(keys, ["agent:main:main", "agent:main:work"]);
  assert.deepEqual(told.sessions.map((session: { messages: number }) => session.messages), [2, 2]);
});

Deno.test("a stranger's run reads its own conversation and hears of no other", async () => {
  const { run } = lab();
  assert.match((await run("sessions_history", {}, false)).text, /question in agent:main:main/u);
  const other = await run("sessions_history", { sessionKey: "agent:main:work" }, false);
  const missing = await run("sessions_history", { sessionKey: "agent:main:nowhere" }, false);
  assert.ok(other.isError && missing.isError);
  assert.equal(other.text.replace("work", "nowhere"), missing.text);
  assert.match((await run("sessions_list", {}, false)).text, /only the owner/u);
});

Deno.test("sessions_history reads this conversation or another one of the same agent", async () => {
  const { run } = lab();
  const here = JSON.parse((await run("sessions_history")).text);
  assert.deepEqual(here.messages.map((message: { text: string }) => message.text), [
    "question in agent:main:main",
    "answer in agent:main:main",
  ]);
  const there = JSON.parse((await run("sessions_history", { sessionKey: "agent:main:work", limit: 1 })).text);
  assert.deepEqual(there.messages.map((message: { role: string }) => message.role), ["assistant"]);
});

Deno.test("another agent's session reads like one that does not exist", async () => {
  const { run } = lab();
  const words = (text: string) => text.replaceAll(/"[^"]*"/gu, '""');
  const other = await run("sessions_history", { sessionKey: "agent:other:main" });
  const missing = await run("sessions_history", { sessionKey: "agent:main:nowhere" });
  assert.ok(other.isError && missing.isError);
  assert.doesNotMatch(other.text, /question|answer/u);
  assert.match(missing.text, /no such session/u);
  assert.equal(words(other.text), words(missing.text));
});

Deno.test("arguments that do not match, and unknown tools, are results that say so", async () => {
  const { run } = lab();
  assert.match((await run("sessions_list", { limit: 5000 })).text, /limit/u);
  assert.match((await run("time", { zone: "UTC" })).text, /unexpected property 'zone'/u);
  const unknown = await run("format_disk");
  assert.deepEqual(unknown, { text: 'There is no tool "format_disk"', isError: true });
});

Deno.test("a long history is bounded", async () => {
  const { run, sessions, transcript } = lab();
  const { sessionId } = sessions.ensure("agent:main:main");
  for (let index = 0; index < 60; index++) transcript.append(sessionId, userSays("界".repeat(5000)));
  const { text } = await run("sessions_history", { limit: 50 });
  assert.ok(new TextEncoder().encode(text).length <= (32 << 10) + 32);
  assert.match(text, /\[cut at 32 KiB\]$/u);
});

const tool = (run: Tool["run"]): Tool => ({ name: "t", description: "t", inputSchema: {}, run });
const context = (signal = new AbortController().signal) => ({
  sessionKey: "k",
  agentId: "a",
  runId: "r",
  toolCallId: "c",
  trusted: true,
  toChat: false,
  signal,
});

Deno.test("a tool that takes too long is given up and told so by its signal", async () => {
  const clock = new FakeClock();
  let seen: AbortSignal | undefined;
  const slow = tool((_, { signal }) => {
    seen = signal;
    return new Promise(() => {});
  });
  const result = runTool([slow], "t", {}, context(), clock);
  clock.advance(30_000);
  assert.deepEqual(await result, { text: "Cannot finish t: it took longer than 30 s", isError: true });
  assert.equal(seen?.aborted, true);
});

Deno.test("an abort of the run ends the wait for its tool", async () => {
  const abort = new AbortController();
  const result = runTool([tool(() => new Promise(() => {}))], "t", {}, context(abort.signal), new FakeClock());
  abort.abort();
  assert.match((await result).text, /the run was stopped/u);
});

Deno.test("what a tool throws becomes an error result", async () => {
  const failing = tool(() => {
    throw new Error("no luck");
  });
  assert.deepEqual(await runTool([failing], "t", {}, context(), new FakeClock()), { text: "no luck", isError: true });
});
