/** What the page asks of the gateway: nothing is sent twice under two keys, nothing lost is left lost. */
import assert from "node:assert/strict";
import type { Hello } from "../../client/hello.ts";
import { RequestError, type Timers } from "../../client/link.ts";
import { isFields } from "../../client/read.ts";
import { eventually } from "../../../tests/helpers/wait.ts";
import { Chat } from "./chat.ts";
import { threadOf } from "./model.ts";
import { createStore } from "./store.ts";

const KEY = "agent:main:main";
const HELLO: Hello = {
  version: "1",
  connId: "c",
  mainKey: KEY,
  agentId: "main",
  tickMs: 1000,
  maxImageBytes: 5_000_000,
  scopes: ["operator.admin"],
  methods: new Set(),
  deviceToken: undefined,
  canvasUrl: undefined,
};

interface Asked {
  readonly method: string;
  readonly params: Record<string, unknown>;
}

/** A gateway of answers by method; a method without one gets an empty object. */
function scene(answers: Record<string, (params: Record<string, unknown>) => unknown> = {}) {
  const asked: Asked[] = [];
  const store = createStore((run) => run());
  let busy = 0;
  const timers: Timers = {
    now: () => 0,
    after: (_ms, callback) => {
      busy++;
      let open = true;
      const close = () => {
        if (open) busy--;
        open = false;
      };
      setTimeout(() => {
        if (open) callback();
        close();
      });
      return close;
    },
  };
  const chat = new Chat(store, {
    request: async (method, params) => {
      busy++;
      try {
        const fields = isFields(params) ? { ...params } : {};
        asked.push({ method, params: fields });
        await Promise.resolve();
        return answers[method]?.(fields) ?? {};
      } finally {
        busy--;
      }
    },
  }, timers);
  /** Until the page has nothing more to do. */
  const quiet = async () => {
    let idle = 0;
    await eventually("a quiet page", () => (idle = busy === 0 ? idle + 1 : 0) > 2);
  };
  const calls = (method: string) => asked.filter((one) => one.method === method);
  return { chat, store, asked, calls, answers, quiet, thread: () => threadOf(store.get(), KEY) };
}

const user = (seq: number, runId: string) => ({
  role: "user",
  content: [{ type: "text", text: "hi" }],
  timestamp: 1,
  runId,
  __openclaw: { id: `m${seq}`, seq },
});

Deno.test("A hello subscribes, reads the history and lists sessions and devices", async () => {
  const { chat, asked, calls, quiet } = scene();
  chat.hello(HELLO);
  await quiet();
  const methods = new Set(asked.map((one) => one.method));
  for (
    const method of [
      "sessions.subscribe",
      "sessions.messages.subscribe",
      "chat.history",
      "sessions.list",
      "device.pair.list",
    ]
  ) assert.ok(methods.has(method), method);
  assert.equal(calls("chat.history").length, 1);
});

Deno.test("A message without an answer goes out again under the same key, and not when the history knows it", async () => {
  let down = true;
  const { chat, calls, thread, answers, quiet } = scene({
    "chat.send": () => {
      if (down) throw new RequestError("CLOSED", "gone");
      return { runId: "r", status: "started" };
    },
  });
  chat.hello(HELLO);
  await quiet();
  chat.send("hi", []);
  await quiet();
  assert.equal(thread().outgoing[0]?.status, "sending");
  down = false;
  chat.hello(HELLO);
  await quiet();
  const [first, second] = calls("chat.send");
  assert.equal(first?.params["idempotencyKey"], second?.params["idempotencyKey"]);
  assert.equal(calls("chat.send").length, 2);
  assert.equal(thread().outgoing[0]?.status, "accepted");

  down = true;
  chat.send("hi again", []);
  await quiet();
  const runId = thread().outgoing.at(-1)?.runId ?? "";
  answers["chat.history"] = () => ({ sessionId: "s", messages: [user(1, runId)], inFlight: [] });
  down = false;
  chat.hello(HELLO);
  await quiet();
  assert.equal(calls("chat.send").filter((one) => one.params["idempotencyKey"] === runId).length, 1);
});

Deno.test("A refused message says why, an order such as /stop leaves nothing", async () => {
  const { chat, thread, answers, quiet } = scene();
  chat.hello(HELLO);
  await quiet();
  answers["chat.send"] = () => {
    throw new RequestError("INVALID_REQUEST", "queue is full");
  };
  chat.send("hi", []);
  await quiet();
  const failed = thread().outgoing[0];
  assert.equal(failed?.status === "failed" && failed.error, "queue is full");
  if (failed) chat.discard(failed.runId);
  answers["chat.send"] = () => ({ ok: true, aborted: false, runIds: [] });
  chat.send("/stop", []);
  await quiet();
  assert.deepEqual(thread().outgoing, []);
});

Deno.test("A stored message that does not follow the last one makes the page read the history", async () => {
  const { chat, calls, thread, answers, quiet } = scene({
    "chat.history": () => ({ sessionId: "s", messages: [user(1, "a")] }),
  });
  chat.hello(HELLO);
  await quiet();
  const event = (seq: number) =>
    chat.event("session.message", { sessionKey: KEY, message: user(seq, "b"), messageId: `m${seq}`, messageSeq: seq });
  event(2);
  assert.equal(thread().entries.length, 2);
  assert.equal(calls("chat.history").length, 1);
  answers["chat.history"] = () => ({ sessionId: "s", messages: [1, 2, 3, 4, 5].map((seq) => user(seq, `r${seq}`)) });
  event(5);
  await quiet();
  assert.equal(calls("chat.history").length, 2);
  assert.equal(thread().entries.length, 5);
});

Deno.test("A history that cannot be read is told, and a deleted session is left", async () => {
  const { chat, store, thread, answers, quiet } = scene();
  chat.hello(HELLO);
  await quiet();
  answers["chat.history"] = () => {
    throw new RequestError("UNAVAILABLE", "disk is full");
  };
  await chat.refresh();
  assert.equal(thread().problem, "disk is full");
  answers["chat.history"] = () => ({ messages: [] });
  chat.select("agent:main:other");
  chat.event("sessions.changed", { sessionKey: "agent:main:other", reason: "delete" });
  assert.equal(store.get().current, KEY);
  await quiet();
});
