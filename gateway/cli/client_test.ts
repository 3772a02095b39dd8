/** The protocol client against a fake gateway: handshake, answers, events, deadlines, the ways a connection can end. */
import assert from "node:assert/strict";
import { CHALLENGE, FakeGateway, type Handler, HELLO, welcoming } from "../../tests/helpers/fake_gateway.ts";
import { systemClock } from "../observe/clock.ts";
import { CallError, DeadlineError, GatewayClient, LostError, RefusedError } from "./client.ts";
import type { WireEvent } from "./wire.ts";

const connect = (url: string, timeoutMs = 5000) =>
  GatewayClient.connect({
    url,
    clock: systemClock,
    timeoutMs,
    params: (challenge) => Promise.resolve({ saw: challenge }),
  });

/** Runs `use` on a connected client and closes both ends. */
async function withClient(handler: Handler, use: (client: GatewayClient, fake: FakeGateway) => Promise<void>) {
  await using fake = await FakeGateway.start(handler);
  const client = await connect(fake.url);
  try {
    await use(client, fake);
  } finally {
    await client.close();
  }
}

Deno.test("the handshake answers the challenge with connect as first frame and keeps hello-ok", async () => {
  await withClient(welcoming(), async (client, fake) => {
    assert.deepEqual(fake.requests.map(({ method, params }) => [method, params]), [["connect", { saw: CHALLENGE }]]);
    assert.equal(client.hello.server.version, "1.2.3");
    assert.equal(client.hello.protocol, 4);
    await Promise.resolve();
  });
});

Deno.test("answers find their requests in any order, and params stay away when there are none", async () => {
  const held: (() => void)[] = [];
  const handler = welcoming((request, socket) => {
    held.push(() => socket.answer(request, request.params["n"] ?? "none"));
    if (held.length === 3) { for (const answer of held.reverse()) answer(); }
  });
  await withClient(handler, async (client, fake) => {
    const answers = await Promise.all([
      client.request("a", { n: 1 }, { timeoutMs: 5000 }),
      client.request("b", { n: 2 }, { timeoutMs: 5000 }),
      client.request("c", undefined, { timeoutMs: 5000 }),
    ]);
    assert.deepEqual(answers, [1, 2, "none"]);
    assert.equal(new Set(fake.requests.map(({ id }) => id)).size, 4);
  });
});

Deno.test("an accepted answer is skipped only when the final one is wanted", async () => {
  const handler = welcoming((request, socket) => {
    socket.answer(request, { status: "accepted", runId: "r" });
    socket.answer(request, { status: "ok", runId: "r" });
  });
  await withClient(handler, async (client) => {
    const accepted: unknown[] = [];
    const final = await client.request("agent", {}, {
      timeoutMs: 5000,
      expectFinal: true,
      onAccepted: (payload) => accepted.push(payload),
    });
    assert.deepEqual(final, { status: "ok", runId: "r" });
    assert.deepEqual(accepted, [{ status: "accepted", runId: "r" }]);
    assert.deepEqual(await client.request("agent", {}, { timeoutMs: 5000 }), { status: "accepted", runId: "r" });
  });
});

Deno.test("an error answer carries the gateway's error and payload", async () => {
  const handler = welcoming((request, socket) =>
    socket.refuse(request, { code: "UNAVAILABLE", message: "no model", retryAfterMs: 5 }, { status: "error" })
  );
  await withClient(handler, async (client) => {
    await assert.rejects(
      client.request("agent", {}, { timeoutMs: 5000 }),
      (error) =>
        error instanceof CallError && error.error.message === "no model" && error.error.retryAfterMs === 5 &&
        error.method === "agent" && JSON.stringify(error.payload) === '{"status":"error"}',
    );
  });
});

