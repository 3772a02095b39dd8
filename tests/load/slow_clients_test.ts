/** 500 clients of which 20 do not read, one run streaming: the others lose nothing, the 20 go, memory stays bounded. */
import assert from "node:assert/strict";
import { LIMITS } from "../../schemas/frame.ts";
import { type Received, TestClient } from "../helpers/client.ts";
import type { FakeModel } from "../helpers/fake_model.ts";
import { gatewayTest, type TestGateway } from "../helpers/gateway.ts";
import { print } from "../helpers/print.ts";
import { eventually, pause, within } from "../helpers/wait.ts";

const READERS = 480;
const SLEEPERS = 20;
/** The run: so many chunks, each event carrying the text so far. */
const CHUNKS = 300;
const CHUNK_CHARS = 40;
/** What the sleepers ask for and do not read: a history of 2 MB. Greedy ones go on for far more than a buffer holds. */
const NOTES = 20;
const NOTE_CHARS = 100_000;
const ASKS = { modest: 7, greedy: 40 };
/**
 * The process and its agent worker; per sleeper a full buffer and the answer that overfilled it, twice, because the
 * runtime copies what it hands to the kernel; and garbage, more of it on a busy machine. Without the limits the greedy ones
 * alone would hold 1.6 GB.
 */
const MEMORY_BOUND_MB = 160 + 2 * SLEEPERS * (LIMITS.maxBufferedBytes + NOTES * NOTE_CHARS) / 1e6 + 800;

/** What may be left some time after: the process, its agent worker, 480 idle clients, fragments. */
const LEFT_BOUND_MB = 400;

/** What one reader saw, without keeping the frames. */
class Tally {
  agentSeqs = 0;
  outOfOrder = 0;
  gaps = 0;
  lastText = "";
  ended = false;
  #frameSeq: number | undefined;

  take(frame: Received, runId: string): void {
    if (frame.type !== "event") return;
    if (frame.seq !== undefined) {
      if (this.#frameSeq !== undefined && frame.seq !== this.#frameSeq + 1) this.gaps++;
      this.#frameSeq = frame.seq;
    }
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
  "480 readers get every event in order while 20 that do not read are cut, in bounded memory": async (
    gateway,
    model,
  ) => {
    await using driver = await gateway.connect({ record: false, timeoutMs: 60_000 });
    await driver.request("sessions.patch", { key: NOTES_KEY, label: "Notes" });
    for (let note = 0; note < NOTES; note++) {
      await driver.request("chat.inject", { sessionKey: NOTES_KEY, message: "n".repeat(NOTE_CHARS) });
    }
    const readers = await many(gateway, READERS);
    try {
      const first = await round(gateway, model, driver, readers);
      const second = await round(gateway, model, driver, readers);
      print(`  memory: peaks ${first} and ${second} MB`);
      assert.ok(first < MEMORY_BOUND_MB && second < MEMORY_BOUND_MB, `below ${MEMORY_BOUND_MB} MB`);
      // The engine collects some seconds after the last work; what it cannot collect was leaked.
      const started = performance.now();
      const left = await eventually("the memory to be given back", () => {
        const now = Math.round(gateway.rssMb);
        return now < LEFT_BOUND_MB && now;
      }, 60_000);
      print(`  ${left} MB after ${Math.round((performance.now() - started) / 1_000)} s`);
    } finally {
      await Promise.all(readers.map((client) => client.close()));
    }
  },
});

/** Sleepers stop reading, a run streams, readers count, the sleepers go. Returns the peak of resident memory in MB. */
async function round(
  gateway: TestGateway,
  model: FakeModel,
  driver: TestClient,
  readers: readonly TestClient[],
): Promise<number> {
  const runId = crypto.randomUUID();
  const tallies = readers.map((client) => {
    const tally = new Tally();
    client.onFrame = (frame) => tally.take(frame, runId);
    return tally;
  });
  let peak = 0;
  const watch = setInterval(() => peak = Math.max(peak, Math.round(gateway.rssMb)), 200);
  const sleepers = await many(gateway, SLEEPERS);
  try {
    await fallAsleep(sleepers);
    const piece = "word ".repeat(CHUNK_CHARS / 5);
    model.script({ kind: "text", pieces: Array.from({ length: CHUNKS }, () => piece), delayMs: 1 });
    const started = performance.now();
    const params = { message: "go", sessionKey: "agent:main:load", idempotencyKey: runId };
    const { second } = await driver.requestTwice("agent", params, 60_000);
    assert.equal(second.ok, true, JSON.stringify(second.error));
    await eventually("the end at every reader", () => tallies.every((tally) => tally.ended), 60_000);
    print(`  streamed to ${READERS} readers in ${Math.round(performance.now() - started)} ms`);
    const whole = tallies[0]?.lastText.length;
    for (const [index, tally] of tallies.entries()) {
      assert.deepEqual([tally.gaps, tally.outOfOrder, tally.lastText.length], [0, 0, whole], `reader ${index}`);
    }
    await assertCut(gateway, sleepers);
    return peak;
  } finally {
    clearInterval(watch);
    await Promise.all(sleepers.map((client) => client.close()));
  }
}

/** They ask, and read nothing any more. The modest ones are about full then, and the stream does the rest. */
async function fallAsleep(sleepers: readonly TestClient[]): Promise<void> {
  for (const client of sleepers) client.ws.pause();
  for (let ask = 0; ask < ASKS.greedy; ask++) {
    const asking = ask < ASKS.modest ? sleepers : sleepers.slice(SLEEPERS / 2);
    for (const client of asking) client.sendRequest("chat.history", { sessionKey: NOTES_KEY, limit: NOTES });
    if (ask < ASKS.modest) await pause(300);
  }
}

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
