/** Every method with every scope and role, and every event with every scope: who gets through, and who does not. */
import assert from "node:assert/strict";
import { METHODS } from "../gateway/rpc/registry.ts";
import { EVENTS } from "../schemas/event/mod.ts";
import { SCOPES } from "../schemas/scope.ts";
import { makeIdentity, type Res, TestClient } from "./helpers/client.ts";
import { FakeModel } from "./helpers/fake_model.ts";
import { FAKE_MAIN, gatewayTest, TestGateway } from "./helpers/gateway.ts";
import { eventually } from "./helpers/wait.ts";
import { type FakePlatform, startFakePlatform } from "./servers/fake/platform.ts";

/**
 * What each method needs, written down a second time and by hand: the lower scope of the two official generations.
 * A change of the table in the gateway has to be made here too, knowingly.
 */
const NEEDS: Readonly<Record<string, string>> = {
  health: "any",
  status: "operator.read",
  "system-presence": "operator.read",
  "system-event": "operator.admin",
  "last-heartbeat": "operator.read",
  "channels.status": "operator.read",
  "channels.start": "operator.admin",
  "channels.stop": "operator.admin",
  "channels.logout": "operator.admin",
  "channels.pairing.list": "operator.pairing",
  "channels.pairing.approve": "operator.pairing",
  "channels.pairing.dismiss": "operator.pairing",
  "web.login.start": "operator.admin",
  "web.login.wait": "operator.admin",
  "web.login.cancel": "operator.admin",
  agent: "operator.write",
  "agent.wait": "operator.write",
  "agent.identity.get": "operator.read",
  "agents.list": "operator.read",
  "chat.send": "operator.write",
  "chat.history": "operator.read",
  "chat.abort": "operator.write",
  "chat.inject": "operator.admin",
  "chat.startup": "operator.read",
  "chat.metadata": "operator.read",
  "sessions.list": "operator.read",
  "sessions.preview": "operator.read",
  "sessions.resolve": "operator.read",
  "sessions.describe": "operator.read",
  "sessions.patch": "operator.write",
  "sessions.reset": "operator.admin",
  "sessions.delete": "operator.write",
  "sessions.subscribe": "operator.read",
  "sessions.unsubscribe": "operator.read",
  "sessions.messages.subscribe": "operator.read",
  "sessions.messages.unsubscribe": "operator.read",
  "sessions.groups.list": "operator.read",
  "node.link": "operator.pairing",
  send: "operator.write",
  poll: "operator.write",
  "outbox.list": "operator.read",
  "outbox.retry": "operator.write",
  "outbox.drop": "operator.write",
  "message.explain": "operator.read",
  "message.refusals": "operator.read",
  "models.list": "operator.read",
  "commands.list": "operator.read",
  "config.get": "operator.read",
  "config.schema": "operator.read",
  "config.plan": "operator.admin",
  "config.patch": "operator.admin",
  "device.pair.list": "operator.pairing",
  "device.pair.approve": "operator.pairing",
  "device.pair.reject": "operator.pairing",
  "device.pair.remove": "operator.pairing",
  "device.token.rotate": "operator.pairing",
  "device.token.revoke": "operator.pairing",
  "node.list": "operator.read",
  "node.describe": "operator.read",
  "node.rename": "operator.pairing",
  "node.invoke": "operator.write",
  "node.self": "node",
  "node.invoke.result": "node",
  "node.invoke.progress": "node",
  "node.event": "node",
  "node.pair.request": "operator.pairing",
  "node.pair.list": "operator.pairing",
  "node.pair.approve": "operator.pairing",
  "node.pair.reject": "operator.pairing",
  "node.pair.verify": "operator.pairing",
  "node.pair.remove": "operator.pairing",
  "node.commands.set": "operator.admin",
  "node.pluginTools.update": "node",
  "node.skills.update": "node",
  "node.runnerInventory.update": "node",
  "node.pending.drain": "node",
  "node.pending.pull": "node",
  "node.pending.ack": "node",
  "node.pluginSurface.refresh": "node",
  "node.canvas.get": "node",
  "canvas.get": "operator.read",
  "canvas.present": "operator.write",
  "canvas.hide": "operator.write",
  "canvas.a2ui.push": "operator.write",
  "canvas.a2ui.reset": "operator.write",
  "canvas.action": "operator.write",
  "plugin.surface.refresh": "operator.read",
  "gateway.identity.get": "operator.read",
  "question.list": "operator.questions",
  "exec.approval.request": "operator.approvals",
  "exec.approval.waitDecision": "operator.approvals",
  "exec.approval.resolve": "operator.approvals",
  "exec.approval.list": "operator.approvals",
  "exec.approvals.get": "operator.admin",
  "exec.approvals.set": "operator.admin",
  "exec.approvals.node.get": "operator.admin",
  "exec.approvals.node.set": "operator.admin",
  "plugin.approval.list": "operator.approvals",
  "taskSuggestions.list": "operator.read",
  "tools.catalog": "operator.read",
  "skills.status": "operator.read",
  "skills.bins": "node",
  "users.self": "operator.read",
  "update.status": "operator.admin",
  "cron.list": "operator.read",
  "cron.status": "operator.read",
};

