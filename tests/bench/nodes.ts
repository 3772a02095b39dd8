/** Nodes and canvas: what a call of a node costs, large results, many nodes at once, one A2UI update to many viewers. */
import { makeIdentity } from "../helpers/identity.ts";
import { TestClient } from "../helpers/client.ts";
import { TestGateway } from "../helpers/gateway.ts";
import { pause } from "../helpers/wait.ts";
import { quantile, Target } from "./target.ts";

const WARM_UP = 200;
const CALLS = 3_000;
const NODES = 200;
const ROUNDS = 10;
const VIEWERS = 100;
const UPDATES = 300;
const SNAPSHOT_BYTES = 10 << 20;

export interface NodeFigures {
  readonly invokeMedianMs: number;
  readonly invokeP99Ms: number;
  readonly invokeCpuUs: number;
  readonly snapshotMs: number;
  /** The longest that another client waited for `health` while snapshots went through. */
  readonly snapshotStallMs: number;
  readonly snapshotMb: number;
  readonly connectManyMs: number;
  readonly roundMs: number;
  readonly roundCpuMs: number;
  readonly kbPerNode: number;
  readonly a2uiMedianMs: number;
  readonly a2uiP99Ms: number;
  readonly a2uiCpuMs: number;
}

/** A protocol 3 node of an iPhone: its commands work after device pairing alone. */
async function connectNode(
  gateway: TestGateway,
  name: string,
  answer: (command: string) => string,
): Promise<TestClient> {
  const node = await TestClient.connect(gateway.url, {
    token: gateway.token,
    protocol: 3,
    role: "node",
    device: makeIdentity(),
    caps: ["canvas", "location"],
    commands: ["location.get", "canvas.snapshot"],
    client: { id: "node-host", mode: "node", platform: "ios", displayName: name },
    record: false,
  });
  node.onFrame = (frame) => {
    if (frame.type !== "event" || frame.event !== "node.invoke.request") return;
    const { id, nodeId, command } = frame.payload;
    node.sendRequest("node.invoke.result", { id, nodeId, ok: true, payloadJSON: answer(String(command)) });
  };
  return node;
}

const invoke = (operator: TestClient, nodeId: string, command: string) =>
  operator.call("node.invoke", { nodeId, command, idempotencyKey: crypto.randomUUID() }, 60_000).then((res) => {
    if (!res.ok) throw new Error(`Cannot measure ${command}: ${res.error?.message}`);
  });

export async function measureNodes(): Promise<NodeFigures> {
  await using gateway = await TestGateway.start({
    config: { agents: { defaults: { model: { primary: "builtin/offline" } } } },
  });
  const target = new Target("gateway", gateway.url, gateway.token, gateway.pid);
  const operator = await gateway.connect({ device: makeIdentity() });
  const snapshot = JSON.stringify({ format: "png", base64: "A".repeat(SNAPSHOT_BYTES) });
  const node = await connectNode(
    gateway,
    "phone",
    (command) => command === "canvas.snapshot" ? snapshot : LOCATION,
  );
  try {
    return {
      ...await roundTrips(target, operator),
      ...await snapshots(target, gateway, operator),
      ...await manyNodes(target, gateway, operator),
      ...await updates(target, gateway, operator),
    };
  } finally {
    await node.close();
    await operator.close();
  }
}

const LOCATION = JSON.stringify({ lat: 52.52, lon: 13.405, accuracyMeters: 12, timestamp: "2026-11-22T12:00:00.000Z" });

async function onlyNode(operator: TestClient): Promise<string> {
  const { nodes } = await operator.request("node.list", {});
  const first: unknown = Array.isArray(nodes) ? nodes[0] : undefined;
  if (typeof first !== "object" || first === null) throw new Error("Cannot measure: no node is there");
  return String(Reflect.get(first, "nodeId"));
}

async function roundTrips(target: Target, operator: TestClient) {
  const nodeId = await onlyNode(operator);
  for (let i = 0; i < WARM_UP; i++) await invoke(operator, nodeId, "location.get");
  const times: number[] = [];
  const cpu = target.cpu();
  for (let i = 0; i < CALLS; i++) {
    const started = performance.now();
    await invoke(operator, nodeId, "location.get");
    times.push(performance.now() - started);
  }
  return {
    invokeMedianMs: quantile(times, 0.5),
    invokeP99Ms: quantile(times, 0.99),
    invokeCpuUs: (target.cpu() - cpu) * 1_000 / CALLS,
  };
}

