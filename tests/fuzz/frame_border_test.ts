/** 20,000 bad frames from a fixed seed, before and after the handshake: no crash, no fault, every answer well-formed. */
import assert from "node:assert/strict";
import { METHODS } from "../../gateway/rpc/registry.ts";
import { EventFrame, LIMITS, ResponseFrame } from "../../schemas/frame.ts";
import { checker } from "../../schemas/validate.ts";
import { TestClient } from "../helpers/client.ts";
import { assertHealthyOutput, gatewayTest, type TestGateway } from "../helpers/gateway.ts";
import { print } from "../helpers/print.ts";
import { eventually, within } from "../helpers/wait.ts";
import { badFrame, Random } from "./mutate.ts";

const SEED = 20_261_122;
const BEFORE = 4_000;
const AFTER = 16_000;
const SOCKETS = 32;
/**
 * Names that the frames use: real methods but those that wait or run, and some that do not exist. Node methods stay out:
 * an operator that calls them more than ten times is cut on purpose.
 */
const NAMES = [
  ...METHODS.filter(({ access }) => access !== "node").map(({ name }) => name)
    .filter((name) => !/^(agent|agent\.wait|chat\.send)$/u.test(name)),
  "agent",
  "connect",
  "nope",
  "__proto__",
  "constructor",
  "",
];

const isRes = checker(ResponseFrame);
const isEvent = checker(EventFrame);

/** Counts the answers that are not well-formed. */
function inspect(client: TestClient, faults: string[]): void {
  client.onFrame = (frame, text) => {
    const checked = frame.type === "res" ? isRes(frame) : isEvent(frame);
    if (!checked.ok) faults.push(`${checked.error}: ${text.slice(0, 200)}`);
    if (/\bat (file|async|new|Object)\b|\.ts:\d+/u.test(text)) faults.push(`a stack trace: ${text.slice(0, 200)}`);
    if (frame.type === "res" && /internal error/u.test(text)) faults.push(`an internal error: ${text.slice(0, 200)}`);
  };
}

gatewayTest("20,000 bad frames", {}, {
  "before the handshake each ends its own socket and nothing else": async (gateway) => {
    const random = new Random(SEED);
    const faults: string[] = [];
    let sent = 0;
    const worker = async (): Promise<void> => {
      while (sent < BEFORE) {
        await using client = await TestClient.open(gateway.url, { record: false });
        inspect(client, faults);
        // Several at once: the first decides, the others arrive while it is being closed.
        const batch = random.pick([1, 1, 1, 8]);
        for (let i = 0; i < batch; i++) client.send(badFrame(random, NAMES, sent++));
        await within("the end of the socket", client.closed);
      }
    };
    await Promise.all(Array.from({ length: 24 }, worker));
    assert.deepEqual(faults, []);
    await assertAlive(gateway);
  },
  "after the handshake every one is answered or ignored and the socket lives": async (gateway) => {
    const random = new Random(SEED + 1);
    const faults: string[] = [];
    const clients = await Promise.all(
      Array.from(
        { length: SOCKETS },
        (_, index) => gateway.connect({ protocol: index % 2 === 0 ? 4 : 3, record: false, timeoutMs: 30_000 }),
      ),
    );
    try {
      for (const client of clients) inspect(client, faults);
      const started = performance.now();
      for (let sent = 0; sent < AFTER; sent += SOCKETS * 10) {
        for (const client of clients) for (let i = 0; i < 10; i++) client.send(badFrame(random, NAMES, sent + i));
        // One good call behind each batch: it is answered, and it bounds what waits.
        await Promise.all(clients.map((client) => client.request("health")));
      }
      print(`  ${AFTER} frames after the handshake in ${Math.round(performance.now() - started)} ms`);
      assert.deepEqual(faults, []);
      assert.ok(clients.every((client) => client.ws.readyState === 1), "no socket was closed");
    } finally {
      await Promise.all(clients.map((client) => client.close()));
    }
    await assertAlive(gateway);
  },
  "oversized frames close their socket by the header, whole or as a promise": async (gateway) => {
    for (let i = 0; i < 3; i++) {
      await using client = await gateway.connect({ record: false });
      client.send("z".repeat(LIMITS.maxPayload + 1 + i));
      assert.equal((await within("the close", client.closed)).code, 1009);
    }
    await assertAlive(gateway);
  },
  "the gateway's log holds no fault and its memory came back": async (gateway) => {
    assertHealthyOutput(gateway.output);
    assert.doesNotMatch(gateway.output, /rpc\.failed|handshake\.failed|bus\.failed/u);
    const rss = await eventually("memory below 400 MB", () => gateway.rssMb < 400 && gateway.rssMb);
    print(`  resident memory afterwards: ${Math.round(rss)} MB`);
  },
});

async function assertAlive(gateway: TestGateway): Promise<void> {
  await using client = await gateway.connect();
  assert.equal(Object(await client.request("health")).ok, true);
}
