/** The inbox: once for all time, in order, kept for as long as it is needed. */
import assert from "node:assert/strict";
import type { Inbound } from "../../schemas/worker/content.ts";
import { DeliveryLab } from "../../tests/helpers/delivery_lab.ts";

const DAY_MS = 24 * 3_600_000;

const event = (dedupeKey: string): Inbound => ({
  kind: "message",
  dedupeKey,
  chat: { id: "c1", kind: "direct" },
  sender: { id: "s1" },
  timestamp: 1,
  messageId: `m-${dedupeKey}`,
  text: "hello",
  media: [],
});

Deno.test("a second event with the same key is refused silently and traced, within its account alone", () => {
  const { inbox, trail } = new DeliveryLab();
  const first = inbox.accept("fake", "a", event("1"));
  assert.deepEqual(inbox.accept("fake", "a", event("1")), { id: first.id, fresh: false });
  assert.equal(inbox.accept("fake", "b", event("1")).fresh, true);
  assert.equal(inbox.accept("other", "a", event("1")).fresh, true);
  assert.deepEqual(trail.explain(first.id).map(({ step }) => step), ["inbox.received", "inbox.duplicate"]);
});

Deno.test("open rows come back in the order of arrival, with what is known of them", () => {
  const { inbox } = new DeliveryLab();
  const ids = ["1", "2", "3", "4"].map((key) => inbox.accept("fake", "a", event(key)).id);
  inbox.mark(ids[1] ?? "", "accepted", { runId: "r2", sessionKey: "agent:main:main" });
  inbox.mark(ids[2] ?? "", "refused", { reason: "dm_policy" });
  assert.deepEqual(inbox.open().map(({ id, state, runId }) => [id, state, runId]), [
    [ids[0], "received", undefined],
    [ids[1], "accepted", "r2"],
    [ids[3], "received", undefined],
  ]);
  inbox.mark(ids[1] ?? "", "done");
  assert.deepEqual([inbox.get(ids[1] ?? "")?.runId, inbox.get(ids[1] ?? "")?.state], ["r2", "done"]);
  assert.equal(inbox.latest("refused", 5)[0]?.reason, "dm_policy");
});

Deno.test("rows that are done go after a month, open ones stay", () => {
  const { inbox, trail, outbox, clock, db } = new DeliveryLab();
  const done = inbox.accept("fake", "a", event("1")).id;
  const open = inbox.accept("fake", "a", event("2")).id;
  inbox.mark(done, "done");
  clock.advance(31 * DAY_MS);
  inbox.sweep();
  trail.sweep();
  outbox.sweep();
  assert.equal(inbox.get(done), undefined);
  assert.equal(inbox.get(open)?.state, "received");
  assert.deepEqual(trail.explain(open), []);
  assert.equal(db.all("SELECT 1 FROM inbox").length, 1);
});

Deno.test("a row of a newer version is passed over", () => {
  const { inbox, db } = new DeliveryLab();
  const { id } = inbox.accept("fake", "a", event("1"));
  db.run('UPDATE inbox SET event = \'{"kind":"hologram"}\' WHERE id = ?', id);
  assert.deepEqual([inbox.get(id), inbox.open()], [undefined, []]);
});

Deno.test("a trail that never ends is cut, and long facts with it", () => {
  const { trail } = new DeliveryLab();
  for (let step = 0; step < 300; step++) trail.add("x", `step ${step}`);
  assert.equal(trail.explain("x").length, 200);
  trail.add("y", "long", { text: "z".repeat(10_000) });
  assert.ok(JSON.stringify(trail.explain("y")).length < 3_000);
});