/** Ten snapshots of 10 MB of base64, while another client asks for `health` every 5 ms. */
async function snapshots(target: Target, gateway: TestGateway, operator: TestClient) {
  const nodeId = await onlyNode(operator);
  const other = await gateway.connect({ device: makeIdentity() });
  const before = target.rss();
  const state = { on: true, stall: 0 };
  const watch = (async () => {
    while (state.on) {
      const started = performance.now();
      await other.request("health", {});
      state.stall = Math.max(state.stall, performance.now() - started);
      await pause(5);
    }
  })();
  const times: number[] = [];
  for (let i = 0; i < 10; i++) {
    const started = performance.now();
    await invoke(operator, nodeId, "canvas.snapshot");
    times.push(performance.now() - started);
    operator.frames.length = 0;
    operator.texts.length = 0;
  }
  const snapshotMb = target.rss() - before;
  state.on = false;
  await watch;
  await other.close();
  return { snapshotMs: quantile(times, 0.5), snapshotStallMs: state.stall, snapshotMb };
}

async function manyNodes(target: Target, gateway: TestGateway, operator: TestClient) {
  const before = target.rss();
  const started = performance.now();
  const nodes: TestClient[] = [];
  while (nodes.length < NODES) {
    const batch = Array.from(
      { length: Math.min(20, NODES - nodes.length) },
      (_, i) => connectNode(gateway, `node ${nodes.length + i}`, () => LOCATION),
    );
    nodes.push(...await Promise.all(batch));
  }
  const connectManyMs = performance.now() - started;
  const { nodes: rows } = await operator.request("node.list", {});
  const ids = (Array.isArray(rows) ? rows : []).map((row) => String(Reflect.get(Object(row), "nodeId")));
  const kbPerNode = (target.rss() - before) * 1024 / NODES;
  const times: number[] = [];
  const cpu = target.cpu();
  for (let round = 0; round < ROUNDS; round++) {
    const began = performance.now();
    await Promise.all(ids.map((id) => invoke(operator, id, "location.get")));
    times.push(performance.now() - began);
  }
  const roundCpuMs = (target.cpu() - cpu) / ROUNDS;
  await Promise.all(nodes.map((each) => each.close()));
  return { connectManyMs, roundMs: quantile(times, 0.5), roundCpuMs, kbPerNode };
}

const SURFACE = [
  {
    version: "v0.9",
    createSurface: { surfaceId: "bench", catalogId: "https://a2ui.org/specification/v0_9/basic_catalog.json" },
  },
  {
    version: "v0.9",
    updateComponents: {
      surfaceId: "bench",
      components: [
        { id: "root", component: "Column", children: ["count"] },
        { id: "count", component: "Text", text: { path: "/count" } },
      ],
    },
  },
];

/** One value of a surface changes every 10 ms; each of the viewers has an open chat beside it. */
async function updates(target: Target, gateway: TestGateway, operator: TestClient) {
  const sessionKey = "agent:main:main";
  const viewers: TestClient[] = [];
  const sentAt: number[] = [];
  const lags: number[] = [];
  const identity = makeIdentity();
  for (let i = 0; i < VIEWERS; i++) {
    const viewer = await gateway.connect({ device: identity, record: false });
    viewer.onFrame = (frame, text) => {
      if (frame.type !== "event" || frame.event !== "canvas.changed") return;
      const count = /"value":(\d+)/u.exec(text)?.[1];
      if (count !== undefined) lags.push(performance.now() - (sentAt[Number(count)] ?? NaN));
    };
    viewers.push(viewer);
  }
  await operator.request("canvas.a2ui.push", { sessionKey, messages: SURFACE });
  const cpu = target.cpu();
  for (let value = 0; value < UPDATES; value++) {
    sentAt[value] = performance.now();
    await operator.request("canvas.a2ui.push", {
      sessionKey,
      messages: [{ version: "v0.9", updateDataModel: { surfaceId: "bench", path: "/count", value } }],
    });
    await pause(10);
  }
  const a2uiCpuMs = (target.cpu() - cpu) / UPDATES;
  await pause(500);
  await Promise.all(viewers.map((each) => each.close()));
  if (lags.length !== VIEWERS * UPDATES) {
    throw new Error(`Cannot measure: ${lags.length} updates of ${VIEWERS * UPDATES} came`);
  }
  return { a2uiMedianMs: quantile(lags, 0.5), a2uiP99Ms: quantile(lags, 0.99), a2uiCpuMs };
}
