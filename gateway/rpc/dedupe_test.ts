import assert from "node:assert/strict";
import { GatewayError, invalid, unavailable } from "../../schemas/error.ts";
import type { Clock } from "../observe/clock.ts";
import { memoryDb } from "../storage/db.ts";
import { Dedupe, DEDUPE_MAX, DEDUPE_TTL_MS } from "./dedupe.ts";

function setUp() {
  let now = 1_000_000;
  const clock: Clock = { now: () => now, after: () => () => {}, every: () => () => {} };
  const db = memoryDb();
  return { db, dedupe: new Dedupe(db, clock), again: () => new Dedupe(db, clock), pass: (ms: number) => now += ms };
}
const key = (principal = "device-a", method = "send") => ({ method, principal, key: "k" });

Deno.test("a repeat while the call runs shares its answer, a repeat afterwards gets the stored one", async () => {
  const { dedupe, db } = setUp();
  let runs = 0;
  const gate = Promise.withResolvers<void>();
  const action = async () => {
    runs++;
    await gate.promise;
    return { messageId: "m1" };
  };
  const both = [dedupe.once(key(), action), dedupe.once(key(), action)];
  gate.resolve();
  assert.deepEqual(await Promise.all(both), [{ messageId: "m1" }, { messageId: "m1" }]);
  assert.deepEqual(await dedupe.once(key(), action), { messageId: "m1" });
  assert.equal(runs, 1);
  db.close();
});

Deno.test("the same key of another device or another method runs by itself", async () => {
  const { dedupe, db } = setUp();
  let runs = 0;
  const action = () => ++runs;
  await dedupe.once(key("device-a"), action);
  await dedupe.once(key("device-b"), action);
  await dedupe.once(key("device-a", "poll"), action);
  assert.equal(runs, 3);
  db.close();
});

Deno.test("an answer survives a restart within its time and not beyond", async () => {
  const { dedupe, again, pass, db } = setUp();
  await dedupe.once(key(), () => "first");
  assert.equal(await again().once(key(), () => "second"), "first");
  pass(DEDUPE_TTL_MS + 1);
  assert.equal(await again().once(key(), () => "third"), "third");
  db.close();
});

Deno.test("a failure is repeated as it was, a refusal that the caller can correct is not kept", async () => {
  const { dedupe, db } = setUp();
  const fail = () => Promise.reject(unavailable("provider down", { retryAfterMs: 5 }));
  await assert.rejects(dedupe.once(key(), fail), /provider down/u);
  await assert.rejects(
    dedupe.once(key(), () => "never"),
    (error) => error instanceof GatewayError && error.options.retryAfterMs === 5,
  );
  await assert.rejects(dedupe.once(key("b"), () => Promise.reject(invalid("text or media is required"))));
  assert.equal(await dedupe.once(key("b"), () => "corrected"), "corrected");
  db.close();
});

Deno.test("a call that a crash cut off is answered with an unknown outcome and not made twice", async () => {
  const { dedupe, again, db } = setUp();
  let runs = 0;
  void dedupe.once(key(), () => {
    runs++;
    return new Promise(() => {});
  });
  await assert.rejects(again().once(key(), () => ++runs), /outcome is unknown/u);
  assert.equal(runs, 1);
  db.close();
});

Deno.test("sweep() drops old answers and the oldest beyond the cap", async () => {
  const { dedupe, pass, db } = setUp();
  for (let i = 0; i < DEDUPE_MAX + 5; i++) {
    await dedupe.once({ method: "send", principal: "p", key: String(i) }, () => i);
    pass(1);
  }
  dedupe.sweep();
  assert.equal(db.get("SELECT count(*) AS n FROM idempotency")?.["n"], DEDUPE_MAX);
  assert.equal(db.get("SELECT count(*) AS n FROM idempotency WHERE key='0'")?.["n"], 0);
  pass(DEDUPE_TTL_MS * 2);
  dedupe.sweep();
  assert.equal(db.get("SELECT count(*) AS n FROM idempotency")?.["n"], 0);
  db.close();
});
