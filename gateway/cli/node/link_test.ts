/** How a node stays connected: the waits between tries, what it says, when it ends. */
import assert from "node:assert/strict";
import { FakeClock } from "../../../tests/helpers/fake_clock.ts";
import { FakeGateway, type Handler, HELLO, welcoming } from "../../../tests/helpers/fake_gateway.ts";
import { eventually } from "../../../tests/helpers/wait.ts";
import { systemClock } from "../../observe/clock.ts";
import { GatewayClient } from "../client.ts";
import { CliError } from "../exit.ts";
import { Backoff, pause } from "./backoff.ts";
import { NodeHost } from "./host.ts";
import { keepConnected, type LinkDeps, PAIRING_POLL_MS } from "./link.ts";

Deno.test("the waits double from one second to thirty, less a part by chance, and begin anew after a good connection", () => {
  const backoff = new Backoff(() => 0);
  assert.deepEqual(Array.from({ length: 7 }, () => backoff.next()), [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
  backoff.held(9999);
  assert.equal(backoff.next(), 30_000);
  backoff.held(10_000);
  assert.equal(backoff.next(), 1000);
  assert.equal(new Backoff(() => 1).next(), 800);
});

Deno.test("a wait ends by its time also when the machine slept, and at once when it is stopped", async () => {
  const clock = new FakeClock();
  const stop = new AbortController();
  let done = 0;
  const count = () => void done++;
  void pause(5000, clock, stop.signal).then(count);
  clock.advance(4999);
  await Promise.resolve();
  assert.equal(done, 0);
  clock.advance(1);
  await eventually("the wait", () => done === 1);
  void pause(5000, clock, stop.signal).then(count);
  stop.abort();
  await eventually("the stop", () => done === 2);
});

const connect = (url: string, clock = systemClock) =>
  GatewayClient.connect({ url, clock, timeoutMs: 5000, keepEarly: true, params: () => Promise.resolve({}) });

function link(url: string, clock: FakeClock, more: Partial<LinkDeps> = {}) {
  const said: string[] = [];
  const stop = new AbortController();
  const deps: LinkDeps = {
    clock,
    target: { url, source: "--url", loopback: true, foreign: true },
    open: () => connect(url),
    attach: () => () => {},
    settle: () => Promise.resolve(),
    say: (line) => void said.push(line),
    signal: stop.signal,
    once: false,
    backoff: new Backoff(() => 0),
    ...more,
  };
  return { said, stop, running: keepConnected(deps) };
}

Deno.test("a device that waits is asked for every three seconds, told once, and let in by itself", async () => {
  let approved = false;
  await using gateway = await FakeGateway.start((request, socket) =>
    approved ? socket.answer(request, HELLO) : socket.refuse(request, {
      code: "NOT_PAIRED",
      message: "pairing required",
      details: { requestId: "r-1" },
    })
  );
  const clock = new FakeClock();
  const attached = Promise.withResolvers<void>();
  const { said, stop, running } = link(gateway.url, clock, { attach: () => (attached.resolve(), () => {}) });
  for (let tries = 1; tries <= 3; tries++) {
    await eventually("a try", () => gateway.requests.length === tries);
    approved = tries === 3;
    await eventually("the next try", () => (clock.advance(PAIRING_POLL_MS), gateway.requests.length > tries));
  }
  await attached.promise;
  assert.equal(said.length, 1);
  assert.match(said[0] ?? "", /openclaw devices approve r-1\. The node goes on by itself then$/u);
  stop.abort();
  await running;
});

Deno.test("with once the first refusal or loss is the end", async () => {
  await using refusing = await FakeGateway.start((request, socket) =>
    socket.refuse(request, {
      code: "INVALID_REQUEST",
      message: "unauthorized: x",
      details: { code: "AUTH_TOKEN_MISMATCH" },
    })
  );
  const { running } = link(refusing.url, new FakeClock(), { once: true });
  await assert.rejects(running, (error) => error instanceof CliError && error.exit === "refused");
  await using closing = await FakeGateway.start(welcoming());
  const lost = link(closing.url, new FakeClock(), { once: true, attach: () => (closing.sockets[0]?.drop(), () => {}) });
  await lost.running;
});

/** A host on a fake gateway that calls `command` in the moment of hello-ok. */
async function called(
  invocation: Record<string, unknown>,
  actions: ConstructorParameters<typeof NodeHost>[0]["actions"],
) {
  const said: string[] = [];
  const answer = Promise.withResolvers<Record<string, unknown>>();
  const handler: Handler = (request, socket) => {
    const hello = { ...HELLO, policy: { ...HELLO.policy, maxPayload: 8 * 1024 * 1024 } };
    socket.answer(request, request.method === "connect" ? hello : { ok: true });
    if (request.method === "connect") {
      socket.event("node.invoke.request", { id: "i", nodeId: "n", paramsJSON: null, ...invocation });
    }
    if (request.method === "node.invoke.result") answer.resolve(request.params);
  };
  await using gateway = await FakeGateway.start(handler);
  const host = new NodeHost({ nodeId: "n", actions, say: (line) => void said.push(line) });
  const client = await connect(gateway.url);
  await new Promise((done) => setTimeout(done, 20));
  const release = host.attach(client);
  try {
    return await answer.promise;
  } finally {
    release();
    await host.stop();
    await client.close();
  }
}

Deno.test("a call that comes with hello is answered, and so is a wrong one", async () => {
  const actions = { "a.b": (params: unknown) => Promise.resolve({ got: params }) };
  const good = await called({ command: "a.b", paramsJSON: '{"q":1}' }, actions);
  assert.deepEqual(good, { id: "i", nodeId: "n", ok: true, payloadJSON: '{"got":{"q":1}}' });
  const unknown = await called({ command: "constructor" }, actions);
  assert.equal(Object(unknown["error"]).code, "INVALID_REQUEST");
  const broken = await called({ command: "a.b", paramsJSON: "{" }, actions);
  assert.match(Object(broken["error"]).message, /they are no JSON/u);
  const thrown = await called({ command: "a.b" }, {
    "a.b": () => Promise.reject(new Error("first line\nat file.ts:1")),
  });
  assert.deepEqual(thrown["error"], { code: "UNAVAILABLE", message: "first line" });
});

Deno.test("an answer that no frame can hold is an error, not the end of the connection", async () => {
  const large = await called({ command: "a.b" }, { "a.b": () => Promise.resolve("\0".repeat(2 * 1024 * 1024)) });
  assert.match(Object(large["error"]).message, /larger than the gateway takes/u);
});
