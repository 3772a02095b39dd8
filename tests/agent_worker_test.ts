/** The agent worker for real: its own thread, the SDK, and fake endpoints that speak the providers' stream formats. */
import assert from "node:assert/strict";
import { createModelRunner } from "../gateway/agent/runner.ts";
import { ModelError } from "../gateway/agent/types.ts";
import { systemClock } from "../gateway/observe/clock.ts";
import { silentLog } from "../gateway/observe/log.ts";
import { ANTHROPIC, failure, GOOGLE, OPENAI, withServer } from "./helpers/agent_lab.ts";
import {
  BUILTIN_TARGET,
  modelsConfig,
  observe,
  type Recorded,
  request,
  runOnce,
  TIME_TOOL,
  userSays,
} from "./helpers/agent_run.ts";
import { eventually, within } from "./helpers/wait.ts";
import { SIGNATURE } from "./servers/anthropic.ts";

const texts = (recorded: Recorded, kind: "text" | "thinking") =>
  recorded.deltas.filter((delta) => delta.kind === kind).map((delta) => delta.text);

const PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==";

for (const provider of [OPENAI, ANTHROPIC, GOOGLE]) {
  Deno.test(`${provider.api}: thinking and text arrive piece by piece, then the message with its usage`, async () => {
    await using lab = await withServer(provider, () => ({
      thinking: ["Let me ", "think"],
      text: ["Hel", "lo ", "世界"],
      usage: { input: 11, output: 5 },
    }));
    const seen = await runOnce(lab.runner, request(lab.target, { thinking: "high" }));
    assert.match(
      JSON.stringify(lab.server.requests[0]?.body),
      /"reasoning_effort":"high"|"thinking":\{|"includeThoughts":true/u,
    );
    assert.equal(seen.aborted, false);
    assert.deepEqual(texts(seen, "thinking"), ["Let me ", "think"]);
    assert.deepEqual(texts(seen, "text"), ["Hel", "lo ", "世界"]);
    assert.deepEqual(seen.messages, [{
      text: "Hello 世界",
      thinking: "Let me think",
      toolCalls: [],
      stopReason: "stop",
      usage: { input: 11, output: 5, total: 16 },
    }]);
  });

  Deno.test(`${provider.api}: a tool call goes to main and its result back to the model`, async () => {
    await using lab = await withServer(
      provider,
      (_, index) =>
        index === 0
          ? {
            thinking: ["I need the time"],
            text: ["Looking"],
            toolCalls: [{ id: "call_1", name: "time", args: { timeZone: "Asia/Shanghai" } }],
          }
          : { text: ["It is noon"] },
    );
    const seen = await runOnce(
      lab.runner,
      request(lab.target, { tools: [TIME_TOOL], thinking: "medium" }),
      () => Promise.resolve({ text: "12:00", isError: false }),
    );
    assert.deepEqual(seen.tools, [{ name: "time", args: { timeZone: "Asia/Shanghai" } }]);
    assert.deepEqual(seen.messages.map(({ text, stopReason }) => ({ text, stopReason })), [
      { text: "Looking", stopReason: "toolUse" },
      { text: "It is noon", stopReason: "stop" },
    ]);
    assert.deepEqual(seen.order.slice(-4), ["message", "tool", "delta", "message"]);
    assert.match(JSON.stringify(lab.server.requests[1]?.body), /12:00/u);
  });

  Deno.test(`${provider.api}: an abort ends the run at once and closes the HTTP request`, async () => {
    await using lab = await withServer(provider, () => ({ text: ["one ", "two "], then: "hang" }));
    const abort = new AbortController();
    const { observer, deltas } = observe(undefined, () => deltas.length >= 2 && abort.abort());
    const result = await within("the aborted run", lab.runner.run(request(lab.target), observer, abort.signal));
    assert.deepEqual(result, { aborted: true });
    assert.equal(deltas.length, 2);
    await eventually("the server to see the request closed", () => lab.server.closedByClient() === 1);
  });

  Deno.test(`${provider.api}: a connection that breaks in mid-answer is an error, not a short answer`, async () => {
    await using lab = await withServer(provider, () => ({ text: ["half an "], then: "cut" }));
    const error = await failure(lab, "unreachable");
    assert.match(error.message, /lost in mid-answer|before it was complete/u);
  });

  Deno.test(`${provider.api}: an answer cut at its token limit says so`, async () => {
    await using lab = await withServer(provider, () => ({ text: ["long"], finish: "length" }));
    const seen = await runOnce(lab.runner, request(lab.target));
    assert.equal(seen.messages[0]?.stopReason, "length");
  });

  Deno.test(`${provider.api}: a refusal by the provider's filter is an error of its own kind`, async () => {
    await using lab = await withServer(provider, () => ({ text: ["no"], finish: "filter" }));
    await failure(lab, "refusal");
  });

  Deno.test(`${provider.api}: the key goes to the endpoint, and history becomes its messages`, async () => {
    await using lab = await withServer(provider, () => ({ text: ["fine"] }));
    await runOnce(
      lab.runner,
      request({ ...lab.target, vision: true }, {
        messages: [
          userSays("First question"),
          { role: "assistant", content: [{ type: "text", text: "First answer" }], timestamp: 2 },
          {
            role: "user",
            content: [{ type: "text", text: "And this?" }, { type: "image", data: PNG, mimeType: "image/png" }],
            timestamp: 3,
          },
        ],
      }),
    );
    const sent = lab.server.requests[0];
    const keys = ["authorization", "x-api-key", "x-goog-api-key"].map((name) => sent?.headers.get(name) ?? "").join("");
    assert.ok(keys.endsWith("sk-test-000000000000"));
    const body = JSON.stringify(sent?.body);
    for (const part of ["Be brief", "First question", "First answer", "And this?", PNG]) assert.ok(body.includes(part));
  });
}

Deno.test("a thought's signature is repeated to the model in the tool loop", async () => {
  await using lab = await withServer(
    ANTHROPIC,
    (_, index) =>
      index === 0 ? { thinking: ["hm"], toolCalls: [{ id: "call_1", name: "time", args: {} }] } : { text: ["done"] },
  );
  await runOnce(lab.runner, request(lab.target, { tools: [TIME_TOOL], thinking: "high" }));
  assert.ok(JSON.stringify(lab.server.requests[1]?.body).includes(SIGNATURE));
});

Deno.test("a tool loop without an end is ended at the step limit", async () => {
  await using lab = await withServer(OPENAI, (_, index) => ({
    toolCalls: [{ id: `call_${index}`, name: "time", args: {} }],
  }));
  const what = request(lab.target, { tools: [TIME_TOOL], maxSteps: 3 });
  const error = await runOnce(lab.runner, what).catch((error: unknown) => error);
  assert.ok(error instanceof ModelError);
  assert.match(error.message, /3 times/u);
  assert.equal(lab.server.requests.length, 3);
});

Deno.test("arguments that are no JSON never reach a tool, and the model hears why", async () => {
  await using lab = await withServer(
    OPENAI,
    (_, index) => index === 0 ? { toolCalls: [{ id: "call_1", name: "time", args: "{broken" }] } : { text: ["sorry"] },
  );
  const seen = await runOnce(lab.runner, request(lab.target, { tools: [TIME_TOOL] }));
  assert.deepEqual(seen.tools, []);
  assert.match(JSON.stringify(lab.server.requests[1]?.body), /not valid JSON/u);
});

Deno.test("a tool is told when its run is aborted", async () => {
  await using lab = await withServer(OPENAI, () => ({ toolCalls: [{ id: "call_1", name: "time", args: {} }] }));
  const abort = new AbortController();
  const stopped = Promise.withResolvers<void>();
  const { observer } = observe((_, signal) => {
    signal.addEventListener("abort", () => stopped.resolve());
    abort.abort();
    return new Promise(() => {});
  });
  const result = await lab.runner.run(request(lab.target, { tools: [TIME_TOOL] }), observer, abort.signal);
  assert.deepEqual(result, { aborted: true });
  await within("the tool's signal", stopped.promise);
});

Deno.test("many runs share one worker and each gets its own answer in order", async () => {
  await using lab = await withServer(OPENAI, (seen) => {
    const name = /name-\d+/u.exec(JSON.stringify(seen.body))?.[0] ?? "";
    return { text: Array.from({ length: 20 }, (_, index) => `${name}:${index} `) };
  });
  await Promise.all(Array.from({ length: 24 }, async (_, index) => {
    const seen = await runOnce(lab.runner, request(lab.target, { messages: [userSays(`name-${index}`)] }));
    assert.deepEqual(texts(seen, "text"), Array.from({ length: 20 }, (_, piece) => `name-${index}:${piece} `));
  }));
  assert.equal(lab.runner.status().generation, 1);
  assert.equal(lab.runner.status().runs, 0);
});

Deno.test("the offline model answers without any network, calls a tool and can be stopped", async () => {
  const runner = createModelRunner({ config: modelsConfig([]), clock: systemClock, log: silentLog });
  try {
    const hello = await runOnce(runner, request(BUILTIN_TARGET));
    assert.match(hello.messages[0]?.text ?? "", /built-in offline model.*OPENAI_API_KEY/su);
    assert.ok(hello.deltas.length > 10);

    const asked = request(BUILTIN_TARGET, { tools: [TIME_TOOL], messages: [userSays("What time is it?")] });
    const time = await runOnce(
      runner,
      asked,
      () => Promise.resolve({ text: JSON.stringify({ local: "noon", timeZone: "UTC" }), isError: false }),
    );
    assert.deepEqual(time.tools, [{ name: "time", args: {} }]);
    assert.match(time.messages.at(-1)?.text ?? "", /It is noon \(UTC\)/u);

    const abort = new AbortController();
    const { observer, deltas } = observe(undefined, () => deltas.length === 3 && abort.abort());
    const count = request(BUILTIN_TARGET, { messages: [userSays("count to 500")] });
    assert.deepEqual(await runner.run(count, observer, abort.signal), { aborted: true });
    assert.equal(deltas.map(({ text }) => text).join(""), "1 2 3 ");
  } finally {
    await runner.stop();
  }
});
