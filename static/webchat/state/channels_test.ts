/** Channels on the page: what is read, what is asked of the gateway, and how a login goes on. */
import assert from "node:assert/strict";
import type { Hello } from "../../client/hello.ts";
import { RequestError, type Timers } from "../../client/link.ts";
import { isFields } from "../../client/read.ts";
import { eventually } from "../../../tests/helpers/wait.ts";
import { ChannelDesk } from "./channel_desk.ts";
import { actsOf, type ChannelAccount, channelLabel, failureOf, needsPerson, toneOf } from "./channels_model.ts";
import { readChannels, readHeld, readLogin, readRequests } from "./channels_parse.ts";
import { createStore } from "./store.ts";

type Params = Record<string, unknown>;
type Answer = (params: Params) => unknown;

const HELLO: Hello = {
  version: "1",
  connId: "c",
  mainKey: "agent:main:main",
  agentId: "main",
  tickMs: 1000,
  maxImageBytes: 5_000_000,
  scopes: ["operator.admin"],
  methods: new Set(),
  deviceToken: undefined,
  canvasUrl: undefined,
};

const STATUS = {
  ts: 5_000,
  channelOrder: ["tele", "phone"],
  channelLabels: { tele: "Tele", phone: "Phone" },
  channels: {
    tele: { login: [], personal: false },
    phone: { login: [{ id: "qr", label: "Scan" }, { id: "code", label: "Type" }], personal: true },
  },
  channelAccounts: {
    tele: [{ accountId: "a", state: "connected", sentence: "Fine", since: 1, self: { id: "7", username: "bot" } }, 7],
    phone: [{ accountId: "me", state: "login_required", userAction: "login", permissions: ["--allow-net=x"] }],
  },
};
const request = (requestId: string, channel: string) => ({
  requestId,
  channel,
  accountId: "a",
  senderId: "s1",
  senderLabel: "Eve",
  metadata: { preview: "hi" },
  createdAt: "2026-01-01T00:00:00.000Z",
  expiresAt: "2026-01-01T01:00:00.000Z",
});
const held = (id: string, state: string, updatedAt = 1) => ({ id, state, updatedAt, channel: "tele", chatId: "c1" });

/** A gateway of answers by method; timers fire when the test says so. */
function scene(answers: Record<string, Answer> = {}, scopes = HELLO.scopes) {
  const asked: { readonly method: string; readonly params: Params }[] = [];
  const store = createStore((run) => run());
  const planned = new Map<number, () => void>();
  let next = 0;
  const timers: Timers = {
    now: () => 1_000,
    after: (_ms, callback) => {
      const id = ++next;
      planned.set(id, callback);
      return () => void planned.delete(id);
    },
  };
  const desk = new ChannelDesk(store, {
    request: async (method, params) => {
      asked.push({ method, params: isFields(params) ? { ...params } : {} });
      await Promise.resolve();
      return await (answers[method] ?? DEFAULTS[method])?.(isFields(params) ? { ...params } : {}) ?? {};
    },
  }, timers);
  store.dispatch({ type: "hello", hello: { ...HELLO, scopes }, current: "x" });
  const calls = (method: string) => asked.filter((one) => one.method === method);
  const fire = () => {
    const due = [...planned.values()];
    planned.clear();
    for (const callback of due) callback();
  };
  return { desk, store, asked, answers, calls, fire, state: () => store.get().channels };
}
const DEFAULTS: Record<string, Answer> = { "channels.status": () => STATUS };

async function read(answers: Record<string, Answer> = {}, scopes = HELLO.scopes) {
  const made = scene(answers, scopes);
  await Promise.all([made.desk.refreshAccounts(), made.desk.refreshRequests(), made.desk.refreshHeld()]);
  return made;
}

function accountOf(accounts: readonly ChannelAccount[], channel: string): ChannelAccount {
  const found = accounts.find((one) => one.channel === channel);
  assert.ok(found);
  return found;
}

Deno.test("Accounts are read in the gateway's order, nonsense is left out, and the clocks are compared", async () => {
  const { state } = await read();
  assert.deepEqual(state().accounts.map(({ key, self }) => [key, self]), [
    ["account:tele/a", "bot"],
    ["account:phone/me", undefined],
  ]);
  assert.equal(state().skewMs, 4_000);
  assert.equal(channelLabel(state(), "tele"), "Tele");
  assert.equal(channelLabel(state(), "unheard-of"), "unheard-of");
  assert.deepEqual(readChannels(undefined), { ts: undefined, offers: [], accounts: [] });
  assert.deepEqual([readRequests({ requests: [{}] }), readHeld({ messages: [held("x", "sent")] })], [[], []]);
});

