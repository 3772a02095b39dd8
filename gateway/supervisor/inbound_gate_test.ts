/** Tests of the way from a worker into the inbox: order, acknowledgement, pace, retries. */
import assert from "node:assert/strict";
import { FakeClock } from "../../tests/helpers/fake_clock.ts";
import { INBOUND_WINDOW } from "../../schemas/worker/channel.ts";
import type { Inbound } from "../../schemas/worker/content.ts";
import { silentLog } from "../observe/log.ts";
import { createInboundGate } from "./inbound_gate.ts";

const note = (key: string): Inbound => ({
  kind: "note",
  dedupeKey: key,
  chat: { id: "c", kind: "group" },
  sender: { id: "s" },
  timestamp: 1,
  text: "n",
});

function lab() {
  const clock = new FakeClock();
  const committed: string[] = [];
  const acked: number[] = [];
  const state = { refuse: false };
  const gate = createInboundGate({
    clock,
    log: silentLog,
    commit(event) {
      if (state.refuse) throw new Error("the disk is full");
      committed.push(event.dedupeKey);
    },
    ack: (seq) => acked.push(seq),
  });
  return { clock, committed, acked, state, gate };
}

Deno.test("each event is acknowledged after its commit, in order", () => {
  const { gate, committed, acked } = lab();
  for (const seq of [1, 2, 3]) assert.equal(gate.push(seq, note(`k${seq}`)), true);
  assert.deepEqual([committed, acked], [["k1", "k2", "k3"], [1, 2, 3]]);
});

Deno.test("an event that could not be committed is tried again, and those behind it wait for it", () => {
  const { gate, clock, committed, acked, state } = lab();
  state.refuse = true;
  gate.push(1, note("a"));
  gate.push(2, note("b"));
  clock.advance(499);
  state.refuse = false;
  assert.deepEqual([committed, acked, gate.waiting()], [[], [], 2]);
  clock.advance(1);
  assert.deepEqual([committed, acked, gate.waiting()], [["a", "b"], [1, 2], 0]);
});

Deno.test("a flood is taken at a bearable pace, and beyond the window not at all", () => {
  const { gate, clock, committed } = lab();
  let seq = 0;
  const push = () => gate.push(++seq, note(`k${seq}`));
  for (let index = 0; index < 100; index++) assert.equal(push(), true);
  assert.equal(committed.length, 100);
  for (let index = 0; index < INBOUND_WINDOW; index++) assert.equal(push(), true);
  assert.deepEqual([committed.length, gate.waiting()], [100, INBOUND_WINDOW]);
  assert.equal(push(), false);
  clock.advance(1_000);
  assert.deepEqual([committed.length, gate.waiting()], [100 + INBOUND_WINDOW, 0]);
});

Deno.test("after the end nothing is committed or acknowledged", () => {
  const { gate, clock, committed, acked, state } = lab();
  state.refuse = true;
  gate.push(1, note("a"));
  gate.stop();
  state.refuse = false;
  clock.advance(60_000);
  gate.push(2, note("b"));
  assert.deepEqual([committed, acked], [[], []]);
});
