/** The methods that need a channel go before the judges too: a gateway with two accounts of the fake provider. */
import assert from "node:assert/strict";
import type { Ev, Json, TestClient } from "../helpers/client.ts";
import { FakeModel } from "../helpers/fake_model.ts";
import { FAKE_MAIN, TestGateway } from "../helpers/gateway.ts";
import { print } from "../helpers/print.ts";
import { eventually } from "../helpers/wait.ts";
import { type FakePlatform, startFakePlatform } from "../servers/fake/platform.ts";
import { Court, report, type Verdict } from "./judges.ts";
import { ALWAYS_REFUSED } from "./sample_calls.ts";

/** What this gateway refuses whatever there is; every other refusal of the sample calls must succeed here. */
const REFUSED_ANYWHERE = new Set(["users.self"]);
const REFUSED = "no such chat";

interface Lab {
  readonly client: TestClient;
  /** An open account that is connected. */
  readonly work: FakePlatform;
  /** An account that waits for its login. */
  readonly home: FakePlatform;
  /** Calls, has the answer judged, and returns it. */
  call(method: string, params: Json): Promise<Json>;
}

Deno.test("channels, logins, the outbox and polls are as their judges want them", async () => {
  const court = await Court.open();
  const verdicts: Verdict[] = [];
  await using model = await FakeModel.start();
  await using work = startFakePlatform({
    answer: ({ body }) =>
      body["text"] === REFUSED
        ? { error: { code: "not_found", message: "There is no such chat", retryable: false, outcome: "not_sent" } }
        : { value: { pollId: "p1" } },
  });
  await using home = startFakePlatform();
  const accounts = { work: { url: work.url, dmPolicy: "pairing" }, home: { url: home.url, loginFirst: true } };
  await using gateway = await TestGateway.start({
    main: FAKE_MAIN,
    config: { ...model.config(), channels: { fake: { accounts } } },
  });
  await using client = await gateway.connect();
  const lab: Lab = {
    client,
    work,
    home,
    async call(method, params) {
      const res = await client.call(method, params);
      assert.equal(res.ok, true, `${method}: ${JSON.stringify(res.error)}`);
      verdicts.push(court.result(method, res));
      return Object(res.payload);
    },
  };
  await work.waitConnected();
  await strangers(lab);
  await messages(lab);
  await logins(lab);
  await switches(lab);
  const events = client.frames.filter((frame): frame is Ev => frame.type === "event");
  verdicts.push(...events.map((event) => court.event(event)));

  print(report(verdicts));
  assert.deepEqual(verdicts.filter((verdict) => verdict.faults.length > 0), []);
  assert.deepEqual(client.frames.flatMap((frame) => court.ownFaults(frame, client.methodOf(frame))), []);
  const judged = new Set(verdicts.map((verdict) => verdict.subject));
  const methods = [...ALWAYS_REFUSED.keys()].filter((method) => !REFUSED_ANYWHERE.has(method));
  const subjects = [
    ...methods.map((method) => `result ${method}`),
    "event channels.pairing.requested",
    "event channels.pairing.resolved",
  ];
  assert.deepEqual(subjects.filter((subject) => !judged.has(subject)), [], "not judged");
});

async function strangers({ client, work, call }: Lab): Promise<void> {
  work.say("Hello", { senderId: "stranger", chatId: "chat1" });
  const { payload } = await client.waitEvent("channels.pairing.requested");
  const { requests } = await call("channels.pairing.list", { channel: "fake" });
  assert.equal((requests as Json[])[0]?.["requestId"], payload["requestId"]);
  await call("channels.pairing.approve", { channel: "fake", requestId: payload["requestId"], notify: true });
  await call("message.refusals", {});
}

async function messages({ client, call }: Lab): Promise<void> {
  const where = () => ({ channel: "fake", accountId: "work", to: "chat1", idempotencyKey: crypto.randomUUID() });
  const sent = await call("send", { ...where(), message: "Good morning" });
  await call("send", { ...where(), message: "Just looking", dryRun: true });
  await call("poll", { ...where(), question: "Tea?", options: ["yes", "no"] });
  await call("message.explain", { id: sent["messageId"] });
  await call("outbox.list", {});
  const refused = await client.call("send", { ...where(), message: REFUSED });
  assert.equal(refused.ok, false);
  const failed = async () => (await call("outbox.list", { state: "failed" }))["messages"] as Json[];
  const id = (await failed())[0]?.["id"];
  await call("outbox.retry", { id });
  await eventually("the second refusal", async () => (await failed()).some((row) => row["id"] === id));
  await call("outbox.drop", { id });
}

async function logins({ home, call }: Lab): Promise<void> {
  const account = { channel: "fake", accountId: "home" };
  const show = { kind: "show", what: "qr", value: "code", text: "Scan this code" } as const;
  const started = call("web.login.start", { ...account, timeoutMs: 10_000 });
  await home.waitCall("login");
  home.order({ do: "login.step", step: show });
  assert.equal(typeof (await started)["qrDataUrl"], "string");
  await call("web.login.cancel", account);
  home.order({ do: "login.step", step: { kind: "failed", text: "Given up", retryable: true } });
  await call("web.login.wait", { ...account, timeoutMs: 10_000 });
}

async function switches({ call }: Lab): Promise<void> {
  const account = { channel: "fake", accountId: "work" };
  await call("channels.status", { probe: true });
  await call("channels.stop", account);
  await call("channels.start", account);
  await call("channels.logout", account);
}