/** Admin covers every operator scope, write covers read, the session scopes lie below read and write. */
const COVERS: Readonly<Record<string, readonly string[]>> = {
  "operator.admin": SCOPES,
  "operator.write": ["operator.read", "operator.sessions.read", "operator.sessions.write"],
  "operator.read": ["operator.sessions.read"],
  "operator.sessions.write": ["operator.sessions.read"],
};

const holds = (scope: string | undefined, needed: string): boolean =>
  needed === "any" || (scope !== undefined && (scope === needed || (COVERS[scope] ?? []).includes(needed)));

type Outcome = "through" | "missing scope" | "wrong role";

/** Params that no method accepts where it can refuse: what gets through must change nothing. */
async function outcome(client: TestClient, method: string): Promise<Outcome> {
  const res: Res = await client.call(method, { key: 0, sessionKey: 0, requestId: 0, deviceId: 0, runId: 0, text: 0 });
  const message = res.error?.message ?? "";
  if (message.startsWith("missing scope: ")) return "missing scope";
  return message.startsWith("unauthorized role: ") ? "wrong role" : "through";
}

gatewayTest("scopes of methods", {}, {
  "the table of the gateway says what the facts say": async () => {
    assert.deepEqual(Object.fromEntries(METHODS.map((method) => [method.name, method.access])), NEEDS);
    await Promise.resolve();
  },
  "an operator with one scope calls what the scope covers, and nothing else": async (gateway) => {
    const ofNodes = METHODS.map(({ name }) => name).filter((name) => NEEDS[name] === "node");
    for (const scope of [undefined, ...SCOPES]) {
      const scopes = scope === undefined ? [] : [scope];
      await using client = await gateway.connect({ scopes });
      for (const { name } of METHODS.filter(({ name }) => !ofNodes.includes(name))) {
        const expected = holds(scope, NEEDS[name] ?? "") ? "through" : "missing scope";
        assert.equal(await outcome(client, name), expected, `${name} with ${scope}`);
      }
      // Ten refusals are borne; so nine of these a connection.
      for (let start = 0; start < ofNodes.length; start += 9) {
        await using other = await gateway.connect({ scopes });
        for (const name of ofNodes.slice(start, start + 9)) {
          assert.equal(await outcome(other, name), "wrong role", name);
        }
      }
    }
  },
  "a scope that nobody knows opens nothing": async (gateway) => {
    await using client = await gateway.connect({ scopes: ["operator", "operator.*", "admin", "operator.adminx"] });
    for (const { name } of METHODS.filter((method) => !["any", "node"].includes(method.access))) {
      assert.equal(await outcome(client, name), "missing scope", name);
    }
  },
  "a node calls node methods and what is open to all, whatever scopes it wishes for": async (gateway) => {
    const names = METHODS.map((method) => method.name);
    // Ten refusals are borne; so nine methods a connection.
    for (let start = 0; start < names.length; start += 9) {
      await using node = await gateway.connect({
        role: "node",
        device: makeIdentity(),
        scopes: ["operator.admin"],
        client: { id: "node-host", mode: "node" },
      });
      for (const name of names.slice(start, start + 9)) {
        const open = ["any", "node"].includes(NEEDS[name] ?? "");
        assert.equal(await outcome(node, name), open ? "through" : "wrong role", name);
      }
    }
  },
  "the missing scope is named with its details, in each generation's code": async (gateway) => {
    for (const [protocol, code] of [[3, "INVALID_REQUEST"], [4, "FORBIDDEN"]] as const) {
      await using client = await gateway.connect({ protocol, scopes: ["operator.read"] });
      const { error } = await client.call("system-event", { text: "x" });
      assert.deepEqual([error?.code, error?.message], [code, "missing scope: operator.admin"]);
      assert.equal(Object(error?.details).missingScope, "operator.admin");
    }
  },
});

