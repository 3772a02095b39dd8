/** Unit tests of the port: deadlines, caps, bad and late messages. */
import assert from "node:assert/strict";
import { Closed, Type } from "../../schemas/primitives.ts";
import { messageChecker } from "../../schemas/worker/runtime.ts";
import { FakeClock } from "../../tests/helpers/fake_clock.ts";
import { createLog } from "../observe/log.ts";
import { createPort } from "./port.ts";

const Incoming = Type.Union([
  Closed({ type: Type.Literal("answer"), id: Type.String(), value: Type.Number() }),
  Closed({ type: Type.Literal("news"), value: Type.Number() }),
]);

const check = messageChecker(Incoming);

function lab(maxPending = 4) {
  const clock = new FakeClock();
  const sent: unknown[] = [];
  const news: number[] = [];
  const lines: string[] = [];
  const port = createPort({
    generation: 7,
    check,
    post: (message: unknown) => sent.push(message),
    replyTo: (message) => message.type === "answer" ? message.id : undefined,
    handle: (message) => {
      if (message.value < 0) throw new Error("handler failed");
      news.push(message.value);
    },
    clock,
    log: createLog("debug", (line) => lines.push(line)),
    maxPending,
  });
  return { clock, sent, news, lines, port };
}

Deno.test("a request resolves with the message that answers it, one-way messages go to the handler", async () => {
  const { port, sent, news } = lab();
  const answer = port.request("a", { ask: 1 }, 1000);
  port.receive({ type: "news", value: 1 });
  port.receive({ type: "answer", id: "b", value: 2 });
  port.receive({ type: "answer", id: "a", value: 3 });
  assert.deepEqual(await answer, { type: "answer", id: "a", value: 3 });
  assert.deepEqual(news, [1]);
  assert.deepEqual(sent, [{ ask: 1 }]);
  assert.equal(port.stats().pending, 0);
});

Deno.test("a request without an answer fails at its deadline and a later answer finds nobody", async () => {
  const { port, clock } = lab();
  const answer = port.request("a", {}, 1000);
  clock.advance(1000);
  await assert.rejects(answer, /within 1000 ms/u);
  port.receive({ type: "answer", id: "a", value: 3 });
  assert.equal(port.stats().pending, 0);
});

Deno.test("requests above the cap and with an id in use are refused at once", async () => {
  const { port } = lab(1);
  const first = port.request("a", {}, 1000);
  await assert.rejects(port.request("b", {}, 1000), /Too many requests/u);
  port.close("over");
  await assert.rejects(first, /over/u);
  const other = lab(2);
  const held = other.port.request("a", {}, 1000);
  await assert.rejects(other.port.request("a", {}, 1000), /in use/u);
  other.port.close("over");
  await assert.rejects(held, /over/u);
});

Deno.test("a closed port fails its requests, sends nothing and counts what comes late", async () => {
  const { port, sent, news } = lab();
  const waiting = port.request("a", {}, 1000);
  port.close("The worker has ended");
  await assert.rejects(waiting, /has ended/u);
  await assert.rejects(port.request("b", {}, 1000), /has ended/u);
  port.send({ more: true });
  port.receive({ type: "news", value: 1 });
  assert.equal(sent.length, 1);
  assert.deepEqual(news, []);
  assert.equal(port.stats().late, 1);
});

Deno.test("a flood of malformed messages is counted and costs only a few log lines", () => {
  const { port, lines, news } = lab();
  for (let index = 0; index < 10_000; index++) port.receive({ type: "news", value: "no number" });
  port.receive(undefined);
  port.receive({ type: "news", value: 5 });
  assert.equal(port.stats().malformed, 10_001);
  assert.equal(lines.length, 14);
  assert.match(lines[0] ?? "", /value.*must be number/u);
  assert.deepEqual(news, [5]);
});

Deno.test("a handler that throws is logged and the port goes on", () => {
  const { port, lines, news } = lab();
  port.receive({ type: "news", value: -1 });
  port.receive({ type: "news", value: 2 });
  assert.ok(lines.some((line) => line.includes("port.handler_failed")));
  assert.deepEqual(news, [2]);
});
