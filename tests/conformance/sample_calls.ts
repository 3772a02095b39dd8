/** One good call of every method, in an order in which each finds what it needs. */
import { systemClock } from "../../gateway/observe/clock.ts";
import { createSenderPairing } from "../../gateway/session/sender_pairing.ts";
import { openDb } from "../../gateway/storage/db.ts";
import { TestClient } from "../helpers/client.ts";
import { makeIdentity } from "../helpers/identity.ts";
import type { TestGateway } from "../helpers/gateway.ts";

/** What the calls need to know of each other. */
export interface SampleContext {
  readonly gateway: TestGateway;
  readonly client: TestClient;
  /** Ids of requests and devices that wait or were approved, made on demand. */
  readonly requestIds: string[];
  readonly deviceIds: string[];
  /** The node that the node.* calls are about. */
  node?: SampleNode;
}

interface SampleNode {
  readonly nodeId: string;
  readonly client: TestClient;
}

type Params = unknown | ((context: SampleContext) => unknown);

const KEY = "agent:main:sample";
export const SAMPLE_CALLS: readonly (readonly [method: string, params: Params])[] = [
  ["health", { probe: true }],
  ["status", {}],
  ["system-presence", {}],
  ["system-event", { text: "Node: desk · mode ui", deviceId: "desk", lastInputSeconds: 3 }],
  ["last-heartbeat", {}],
  ["channels.status", { probe: false }],
  ["models.list", {}],
  ["agents.list", {}],
  ["agent.identity.get", { agentId: "main" }],
  ["commands.list", { scope: "text", includeArgs: true }],
  ["config.get", {}],
  ["config.schema", {}],
  [
    "config.plan",
    async ({ client }: SampleContext) => await changeOf(client, { messages: { responsePrefix: "[bot]" } }),
  ],
  [
    "config.patch",
    async ({ client }: SampleContext) => await changeOf(client, { messages: { responsePrefix: "[bot]" } }),
  ],
  ["sessions.subscribe", {}],
  ["sessions.messages.subscribe", { key: KEY }],
  ["agent", () => ({ message: "bench:5:0", sessionKey: KEY, idempotencyKey: crypto.randomUUID() })],
  ["agent.wait", ({ client }: SampleContext) => ({ runId: lastRun(client), timeoutMs: 10_000 })],
  ["chat.send", () => ({ message: "bench:5:0", sessionKey: KEY, idempotencyKey: crypto.randomUUID() })],
  ["agent.wait", ({ client }: SampleContext) => ({ runId: lastRun(client), timeoutMs: 10_000 })],
  ["chat.history", { sessionKey: KEY, limit: 20 }],
  ["chat.startup", { sessionKey: KEY }],
  ["chat.metadata", { sessionKey: KEY }],
  ["chat.inject", { sessionKey: KEY, message: "A note", label: "note" }],
  ["chat.abort", { sessionKey: KEY }],
  ["send", () => ({ channel: "webchat", to: KEY, message: "Hello", idempotencyKey: crypto.randomUUID() })],
  ["node.link", {}],
  ["outbox.list", { limit: 5 }],
  ["message.refusals", {}],
  ["sessions.patch", { key: KEY, label: "Sample", thinkingLevel: "low" }],
  ["sessions.list", { limit: 10, includeDerivedTitles: true, includeLastMessage: true }],
  ["sessions.preview", { keys: [KEY, "agent:main:none"], limit: 5 }],
  ["sessions.resolve", { label: "Sample" }],
  ["sessions.describe", { key: KEY }],
  ["sessions.messages.unsubscribe", { key: KEY }],
  ["sessions.reset", { key: KEY }],
  ["sessions.delete", { key: KEY, deleteTranscript: true }],
  ["sessions.unsubscribe", {}],
  ["sessions.groups.list", {}],
  ["device.pair.list", {}],
  ["device.pair.approve", async (context: SampleContext) => ({ requestId: await askForPairing(context) })],
  ["device.token.rotate", ({ deviceIds }: SampleContext) => ({ deviceId: deviceIds.at(-1), role: "operator" })],
  ["device.token.revoke", ({ deviceIds }: SampleContext) => ({ deviceId: deviceIds.at(-1), role: "operator" })],
  ["device.pair.remove", ({ deviceIds }: SampleContext) => ({ deviceId: deviceIds.at(-1) })],
  ["device.pair.reject", async (context: SampleContext) => ({ requestId: await askForPairing(context) })],
  ["channels.pairing.list", {}],
  ["channels.pairing.approve", async (context: SampleContext) => ({ ...await askAsStranger(context), notify: true })],
  ["channels.pairing.dismiss", async (context: SampleContext) => await askAsStranger(context)],
  ["node.pair.list", async (context: SampleContext) => void (context.node = await sampleNode(context))],
  ["node.pair.approve", async ({ client }: SampleContext) => ({ requestId: await waitingNode(client) })],
  ["node.list", {}],
  ["node.describe", nodeParams({})],
  ["node.rename", nodeParams({ displayName: "Kitchen" })],
  ["node.commands.set", nodeParams({ allowCommands: ["camera.snap"] })],
  ["node.invoke", nodeParams({ command: "device.info", params: { verbose: true }, idempotencyKey: "sample" })],
  ["exec.approvals.node.get", nodeParams({})],
  ["exec.approvals.node.set", nodeParams({ file: { version: 1 }, baseHash: "0".repeat(64) })],
  ["node.pair.verify", nodeParams({ token: "none" })],
  ["node.pair.remove", nodeParams({})],
  ["node.pair.request", { nodeId: "sample-legacy", displayName: "An older node", commands: ["canvas.present"] }],
  ["node.pair.reject", async ({ client }: SampleContext) => ({ requestId: await waitingNode(client) })],
  ["plugin.surface.refresh", { surface: "canvas" }],
  ["canvas.present", { sessionKey: KEY, path: "report/index.html" }],
  ["canvas.a2ui.push", { sessionKey: KEY, jsonl: '{"deleteSurface":{"surfaceId":"main"}}' }],
  ["canvas.get", { sessionKey: KEY }],
  ["canvas.action", { sessionKey: KEY, action: { id: "sample", name: "bench:5:0" } }],
  ["canvas.a2ui.reset", { sessionKey: KEY }],
  ["canvas.hide", { sessionKey: KEY }],
  ["gateway.identity.get", {}],
  ["question.list", {}],
  ["plugin.approval.list", {}],
  ["exec.approval.request", { id: "sample", command: "ls -l", sessionKey: KEY, twoPhase: true }],
  ["exec.approval.list", {}],
  ["exec.approval.resolve", { id: "sample", decision: "allow-once" }],
  ["exec.approval.waitDecision", { id: "sample" }],
  ["exec.approvals.get", {}],
  ["exec.approvals.set", async ({ client }: SampleContext) => {
    const { file, hash } = await client.request("exec.approvals.get", {});
    return { file, baseHash: hash };
  }],
  ["taskSuggestions.list", {}],
  ["tools.catalog", {}],
  ["skills.status", {}],
  ["update.status", {}],
  ["cron.list", {}],
  ["cron.status", {}],
];

