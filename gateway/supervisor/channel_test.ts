/** Tests of one account's life with workers that are played by the test and a clock that stands still. */
import assert from "node:assert/strict";
import { FakeClock } from "../../tests/helpers/fake_clock.ts";
import { createFakeManifest, type FakeOptions } from "../../workers/fake/manifest.ts";
import type { ChannelAccount } from "../config/types.ts";
import { silentLog } from "../observe/log.ts";
import { memoryDb } from "../storage/db.ts";
import { type ChannelOptions, createChannel } from "./channel.ts";
import { createChannelStore } from "./key_store.ts";
import { failure, type Session, type SessionOptions } from "./session.ts";
import { type AccountStatus, ChannelFailure } from "./types.ts";
import { LINK_TIMES } from "./worker_link.ts";

const MINUTE = 60_000;

/** A worker as the account sees it. */
class FakeSession implements Session {
  readonly generation: number;
  readonly gone = Promise.resolve();
  stopped: string | undefined;
  detached = false;
  fails: ChannelFailure | undefined;
  leaves: "left" | "forced" = "left";
  readonly requests: string[] = [];
  constructor(readonly options: SessionOptions) {
    this.generation = options.generation;
  }
  request(asked: { readonly type: string }) {
    this.requests.push(asked.type);
    return this.fails ? Promise.reject(this.fails) : Promise.resolve({ kind: "ok" as const });
  }
  stop(reason: string): Promise<"left" | "forced"> {
    this.stopped = reason;
    this.options.onEnd({ kind: "stopped", message: "it was stopped" });
    return Promise.resolve(this.leaves);
  }
  detach(): void {
    this.detached = true;
  }
}

const ACCOUNT: ChannelAccount = {
  channel: "fake",
  accountId: "a",
  isDefault: true,
  name: undefined,
  enabled: true,
  isolation: "worker",
  config: { url: "ws://127.0.0.1:1/" },
  secrets: {},
  secretSources: {},
  needs: { read: [], env: [] },
  problem: undefined,
  fingerprint: "1",
};

interface LabOptions extends Partial<Pick<ChannelOptions, "orderlyRestart">> {
  readonly fake?: FakeOptions;
  readonly account?: Partial<ChannelAccount>;
  readonly cannotStart?: Error;
}

function lab({ fake = {}, account = {}, cannotStart, orderlyRestart }: LabOptions = {}) {
  const clock = new FakeClock();
  const db = memoryDb();
  const sessions: FakeSession[] = [];
  const statuses: AccountStatus[] = [];
  const channel = createChannel({
    manifest: createFakeManifest(fake),
    entry: new URL("file:///none"),
    account: { ...ACCOUNT, ...account },
    clock,
    log: silentLog,
    sink: { inbound: () => {}, mark: () => {}, stateChanged: (status) => statuses.push(status) },
    store: createChannelStore(db, new Uint8Array(32), silentLog),
    times: LINK_TIMES,
    random: () => 0.5,
    strict: true,
    orderlyRestart,
    startSession(options) {
      if (cannotStart !== undefined) throw cannotStart;
      const session = new FakeSession(options);
      sessions.push(session);
      return session;
    },
  });
  return {
    channel,
    clock,
    sessions,
    statuses,
    /** The newest worker. */
    get worker(): FakeSession {
      const session = sessions.at(-1);
      assert.ok(session, "a worker was started");
      return session;
    },
    report(state: "connected" | "reconnecting" | "conflict" | "logged_out" | "bad_credentials") {
      this.worker.options.onState({ type: "state", state, sentence: `It is ${state}` });
    },
    crash(message = "TypeError: x") {
      this.worker.options.onEnd({ kind: "crashed", message });
    },
    async pass(ms: number) {
      clock.advance(ms);
      await settle();
    },
    [Symbol.dispose]: () => db.close(),
  };
}

/** Lets everything that waits for nothing but a promise run. */
const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
};

