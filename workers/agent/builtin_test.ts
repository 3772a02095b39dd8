/** Unit tests of the offline model. */
import assert from "node:assert/strict";
import type { RunStart } from "../../schemas/worker/agent.ts";
import { planAnswer, tellOutcome } from "./builtin_answers.ts";
import { builtinEngine, pieces } from "./builtin_engine.ts";

const TOOLS = new Set(["time", "sessions_list", "sessions_history"]);
const ask = (text: string, tools: ReadonlySet<string> = TOOLS) => planAnswer({ text, hasImage: false, tools });

Deno.test("it says what it is and how to get a real model, in the language of the message", () => {
  const english = ask("Hello").text;
  assert.match(english, /^Hello! I am the built-in offline model/u);
  assert.match(english, /ANTHROPIC_API_KEY.*Ollama/u);
  assert.match(ask("你好").text, /^您好！我是这个网关内置的离线模型.*OPENAI_API_KEY/u);
  assert.match(ask("Tell me a story").text, /^You wrote: “Tell me a story”/u);
  assert.match(ask("").text, /You sent no text/u);
});

Deno.test("questions that a tool answers call it, and a missing tool is said", () => {
  for (const text of ["What time is it?", "what's the date", "现在几点？"]) {
    assert.equal(ask(text).tool?.name, "time", text);
  }
  for (const text of ["list my sessions", "列出会话"]) assert.equal(ask(text).tool?.name, "sessions_list", text);
  for (const text of ["show the history", "我们聊了什么"]) assert.equal(ask(text).tool?.name, "sessions_history", text);
  const without = ask("What time is it?", new Set());
  assert.equal(without.tool, undefined);
  assert.match(without.text, /`time` is not available/u);
});

Deno.test("a photo, the place and the devices are asked for by their tools, and pictures are counted", () => {
  const tools = new Set(["camera_snap", "location_get", "nodes_list"]);
  assert.equal(ask("Please take a photo", tools).tool?.name, "camera_snap");
  assert.equal(ask("帮我拍张照片", tools).tool?.name, "camera_snap");
  assert.equal(ask("Where am I?", tools).tool?.name, "location_get");
  assert.equal(ask("which devices are there", tools).tool?.name, "nodes_list");
  const images = [{ type: "image" as const, data: "QUJD", mimeType: "image/jpeg" }];
  const outcome = { callId: "1", name: "camera_snap", text: "640 x 480", isError: false };
  assert.equal(
    tellOutcome(ask("hi"), { ...outcome, images }),
    "The tool `camera_snap` says: 640 x 480 I got 1 picture from it, but I cannot see what is on it.",
  );
  assert.match(tellOutcome(ask("你好"), { ...outcome, images: [...images, ...images] }), /2 张图片/u);
  assert.equal(tellOutcome(ask("hi"), outcome), "The tool `camera_snap` says: 640 x 480");
});

Deno.test("counting is bounded and long messages are quoted in part", () => {
  assert.equal(ask("please count to 5").text, "1 2 3 4 5");
  assert.equal(ask("数到 3").text, "1 2 3");
  assert.equal(ask("count to 999999999").text.split(" ").length, 1000);
  assert.ok(ask("x".repeat(100_000)).text.length < 1000);
});

Deno.test("results of tools become sentences, odd ones too", () => {
  const tell = (name: string, text: string, isError = false) =>
    tellOutcome(ask("hi"), { callId: "1", name, text, isError });
  assert.equal(tell("time", '{"local":"noon","timeZone":"UTC"}'), "It is noon (UTC), says the tool `time`.");
  const sessions = JSON.stringify({ total: 30, sessions: [{ key: "agent:main:main" }, { key: "k", label: "Work" }] });
  assert.equal(
    tell("sessions_list", sessions),
    "There are 30 sessions:\n\n- agent:main:main\n- Work\n\n… and 28 more.",
  );
  assert.match(tell("sessions_history", '{"messages":[{"role":"user","text":"a\\nb"}]}'), /- user: a b/u);
  assert.match(tell("time", "broken", true), /failed: broken/u);
  assert.match(tell("sessions_list", "no json"), /There are 0 sessions/u);
});

Deno.test("text is streamed in words, Chinese in pairs, and nothing is lost", () => {
  assert.deepEqual(pieces("one  two\nthree"), ["one  ", "two\n", "three"]);
  assert.deepEqual(pieces("你好，世界 ok"), ["你好", "，世", "界 ", "ok"]);
  const mixed = ask("hi").text + ask("你好").text;
  assert.equal(pieces(mixed).join(""), mixed);
});

function start(more: Partial<RunStart>): RunStart {
  return {
    type: "run.start",
    runId: "r",
    target: { provider: "builtin", model: "offline", api: "builtin" },
    system: "",
    messages: [{ role: "user", content: [{ type: "text", text: "What time is it?" }], timestamp: 1 }],
    tools: [{ name: "time", description: "t", inputSchema: {} }],
    thinking: "off",
    maxSteps: 4,
    ...more,
  };
}

Deno.test("a conversation calls its tool once and then answers", async () => {
  const conversation = await builtinEngine(0)(start({ thinking: "low" }));
  const said: string[] = [];
  const io = {
    delta: (kind: string, text: string) => said.push(`${kind}:${text}`),
    signal: new AbortController().signal,
  };
  const first = await conversation.step([], io);
  assert.equal(first.stopReason, "toolUse");
  assert.match(first.thinking, /tool time/u);
  assert.ok(said[0]?.startsWith("thinking:"));
  const call = first.toolCalls[0];
  assert.ok(call);
  const outcome = { callId: call.id, name: call.name, text: '{"local":"noon","timeZone":"UTC"}', isError: false };
  const second = await conversation.step([outcome], io);
  assert.deepEqual([second.stopReason, second.thinking, second.toolCalls.length], ["stop", "", 0]);
  assert.match(second.text, /It is noon/u);
});

Deno.test("an abort ends the stream between two words", async () => {
  const conversation = await builtinEngine(0)(start({ tools: [] }));
  const abort = new AbortController();
  let words = 0;
  const io = { delta: () => void (++words === 2 && abort.abort()), signal: abort.signal };
  await assert.rejects(conversation.step([], io), { name: "AbortError" });
  assert.equal(words, 2);
});
