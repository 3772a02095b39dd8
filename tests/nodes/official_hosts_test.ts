/**
 * Node hosts as the official programs behave: their recorded frames played against our gateway, and the official client
 * package in the role of a node. node_host_*.jsonl were recorded of `openclaw node run` of both generations, connected to
 * this gateway; credentials, paths and host names are masked.
 */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createPublicKey, sign } from "node:crypto";
import { GatewayClient } from "@openclaw/gateway-client";
import { asJson, type Json, makeIdentity, type TestClient } from "../helpers/client.ts";
import { TEST_TOKEN, TestGateway } from "../helpers/gateway.ts";
import { eventually } from "../helpers/wait.ts";
import { invokeParams, Raw, TestNode } from "./lab.ts";

interface Line {
  readonly from: "node" | "gateway";
  readonly frame: {
    readonly method?: string;
    readonly event?: string;
    readonly params?: Json;
    readonly payload?: Json;
  };
}

async function readHost(generation: "feb" | "sep" | "sep_plan"): Promise<Line[]> {
  const file = new URL(`../fixtures/recorded/node_host_${generation}.jsonl`, import.meta.url);
  return (await Deno.readTextFile(file)).trim().split("\n").map((line) => JSON.parse(line));
}

/** What the host answered to each call that it was asked: the events before its result, and the result. */
function dialogue(lines: readonly Line[]) {
  const results = lines.filter(({ frame }) => frame.method === "node.invoke.result").map(({ frame }) =>
    frame.params ?? {}
  );
  const asked = lines.filter(({ frame }) => frame.event === "node.invoke.request");
  return asked.flatMap((line) => {
    const request = line.frame.payload ?? {};
    const result = results.find(({ id }) => id === request["id"]);
    if (!result) return [];
    const from = lines.indexOf(line);
    const to = lines.findIndex(({ frame }) => frame.params === result);
    const events = lines.slice(from, to).filter(({ frame }) => frame.method === "node.event");
    return [{ request, result, events: events.map(({ frame }) => frame.params ?? {}) }];
  });
}

/** Connects as the recorded host did, and answers as it did. */
async function play(gateway: TestGateway, generation: "feb" | "sep", lines: readonly Line[]) {
  const device = makeIdentity();
  const connect = asJson(lines.find(({ frame }) => frame.method === "connect")?.frame.params);
  const { client, commands, caps, pathEnv } = connect;
  const host = await gateway.connect({
    role: "node",
    protocol: generation === "feb" ? 3 : 4,
    device,
    client: asJson(client),
    commands: commands as string[],
    caps: caps as string[],
    extra: { pathEnv },
  });
  for (
    const { frame } of lines.filter(({ frame }) => /update$|stats/u.test(JSON.stringify([frame.method, frame.params])))
  ) {
    if (frame.method?.startsWith("node.") && frame.method !== "node.invoke.result") {
      assert.equal((await host.call(frame.method, frame.params)).ok, true, frame.method);
    }
  }
  assert.deepEqual(await host.request("skills.bins", {}), { bins: [] });
  const script = dialogue(lines);
  host.onFrame = (frame) => {
    if (frame.type !== "event" || frame.event !== "node.invoke.request") return;
    const step = script.find(({ request }) => request["command"] === frame.payload["command"] && !("used" in request));
    if (!step) return;
    Object.assign(step.request, { used: true });
    for (const event of step.events) host.sendRequest("node.event", event);
    host.sendRequest("node.invoke.result", { ...step.result, id: frame.payload["id"], nodeId: device.id });
  };
  return { host, nodeId: device.id, script: dialogue(lines) };
}

async function approveAll(owner: TestClient): Promise<void> {
  const { pending } = await owner.request("node.pair.list", {});
  for (const { requestId } of pending as { requestId: string }[]) {
    await owner.request("node.pair.approve", { requestId });
  }
}