Deno.test("frames that are not well formed are dropped, the connection stays", async () => {
  const handler = welcoming((request, socket) => {
    for (const text of ["{", "null", "[]", '{"type":"res"}', '{"type":"event","event":5}', '{"type":"req","id":"1"}']) {
      socket.raw(text);
    }
    socket.raw(JSON.stringify({ type: "res", id: "unknown", ok: true }));
    socket.answer(request, "fine");
  });
  await withClient(handler, async (client) => {
    assert.equal(await client.request("x", {}, { timeoutMs: 5000 }), "fine");
  });
});

Deno.test("events reach listeners in order until they stop listening", async () => {
  const handler = welcoming((request, socket) => {
    for (const n of [1, 2]) socket.event("tick", { n });
    socket.answer(request, null);
  });
  await withClient(handler, async (client) => {
    const seen: WireEvent[] = [];
    const stop = client.onEvent((event) => seen.push(event));
    await client.request("x", {}, { timeoutMs: 5000 });
    stop();
    await client.request("x", {}, { timeoutMs: 5000 });
    assert.deepEqual(seen.map(({ event, payload }) => [event, payload]), [["tick", { n: 1 }], ["tick", { n: 2 }]]);
  });
});

Deno.test("a request without an answer ends at its deadline, later ones still work", async () => {
  const handler = welcoming((request, socket) => request.method === "silent" || socket.answer(request, 1));
  await withClient(handler, async (client) => {
    await assert.rejects(
      client.request("silent", {}, { timeoutMs: 30 }),
      (error) => error instanceof DeadlineError && error.what === "silent" && error.ms === 30,
    );
    assert.equal(await client.request("x", {}, { timeoutMs: 5000 }), 1);
  });
});

Deno.test("a close rejects what is open with its code and reason", async () => {
  const handler = welcoming((_, socket) => socket.close(1012, "service restart"));
  await withClient(handler, async (client) => {
    const restarted = (error: unknown) =>
      error instanceof LostError && error.end.code === 1012 && error.end.reason === "service restart" &&
      error.stage === "connected";
    await assert.rejects(client.request("x", {}, { timeoutMs: 5000 }), restarted);
    await assert.rejects(client.request("y", {}, { timeoutMs: 5000 }), restarted);
  });
});

Deno.test("a dropped connection rejects what is open", async () => {
  await withClient(welcoming((_, socket) => socket.drop()), async (client) => {
    await assert.rejects(client.request("x", {}, { timeoutMs: 5000 }), LostError);
  });
});

Deno.test("a refused handshake is told apart from a failed one", async () => {
  await using fake = await FakeGateway.start((request, socket) => {
    socket.refuse(request, { code: "NOT_PAIRED", message: "pairing required", details: { requestId: "r1" } });
    socket.close(1008, "pairing required");
  });
  await assert.rejects(
    connect(fake.url),
    (error) => error instanceof RefusedError && error.error.code === "NOT_PAIRED",
  );
});

Deno.test("nothing that listens, a silent listener and another program are each a failure in time", async () => {
  const free = await FakeGateway.start(welcoming());
  await free[Symbol.asyncDispose]();
  await assert.rejects(connect(free.url), (error) => error instanceof LostError && error.stage === "open");

  await using silent = await FakeGateway.start(welcoming(), false);
  await assert.rejects(connect(silent.url, 50), (error) => error instanceof DeadlineError && error.what === "connect");

  await using other = await FakeGateway.start(welcoming(), { nonce: "", ts: "x" });
  await assert.rejects(connect(other.url), (error) => error instanceof RefusedError && error.error.code === "PROTOCOL");

  await using wrong = await FakeGateway.start(welcoming(() => {}, { ...HELLO, protocol: 5 }));
  await assert.rejects(connect(wrong.url), (error) => error instanceof RefusedError && error.error.code === "PROTOCOL");
});

Deno.test("a gateway that stops ticking is given up after two intervals", async () => {
  const hello = { ...HELLO, policy: { ...HELLO.policy, tickIntervalMs: 25 } };
  await using fake = await FakeGateway.start(welcoming(() => {}, hello));
  const client = await connect(fake.url);
  const end = await client.ended;
  assert.deepEqual([end.code, end.reason], [4000, "tick timeout"]);
});