Deno.test("An account has the buttons that make sense in its state", async () => {
  const { state } = await read();
  const [tele, phone] = state().offers;
  const on = accountOf(state().accounts, "tele");
  const out = accountOf(state().accounts, "phone");
  assert.deepEqual(actsOf(on, tele), { login: false, start: false, stop: true, logout: false });
  assert.deepEqual(actsOf(out, phone), { login: true, start: false, stop: true, logout: false });
  assert.deepEqual(actsOf({ ...out, state: "connected", userAction: undefined }, phone), {
    login: false,
    start: false,
    stop: true,
    logout: true,
  });
  for (const name of ["stopped", "crashed", "conflict", "wedged", "logged_out"]) {
    assert.equal(actsOf({ ...out, state: name }, phone).start, true, name);
  }
  assert.deepEqual(actsOf({ ...out, state: "disabled" }, phone), {
    login: false,
    start: false,
    stop: false,
    logout: false,
  });
  assert.deepEqual([needsPerson(on), needsPerson(out), needsPerson({ ...out, userAction: "wait" })], [
    false,
    true,
    false,
  ]);
  assert.deepEqual(["connected", "reconnecting", "crashed", "stopped"].map(toneOf), ["good", "busy", "bad", "off"]);
});

Deno.test("Events make the page read what they are about, once for many", async () => {
  const { desk, calls, fire } = scene();
  for (let at = 0; at < 5; at++) desk.event("health");
  fire();
  await eventually("the accounts", () => calls("channels.status").length > 0);
  assert.deepEqual([calls("channels.status").length, calls("outbox.list").length], [1, 3]);
  desk.event("channels.pairing.requested");
  desk.event("tick");
  fire();
  await eventually("the requests", () => calls("channels.pairing.list").length > 0);
  assert.equal(calls("channels.status").length, 1);
});

Deno.test("A panel that is open looks for held messages until it is closed", async () => {
  const { desk, calls, fire } = scene();
  const stop = desk.watch();
  await eventually("the first look", () => calls("outbox.list").length === 3);
  fire();
  await eventually("the second look", () => calls("outbox.list").length === 6);
  stop();
  fire();
  await desk.refreshAccounts();
  assert.equal(calls("outbox.list").length, 6);
});

Deno.test("What may not be read is told and not asked, and a refusal leaves the last list", async () => {
  const { desk, state, calls, answers } = await read({
    "outbox.list": ({ state }) => ({ messages: state === "failed" ? [held("h", "failed")] : [] }),
  }, ["operator.read"]);
  assert.equal(calls("channels.pairing.list").length, 0);
  assert.deepEqual(state().failures["requests"], { kind: "right", text: "operator.pairing" });
  answers["outbox.list"] = () => {
    throw new RequestError("UNAVAILABLE", "disk is full");
  };
  await desk.refreshHeld();
  assert.deepEqual(state().failures["held"], { kind: "other", text: "disk is full" });
  assert.equal(state().held.length, 1);
  answers["outbox.list"] = () => ({ messages: [] });
  await desk.refreshHeld();
  assert.deepEqual([state().failures["held"], state().held.length], [undefined, 0]);
  assert.equal(failureOf(new RequestError("CLOSED", "gone")).kind, "lost");
  assert.deepEqual(failureOf(new RequestError("FORBIDDEN", "missing scope: operator.admin")), {
    kind: "right",
    text: "operator.admin",
  });
});

Deno.test("A stranger is told of the approval, but never from a person's own number", async () => {
  const { desk, state, calls, answers } = await read({
    "channels.pairing.list": () => ({ requests: [request("r1", "tele"), request("r2", "phone")] }),
    "channels.pairing.approve": () => ({ notification: "sent" }),
  });
  const [bot, person] = state().requests;
  assert.ok(bot && person);
  assert.equal(await desk.decide(bot, true), "done");
  assert.equal(await desk.decide(person, true), "done");
  assert.deepEqual(calls("channels.pairing.approve").map(({ params }) => params["notify"]), [true, undefined]);
  answers["channels.pairing.approve"] = () => ({ notification: "failed" });
  assert.equal(await desk.decide(bot, true), "untold");
  assert.equal(await desk.decide(bot, false), "done");
  answers["channels.pairing.approve"] = () => {
    throw new RequestError("INVALID_REQUEST", "unknown requestId");
  };
  assert.equal(await desk.decide(bot, true), undefined);
  assert.equal(state().failures["request:r1"]?.text, "unknown requestId");
  assert.deepEqual(state().busy, []);
});

Deno.test("A code is tried on every channel where somebody waits, and another refusal ends the search", async () => {
  const { desk, calls, answers } = await read({
    "channels.pairing.list": () => ({ requests: [request("r1", "tele"), request("r2", "phone")] }),
    "channels.pairing.approve": ({ channel }) => {
      if (channel === "tele") throw new RequestError("INVALID_REQUEST", "unknown requestId");
      return { requestId: "r2", senderId: "s1" };
    },
  });
  assert.deepEqual(await desk.approveCode("ABCD"), { approved: "Eve" });
  answers["channels.pairing.approve"] = () => {
    throw new RequestError("INVALID_REQUEST", "unknown requestId");
  };
  assert.deepEqual(await desk.approveCode("ABCD"), {});
  assert.equal(calls("channels.pairing.approve").length, 4);
  answers["channels.pairing.approve"] = () => {
    throw new RequestError("FORBIDDEN", "missing scope: operator.pairing");
  };
  assert.equal((await desk.approveCode("ABCD")).failure?.kind, "right");
  assert.equal(calls("channels.pairing.approve").length, 5);
});