for (const generation of ["feb", "sep"] as const) {
  Deno.test(`the recorded node host of ${generation} connects, is approved, called, and reports what it ran`, async () => {
    const lines = await readHost(generation);
    await using gateway = await TestGateway.start({
      config: { gateway: { nodes: { allowCommands: ["system.run"] } } },
    });
    await using owner = await gateway.connect();
    const { host, nodeId, script } = await play(gateway, generation, lines);
    await using _host = host;
    await approveAll(owner);
    const view = await owner.request("node.describe", { nodeId });
    assert.equal(view["approvalState"], generation === "feb" ? undefined : "approved");
    for (const command of ["system.run", "system.which", "system.execApprovals.get"]) {
      assert.ok((view["commands"] as string[]).includes(command), command);
    }
    assert.ok(script.length >= 4, "the recording holds calls");
    for (const { request, result } of script) {
      const params: unknown = JSON.parse(String(request["paramsJSON"]));
      const command = String(request["command"]);
      const res = command === "system.execApprovals.get"
        ? await owner.call("exec.approvals.node.get", { nodeId })
        : await owner.call("node.invoke", invokeParams(nodeId, command, params));
      assert.equal(res.ok, result["ok"], command);
      if (!res.ok) assert.equal(res.error?.message, asJson(result["error"])["message"]);
      else if (command !== "system.execApprovals.get") {
        assert.equal(asJson(res.payload)["payloadJSON"], result["payloadJSON"]);
      }
    }
    const { queuedSystemEvents } = await owner.request("status", {});
    const notes = JSON.stringify(queuedSystemEvents);
    assert.match(notes, /Exec finished \(node=/u);
    if (generation === "feb") assert.match(notes, /Exec denied \(node=.*approval-required/u);
  });
}

Deno.test("an approved command goes to a host of protocol 4 with the host's own plan of it", async () => {
  const [prepare, run] = dialogue(await readHost("sep_plan"));
  const [plan, ran] = [prepare, run].map((step) => JSON.parse(String(step?.request["paramsJSON"])));
  await using gateway = await TestGateway.start({ config: { gateway: { nodes: { allowCommands: ["system.run"] } } } });
  await using owner = await gateway.connect();
  await using node = await TestNode.connect(gateway, { commands: ["system.run", "system.run.prepare"] });
  node.answerer = (command) => {
    const { payloadJSON } = (command === "system.run" ? run : prepare)?.result ?? {};
    return new Raw({ payloadJSON });
  };
  const { runId: _recorded, ...params } = plan;
  const id = crypto.randomUUID();
  const request = { id, command: params.command.join(" "), host: "node", nodeId: node.id, twoPhase: true };
  await owner.request("exec.approval.request", request);
  await owner.request("exec.approval.resolve", { id, decision: "allow-once" });
  const claim = { approved: true, approvalDecision: "allow-once", runId: id };
  await owner.request("node.invoke", invokeParams(node.id, "system.run", { ...params, ...claim }));
  const sent = node.asked.map(({ paramsJSON }) => JSON.parse(String(paramsJSON)));
  assert.deepEqual(sent, [{ ...plan, runId: id }, { ...ran, runId: id }]);
});

Deno.test("the official client package as a node: asks for approval, is called, answers, follows a session", async () => {
  await using gateway = await TestGateway.start();
  const identity = makeIdentity();
  const ready = Promise.withResolvers<void>();
  const events: { event: string; payload?: unknown }[] = [];
  const client: GatewayClient = new GatewayClient({
    url: gateway.url,
    token: TEST_TOKEN,
    clientName: "node-host",
    mode: "node",
    role: "node",
    scopes: [],
    caps: ["system"],
    commands: ["system.which"],
    clientVersion: "2026.9.1",
    platform: "linux",
    deviceIdentity: {
      deviceId: identity.id,
      privateKeyPem: identity.privateKeyPem,
      publicKeyPem: identity.publicKeyPem,
    },
    hostDeps: {
      signDevicePayload: (pem, payload) => sign(null, Buffer.from(payload), pem).toString("base64url"),
      publicKeyRawBase64UrlFromPem: (pem) =>
        createPublicKey(pem).export({ type: "spki", format: "der" }).subarray(-32).toString("base64url"),
      loadDeviceAuthToken: () => null,
      storeDeviceAuthToken: () => {},
      clearDeviceAuthToken: () => {},
    },
    onHelloOk: () => ready.resolve(),
    onEvent: (event) => {
      events.push({ ...event });
      if (event.event !== "node.invoke.request") return;
      const { id, nodeId } = asJson(event.payload);
      void client.request("node.invoke.result", { id, nodeId, ok: true, payloadJSON: '{"bins":{}}', error: null });
    },
  });
  client.start();
  try {
    await ready.promise;
    await using owner = await gateway.connect();
    await approveAll(owner);
    await eventually(
      "the node hears of its approval",
      () => events.find(({ event }) => event === "node.pair.resolved"),
    );
    const answer = await owner.request("node.invoke", invokeParams(identity.id, "system.which", { bins: ["x"] }));
    assert.deepEqual(answer["payload"], { bins: {} });
    const followed = await client.request("node.event", { event: "chat.subscribe", payload: { sessionKey: "main" } });
    assert.equal(asJson(followed)["handled"], true);
    await assert.rejects(client.request("node.invoke", {}), /unauthorized role: node/u);
  } finally {
    await client.stopAndWait();
  }
});