/** Methods whose good answer is an error, and which. */
export const ALWAYS_REFUSED: ReadonlyMap<string, string> = new Map([
  ["users.self", "FORBIDDEN"],
  // They need a channel or a message; channels_judged_test.ts has both and has their answers judged.
  ["channels.start", "INVALID_REQUEST"],
  ["channels.stop", "INVALID_REQUEST"],
  ["channels.logout", "INVALID_REQUEST"],
  ["web.login.start", "INVALID_REQUEST"],
  ["web.login.wait", "INVALID_REQUEST"],
  ["web.login.cancel", "INVALID_REQUEST"],
  ["poll", "INVALID_REQUEST"],
  ["outbox.retry", "INVALID_REQUEST"],
  ["outbox.drop", "INVALID_REQUEST"],
  ["message.explain", "INVALID_REQUEST"],
]);

/** Methods of the role node, called by a node. */
export const NODE_CALLS: readonly (readonly [method: string, params: (nodeId: string) => unknown])[] = [
  ["skills.bins", () => ({})],
  ["node.self", () => ({})],
  ["node.pluginTools.update", () => ({ tools: [] })],
  ["node.skills.update", () => ({ skills: [] })],
  ["node.runnerInventory.update", () => ({ protocolFeatures: [] })],
  ["node.pending.drain", () => ({})],
  ["node.pending.pull", () => ({})],
  ["node.pending.ack", () => ({})],
  ["node.invoke.result", (nodeId) => ({ id: "late", nodeId, ok: true, payloadJSON: null, error: null })],
  ["node.invoke.progress", (nodeId) => ({ invokeId: "late", nodeId, seq: 0, chunk: "{}" })],
  ["node.event", () => ({ event: "chat.subscribe", payload: { sessionKey: "main" } })],
  ["node.pluginSurface.refresh", () => ({})],
  ["node.canvas.get", () => ({})],
];