Deno.test("Held messages of every kind stand together, the latest first, and one act at a time is done to each", async () => {
  const lists: Record<string, unknown[]> = {
    unknown: [held("u", "unknown", 1)],
    failed: [held("f", "failed", 3)],
    expired: [held("e", "expired", 2)],
  };
  const { desk, state, calls } = await read({ "outbox.list": ({ state }) => ({ messages: lists[String(state)] }) });
  assert.deepEqual(state().held.map(({ id }) => id), ["f", "e", "u"]);
  const [first] = state().held;
  assert.ok(first);
  const acts = [desk.settle("retry", first), desk.settle("drop", first)];
  assert.deepEqual(state().busy, ["held:f"]);
  await Promise.all(acts);
  assert.deepEqual([calls("outbox.retry").length, calls("outbox.drop").length, state().busy], [1, 0, []]);
});

const step = (count: number, step: unknown, more: object = {}) => ({ count, step, message: `step ${count}`, ...more });
const show = { kind: "show", what: "qr", value: "v", text: "Scan" };

Deno.test("A login with several ways asks for one, follows each step and ends", async () => {
  const gates = [Promise.withResolvers<unknown>(), Promise.withResolvers<unknown>()];
  const { desk, state, calls } = await read({
    "web.login.start": () => step(1, show, { qrDataUrl: "data:image/png;base64,AA" }),
    "web.login.wait": ({ seen }) => gates[Number(seen) - 1]?.promise,
  });
  desk.login.open(accountOf(state().accounts, "phone"), state().offers[1]?.login ?? []);
  assert.equal(state().login?.phase, "choosing");
  assert.equal(calls("web.login.start").length, 0);
  const running = desk.login.start("qr");
  await eventually("the code", () => state().login?.qr);
  assert.deepEqual([state().login?.phase, state().login?.message], ["step", "step 1"]);
  gates[0]?.resolve(step(2, { ...show, value: "w" }, { qrDataUrl: "https://evil.example/x.png" }));
  await eventually("the second wait", () => calls("web.login.wait").length === 2);
  assert.equal(state().login?.qr, undefined, "only pictures from memory");
  gates[1]?.resolve(step(3, { kind: "done", text: "ok" }, { connected: true }));
  await running;
  assert.deepEqual([state().login?.phase, state().login?.step], ["done", undefined]);
  desk.login.close();
  assert.equal(calls("web.login.cancel").length, 0);
});

Deno.test("What was typed goes to the same login, and the answer of an older wait is nobody's any more", async () => {
  const old = Promise.withResolvers<unknown>();
  const fields = [{ name: "pin", label: "PIN", secret: true }, {}];
  const { desk, state, calls } = await read({
    "web.login.start": ({ input }) =>
      input ? step(2, { kind: "failed", text: "wrong" }) : step(1, { kind: "input", fields }),
    "web.login.wait": () => old.promise,
  });
  desk.login.open(accountOf(state().accounts, "phone"), [{ id: "pin", label: "PIN" }]);
  await eventually("the wait", () => calls("web.login.wait").length === 1);
  assert.deepEqual(state().login?.step, { kind: "input", fields: fields.slice(0, 1) });
  await desk.login.start("pin", { pin: "1" });
  assert.equal(state().login?.phase, "failed");
  old.resolve(step(9, show));
  await desk.refreshAccounts();
  assert.equal(state().login?.count, 2);
});

Deno.test("A login outlives a lost connection and is called off when its window closes", async () => {
  let down = true;
  const { desk, state, calls } = await read({
    "web.login.start": () => step(1, show),
    "web.login.wait": () => {
      if (down) throw new RequestError("CLOSED", "gone");
      return new Promise(() => {});
    },
  });
  desk.login.open(accountOf(state().accounts, "phone"), [{ id: "qr", label: "Scan" }]);
  await eventually("the loss", () => state().login?.failure?.kind === "lost");
  down = false;
  desk.hello();
  await eventually("the next wait", () => calls("web.login.wait").length === 2);
  assert.equal(calls("web.login.wait")[1]?.params["seen"], 0, "whatever step it is at now");
  assert.equal(state().login?.failure, undefined);
  desk.login.close();
  assert.deepEqual([state().login, calls("web.login.cancel").length], [undefined, 1]);
});

Deno.test("A login that the gateway knows nothing of any more has failed, and does not ask for ever", async () => {
  const { desk, state, calls } = await read({
    "web.login.start": () => ({ count: 0, message: "begun" }),
    "web.login.wait": () => ({ count: 0, message: "There is no login under way" }),
  });
  desk.login.open(accountOf(state().accounts, "phone"), [{ id: "qr", label: "Scan" }]);
  await eventually("the end", () => state().login?.phase === "failed");
  assert.deepEqual([state().login?.message, calls("web.login.wait").length], ["There is no login under way", 1]);
  assert.equal(readLogin({ connected: true }).end, "done");
});