Deno.test("a crash is followed by a new worker after a second, the next by one after two", async () => {
  using all = lab();
  await all.channel.start();
  all.report("connected");
  all.crash();
  const status = all.channel.status();
  assert.equal(status.state, "reconnecting");
  assert.equal(status.sentence, "The worker failed: TypeError: x");
  assert.deepEqual([status.attempt, status.nextRetryAt], [1, all.clock.now() + 1_000]);
  await all.pass(999);
  assert.equal(all.sessions.length, 1);
  await all.pass(1);
  assert.deepEqual([all.sessions.length, all.channel.status().state, all.channel.status().generation], [
    2,
    "starting",
    2,
  ]);
  all.crash();
  assert.equal(all.channel.status().nextRetryAt, all.clock.now() + 2_000);
});

Deno.test("after ten starts in an hour it rests, comes back after a quiet hour, and starts for a person at once", async () => {
  using all = lab();
  await all.channel.start();
  for (let failures = 1; failures < 10; failures++) {
    all.crash();
    await all.pass((all.channel.status().nextRetryAt ?? 0) - all.clock.now());
    assert.equal(all.sessions.length, failures + 1);
  }
  all.crash();
  const status = all.channel.status();
  assert.equal(status.state, "crashed");
  assert.match(status.sentence, /failed 10 times within an hour/u);
  assert.equal(status.nextRetryAt, all.clock.now() + 60 * MINUTE);
  assert.equal((await all.channel.start()).state, "starting");
  assert.deepEqual([all.sessions.length, all.channel.status().restarts], [11, 1]);
  for (let failures = 1; failures < 10; failures++) {
    all.crash();
    await all.pass((all.channel.status().nextRetryAt ?? 0) - all.clock.now());
  }
  all.crash();
  assert.equal(all.channel.status().state, "crashed");
  await all.pass(60 * MINUTE);
  assert.equal(all.channel.status().state, "starting");
});

Deno.test("what an old worker says after its end changes nothing", async () => {
  using all = lab();
  await all.channel.start();
  const old = all.worker;
  all.crash();
  await all.pass(1_000);
  all.report("connected");
  old.options.onState({ type: "state", state: "logged_out", sentence: "late" });
  old.options.onEnd({ kind: "crashed", message: "late" });
  assert.deepEqual([all.channel.status().state, all.sessions.length], ["connected", 2]);
});

for (const state of ["bad_credentials", "conflict", "logged_out"] as const) {
  Deno.test(`${state} ends the worker and starts no other, whatever time passes`, async () => {
    using all = lab();
    await all.channel.start();
    const { worker } = all;
    all.report(state);
    await all.pass(24 * 60 * MINUTE);
    assert.deepEqual([all.channel.status().state, all.sessions.length], [state, 1]);
    assert.deepEqual([worker.detached, worker.stopped], [true, "the account cannot go on"]);
    await all.channel.start();
    assert.equal(all.sessions.length, 2);
  });
}

Deno.test("a wedged thread is replaced twice; then the account waits for a restart of the gateway", async () => {
  using all = lab();
  await all.channel.start();
  for (const wait of [1_000, 2_000]) {
    all.worker.options.onEnd({ kind: "wedged", message: "it no longer answers" });
    assert.equal(all.channel.status().state, "wedged");
    await all.pass(wait);
    assert.equal(all.channel.status().state, "starting");
  }
  all.worker.options.onEnd({ kind: "wedged", message: "it no longer answers" });
  await all.pass(60 * MINUTE);
  const { state, userAction, lostThreads } = all.channel.status();
  assert.deepEqual([state, userAction, lostThreads, all.sessions.length], ["wedged", "restart_gateway", 3, 3]);
});

Deno.test("beside a wedged thread of a platform with one session no second worker starts, not even for a person", async () => {
  using all = lab({ fake: { singleSession: true } });
  await all.channel.start();
  all.worker.options.onEnd({ kind: "wedged", message: "it no longer answers" });
  await all.pass(60 * MINUTE);
  const status = await all.channel.start();
  assert.deepEqual([status.state, status.userAction, all.sessions.length], ["wedged", "restart_gateway", 1]);
});

Deno.test("a wedged process was killed, so that a new one may start even where one session is allowed", async () => {
  using all = lab({ fake: { singleSession: true }, account: { isolation: "process" } });
  await all.channel.start();
  all.worker.options.onEnd({ kind: "wedged", message: "it no longer answers" });
  assert.deepEqual([all.channel.status().state, all.channel.status().lostThreads], ["reconnecting", 0]);
  await all.pass(1_000);
  assert.equal(all.sessions.length, 2);
});

