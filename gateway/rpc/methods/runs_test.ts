/** agent, agent.wait, chat.send, chat.abort and send as clients of both protocols see them. */
import assert from "node:assert/strict";
import type { Protocol } from "../../../schemas/frame.ts";
import { checker } from "../../../schemas/validate.ts";
import { RunLab, settle } from "../../../tests/helpers/run_lab.ts";
import { callMethod, fakeConfig } from "../../../tests/helpers/services.ts";
import { ModelError } from "../../agent/types.ts";
import type { MethodDef } from "../define.ts";
import { agentMethods } from "./agent.ts";
import { chatMethods } from "./chat.ts";
import { sendMethods } from "./send.ts";

const METHODS: readonly MethodDef[] = [...agentMethods, ...chatMethods, ...sendMethods];

const call = (lab: RunLab, name: string, params: unknown, protocol: Protocol = 4) =>
  callMethod(METHODS, name, params, lab.handlers, lab.client({ protocol }));

/** Calls `agent` and keeps both answers. */
function callAgent(lab: RunLab, params: Record<string, unknown>, protocol: Protocol = 4) {
  const def = agentMethods[0];
  assert.ok(def);
  const first: unknown[] = [];
  const given = checker(def.params)({ message: "hello", idempotencyKey: "k1", ...params });
  assert.ok(given.ok);
  const signal = new AbortController().signal;
  const client = lab.client({ protocol });
  const second = Promise.resolve().then(() =>
    def.handle({ params: given.value, client, signal, respond: (payload) => first.push(payload) }, lab.handlers)
  );
  return { first, second };
}

Deno.test("agent answers accepted at once and the result at the end", async () => {
  const lab = new RunLab();
  const { first, second } = callAgent(lab, {});
  await settle();
  const acceptedAt = lab.services.clock.now();
  assert.deepEqual(first, [
    { runId: "k1", sessionKey: "agent:main:main", agentId: "main", status: "accepted", acceptedAt },
  ]);
  assert.deepEqual(lab.story("k1"), [], "accepted stands before every event");
  await lab.call().answer("hi");
  const { sessionId } = lab.services.sessions.ensure("main");
  assert.deepEqual(await second, {
    runId: "k1",
    status: "ok",
    summary: "completed",
    result: {
      payloads: [{ text: "hi", mediaUrl: null }],
      meta: {
        durationMs: 0,
        agentMeta: { sessionId, provider: "fake", model: "small", usage: { input: 10, output: 3, total: 13 } },
        aborted: false,
        stopReason: "stop",
      },
    },
  });
});

Deno.test("a failed agent run answers with an error and a payload beside it, also on a repeat", async () => {
  const lab = new RunLab();
  const { second } = callAgent(lab, {});
  await settle();
  const failed = assert.rejects(second, {
    code: "UNAVAILABLE",
    message: "no key for fake",
    options: { payload: { runId: "k1", status: "error", summary: "no key for fake" } },
  });
  await lab.call().fail(new ModelError("no_key", "no key for fake"));
  await failed;
  const repeat = callAgent(lab, {});
  await assert.rejects(repeat.second, { code: "UNAVAILABLE", message: "no key for fake" });
  assert.deepEqual(repeat.first, []);
});

Deno.test("a run past its deadline answers AGENT_TIMEOUT; the timeout is in seconds", async () => {
  const lab = new RunLab();
  const { second } = callAgent(lab, { timeout: 3 });
  await settle();
  lab.call();
  const failed = assert.rejects(second, { code: "AGENT_TIMEOUT" });
  lab.tick(3_000);
  await failed;
});

Deno.test("a repeat in flight is accepted again for protocol 3 and in_flight for protocol 4; later both get the result", async () => {
  const lab = new RunLab();
  const original = callAgent(lab, {});
  await settle();
  const old = callAgent(lab, {}, 3);
  assert.deepEqual(await old.second, original.first[0]);
  const fresh = callAgent(lab, {}, 4);
  assert.deepEqual(await fresh.second, {
    runId: "k1",
    status: "in_flight",
    sessionKey: "agent:main:main",
    agentId: "main",
  });
  await lab.call().answer("hi");
  const after = callAgent(lab, {}, 3);
  assert.deepEqual(await after.second, await original.second);
  assert.deepEqual(after.first, [], "the result is the only answer");
});

