/** 500 clients of which 20 do not read, one run streaming: the others lose nothing, the 20 go, memory stays bounded. */
import assert from "node:assert/strict";
import { LIMITS } from "../../schemas/frame.ts";
import { type Received, TestClient } from "../helpers/client.ts";
import { gatewayTest, type TestGateway } from "../helpers/gateway.ts";
import { print } from "../helpers/print.ts";
import { eventually, within } from "../helpers/wait.ts";

const READERS = 480;
const SLEEPERS = 20;
/** The run: so many chunks, each event carrying the text so far. */
const CHUNKS = 300;
const CHUNK_CHARS = 40;
/** What the sleepers ask for before they stop reading: a long history, several times, more than their buffer holds. */
const NOTES = 40;
const NOTE_CHARS = 100_000;
const ASKS = 4;

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

const NOTES_KEY = "agent:main:notes";
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
    await using driver = await gateway.connect({ record: false, timeoutMs: 60_000 });
    await driver.request("sessions.patch", { key: NOTES_KEY, label: "Notes" });
    for (let note = 0; note < NOTES; note++) {
      await driver.request("chat.inject", { sessionKey: NOTES_KEY, message: "n".repeat(NOTE_CHARS) });
    }
    const readers = await many(gateway, READERS);
    const sleepers = await many(gateway, SLEEPERS);
    const tallies = readers.map((client) => {
      const tally = new Tally();
      client.onFrame = (frame) => tally.take(frame, runId);
      return tally;
    });
    for (const client of sleepers) {
      client.ws.pause();
      for (let ask = 0; ask < ASKS; ask++) client.sendRequest("chat.history", { sessionKey: NOTES_KEY, limit: NOTES });
    }
    try {
      const piece = "word ".repeat(CHUNK_CHARS / 5);
      model.script({ kind: "text", pieces: Array.from({ length: CHUNKS }, () => piece), delayMs: 1 });
      let peak = 0;
      const watch = setInterval(() => peak = Math.max(peak, gateway.rssMb), 100);
      const params = { message: "go", sessionKey: "agent:main:load", idempotencyKey: runId };
      const started = performance.now();
      const { second } = await driver.requestTwice("agent", params, 60_000).finally(() => clearInterval(watch));
      assert.equal(second.ok, true, JSON.stringify(second.error));
      await eventually("the end at every reader", () => tallies.every((tally) => tally.ended), 60_000);
      print(`  streamed to ${READERS} readers in ${Math.round(performance.now() - started)} ms`);

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
