/** `agent` and `call` against a fake gateway: what they send, what they print, how they end. */
import assert from "node:assert/strict";
import { answers, run } from "../../tests/helpers/cli_run.ts";
import type { FakeRequest, Handler } from "../../tests/helpers/fake_gateway.ts";
import { agentCommand } from "./agent.ts";
import { callCommand, KEYED_METHODS } from "./call.ts";
import { CliError } from "./exit.ts";

const agentRun: Handler = (request, socket) => {
  const runId = request.params["idempotencyKey"];
  const event = (stream: string, data: unknown) =>
    socket.event("agent", { runId, seq: 1, ts: 1, sessionKey: "agent:main:main", stream, data });
  if (request.method !== "agent") return;
  socket.answer(request, { runId, status: "accepted" });
  event("assistant", { text: "Let me see", delta: "Let me see" });
  event("tool", { phase: "start", name: "time", toolCallId: "1", args: {} });
  socket.event("agent", { runId: "other", stream: "assistant", data: { text: "not ours", delta: "not ours" } });
  event("assistant", { text: "Noon", delta: "Noon" });
  socket.answer(request, {
    runId,
    status: "ok",
    summary: "completed",
    result: { payloads: [{ text: "Let me see" }, { text: "Noon" }], meta: { durationMs: 5, aborted: false } },
  });
};

Deno.test("agent streams its own run, with tools between the text", async () => {
  const { code, stdout, requests } = await run(agentCommand, agentRun, {
    options: { message: "Time?", session: "work", thinking: "high", timeout: "90", deliver: true, channel: "last" },
  });
  assert.equal(code, 0);
  assert.equal(stdout, "Let me see\n· tool time\nNoon\n");
  const { idempotencyKey, ...params } = requests[0]?.params ?? {};
  assert.match(String(idempotencyKey), /^[0-9a-f-]{36}$/u);
  assert.deepEqual(params, {
    message: "Time?",
    timeout: 90,
    deliver: true,
    sessionKey: "work",
    thinking: "high",
    channel: "last",
  });
});

Deno.test("agent --json prints the final answer alone, and reads a message from a pipe", async () => {
  const { stdout, requests } = await run(agentCommand, agentRun, { stdin: "From a pipe\n", options: { json: true } });
  assert.equal(JSON.parse(stdout).status, "ok");
  assert.deepEqual([requests[0]?.params["message"], requests[0]?.params["sessionKey"]], ["From a pipe", "main"]);
});

Deno.test("agent prints the final text when nothing was streamed", async () => {
  const handler: Handler = (request, socket) =>
    socket.answer(request, { status: "ok", result: { payloads: [{ text: "All\x1b[2J at once" }] } });
  assert.equal((await run(agentCommand, handler, { args: ["Hi", "there"] })).stdout, "All[2J at once\n");
});

Deno.test("a run that fails ends with 1 and its sentence, one to come back to with 75", async () => {
  const failing = (more: Record<string, unknown>): Handler => (request, socket) => {
    socket.answer(request, { runId: "r", status: "accepted" });
    const error = { code: "UNAVAILABLE", message: "The model refused the key", ...more };
    socket.refuse(request, error, { runId: "r", status: "error", summary: "x" });
  };
  const failed = (await run(agentCommand, failing({}), { args: ["Hi"] })).code;
  assert.ok(failed instanceof CliError && failed.exit === "failed");
  assert.equal(failed.message, "The run failed: The model refused the key");
  const limited = (await run(agentCommand, failing({ retryAfterMs: 1000 }), { args: ["Hi"] })).code;
  assert.ok(limited instanceof CliError && limited.exit === "temporary");
});

