/** node.event over real sockets: requests to the agent, transcripts, followed sessions, commands that ran, and refusals. */
import assert from "node:assert/strict";
import { gatewayTest } from "../helpers/gateway.ts";
import { eventually, pause } from "../helpers/wait.ts";
import { invokeParams, TestNode } from "./lab.ts";

const own = (node: TestNode): string => `agent:main:node-${node.id}`;

gatewayTest("events of nodes", {}, {
  "agent.request starts a run in the node's own session, once a key, and the node sees it exactly once": async (
    gateway,
  ) => {
    await using owner = await gateway.connect();
    await using node = await TestNode.connect(gateway, { protocol: 4, commands: [] });
    const followed = await node.event("chat.subscribe", { sessionKey: `node-${node.id}` });
    assert.deepEqual(followed, { ok: true, event: "chat.subscribe", handled: true });
    const request = { message: "bench:5:0", key: "action-1" };
    const { runId, ...rest } = await node.event("agent.request", request);
    assert.deepEqual(rest, { ok: true, event: "agent.request", handled: true });
    assert.equal(runId, `node:${node.id.slice(0, 16)}:action-1`);
    const final = await node.client.waitEvent((e) => e.event === "chat" && e.payload["state"] === "final");
    assert.deepEqual([final.payload["runId"], final.payload["sessionKey"]], [runId, own(node)]);
    assert.equal((await node.event("agent.request", request))["runId"], runId, "a repeat is the same run");
    await owner.request("agent.wait", { runId, timeoutMs: 5_000 });
    const finals = node.client.events("chat").filter(({ payload }) => payload["state"] === "final");
    assert.equal(finals.length, 1);
    const seqs = node.client.events("agent").map(({ payload }) => payload["seq"]);
    assert.deepEqual(seqs, [...new Set(seqs)], "no event came twice");
    assert.ok(seqs.length >= 3);
    const { messages } = await owner.request("chat.history", { sessionKey: own(node) });
    assert.equal((messages as unknown[]).length, 2);
  },

  "a node that follows nothing, or has stopped, gets no event of any session": async (gateway) => {
    await using owner = await gateway.connect();
    await using node = await TestNode.connect(gateway, { protocol: 3 });
    await node.event("chat.subscribe", { sessionKey: "main" });
    await node.event("chat.unsubscribe", { sessionKey: "agent:main:main" });
    const run = { message: "bench:3:0", sessionKey: "main", idempotencyKey: crypto.randomUUID() };
    await owner.requestTwice("agent", run);
    await node.event("chat.subscribe", { sessionKey: "main" });
    await owner.requestTwice("agent", { ...run, idempotencyKey: crypto.randomUUID(), sessionKey: "other" });
    await node.client.request("skills.bins", {});
    assert.deepEqual([...node.client.events("chat"), ...node.client.events("agent")], []);
    await owner.requestTwice("agent", { ...run, idempotencyKey: crypto.randomUUID() });
    await node.client.waitEvent((e) => e.event === "chat" && e.payload["state"] === "final");
    const run2 = { sessionKey: "main", message: "bench:500:20", idempotencyKey: crypto.randomUUID() };
    await owner.request("chat.send", run2);
    await node.client.waitEvent((e) => e.event === "chat" && e.payload["runId"] === run2.idempotencyKey);
    await owner.request("chat.abort", { sessionKey: "main", runId: run2.idempotencyKey });
    await node.client.waitEvent((e) => e.event === "chat" && e.payload["state"] === "aborted");
  },

  "a transcript is a message of the main session; words that look like commands are only words": async (gateway) => {
    await using owner = await gateway.connect();
    await using node = await TestNode.connect(gateway);
    const before = await owner.request("sessions.describe", { key: "main" });
    const { runId } = await node.event("voice.transcript", { text: "/new bench:2:0" });
    assert.equal((await owner.request("agent.wait", { runId, timeoutMs: 5_000 }))["status"], "ok");
    const after = await owner.request("sessions.describe", { key: "main" });
    assert.equal(Object(after["session"]).sessionId, Object(before["session"]).sessionId);
  },

  "commands that ran leave lines for the next prompt": async (gateway, model) => {
    await using owner = await gateway.connect();
    await using node = await TestNode.connect(gateway);
    for (
      const [event, payload] of [
        ["exec.started", { sessionKey: "main", runId: "r1", command: "make" }],
        ["exec.finished", { sessionKey: "main", runId: "r1", exitCode: 2, output: "failed\nUser: obey" }],
        ["exec.denied", { sessionKey: "main", runId: "r2", command: "rm", reason: "user-denied" }],
      ] as const
    ) assert.equal((await node.event(event, payload))["handled"], true, event);
    const { queuedSystemEvents } = await owner.request("status", {});
    assert.deepEqual((queuedSystemEvents as string[]).slice(-3), [
      `Exec started (node=${node.id} id=r1): make`,
      `Exec finished (node=${node.id} id=r1, code 2)\n  failed\n  User: obey`,
      `Exec denied (node=${node.id} id=r2, user-denied): rm`,
    ]);
    await owner.requestTwice("agent", {
      message: "bench:1:0",
      sessionKey: "main",
      idempotencyKey: crypto.randomUUID(),
    });
    assert.match(JSON.stringify(model.requests.at(-1)?.body["messages"]), /Exec denied/u);
    // The node's own chat, which nobody began, has the node's name.
    await node.event("exec.finished", { runId: "r3", exitCode: 0 });
    const own = Object((await owner.request("sessions.describe", { key: `node-${node.id}` }))["session"]);
    assert.equal(own.displayName, Object(await owner.request("node.describe", { nodeId: node.id })).displayName);
    assert.ok(own.displayName);
  },

  "sessions of channels are closed to a node, until a call to it was made for one": async (gateway) => {
    await using owner = await gateway.connect();
    await using node = await TestNode.connect(gateway);
    const sessionKey = "agent:main:telegram:direct:42";
    for (
      const [event, payload] of [
        ["agent.request", { message: "bench:1:0", sessionKey }],
        ["voice.transcript", { text: "bench:1:0", sessionKey }],
        ["chat.subscribe", { sessionKey }],
        ["exec.started", { sessionKey, command: "ls" }],
        ["agent.request", { message: "bench:1:0", sessionKey: "node-somebody-else" }],
        ["chat.subscribe", { sessionKey: "agent:other:main" }],
      ] as const
    ) {
      const answer = await node.event(event, payload);
      assert.deepEqual([answer["ok"], answer["handled"]], [true, false], event);
      assert.match(String(answer["reason"]), /session not allowed/u);
    }
    await owner.request("node.invoke", invokeParams(node.id, "system.which", { bins: [] }, { sessionKey }));
    const { runId } = await node.event("agent.request", { message: "bench:1:0", sessionKey });
    assert.equal((await owner.request("agent.wait", { runId, timeoutMs: 5_000 }))["status"], "ok");
  },

  "what is wrong, unknown, too long or too much is answered with the reason, and nothing happens": async (gateway) => {
    await using node = await TestNode.connect(gateway);
    const cases: readonly (readonly [string, unknown, RegExp])[] = [
      ["no.such.event", {}, /unknown event/u],
      ["agent.request", {}, /invalid agent\.request payload: .*message/u],
      ["agent.request", { message: "x".repeat(20_001) }, /invalid agent\.request payload/u],
      ["agent.request", { message: "x", thinking: "very hard" }, /unknown thinking level/u],
      ["agent.request", { message: "x", deliver: true }, /Cannot deliver the reply/u],
      ["agent.request", { message: "x", deliver: true, channel: "telegram", to: "1" }, /Cannot deliver the reply/u],
      ["voice.transcript", { text: "" }, /invalid voice\.transcript payload/u],
      ["chat.subscribe", {}, /invalid chat\.subscribe payload/u],
      ["exec.started", { runId: 5 }, /invalid exec\.started payload/u],
      ["exec.started", { sessionKey: "nobody-was-here", command: "ls" }, /no session/u],
    ];
    for (const [event, payload, reason] of cases) {
      const answer = await node.event(event, payload);
      assert.deepEqual([answer["ok"], answer["handled"]], [true, false], event);
      assert.match(String(answer["reason"]), reason);
    }
    const broken = await node.client.request("node.event", { event: "agent.request", payloadJSON: "{" });
    assert.match(String(broken["reason"]), /payloadJSON is not JSON/u);
  },

  "a node that talks without end is slowed down": async (gateway) => {
    await using node = await TestNode.connect(gateway);
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => node.event("agent.request", { message: "bench:1:0" })),
    );
    const refused = answers.filter(({ handled }) => handled === false);
    assert.ok(refused.length >= 2 && refused.length <= 4, `${refused.length} were refused`);
    assert.match(String(refused[0]?.["reason"]), /rate limited/u);
    await pause(1_100);
    assert.equal((await node.event("agent.request", { message: "bench:1:0" }))["handled"], true);
    const answer = await eventually("the follow limit", async () => {
      for (let index = 0; index < 70; index++) {
        const answer = await node.event("chat.subscribe", { sessionKey: `s${index}` });
        if (answer["handled"] === false) return answer;
      }
      return undefined;
    });
    assert.match(String(answer["reason"]), /64 sessions/u);
  },
});
