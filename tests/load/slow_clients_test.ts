/** 500 clients of which 20 do not read, one run streaming: the others lose nothing, the 20 go, memory stays bounded. */
import assert from "node:assert/strict";
import { LIMITS } from "../../schemas/frame.ts";
import { type Received, TestClient } from "../helpers/client.ts";
import { gatewayTest, type TestGateway } from "../helpers/gateway.ts";
import { print } from "../helpers/print.ts";
import { eventually, within } from "../helpers/wait.ts";

const READERS = 480;
const SLEEPERS = 20;
/** Chunks that together are larger than a client's buffer and what the kernel holds for it. */
const CHUNKS = 1_200;
const CHUNK_BYTES = 600;

/** What one reader saw, without keeping the frames. */
class Tally {
  agentSeqs = 0;
  outOfOrder = 0;
  gaps = 0;
  lastText = "";
  ended = false;
  #frameSeq = 0;

  take(frame: Received, runId: string): void {
    if (frame.type !== "event") return;
    if (frame.seq !== undefined && frame.seq !== ++this.#frameSeq) this.gaps++;
    if (frame.event !== "agent" || frame.payload["runId"] !== runId) return;
    if (frame.payload["seq"] !== ++this.agentSeqs) this.outOfOrder++;
    const data = Object(frame.payload["data"]);
    if (frame.payload["stream"] === "assistant") this.lastText = data.text;
    if (data.phase === "end") this.ended = true;
  }
}

const open = (gateway: TestGateway) => gateway.connect({ record: false, scopes: ["operator.read"], timeoutMs: 60_000 });

async function many(gateway: TestGateway, count: number): Promise<TestClient[]> {
  const clients: TestClient[] = [];
  while (clients.length < count) {
    const batch = Math.min(50, count - clients.length);
    clients.push(...await Promise.all(Array.from({ length: batch }, () => open(gateway))));
  }
  return clients;
}

gatewayTest("slow clients", {}, {
  "480 readers get every event in order while 20 that do not read are cut": async (gateway, model) => {
    const runId = crypto.randomUUID();
    const readers = await many(gateway, READERS);
    const sleepers = await many(gateway, SLEEPERS);
    const tallies = readers.map((client) => {
      const tally = new Tally();
      client.onFrame = (frame) => tally.take(frame, runId);
      return tally;
    });
    for (const client of sleepers) client.ws.pause();
    try {
      const piece = "word ".repeat(CHUNK_BYTES / 5);
      model.script({ kind: "text", pieces: Array.from({ length: CHUNKS }, () => piece), delayMs: 1 });
      await using driver = await gateway.connect({ record: false, timeoutMs: 60_000 });
      let peak = 0;
      const watch = setInterval(() => peak = Math.max(peak, gateway.rssMb), 100);
      const params = { message: "go", sessionKey: "agent:main:load", idempotencyKey: runId };
      const { second } = await driver.requestTwice("agent", params, 120_000).finally(() => clearInterval(watch));
      assert.equal(second.ok, true, JSON.stringify(second.error));
      await eventually("the end at every reader", () => tallies.every((tally) => tally.ended), 60_000);

      const text = tallies[0]?.lastText ?? "";
      for (const [index, tally] of tallies.entries()) {
        assert.deepEqual([tally.gaps, tally.outOfOrder], [0, 0], `reader ${index}`);
        assert.equal(tally.lastText.length, text.length, `reader ${index} has the whole text`);
      }
      await assertCut(gateway, sleepers);
      print(`  peak memory ${Math.round(peak)} MB, afterwards ${Math.round(gateway.rssMb)} MB`);
      const bound = 200 + (SLEEPERS * LIMITS.maxBufferedBytes) / 1e6 + 200;
      assert.ok(peak < bound, `peak ${peak} MB stays below ${bound} MB`);
    } finally {
      await Promise.all([...readers, ...sleepers].map((client) => client.close()));
    }
    await eventually("memory to come back", () => gateway.rssMb < 300, 20_000);
  },
});

/** The gateway has let go of every sleeper; each finds a close 1008, or a broken connection, when it wakes. */
async function assertCut(gateway: TestGateway, sleepers: readonly TestClient[]): Promise<void> {
  await using probe = await gateway.connect();
  await eventually("the gateway to drop the sleepers", async () => {
    const { connections } = Object(await probe.request("status"))["gateway"];
    return connections <= READERS + 2;
  }, 30_000);
  for (const client of sleepers) client.ws.resume();
  for (const client of sleepers) {
    const { code } = await within("the end of a sleeper", client.closed, 20_000);
    assert.ok(code === 1008 || code === 1006, `closed ${code}`);
  }
}