Deno.test("Ctrl-C stops the run once, a second one leaves", async () => {
  const stopping: Handler = (request, socket) => {
    const runId = request.params["idempotencyKey"];
    if (request.method === "agent") socket.answer(request, { runId, status: "accepted" });
  };
  const asked: string[] = [];
  const twice = await run(agentCommand, stopping, {
    args: ["Hi"],
    onRequest: ({ method }, interrupt) => {
      asked.push(method);
      interrupt();
    },
  });
  assert.equal(twice.code, 130);
  assert.deepEqual(asked, ["agent", "chat.abort"]);
  assert.match(twice.stdout, /stopping the run; Ctrl-C again to leave/u);

  let running: FakeRequest | undefined;
  const once = await run(agentCommand, (request, socket) => {
    if (request.method === "agent") running = request;
    else if (running !== undefined) {
      socket.answer(request, { ok: true, aborted: true });
      socket.answer(running, { status: "ok", result: { payloads: [], meta: { aborted: true } } });
    }
  }, { args: ["Hi"], onRequest: ({ method }, interrupt) => method === "agent" && interrupt() });
  assert.equal(once.code, 130);
  assert.match(once.stderr, /The run was stopped/u);
  assert.deepEqual(once.requests[1]?.params, { sessionKey: "main", runId: running?.params["idempotencyKey"] });
});

Deno.test("a connection lost in mid-run names the way to the answer", async () => {
  const { code } = await run(agentCommand, (_, socket) => socket.drop(), {
    args: ["Hi"],
    options: { session: "work" },
  });
  assert.ok(code instanceof CliError && code.exit === "unreachable");
  assert.match(code.hints.join(), /openclaw sessions show work/u);
});

Deno.test("agent without a message, or with a wrong level, is a usage error before anything is sent", async () => {
  for (const setup of [{ inputTty: true }, { stdin: "  " }, { args: ["Hi"], options: { thinking: "hard" } }]) {
    const { code, requests } = await run(agentCommand, agentRun, setup);
    assert.ok(code instanceof CliError && code.exit === "usage");
    assert.deepEqual(requests, []);
  }
});

Deno.test("call sends its parameters as given and adds a key only where one is needed", async () => {
  const echo: Handler = (request, socket) => socket.answer(request, { echo: request.params });
  const plain = await run(callCommand, echo, { args: ["sessions.list", '{"limit":5}'] });
  assert.deepEqual(JSON.parse(plain.stdout), { echo: { limit: 5 } });
  const keyed = await run(callCommand, echo, { args: ["chat.send"], options: { params: '{"message":"x"}' } });
  assert.match(JSON.parse(keyed.stdout).echo.idempotencyKey, /^[0-9a-f-]{36}$/u);
  const own = await run(callCommand, echo, { args: ["send", '{"idempotencyKey":"mine"}'] });
  assert.equal(JSON.parse(own.stdout).echo.idempotencyKey, "mine");
  const piped = await run(callCommand, echo, { args: ["health", "-"], stdin: '{"probe":true}' });
  assert.deepEqual(JSON.parse(piped.stdout), { echo: { probe: true } });
});

Deno.test("call refuses parameters that are no JSON object, without connecting", async () => {
  for (const text of ["{", "[]", "null", '"x"']) {
    const { code, requests } = await run(callCommand, answers({}), { args: ["health", text] });
    assert.ok(code instanceof CliError && code.exit === "usage", text);
    assert.deepEqual(requests, []);
  }
});

Deno.test("call knows each method that needs a key", async () => {
  const { METHODS } = await import("../rpc/registry.ts");
  const needed = METHODS.filter(({ idempotency }) => idempotency !== "none").map(({ name }) => name);
  assert.deepEqual(needed.filter((name) => !KEYED_METHODS.has(name)), []);
});

Deno.test("an error of the gateway keeps its sentence and gets an exit code", async () => {
  const refusing = (error: Record<string, unknown>): Handler => (request, socket) => socket.refuse(request, error);
  const codeOf = async (error: Record<string, unknown>) => {
    const { code } = await run(callCommand, refusing(error), { args: ["health"] });
    assert.ok(code instanceof CliError);
    assert.ok(code.message.includes(String(error["message"])), code.message);
    return code.exit;
  };
  assert.equal(await codeOf({ code: "INVALID_REQUEST", message: "no such thing" }), "failed");
  assert.equal(await codeOf({ code: "FORBIDDEN", message: "missing scope: operator.admin" }), "refused");
  assert.equal(await codeOf({ code: "UNAVAILABLE", message: "busy" }), "temporary");
  assert.equal(await codeOf({ code: "UNAVAILABLE", message: "broken", retryable: false }), "failed");
  assert.equal(await codeOf({ code: "NOT_PAIRED", message: "pairing required" }), "notPaired");
});