/** Who may receive each event, by hand. `direct` ones and those that nothing here causes stay out. */
const EVENT_NEEDS: Readonly<Record<string, string>> = {
  "connect.challenge": "any",
  agent: "operator.read",
  chat: "operator.read",
  presence: "operator.read",
  tick: "any",
  shutdown: "any",
  health: "any",
  heartbeat: "any",
  "device.pair.requested": "operator.pairing",
  "device.pair.resolved": "operator.pairing",
  "exec.approval.requested": "operator.approvals",
  "exec.approval.resolved": "operator.approvals",
  "canvas.changed": "operator.read",
  "node.pair.requested": "operator.pairing",
  "node.pair.resolved": "operator.pairing",
  "node.invoke.request": "node",
  "nodes.changed": "operator.read",
  "sessions.changed": "operator.read",
  "session.message": "operator.read",
  "channels.pairing.requested": "operator.pairing",
  "channels.pairing.resolved": "operator.pairing",
};
const CAUSED = [
  "agent",
  "chat",
  "presence",
  "health",
  "device.pair.requested",
  "device.pair.resolved",
  "exec.approval.requested",
  "exec.approval.resolved",
  "node.pair.requested",
  "node.pair.resolved",
  "nodes.changed",
  "channels.pairing.requested",
  "channels.pairing.resolved",
  "shutdown",
];
const SUBSCRIBED = ["sessions.changed", "session.message"];
const KEY = "agent:main:scopes";

Deno.test("events: the table of the gateway says what the facts say", () => {
  assert.deepEqual(Object.fromEntries(EVENTS.map((event) => [event.name, event.access])), EVENT_NEEDS);
});

Deno.test("scopes of events: each client receives the events that its scope covers, and no other", async () => {
  await using model = await FakeModel.start();
  await using platform = startFakePlatform();
  await using gateway = await TestGateway.start({
    main: FAKE_MAIN,
    config: { ...model.config(), channels: { fake: { url: platform.url, dmPolicy: "pairing" } } },
  });
  await platform.waitConnected();
  const watchers = await Promise.all([...SCOPES, "none", "node"].map((name) => watch(gateway, name)));
  try {
    await cause(gateway, platform);
    for (const { name, client } of watchers) {
      const scope = SCOPES.find((each) => each === name);
      const wanted = [...CAUSED, ...(holds(scope, "operator.read") ? SUBSCRIBED : [])]
        .filter((event) => holds(scope, EVENT_NEEDS[event] ?? ""));
      await eventually(`the events of ${name}: ${wanted}`, () => {
        const got = namesOf(client);
        return wanted.every((event) => got.has(event));
      });
      const forbidden = [...namesOf(client)].filter((event) => !holds(scope, EVENT_NEEDS[event] ?? ""));
      assert.deepEqual(forbidden, [], `what ${name} may not see`);
    }
  } finally {
    await Promise.all(watchers.map(({ client }) => client.close()));
    await gateway.startAgain();
  }
});

const namesOf = (client: TestClient): Set<string> =>
  new Set(client.frames.flatMap((frame) => frame.type === "event" ? [frame.event] : []));

async function watch(gateway: TestGateway, name: string): Promise<{ name: string; client: TestClient }> {
  const client = name === "node"
    ? await gateway.connect({
      role: "node",
      device: makeIdentity(),
      scopes: ["operator.admin"],
      client: { id: "node-host", mode: "node" },
    })
    : await gateway.connect({ scopes: name === "none" ? [] : [name] });
  await client.call("sessions.subscribe", {});
  await client.call("sessions.messages.subscribe", { key: KEY });
  return { name, client };
}

/** Makes every event happen that a gateway without heartbeats can make. */
async function cause(gateway: TestGateway, platform: FakePlatform): Promise<void> {
  await using owner = await gateway.connect();
  await owner.requestTwice("agent", { message: "bench:3:0", sessionKey: KEY, idempotencyKey: crypto.randomUUID() });
  await owner.request("system-event", { text: "Node: desk" });
  await owner.request("health", { probe: true });
  await using stranger = await TestClient.open(gateway.url, { headers: { "x-forwarded-for": "203.0.113.5" } });
  const res = await stranger.handshake({ device: makeIdentity(), token: gateway.token });
  await owner.request("device.pair.approve", { requestId: Object(res.error?.details).requestId });
  await owner.request("exec.approval.request", { id: "scopes", command: "ls", twoPhase: true });
  await owner.request("exec.approval.resolve", { id: "scopes", decision: "deny" });
  const { request } = await owner.request("node.pair.request", { nodeId: "scopes", commands: ["canvas.hide"] });
  await owner.request("node.pair.reject", { requestId: Object(request).requestId });
  platform.say("Hello", { senderId: "stranger" });
  const { payload } = await owner.waitEvent("channels.pairing.requested");
  await owner.request("channels.pairing.dismiss", { channel: "fake", requestId: payload["requestId"] });
  await gateway.kill("SIGTERM");
}
