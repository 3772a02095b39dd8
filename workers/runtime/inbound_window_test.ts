/** Tests of the window of unacknowledged events. */
import assert from "node:assert/strict";
import { type ChannelReport, INBOUND_WINDOW } from "../../schemas/worker/channel.ts";
import type { Inbound } from "../../schemas/worker/content.ts";
import { createInboundWindow } from "./inbound_window.ts";

const note = (key: string): Inbound => ({
  kind: "note",
  dedupeKey: key,
  chat: { id: "c", kind: "group" },
  sender: { id: "s" },
  timestamp: 1,
  text: "n",
});

function lab(wrong: (event: Inbound) => boolean = () => false) {
  const posted: number[] = [];
  const window = createInboundWindow((report: ChannelReport) => {
    if (report.type !== "inbound") return "another report";
    if (wrong(report.inbound)) return "at /text: must be a string";
    posted.push(report.seq);
    return undefined;
  });
  return { window, posted };
}

Deno.test("a promise is kept when main has acknowledged its own event", async () => {
  const { window, posted } = lab();
  const done: string[] = [];
  const first = window.push(note("a")).then(() => done.push("a"));
  const second = window.push(note("b")).then(() => done.push("b"));
  assert.deepEqual(posted, [1, 2]);
  window.ack(2);
  window.ack(99);
  await second;
  assert.deepEqual(done, ["b"]);
  window.ack(1);
  await first;
});

Deno.test("no more than the window is on its way; the rest follows in order", async () => {
  const { window, posted } = lab();
  const all = Array.from({ length: INBOUND_WINDOW + 10 }, (_, index) => window.push(note(`k${index}`)));
  assert.equal(posted.length, INBOUND_WINDOW);
  window.ack(1);
  assert.deepEqual(posted.slice(-1), [INBOUND_WINDOW + 1]);
  for (let seq = 2; seq <= INBOUND_WINDOW + 10; seq++) window.ack(seq);
  await Promise.all(all);
  assert.deepEqual(posted, Array.from({ length: INBOUND_WINDOW + 10 }, (_, index) => index + 1));
});

Deno.test("an event that breaks the contract is rejected and takes no place and no number", async () => {
  const { window, posted } = lab(({ dedupeKey }) => dedupeKey === "bad");
  for (let round = 0; round < INBOUND_WINDOW * 2; round++) {
    await assert.rejects(window.push(note("bad")), /must be a string/u);
  }
  const good = window.push(note("good"));
  assert.deepEqual(posted, [1]);
  window.ack(1);
  await good;
});

Deno.test("a provider that waits for nothing is refused in the end", async () => {
  const { window } = lab();
  const all = Array.from({ length: INBOUND_WINDOW + 4096 }, (_, index) => window.push(note(`k${index}`)));
  await assert.rejects(window.push(note("one too many")), /4096 events wait already/u);
  window.close("the account stops");
  for (const result of await Promise.allSettled(all)) assert.equal(result.status, "rejected");
  await assert.rejects(window.push(note("late")), /the account stops/u);
});
