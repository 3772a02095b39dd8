/** Every answer and event of protocol 4 goes before an independent judge; the output says which judged what. */
import assert from "node:assert/strict";
import { METHODS } from "../../gateway/rpc/registry.ts";
import { type Ev, makeIdentity, type Res, TestClient } from "../helpers/client.ts";
import { gatewayTest, type TestGateway } from "../helpers/gateway.ts";
import { Court, DISAGREEMENTS, officialSchema, report, type Verdict } from "./judges.ts";
import { readRecordings } from "./recordings.ts";
import { ALWAYS_REFUSED, NODE_CALLS, resolve, SAMPLE_CALLS, type SampleContext } from "./sample_calls.ts";
import { print } from "../helpers/print.ts";
import { checker } from "../../schemas/validate.ts";

gatewayTest("conformance by judges", {}, {
  "every method and event is as its judge wants it": async (gateway, model) => {
    const court = await Court.open();
    const verdicts: Verdict[] = [];
    await using client = await gateway.connect({ caps: ["tool-events"], device: makeIdentity() });
    verdicts.push(court.result("connect", await firstRes(client)));
    const context: SampleContext = { gateway, client, requestIds: [], deviceIds: [] };
    model.script({ kind: "tool", name: "time", args: {} });
    for (const [method, params] of SAMPLE_CALLS) {
      const res = await answers(client, method, await resolve(params, context));
      assert.equal(res.every((each) => each.ok), true, `${method}: ${JSON.stringify(res.find((r) => !r.ok)?.error)}`);
      res.forEach((each, index) => verdicts.push(court.result(method, each, index === 0 ? 1 : 2)));
    }
    verdicts.push(...await nodeVerdicts(gateway, court));
    await context.node?.client.close();
    await fails(client, gateway);
    verdicts.push(...eventsOf(client).map((event) => court.event(event)));
    print(report(verdicts));
    assert.deepEqual(verdicts.filter((verdict) => verdict.faults.length > 0), []);
    assertCovered(verdicts);
    assert.deepEqual(ownFaults(court, client), []);
  },
  "what is always refused is refused with its code": async (gateway) => {
    await using client = await gateway.connect();
    for (const [method, code] of ALWAYS_REFUSED) {
      assert.equal((await client.call(method, {})).error?.code, code, method);
    }
  },
});

Deno.test("the known disagreements of the official schema with the recordings are real", async () => {
  const recordings = await readRecordings();
  const lifecycle = {
    type: "event",
    event: "agent",
    payload: { stream: "lifecycle", data: { phase: "start" } },
  } as const;
  const recorded = new Map<string, readonly unknown[]>([
    ["result connect", recordings.results("connect", 1).filter((payload) => Object(payload).protocol === 4)],
    ["event agent", recordings.events(lifecycle)],
    ["event shutdown", [{ reason: "gateway stopping", restartExpectedMs: null }]],
  ]);
  for (const [subject, { fault }] of DISAGREEMENTS) {
    const schema = officialSchema(subject);
    assert.ok(schema, `${subject} has an official schema`);
    const errors = (recorded.get(subject) ?? []).flatMap((payload) => {
      const checked = checker(schema)(payload);
      return checked.ok ? [] : checked.error.split("; ");
    });
    assert.ok(errors.some((error) => fault.test(error)), `${subject}: the schema refuses a recording: ${errors}`);
  }
});

/** All answers of one call: `agent` has two. */
async function answers(client: TestClient, method: string, params: unknown): Promise<Res[]> {
  if (method !== "agent") return [await client.call(method, params)];
  const { first, second } = await client.requestTwice(method, params);
  return [first, second];
}

const eventsOf = (client: TestClient): Ev[] => client.frames.filter((frame): frame is Ev => frame.type === "event");

async function firstRes(client: TestClient): Promise<Res> {
  const frame = await client.wait("hello", (each) => each.type === "res");
  if (frame.type !== "res") throw new Error("unreachable: matched a response");
  return frame;
}

async function nodeVerdicts(gateway: TestGateway, court: Court): Promise<Verdict[]> {
  const device = makeIdentity();
  await using node = await gateway.connect({
    role: "node",
    device,
    client: { id: "node-host", mode: "node" },
  });
  const verdicts: Verdict[] = [];
  for (const [method, params] of NODE_CALLS) {
    const res = await node.call(method, params(device.id));
    assert.equal(res.ok, true, `${method}: ${res.error?.message}`);
    verdicts.push(court.result(method, res));
  }
  return verdicts;
}

/** An aborted and a failed run, for the chat states that good calls do not show. */
async function fails(client: TestClient, gateway: TestGateway): Promise<void> {
  const run = { sessionKey: "agent:main:sample2", message: "bench:500:20", idempotencyKey: crypto.randomUUID() };
  await client.request("chat.send", run);
  await client.waitEvent((e) => e.event === "chat" && e.payload["runId"] === run.idempotencyKey);
  await client.request("chat.abort", { sessionKey: run.sessionKey, runId: run.idempotencyKey });
  await client.waitEvent((e) => e.event === "chat" && e.payload["state"] === "aborted");
  await using ui = await gateway.connect({ client: { id: "gateway-client", mode: "ui" } });
  await ui.close();
  await client.waitEvent("presence");
}

/** Nothing of the tables escaped judgement. */
function assertCovered(verdicts: readonly Verdict[]): void {
  const judged = new Set(verdicts.map((verdict) => verdict.subject));
  const methods = METHODS.filter((method) => !ALWAYS_REFUSED.has(method.name)).map((method) => `result ${method.name}`);
  assert.deepEqual(methods.filter((subject) => !judged.has(subject)), [], "methods without a verdict");
  const events = [
    "agent",
    "chat",
    "presence",
    "health",
    "sessions.changed",
    "session.message",
    "device.pair.requested",
  ];
  assert.deepEqual(events.map((name) => `event ${name}`).filter((subject) => !judged.has(subject)), []);
}

/** What our own tables say of every frame that came, answers matched to their methods by the sample order. */
function ownFaults(court: Court, client: TestClient): string[] {
  return client.frames.flatMap((frame) => court.ownFaults(frame, client.methodOf(frame)));
}
