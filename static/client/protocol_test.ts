/** The client against a scripted gateway, with a clock that the test turns. */
import assert from "node:assert/strict";
import { RequestError, type SocketLike, type Timers } from "./link.ts";
import { type Connection, GatewayClient } from "./protocol.ts";
import { isFields, parseJson } from "./read.ts";

class FakeTimers implements Timers {
  time = 1_000_000;
  #jobs = new Set<{ at: number; run(): void }>();
  now = () => this.time;
  after = (ms: number, run: () => void) => {
    const job = { at: this.time + ms, run };
    this.#jobs.add(job);
    return () => void this.#jobs.delete(job);
  };
  async pass(ms: number): Promise<void> {
    const end = this.time + ms;
    while (true) {
      const next = [...this.#jobs].filter((job) => job.at <= end).sort((a, b) => a.at - b.at)[0];
      if (!next) break;
      this.time = next.at;
      this.#jobs.delete(next);
      next.run();
      await settled();
    }
    this.time = end;
    await settled();
  }
}

/** Lets every promise that can run, run. */
const settled = () => new Promise<void>((resolve) => setTimeout(resolve, 0));

class FakeSocket implements SocketLike {
  onmessage: ((event: MessageEvent) => void) | null = null;
  onclose: ((event: CloseEvent) => void) | null = null;
  onerror: ((event: Event) => void) | null = null;
  readonly sent: Record<string, unknown>[] = [];
  closedWith: number | undefined;
  send(data: string): void {
    const frame = parseJson(data);
    if (isFields(frame)) this.sent.push({ ...frame });
  }
  close(code?: number): void {
    this.closedWith = code ?? 1000;
  }
  say(frame: unknown): void {
    this.onmessage?.(new MessageEvent("message", { data: JSON.stringify(frame) }));
  }
  event(event: string, payload: unknown, seq?: number): void {
    this.say({ type: "event", event, payload, ...(seq === undefined ? {} : { seq }) });
  }
  drop(code: number): void {
    this.onclose?.(new CloseEvent("close", { code, reason: "" }));
  }
  get last(): Record<string, unknown> {
    return this.sent.at(-1) ?? {};
  }
  answer(payload: unknown): void {
    this.say({ type: "res", id: this.last["id"], ok: true, payload });
  }
  refuse(code: string, details: unknown): void {
    this.say({ type: "res", id: this.last["id"], ok: false, error: { code, message: "no", details } });
  }
}

function scene(code?: string, kept?: string) {
  const timers = new FakeTimers();
  const sockets: FakeSocket[] = [];
  const states: Connection[] = [];
  const events: string[] = [];
  let token = kept;
  let gaps = 0;
  const client = new GatewayClient({
    timers,
    random: () => 0,
    announce: () => ({
      client: { id: "test", displayName: "Test", version: "1", platform: "web", mode: "test" },
      role: "operator",
      scopes: [],
      caps: [],
    }),
    open: () => {
      const socket = new FakeSocket();
      sockets.push(socket);
      return socket;
    },
    safe: {
      identity: () =>
        Promise.resolve({ deviceId: "d", publicKey: "p", sign: (text) => Promise.resolve(`signed ${text}`) }),
      token: () => Promise.resolve(token),
      saveToken: (value) => Promise.resolve(void (token = value)),
      dropToken: (value) => Promise.resolve(void (token = token === value ? undefined : token)),
      forget: () => Promise.resolve(void (token = undefined)),
    },
    on: {
      state: (state) => states.push(state),
      hello: () => events.push("hello"),
      event: (name) => events.push(name),
      gap: () => gaps++,
    },
  }, code);
  client.start();
  const socket = () => sockets.at(-1) ?? new FakeSocket();
  const challenge = async () => {
    await settled();
    socket().event("connect.challenge", { nonce: "n", ts: 7 });
    await settled();
    return socket();
  };
  const welcome = async (deviceToken?: string) => {
    const one = await challenge();
    one.answer({
      type: "hello-ok",
      auth: { scopes: ["operator.admin"], deviceToken },
      policy: { tickIntervalMs: 1000 },
    });
    await settled();
    return one;
  };
  return { client, timers, sockets, states, events, socket, challenge, welcome, token: () => token, gaps: () => gaps };
}

const authOf = (frame: Record<string, unknown>): unknown =>
  isFields(frame["params"]) ? frame["params"]["auth"] : undefined;

Deno.test("A code connects, its device token is kept, and it serves the next connect", async () => {
  const { client, welcome, socket, challenge, timers, token } = scene("one-use");
  const first = await welcome("device-token");
  assert.deepEqual(authOf(first.sent[0] ?? {}), { bootstrapToken: "one-use" });
  assert.equal(client.connection.state, "connected");
  assert.equal(token(), "device-token");
  socket().drop(1006);
  assert.equal(client.connection.state, "waiting");
  await timers.pass(500);
  assert.deepEqual(authOf((await challenge()).last), { deviceToken: "device-token" });
});

Deno.test("A device token that no longer counts is dropped, then a secret is asked for", async () => {
  const { client, challenge, token } = scene(undefined, "old");
  (await challenge()).refuse("INVALID_REQUEST", { code: "AUTH_DEVICE_TOKEN_MISMATCH" });
  assert.deepEqual(authOf((await challenge()).last), {});
  assert.equal(token(), undefined);
  (await challenge()).refuse("INVALID_REQUEST", { code: "AUTH_REQUIRED" });
  await settled();
  assert.deepEqual(client.connection, { state: "ask", reason: "first" });
});

Deno.test("A refusal that no retry can mend stops the retries", async () => {
  const { client, challenge, timers, sockets } = scene();
  (await challenge()).refuse("INVALID_REQUEST", { code: "CONTROL_UI_ORIGIN_NOT_ALLOWED" });
  await settled();
  assert.equal(client.connection.state, "blocked");
  const count = sockets.length;
  await timers.pass(600_000);
  assert.equal(sockets.length, count);
});

Deno.test("A device that waits for approval keeps the typed token and asks again slowly", async () => {
  const { client, challenge, welcome, timers } = scene();
  (await challenge()).refuse("INVALID_REQUEST", { code: "AUTH_REQUIRED" });
  await settled();
  client.useToken("typed");
  (await challenge()).refuse("NOT_PAIRED", { code: "PAIRING_REQUIRED", requestId: "r1" });
  await settled();
  assert.deepEqual(client.connection, { state: "pairing", requestId: "r1" });
  await timers.pass(4000);
  assert.equal(client.connection.state, "pairing");
  const socket = await welcome("device-token");
  assert.deepEqual(authOf(socket.sent[0] ?? {}), { token: "typed", password: "typed" });
  assert.equal(client.connection.state, "connected");
});

Deno.test("A gateway that says it restarts is waited for under that name", async () => {
  const { client, welcome } = scene("c");
  const socket = await welcome();
  socket.event("shutdown", { reason: "gateway stopping", restartExpectedMs: null }, 1);
  socket.drop(1012);
  assert.equal(client.connection.state === "waiting" && client.connection.why, "restarting");
});

Deno.test("Waking up tries at once instead of waiting", async () => {
  const { client, welcome, sockets } = scene("c");
  (await welcome("t")).drop(1006);
  const before = sockets.length;
  client.wake();
  await settled();
  assert.equal(sockets.length, before + 1);
});

Deno.test("A dead socket is found out by waking up, and by two silent ticks", async () => {
  const { client, welcome, timers, socket } = scene("c");
  const first = await welcome("t");
  client.wake();
  assert.equal(first.last["method"], "health");
  await timers.pass(1500);
  assert.equal(client.connection.state, "connected");
  await timers.pass(2600);
  assert.equal(first.closedWith, 4000);
  const second = await welcome("t");
  assert.equal(client.connection.state, "connected");
  await timers.pass(4000);
  assert.equal(second.closedWith, 4000);
  assert.notEqual(socket(), first);
});

Deno.test("A gap in the numbers is reported once, and the numbers begin anew with each connection", async () => {
  const { welcome, gaps, timers } = scene("c");
  const first = await welcome("t");
  for (const seq of [1, 2, 5, 6]) first.event("tick", {}, seq);
  assert.equal(gaps(), 1);
  first.event("agent", {});
  assert.equal(gaps(), 1);
  first.drop(1006);
  await timers.pass(500);
  (await welcome("t")).event("tick", {}, 1);
  assert.equal(gaps(), 1);
});

Deno.test("Requests end by their answer, their deadline or the end of the connection", async () => {
  const { client, welcome, timers } = scene("c");
  const socket = await welcome("t");
  const good = client.request("status", {});
  socket.answer({ fine: true });
  assert.deepEqual(await good, { fine: true });
  const bad = client.request("status", {});
  socket.refuse("FORBIDDEN", undefined);
  await assert.rejects(
    bad,
    (error) => error instanceof RequestError && error.code === "FORBIDDEN" && !error.unanswered,
  );
  const slow = client.request("status", {}, 500);
  const late = assert.rejects(
    slow,
    (error) => error instanceof RequestError && error.code === "TIMEOUT" && error.unanswered,
  );
  await timers.pass(500);
  await late;
  const cut = client.request("status", {});
  const closed = assert.rejects(cut, (error) => error instanceof RequestError && error.code === "CLOSED");
  socket.drop(1006);
  await closed;
  await assert.rejects(
    client.request("status", {}),
    (error) => error instanceof RequestError && error.code === "CLOSED",
  );
});

Deno.test("Frames that make no sense are passed over", async () => {
  const { client, welcome, events } = scene("c");
  const socket = await welcome("t");
  socket.onmessage?.(new MessageEvent("message", { data: "{" }));
  for (const frame of [null, [], 1, { type: "event" }, { type: "res", id: "nobody" }, { type: "req" }]) {
    socket.say(frame);
  }
  assert.deepEqual(events, ["hello"]);
  assert.equal(client.connection.state, "connected");
});
