/** Tests of a worker's requests to main. */
import assert from "node:assert/strict";
import type { ChannelReport } from "../../schemas/worker/channel.ts";
import { createAsks } from "./asks.ts";

function lab(deadlineMs?: number) {
  const posted: ChannelReport[] = [];
  const asks = createAsks((report) => {
    posted.push(report);
    return undefined;
  }, deadlineMs);
  const opOf = (index: number): string => {
    const report = posted[index];
    return report && "op" in report ? report.op : "";
  };
  return { asks, posted, opOf };
}

Deno.test("each request gets its own answer, whatever the order", async () => {
  const { asks, opOf } = lab();
  const rows = asks.ask({ type: "store.get", kind: "k", ids: ["a"] });
  const saved = asks.ask({ type: "state.save", saved: {} });
  asks.take({ type: "done", op: opOf(1) });
  asks.take({ type: "done", op: "of nobody" });
  asks.take({ type: "store.rows", op: opOf(0), rows: { k: { a: "1" } } });
  assert.deepEqual(await saved, { type: "done", op: opOf(1) });
  assert.deepEqual(await rows, { type: "store.rows", op: opOf(0), rows: { k: { a: "1" } } });
});

Deno.test("a refusal, a deadline and the end reject", async () => {
  const { asks, opOf } = lab(20);
  const refused = asks.ask({ type: "store.clear" });
  asks.take({ type: "refused", op: opOf(0), message: "the disk is full" });
  await assert.rejects(refused, /Cannot ask for store.clear: the disk is full/u);
  await assert.rejects(asks.ask({ type: "store.clear" }), /no answer within 20 ms/u);
  const cut = asks.ask({ type: "store.clear" });
  asks.close("the account has stopped");
  await assert.rejects(cut, /the account has stopped/u);
  await assert.rejects(asks.ask({ type: "store.clear" }), /the account has stopped/u);
});

Deno.test("a request that breaks the contract rejects at once", async () => {
  const asks = createAsks(() => "at /rows: must be an object");
  await assert.rejects(asks.ask({ type: "store.set", rows: {} }), /must be an object/u);
});