Deno.test("an aborted agent run answers with what was said and aborted true", async () => {
  const lab = new RunLab();
  const { second } = callAgent(lab, {});
  await settle();
  lab.call().say("half");
  assert.deepEqual(await call(lab, "chat.abort", { sessionKey: "main" }), { ok: true, aborted: true, runIds: ["k1"] });
  const result = await second;
  assert.ok(result !== null && typeof result === "object");
  assert.ok(JSON.stringify(result).includes('"payloads":[{"text":"half","mediaUrl":null}]'));
  assert.ok(JSON.stringify(result).includes('"aborted":true'));
});

Deno.test("agent refuses with the protocol's texts", async () => {
  const lab = new RunLab();
  const cases: [Record<string, unknown>, string][] = [
    [{ channel: "pigeon" }, "invalid agent params: unknown channel: pigeon"],
    [{ replyChannel: "pigeon" }, "invalid agent params: unknown channel: pigeon"],
    [{ agentId: "ghost" }, 'invalid agent params: unknown agent id "ghost"'],
    [
      { agentId: "main", sessionKey: "agent:other:main" },
      'invalid agent params: agent "main" does not match session key agent "other"',
    ],
    [{ thinking: "enormous" }, 'invalid agent params: unknown thinking level "enormous"'],
  ];
  for (const [params, message] of cases) {
    await assert.rejects(callAgent(lab, params).second, { code: "INVALID_REQUEST", message });
  }
  assert.equal(lab.runs.activeCount(), 0);
});

Deno.test("every channel is known from the start, and only delivery to a missing one fails", async () => {
  const lab = new RunLab();
  const channels = ["whatsapp", "telegram", "slack", "discord", "signal", "imessage", "webchat", "last"];
  for (const channel of channels) {
    const { first } = callAgent(lab, { channel, deliver: false, idempotencyKey: channel, sessionKey: channel });
    await settle();
    assert.equal(first.length, 1, channel);
  }
  await assert.rejects(callAgent(lab, { channel: "whatsapp", deliver: true, idempotencyKey: "d1" }).second, {
    code: "UNAVAILABLE",
    message: 'Cannot deliver the reply: channel "whatsapp" is not set up on this gateway',
  });
  await assert.rejects(callAgent(lab, { deliver: true, idempotencyKey: "d2" }).second, { code: "UNAVAILABLE" });
  assert.equal(lab.runs.find("d1"), undefined);
  const own = callAgent(lab, { channel: "webchat", deliver: true, idempotencyKey: "d3", sessionKey: "own" });
  await settle();
  assert.equal(own.first.length, 1);
});

Deno.test("a session id finds its session, and an unknown one names a new session", async () => {
  const lab = new RunLab();
  const { sessionId } = lab.services.sessions.ensure("project");
  const known = callAgent(lab, { sessionId, idempotencyKey: "a" });
  const unknown = callAgent(lab, { sessionId: "my-id", idempotencyKey: "b" });
  await settle();
  assert.equal((known.first[0] as { sessionKey: string }).sessionKey, "agent:main:project");
  assert.equal((unknown.first[0] as { sessionKey: string }).sessionKey, "agent:main:my-id");
});

Deno.test("an agent call goes to the main session of its agent when it names none", async () => {
  const { agents } = fakeConfig();
  const second = { ...agents.list[0], id: "ops", name: undefined, identity: {}, model: undefined };
  const list = [...agents.list, { ...second, workspace: undefined, systemPrompt: undefined }];
  const lab = new RunLab({ config: { agents: { ...agents, list } } });
  const { first } = callAgent(lab, { agentId: "ops", to: "+15550100" });
  await settle();
  assert.equal((first[0] as { sessionKey: string }).sessionKey, "agent:ops:main");
});

Deno.test("agent.wait tells the end of a run", async () => {
  const lab = new RunLab();
  await call(lab, "chat.send", { sessionKey: "main", message: "hi", idempotencyKey: "k1" });
  const waiting = call(lab, "agent.wait", { runId: "k1" });
  await lab.call().answer("hello");
  const now = lab.services.clock.now();
  assert.deepEqual(await waiting, { runId: "k1", status: "ok", startedAt: now, endedAt: now });
  assert.deepEqual(await call(lab, "agent.wait", { runId: "nobody", timeoutMs: 0 }), {
    runId: "nobody",
    status: "timeout",
  });
});

Deno.test("chat.send answers started, in_flight and ok", async () => {
  const lab = new RunLab();
  const params = { sessionKey: "main", message: "hi", idempotencyKey: "k1" };
  assert.deepEqual(await call(lab, "chat.send", params), { runId: "k1", status: "started" });
  assert.deepEqual(await call(lab, "chat.send", params), { runId: "k1", status: "in_flight" });
  await lab.call().answer("hello");
  assert.deepEqual(await call(lab, "chat.send", params), { runId: "k1", status: "ok" });
});

