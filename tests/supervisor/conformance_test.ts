/** What the supervisor promises of an account, over both hosts: a Web Worker and a process of its own. */
import assert from "node:assert/strict";
import { ChannelFailure } from "../../gateway/supervisor/types.ts";
import { fakeAccount, startSupervisor } from "../helpers/supervisor.ts";
import { eventually } from "../helpers/wait.ts";
import { startFakePlatform } from "../servers/fake/platform.ts";

const failed = (code: string, outcome: string) => (error: unknown): boolean =>
  error instanceof ChannelFailure && error.error.code === code && error.error.outcome === outcome;

for (const isolation of ["worker", "process"] as const) {
  const account = (id: string, url: string, config: Record<string, unknown> = {}) =>
    fakeAccount(id, url, { isolation, config });

  Deno.test(`${isolation}: an account connects, takes messages, answers, and stops in order`, async () => {
    await using platform = startFakePlatform();
    await using lab = await startSupervisor({ accounts: [account("a", platform.url)] });
    const status = await lab.waitState("a", "connected");
    assert.equal(status.isolation, isolation);
    assert.equal(status.generation, 1);
    assert.deepEqual(status.self, { id: "bot-a" });
    assert.deepEqual(status.foreignAddresses, [platform.url]);
    assert.deepEqual(status.permissions, [
      `--allow-net=${new URL(platform.url).host}`,
      "--deny-sys",
      "--deny-run",
      "--deny-read",
      "--deny-write",
      "--deny-env",
      "--deny-ffi",
      "--deny-import",
    ]);
    platform.say("one");
    platform.say("two");
    const taken = await lab.waitTaken("a", 2);
    assert.deepEqual(taken.map(({ event }) => event.kind === "message" && event.text), ["one", "two"]);
    await eventually("the acknowledgements", () => platform.unacknowledged().length === 0);
    assert.deepEqual(await lab.send("a", "answer"), ["m1"]);
    const { lastInboundAt, lastOutboundAt, lastAliveAt } = lab.status("a");
    for (const at of [lastInboundAt, lastOutboundAt, lastAliveAt]) assert.ok(at !== undefined && at <= Date.now());
    assert.equal((await lab.channels.stop("fake", "a")).state, "stopped");
    await platform.waitCall("bye");
    await assert.rejects(lab.send("a", "too late"), failed("unreachable", "not_sent"));
    assert.equal((await lab.channels.start("fake", "a")).state, "starting");
    assert.equal((await lab.waitState("a", "connected")).generation, 2);
  });

  Deno.test(`${isolation}: an event is acknowledged only after the inbox has it`, async () => {
    await using platform = startFakePlatform();
    await using lab = await startSupervisor({ accounts: [account("a", platform.url)] });
    await lab.waitState("a", "connected");
    lab.refuse = "the disk is full";
    platform.say("one");
    await eventually("the refusal", () => lab.lines.some((line) => line.includes("inbound.not_committed")));
    assert.equal(platform.unacknowledged().length, 1);
    lab.refuse = undefined;
    await lab.waitTaken("a", 1);
    await eventually("the acknowledgement", () => platform.unacknowledged().length === 0);
  });

  Deno.test(`${isolation}: what a provider reports is what status says, retry time and all`, async () => {
    await using platform = startFakePlatform();
    await using lab = await startSupervisor({ accounts: [account("a", platform.url)] });
    await lab.waitState("a", "connected");
    platform.order({
      do: "state",
      report: {
        state: "reconnecting",
        sentence: "The line is bad",
        attempt: 3,
        retryInMs: 60_000,
        platformCode: "503",
      },
    });
    const status = await lab.waitState("a", "reconnecting");
    assert.deepEqual([status.sentence, status.attempt, status.platformCode], ["The line is bad", 3, "503"]);
    assert.ok(status.nextRetryAt !== undefined && status.nextRetryAt > Date.now() + 30_000);
    assert.equal(status.generation, 1, "the provider reconnects by itself");
  });

  for (const state of ["bad_credentials", "conflict", "logged_out"] as const) {
    Deno.test(`${isolation}: ${state} stops the account until somebody starts it`, async () => {
      await using platform = startFakePlatform();
      await using lab = await startSupervisor({ accounts: [account("a", platform.url)] });
      await lab.waitState("a", "connected");
      platform.order({ do: "state", report: { state, sentence: "It is over", userAction: "set_token" } });
      const status = await lab.waitState("a", state);
      assert.equal(status.nextRetryAt, undefined);
      assert.equal(status.userAction, "set_token");
      await platform.waitCall("bye");
      await assert.rejects(lab.send("a", "x"), failed("unreachable", "not_sent"));
      assert.equal(lab.status("a").state, state);
      await lab.channels.start("fake", "a");
      assert.equal((await lab.waitState("a", "connected")).generation, 2, lab.lines.join("\n"));
    });
  }

  Deno.test(`${isolation}: a refusal that is fatal stops the account, any other does not`, async () => {
    const error = { message: "no", retryable: false, outcome: "not_sent" as const };
    await using platform = startFakePlatform({
      answer: ({ body }) =>
        body["text"] === "fatal"
          ? { error: { ...error, code: "unauthorized", fatal: true, platformCode: "401" } }
          : { error: { ...error, code: "rate_limited", retryable: true, retryAfterMs: 1500 } },
    });
    await using lab = await startSupervisor({ accounts: [account("a", platform.url)] });
    await lab.waitState("a", "connected");
    await assert.rejects(lab.send("a", "x"), (thrown) => {
      assert.ok(thrown instanceof ChannelFailure);
      assert.equal(thrown.error.retryAfterMs, 1500);
      return true;
    });
    assert.equal(lab.status("a").state, "connected");
    await assert.rejects(lab.send("a", "fatal"), failed("unauthorized", "not_sent"));
    assert.equal((await lab.waitState("a", "bad_credentials")).platformCode, "401");
  });

  Deno.test(`${isolation}: a request without an answer ends at its deadline, its outcome unknown`, async () => {
    await using platform = startFakePlatform();
    await using lab = await startSupervisor({ accounts: [account("a", platform.url)] });
    await lab.waitState("a", "connected");
    platform.order({ do: "hang" });
    await platform.waitCall("hanging");
    await assert.rejects(lab.send("a", "hello", "key", 300), failed("timeout", "unknown"));
    platform.say("still here");
    await lab.waitTaken("a", 1);
    assert.equal(lab.status("a").state, "connected");
  });

  for (const deed of ["crash", "reject", "exit"] as const) {
    Deno.test(`${isolation}: after "${deed}" a new worker goes on, and nothing unacknowledged is lost`, async () => {
      await using platform = startFakePlatform();
      await using lab = await startSupervisor({ accounts: [account("a", platform.url)] });
      await lab.waitState("a", "connected");
      lab.refuse = "not now";
      platform.say("in between");
      await eventually("the refusal", () => lab.lines.some((line) => line.includes("inbound.not_committed")));
      platform.order({ do: deed });
      await eventually(
        "the failure",
        () =>
          lab.statuses.some(({ state, nextRetryAt }) =>
            (state === "reconnecting" || state === "wedged") && nextRetryAt !== undefined
          ),
      );
      lab.refuse = undefined;
      await eventually("the second worker", () => lab.status("a").generation === 2);
      await lab.waitState("a", "connected");
      const taken = await lab.waitTaken("a", 1);
      assert.deepEqual(taken.map(({ event }) => event.dedupeKey), ["said-1"]);
      assert.deepEqual(await lab.send("a", "answer"), ["m1"]);
    });
  }

  Deno.test(`${isolation}: a worker that dies in mid-send leaves the outcome unknown`, async () => {
    await using platform = startFakePlatform({ answer: ({ at }) => at === "send" ? undefined : { value: {} } });
    await using lab = await startSupervisor({ accounts: [account("a", platform.url)] });
    await lab.waitState("a", "connected");
    const sending = assert.rejects(lab.send("a", "hello"), failed("timeout", "unknown"));
    await platform.waitCall("send");
    platform.order({ do: "crash" });
    await sending;
    await eventually("the second worker", () => lab.status("a").generation === 2);
  });

  Deno.test(`${isolation}: keys outlive the worker, are unreadable on the disk, and fall with a logout`, async () => {
    await using platform = startFakePlatform();
    await using lab = await startSupervisor({ accounts: [account("a", platform.url)] });
    await lab.waitState("a", "connected");
    platform.order({ do: "store.set", rows: { session: { one: "plain-text-key" }, creds: { me: "identity" } } });
    platform.order({ do: "save", saved: { offset: 42 } });
    await platform.waitCall("result", 2);
    const rows = lab.db.all("SELECT value FROM channel_keys");
    assert.equal(rows.length, 2);
    for (const { value } of rows) {
      assert.ok(value instanceof Uint8Array);
      assert.doesNotMatch(new TextDecoder().decode(value), /plain-text-key|identity/u);
    }
    await lab.channels.stop("fake", "a");
    await lab.channels.start("fake", "a");
    const hello = await platform.waitCall("hello", 2);
    assert.deepEqual(hello.body["saved"], { offset: 42 });
    platform.order({ do: "store.get", kind: "session", ids: ["one", "two"] });
    assert.deepEqual((await platform.waitCall("result", 3)).body["value"], { one: "plain-text-key" });
    const status = await lab.channels.logout("fake", "a");
    assert.equal(status.state, "logged_out");
    assert.equal(lab.db.all("SELECT * FROM channel_keys").length + lab.db.all("SELECT * FROM channel_saved").length, 0);
  });

  Deno.test(`${isolation}: a login goes by steps that may be joined late`, async () => {
    await using platform = startFakePlatform();
    await using lab = await startSupervisor({ accounts: [account("a", platform.url, { loginFirst: true })] });
    await lab.waitState("a", "login_required");
    const login = await lab.channels.login("fake", "a", undefined, {});
    assert.deepEqual((await platform.waitCall("login")).body, { flow: "qr", input: {} });
    const show = { kind: "show" as const, what: "qr" as const, value: "2@abc", text: "Scan this" };
    platform.order({ do: "login.step", step: show });
    assert.deepEqual(await login.next(0, 10_000), { step: show, count: 1 });
    assert.deepEqual(await lab.channels.activeLogin("fake", "a")?.next(0, 0), { step: show, count: 1 });
    assert.equal(await login.next(1, 50), undefined);
    platform.order({ do: "login.step", step: { kind: "done", text: "Welcome" } });
    assert.equal((await login.next(1, 10_000))?.step.kind, "done");
    await lab.waitState("a", "connected");
    assert.equal(lab.channels.activeLogin("fake", "a"), undefined);
  });

  Deno.test(`${isolation}: webhooks, marks, probes and large attachments cross the border`, async () => {
    const data = new Uint8Array(12_000_000).fill(9);
    await using platform = startFakePlatform({
      answer: ({ at }) => {
        if (at === "webhook") return { value: { status: 202, body: "taken" } };
        if (at === "probe") return { value: { name: "bot" } };
        return { value: at === "media" ? { data: data.toBase64(), mimeType: "video/mp4" } : {} };
      },
    });
    await using lab = await startSupervisor({ accounts: [account("a", platform.url, { webhookPath: "/hook/a" })] });
    await lab.waitState("a", "connected");
    const target = lab.channels.webhookOf("/hook/a");
    assert.deepEqual(target, { channel: "fake", accountId: "a" });
    assert.equal(lab.channels.webhookOf("/hook/b"), undefined);
    const body = new TextEncoder().encode("grüße");
    const hook = await lab.channels.request(
      "fake",
      "a",
      { type: "webhook", path: "/hook/a", query: { a: "1" }, headers: { host: "x" }, body },
      10_000,
    );
    assert.deepEqual(hook, { kind: "http", status: 202, headers: {}, body: "taken" });
    assert.equal(platform.calls.at(-1)?.body["body"], "grüße");
    assert.deepEqual(await lab.channels.request("fake", "a", { type: "probe" }, 10_000), {
      kind: "probe",
      facts: { name: "bot" },
    });
    const media = await lab.channels.request("fake", "a", { type: "media.fetch", ref: "r", maxBytes: 2e7 }, 20_000);
    assert.ok(media.kind === "media" && media.data.byteLength === data.byteLength && media.data[11_999_999] === 9);
    platform.order({ do: "mark", mark: { chatId: "chat", messageId: "m1", mark: "read", at: 5 } });
    await eventually("the mark", () => lab.marks.length === 1);
    assert.deepEqual(lab.marks, [
      { channel: "fake", accountId: "a", chatId: "chat", messageId: "m1", mark: "read", at: 5 },
    ]);
  });

  Deno.test(`${isolation}: a changed configuration restarts the one account that it concerns`, async () => {
    await using one = startFakePlatform();
    await using two = startFakePlatform();
    await using three = startFakePlatform();
    const [a, b] = [account("a", one.url), account("b", two.url)];
    await using lab = await startSupervisor({ accounts: [a, b] });
    await lab.waitState("a", "connected");
    await lab.waitState("b", "connected");
    const access = { ...b, name: "Bee", config: { ...b.config, allowFrom: ["anna"] } };
    await lab.channels.apply([account("a", one.url, { retryMs: 70 }), access, account("c", three.url)]);
    await lab.waitState("c", "connected");
    assert.equal((await lab.waitState("a", "connected")).generation, 2);
    assert.deepEqual([lab.status("b").generation, lab.status("b").name], [1, "Bee"]);
    assert.deepEqual(lab.channels.accountConfig("fake", "b")["allowFrom"], ["anna"]);
    await lab.channels.apply([access, { ...account("c", three.url), enabled: false }]);
    assert.equal(lab.channels.account("fake", "a"), undefined);
    assert.equal(lab.status("c").state, "disabled");
    assert.equal(lab.status("b").generation, 1);
    await lab.channels.stop("fake", "b");
    await lab.channels.apply([access, account("c", three.url)]);
    await lab.waitState("c", "connected");
    assert.equal(lab.status("b").state, "stopped", "an account that a person stopped stays stopped");
  });
}
