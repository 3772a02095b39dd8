import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import {
  assistantSays,
  callMethod,
  fakeClient,
  type FakeServices,
  fakeServices,
  userSays,
} from "../../../tests/helpers/services.ts";
import { messagesTopic } from "../../session/notify.ts";
import { historyMethods } from "./history.ts";

const CAP = 6 * 1024 * 1024;

function setUp(...texts: string[]) {
  const services = fakeServices();
  const { sessionId } = services.sessions.ensure("main");
  for (const [index, text] of texts.entries()) {
    services.transcript.append(sessionId, index % 2 === 0 ? userSays(text) : assistantSays(text));
  }
  return {
    services,
    sessionId,
    call: (name: string, params: unknown) => callMethod(historyMethods, name, params, services),
  };
}

const seqsOf = (result: Record<string, unknown>): unknown[] =>
  Array.isArray(result["messages"]) ? result["messages"].map(({ __openclaw }) => __openclaw.seq) : [];

Deno.test("chat.history has the recorded keys of both generations", async () => {
  const { services, sessionId, call } = setUp("hi", "pong");
  const result = await call("chat.history", { sessionKey: "main", limit: 20 });
  assert.equal(result["sessionKey"], "main");
  assert.equal(result["sessionId"], sessionId);
  assert.equal(result["thinkingLevel"], "off");
  assert.deepEqual([result["hasMore"], result["totalMessages"]], [false, 2]);
  assert.deepEqual(result["pendingInputs"], { items: [], total: 0 });
  assert.deepEqual(result["inFlight"], []);
  const { sessionInfo, defaults } = result;
  assert.ok(sessionInfo !== null && typeof sessionInfo === "object" && "key" in sessionInfo && "isMain" in sessionInfo);
  assert.deepEqual([sessionInfo.key, sessionInfo.isMain], ["agent:main:main", true]);
  assert.ok(defaults !== null && typeof defaults === "object" && "modelProvider" in defaults);
  assert.equal(defaults.modelProvider, "fake");
  assert.ok(!("verboseLevel" in result) && !("cursor" in result));
  services.db.close();
});

Deno.test("chat.history of a session that does not exist is empty, not an error", async () => {
  const { services, call } = setUp();
  const result = await call("chat.history", { sessionKey: "nobody" });
  assert.deepEqual([result["messages"], result["totalMessages"]], [[], 0]);
  assert.ok(!("sessionId" in result));
  assert.equal(services.sessions.get("nobody"), undefined);
  services.db.close();
});

Deno.test("chat.history pages back by beforeSeq, cursor or offset", async () => {
  const { services, call } = setUp(...Array.from({ length: 10 }, (_, index) => `m${index + 1}`));
  const last = await call("chat.history", { sessionKey: "main", limit: 4 });
  assert.deepEqual(seqsOf(last), [7, 8, 9, 10]);
  assert.deepEqual([last["hasMore"], last["cursor"]], [true, "7"]);
  const byCursor = await call("chat.history", { sessionKey: "main", limit: 4, cursor: last["cursor"] });
  assert.deepEqual(seqsOf(byCursor), [3, 4, 5, 6]);
  assert.deepEqual(seqsOf(await call("chat.history", { sessionKey: "main", limit: 4, offset: 4 })), [3, 4, 5, 6]);
  const end = await call("chat.history", { sessionKey: "main", limit: 4, beforeSeq: 3 });
  assert.deepEqual([seqsOf(end), end["hasMore"]], [[1, 2], false]);
  for (const past of [{ beforeSeq: 1 }, { offset: 10 }, { offset: 99 }]) {
    const nothing = await call("chat.history", { sessionKey: "main", ...past });
    assert.deepEqual([seqsOf(nothing), nothing["hasMore"]], [[], false]);
  }
  // A cursor of another gateway is ignored.
  assert.equal(seqsOf(await call("chat.history", { sessionKey: "main", cursor: "eyJhIjoxfQ" })).length, 10);
  services.db.close();
});

Deno.test("chat.history refuses more than a thousand messages and returns 200 by default", async () => {
  const { services, call } = setUp(...Array(205).fill("x"));
  assert.equal(seqsOf(await call("chat.history", { sessionKey: "main" })).length, 200);
  for (const limit of [0, 1001, 1.5, "9"]) {
    await assert.rejects(call("chat.history", { sessionKey: "main", limit }), { name: "GatewayError" });
  }
  services.db.close();
});