Deno.test("chat.send repeats the error of a failed run with its payload", async () => {
  const lab = new RunLab();
  const params = { sessionKey: "main", message: "hi", idempotencyKey: "k1" };
  await call(lab, "chat.send", params);
  await lab.call().fail(new ModelError("unreachable", "fake is not reachable"));
  await assert.rejects(call(lab, "chat.send", params), {
    code: "UNAVAILABLE",
    message: "fake is not reachable",
    options: { payload: { runId: "k1", status: "error", summary: "fake is not reachable" } },
  });
});

Deno.test("chat.send checks message, attachments and policy before stop words and repeats", async () => {
  const lab = new RunLab();
  const base = { sessionKey: "main", idempotencyKey: "k1" };
  await assert.rejects(call(lab, "chat.send", { ...base, message: " " }), {
    message: "message or attachment required",
  });
  await assert.rejects(call(lab, "chat.send", { ...base, message: "stop", attachments: [{ content: "?" }] }), {
    code: "INVALID_REQUEST",
  });
  lab.services.sessions.update("main", { sendPolicy: "deny" });
  for (const message of ["stop", "hello"]) {
    await assert.rejects(call(lab, "chat.send", { ...base, message }), { message: "send blocked by session policy" });
  }
});

Deno.test("a stop text aborts the runs of the session and answers like chat.abort", async () => {
  const lab = new RunLab();
  const stop = { sessionKey: "main", message: "stop", idempotencyKey: "s1" };
  assert.deepEqual(await call(lab, "chat.send", stop), { ok: true, aborted: false, runIds: [] });
  await call(lab, "chat.send", { sessionKey: "main", message: "hi", idempotencyKey: "k1" });
  lab.call();
  assert.deepEqual(await call(lab, "chat.send", stop), { ok: true, aborted: true, runIds: ["k1"] });
  assert.equal(lab.events("chat", "k1").at(-1)?.["stopReason"], "stop");
});

Deno.test("chat.abort of another session's run fails on protocol 3 and finds the run on protocol 4", async () => {
  const lab = new RunLab();
  await call(lab, "chat.send", { sessionKey: "main", message: "hi", idempotencyKey: "k1" });
  lab.call();
  await assert.rejects(call(lab, "chat.abort", { sessionKey: "other", runId: "k1" }, 3), {
    code: "INVALID_REQUEST",
    message: "runId does not match sessionKey",
  });
  assert.deepEqual(await call(lab, "chat.abort", { sessionKey: "other", runId: "gone" }, 3), {
    ok: true,
    aborted: false,
    runIds: [],
  });
  assert.deepEqual(await call(lab, "chat.abort", { sessionKey: "other", runId: "k1" }, 4), {
    ok: true,
    aborted: true,
    runIds: ["k1"],
  });
});

Deno.test("send puts a message into a session, keeps it and tells everybody", async () => {
  const lab = new RunLab();
  const listener = lab.client({ connId: "listener" });
  listener.topics.add("messages:agent:main:main");
  lab.services.bus.recipients.push(listener);
  const answer = await call(lab, "send", {
    to: "main",
    message: "look",
    mediaUrls: ["https://example.org/a.png"],
    idempotencyKey: "k1",
  });
  const text = "look\nhttps://example.org/a.png";
  assert.deepEqual([answer["runId"], answer["channel"], answer["conversationId"]], [
    "k1",
    "webchat",
    "agent:main:main",
  ]);
  assert.match(String(answer["messageId"]), /^[0-9a-f]{8}$/u);
  assert.deepEqual(lab.lines(), [`assistant: ${text}`]);
  const final = lab.events("chat", "k1")[0];
  assert.deepEqual([final?.["state"], final?.["seq"], final?.["sessionKey"]], ["final", 0, "agent:main:main"]);
  const delivered = lab.services.bus.delivered.map(({ event }) => event);
  assert.deepEqual(delivered.filter((event) => event === "session.message"), ["session.message"]);
});

Deno.test("send refuses an empty message, other channels, and targets that are no session", async () => {
  const lab = new RunLab();
  const base = { to: "main", message: "x", idempotencyKey: "k1" };
  await assert.rejects(call(lab, "send", { ...base, message: " " }), {
    message: "invalid send params: text or media is required",
  });
  await assert.rejects(call(lab, "send", { ...base, channel: "whatsapp" }), {
    code: "INVALID_REQUEST",
    message: "unsupported channel: whatsapp",
  });
  await assert.rejects(call(lab, "send", { ...base, to: "+15550100" }), {
    code: "INVALID_REQUEST",
    message: 'Cannot send to "+15550100": there is no such session',
  });
});
