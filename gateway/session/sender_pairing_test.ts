/** Tests of pairing codes: their life, their limits, and what an approval means. */
import assert from "node:assert/strict";
import { FakeClock } from "../../tests/helpers/fake_clock.ts";
import { memoryDb } from "../storage/db.ts";
import { CODE_TTL_MS, createSenderPairing } from "./sender_pairing.ts";

function setUp(random?: (max: number) => number) {
  const db = memoryDb();
  const clock = new FakeClock();
  const pairing = createSenderPairing({ db, clock, ...(random ? { random } : {}) });
  const ask = (id: string, accountId = "default", channel = "chan") =>
    pairing.request(channel, accountId, { id, name: `Name\n of ${id}` }, "  hello\n there ");
  return { db, clock, pairing, ask };
}

Deno.test("a code has eight characters that cannot be mistaken", () => {
  const { ask } = setUp();
  for (const id of ["a", "b", "c"]) assert.match(ask(id)?.request.code ?? "", /^[A-HJ-NP-Z2-9]{8}$/u);
});

Deno.test("the same sender keeps its code; only when it was seen changes", () => {
  const { ask, clock, pairing } = setUp();
  const first = ask("a");
  clock.advance(1_000);
  const second = ask("a");
  assert.equal(first?.created, true);
  assert.equal(second?.created, false);
  assert.equal(second?.request.code, first?.request.code);
  assert.equal(second?.request.requestId, first?.request.requestId);
  assert.equal(pairing.list()[0]?.lastSeenAt, clock.now());
  assert.equal(pairing.list()[0]?.name, "Name of a");
  assert.equal(pairing.list()[0]?.preview, "hello there");
});

Deno.test("three wait in an account, a fourth gets nothing; another account has its own three", () => {
  const { ask, pairing } = setUp();
  for (const id of ["a", "b", "c"]) assert.ok(ask(id));
  assert.equal(ask("d"), undefined);
  assert.ok(ask("a"), "who waits already may knock again");
  assert.ok(ask("d", "second"));
  assert.equal(pairing.list("chan", "default").length, 3);
  assert.equal(pairing.list("chan").length, 4);
  assert.equal(pairing.list("other").length, 0);
});

Deno.test("after an hour a request is over, and the sender gets a new code and id", () => {
  const { ask, clock, pairing } = setUp();
  const first = ask("a")?.request;
  clock.advance(CODE_TTL_MS - 1);
  assert.equal(pairing.list().length, 1);
  clock.advance(1);
  assert.equal(pairing.list().length, 0);
  assert.equal(pairing.approve({ channel: "chan", accountId: undefined, wanted: first?.code ?? "" }), undefined);
  const second = ask("a");
  assert.equal(second?.created, true);
  assert.notEqual(second?.request.code, first?.code);
  assert.notEqual(second?.request.requestId, first?.requestId);
});

Deno.test("codes that wait are never the same; when none is free, that is said", () => {
  let n = 0;
  const { ask } = setUp(() => n++ < 16 ? 0 : 1);
  assert.equal(ask("a")?.request.code, "AAAAAAAA");
  assert.equal(ask("b")?.request.code, "BBBBBBBB");
  const stuck = setUp(() => 0);
  stuck.ask("a");
  assert.throws(() => stuck.ask("b"), /500 attempts/u);
});

Deno.test("an approval by code in any case, or by id, counts for its account alone", () => {
  const { ask, pairing } = setUp();
  const a = ask("a")?.request;
  const b = ask("b")?.request;
  assert.ok(a && b);
  assert.equal(pairing.approve({ channel: "other", accountId: undefined, wanted: a.code }), undefined);
  assert.equal(pairing.approve({ channel: "chan", accountId: "second", wanted: a.code }), undefined);
  assert.equal(pairing.approve({ channel: "chan", accountId: undefined, wanted: a.code.toLowerCase() })?.senderId, "a");
  assert.equal(pairing.approve({ channel: "chan", accountId: "default", wanted: b.requestId })?.senderId, "b");
  assert.deepEqual(pairing.approved("chan", "default").toSorted(), ["a", "b"]);
  assert.deepEqual(pairing.approved("chan", "second"), []);
  assert.deepEqual(pairing.list(), []);
  assert.equal(pairing.revoke("chan", "default", "a"), true);
  assert.equal(pairing.revoke("chan", "default", "a"), false);
  assert.deepEqual(pairing.approved("chan", "default"), ["b"]);
});

Deno.test("a dismissed sender may ask again, and a sender named * opens nothing", () => {
  const { ask, pairing } = setUp();
  const code = ask("a")?.request.code ?? "";
  assert.equal(pairing.dismiss({ channel: "chan", accountId: undefined, wanted: code })?.senderId, "a");
  assert.deepEqual([pairing.list(), pairing.approved("chan", "default")], [[], []]);
  assert.equal(ask("a")?.created, true);
  const star = ask("*")?.request;
  assert.ok(pairing.approve({ channel: "chan", accountId: undefined, wanted: star?.requestId ?? "" }));
  assert.deepEqual(pairing.approved("chan", "default"), []);
});