/** The params of a sample call. */
export async function resolve(params: Params, context: SampleContext): Promise<unknown> {
  return typeof params === "function" ? await params(context) : params;
}

/** A computer that answers every call with the same facts. Its socket ends with the gateway. */
async function sampleNode({ gateway }: SampleContext): Promise<SampleNode> {
  const device = makeIdentity();
  const client = await gateway.connect({
    role: "node",
    device,
    caps: ["device"],
    commands: ["camera.snap", "device.info", "system.execApprovals.get", "system.execApprovals.set"],
    client: {
      id: "openclaw-macos",
      mode: "node",
      platform: "macos 26",
      deviceFamily: "Mac",
      displayName: "Sample computer",
    },
  });
  client.onFrame = (frame) => {
    if (frame.type !== "event" || frame.event !== "node.invoke.request") return;
    const { id, nodeId, command } = frame.payload;
    const payload = command === "device.info"
      ? { model: "Sample" }
      : { path: "/home/sample/exec-approvals.json", exists: true, hash: "0".repeat(64), file: { version: 1 } };
    client.sendRequest("node.invoke.result", { id, nodeId, ok: true, payloadJSON: JSON.stringify(payload) });
  };
  return { nodeId: device.id, client };
}

function nodeParams(params: Record<string, unknown>): (context: SampleContext) => unknown {
  return ({ node }) => ({ nodeId: node?.nodeId, ...params });
}

/** The newest request of a node. */
async function waitingNode(client: TestClient): Promise<string> {
  const { pending } = await client.request("node.pair.list", {});
  return String(Object(Object(pending)[0]).requestId);
}

/** Parameters of config.patch: the change, and what it is made against. */
async function changeOf(client: TestClient, change: unknown): Promise<unknown> {
  const { hash } = await client.request("config.get", {});
  return { raw: JSON.stringify(change), baseHash: hash };
}

/** The run that was accepted last on this client. */
function lastRun(client: TestClient): string {
  const accepted = client.frames.findLast((frame) =>
    frame.type === "res" && ["accepted", "started"].includes(Object(frame.payload).status)
  );
  return accepted?.type === "res" ? String(Object(accepted.payload).runId) : "none";
}

/** Somebody writes to a channel for the first time. This gateway has none, so the request is put where it is kept. */
async function askAsStranger({ gateway }: SampleContext) {
  const db = await openDb(`${gateway.stateDir}/gateway.sqlite`);
  try {
    const sender = { id: crypto.randomUUID(), name: "A stranger" };
    const made = createSenderPairing({ db, clock: systemClock }).request("fake", "default", sender, "Hello");
    return { channel: "fake", accountId: "default", requestId: made?.request.requestId };
  } finally {
    db.close();
  }
}

/** A remote device asks to be let in; returns the id of its request. */
async function askForPairing({ gateway, requestIds, deviceIds }: SampleContext): Promise<string> {
  const device = makeIdentity();
  await using stranger = await TestClient.open(gateway.url, { headers: { "x-forwarded-for": "203.0.113.7" } });
  const res = await stranger.handshake({
    device,
    token: gateway.token,
    scopes: ["operator.read"],
    client: { displayName: "A phone", deviceFamily: "Phone" },
  });
  const requestId = String(Object(res.error?.details).requestId);
  requestIds.push(requestId);
  deviceIds.push(device.id);
  return requestId;
}