Deno.test("chat.history never passes six MiB: old messages go first, and a huge one is cut", async () => {
  const { services, sessionId, call } = setUp(...Array(30).fill("é".repeat(200_000)));
  const many = await call("chat.history", { sessionKey: "main", limit: 1000 });
  assert.ok(Buffer.byteLength(JSON.stringify(many)) <= CAP);
  assert.ok(seqsOf(many).length > 10 && many["hasMore"] === true);
  assert.equal(seqsOf(many).at(-1), 30);

  services.transcript.append(sessionId, {
    role: "user",
    content: [{ type: "text", text: "\u0001".repeat(CAP) }, {
      type: "image",
      data: "A".repeat(CAP),
      mimeType: "image/png",
    }],
    timestamp: 1,
  });
  services.runs.live.set("agent:main:main", [
    {
      runId: "r1",
      state: "running",
      startedAt: 1,
      text: "\u0001".repeat(CAP),
      seq: 9,
      message: userSays("x".repeat(CAP)),
    },
  ]);
  const huge = await call("chat.history", { sessionKey: "main" });
  assert.ok(Buffer.byteLength(JSON.stringify(huge)) <= CAP);
  assert.deepEqual(seqsOf(huge), [31]);
  services.db.close();
});

Deno.test("chat.history shows the run in flight, so that a page that reloads in mid-answer can go on", async () => {
  const { services, call } = setUp("hi");
  services.runs.live.set("agent:main:main", [
    { runId: "r1", state: "running", startedAt: 5, text: "po", seq: 3, message: undefined },
    { runId: "r2", state: "queued", startedAt: undefined, text: "", seq: 0, message: userSays("next") },
  ]);
  const { inFlight, sessionInfo } = await call("chat.history", { sessionKey: "main" });
  assert.deepEqual(inFlight, [
    { runId: "r1", state: "running", text: "po", seq: 3, startedAt: 5 },
    { runId: "r2", state: "queued", text: "", seq: 0, message: userSays("next") },
  ]);
  assert.ok(sessionInfo !== null && typeof sessionInfo === "object" && "activeRunIds" in sessionInfo);
  assert.deepEqual(sessionInfo.activeRunIds, ["r1", "r2"]);
  services.db.close();
});

Deno.test("chat.startup answers as chat.history does, and chat.metadata lists models and commands", async () => {
  const { services, call } = setUp("hi", "pong");
  const params = { sessionKey: "main" };
  assert.deepEqual(await call("chat.startup", params), await call("chat.history", params));
  const { models, commands } = await call("chat.metadata", {});
  assert.ok(Array.isArray(models) && Array.isArray(commands));
  assert.deepEqual(models.map(({ id }) => id), ["small", "thinker"]);
  assert.ok(commands.some(({ name }) => name === "stop"));
  services.db.close();
});

Deno.test("chat.inject appends an assistant message and tells chat and subscribers", async () => {
  const { services, sessionId, call } = setUp("hi");
  services.bus.recipients.push(fakeClient());
  services.bus.recipients[0] = { ...fakeClient(), topics: new Set([messagesTopic("agent:main:main")]) };
  const { ok, messageId } = await call("chat.inject", { sessionKey: "main", message: "Look here", label: "Cron" });
  assert.equal(ok, true);
  const stored = services.transcript.last(sessionId);
  assert.equal(stored?.id, messageId);
  assert.ok(stored?.message.role === "assistant");
  assert.deepEqual(stored.message.content, [{ type: "text", text: "[Cron]\n\nLook here" }]);
  assert.deepEqual([stored.message.provider, stored.message.model], ["openclaw", "gateway-injected"]);
  assert.deepEqual(services.bus.published.at(-1), {
    event: "chat",
    payload: {
      runId: `inject-${messageId}`,
      sessionKey: "agent:main:main",
      agentId: "main",
      seq: 0,
      state: "final",
      message: stored.message,
    },
  });
  assert.deepEqual(deliveredNames(services), ["session.message", "chat"]);
  services.db.close();
});

const deliveredNames = ({ bus }: FakeServices): string[] => bus.delivered.map(({ event }) => event);

Deno.test("chat.inject needs a session, and a message without a label stays as it is", async () => {
  const { services, sessionId, call } = setUp("hi");
  await assert.rejects(call("chat.inject", { sessionKey: "nobody", message: "x" }), {
    name: "GatewayError",
    message: "session not found",
  });
  await call("chat.inject", { sessionKey: "main", message: "plain", label: " " });
  assert.deepEqual(services.transcript.last(sessionId)?.message.content, [{ type: "text", text: "plain" }]);
  await assert.rejects(call("chat.inject", { sessionKey: "main", message: "x", label: "l".repeat(101) }), {
    name: "GatewayError",
  });
  services.db.close();
});