Deno.test("where something starts the gateway again, a lost thread asks for it", async () => {
  const reasons: string[] = [];
  using all = lab({ orderlyRestart: (reason) => reasons.push(reason) });
  await all.channel.start();
  all.worker.options.onEnd({ kind: "wedged", message: "it no longer answers" });
  assert.deepEqual(reasons, ["fake:a no longer answers and its thread cannot be stopped"]);
  assert.equal(all.channel.status().state, "wedged");
});

Deno.test("an account that lacks something says what, and starts once it is there", async () => {
  using all = lab({ account: { config: {} } });
  const status = await all.channel.start();
  assert.deepEqual([status.state, status.sentence, status.configured], [
    "unconfigured",
    "channels.fake.url is not set",
    false,
  ]);
  assert.equal(all.sessions.length, 0);
  await all.channel.configure(ACCOUNT, true);
  assert.equal(all.channel.status().state, "starting");
});

Deno.test("a worker that may not be made leaves the account stopped and names the way out", async () => {
  using all = lab({ cannotStart: new Deno.errors.NotCapable("Can't escalate parent thread permissions") });
  const { state, sentence, userAction } = await all.channel.start();
  assert.deepEqual([state, userAction], ["stopped", "restart_gateway"]);
  assert.match(sentence, /openclaw permissions --flags/u);
});

Deno.test("a host that cannot run the worker is a matter of the configuration, not of rights", async () => {
  using all = lab({ cannotStart: new Error("a compiled executable has no deno") });
  const { state, sentence, userAction } = await all.channel.start();
  assert.deepEqual([state, userAction], ["stopped", "fix_config"]);
  assert.equal(sentence, "Cannot start: a compiled executable has no deno");
});

Deno.test("a stop wins over a retry that waits", async () => {
  using all = lab();
  await all.channel.start();
  all.crash();
  assert.equal((await all.channel.stop("by a person")).state, "stopped");
  await all.pass(60 * MINUTE);
  assert.equal(all.sessions.length, 1);
});

Deno.test("a worker that had to be stopped by force counts as a lost thread, and no second session starts beside it", async () => {
  using all = lab({ fake: { singleSession: true } });
  await all.channel.start();
  all.worker.leaves = "forced";
  await all.channel.stop("by a person");
  assert.equal(all.channel.status().lostThreads, 1);
  assert.equal((await all.channel.start()).state, "wedged");
  assert.equal(all.sessions.length, 1);
});

Deno.test("a start beside a running worker starts no second one", async () => {
  using all = lab();
  await Promise.all([all.channel.start(), all.channel.start(), all.channel.start()]);
  assert.equal(all.sessions.length, 1);
});

Deno.test("a logout goes on when the platform does not answer, and forgets the keys", async () => {
  using all = lab();
  await all.channel.start();
  all.worker.options.lease.set({ creds: { me: "x" } });
  all.worker.fails = failure("timeout", "no answer", "unknown");
  const { worker } = all;
  assert.equal((await all.channel.logout()).state, "logged_out");
  assert.deepEqual([worker.requests, worker.stopped], [["logout"], "logged out"]);
  await all.channel.start();
  assert.deepEqual(all.worker.options.lease.get("creds", ["me"]), {});
});

Deno.test("requests to an account without a worker fail as not sent, with its state in the sentence", async () => {
  using all = lab({ account: { enabled: false } });
  await all.channel.start();
  await assert.rejects(all.channel.request({ type: "probe" }, 1_000), (error) => {
    assert.ok(error instanceof ChannelFailure);
    assert.equal(error.error.outcome, "not_sent");
    assert.match(error.message, /fake:a is disabled: Switched off/u);
    return true;
  });
});

Deno.test("a minute of connection makes the next failure wait the shortest time", async () => {
  using all = lab();
  await all.channel.start();
  for (let failures = 0; failures < 4; failures++) {
    all.crash();
    await all.pass((all.channel.status().nextRetryAt ?? 0) - all.clock.now());
  }
  all.report("connected");
  assert.equal(all.channel.status().attempt, 0);
  await all.pass(MINUTE);
  all.crash();
  assert.equal(all.channel.status().nextRetryAt, all.clock.now() + 1_000);
});
