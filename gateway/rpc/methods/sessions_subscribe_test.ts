import assert from "node:assert/strict";
import { callMethod, fakeClient, fakeServices, userSays } from "../../../tests/helpers/services.ts";
import { createSessionNotifier } from "../../session/notify.ts";
import { sessionMethods } from "./sessions.ts";

Deno.test("subscriptions decide who hears of sessions and of messages", async () => {
  const services = fakeServices();
  const [lists, reads, idle] = [1, 2, 3].map((n) => fakeClient({ connId: `c${n}` }));
  assert.ok(lists && reads && idle);
  services.bus.recipients.push(lists, reads, idle);
  const call = (name: string, params: unknown, client: typeof lists) =>
    callMethod(sessionMethods, name, params, services, client);
  assert.deepEqual(await call("sessions.subscribe", {}, lists), { subscribed: true });
  assert.deepEqual(await call("sessions.messages.subscribe", { key: "main" }, reads), {
    subscribed: true,
    key: "agent:main:main",
  });
  const session = services.sessions.ensure("main");
  const append = () =>
    createSessionNotifier(services).messageAppended(
      session,
      services.transcript.append(session.sessionId, userSays("hi")),
    );
  append();
  assert.deepEqual(services.bus.delivered.map(({ connId, event }) => [connId, event]), [
    ["c2", "session.message"],
    ["c1", "sessions.changed"],
  ]);
  const message = services.bus.delivered[0]?.payload;
  assert.ok(message !== null && typeof message === "object" && "messageSeq" in message && "sessionKey" in message);
  assert.deepEqual([message.messageSeq, message.sessionKey], [1, "agent:main:main"]);

  assert.deepEqual(await call("sessions.unsubscribe", {}, lists), { subscribed: false });
  await call("sessions.messages.unsubscribe", { key: "agent:main:main" }, reads);
  append();
  assert.equal(services.bus.delivered.length, 2);
  services.db.close();
});

Deno.test("one client cannot hold more than 256 subscriptions", async () => {
  const services = fakeServices();
  const client = fakeClient();
  const subscribe = (key: string) =>
    callMethod(sessionMethods, "sessions.messages.subscribe", { key }, services, client);
  for (let n = 0; n < 256; n++) await subscribe(`s${n}`);
  await subscribe("s0");
  await assert.rejects(subscribe("one-more"), { name: "GatewayError" });
  assert.equal(client.topics.size, 256);
  services.db.close();
});

Deno.test("the scopes are the lower ones of both generations", () => {
  const access = Object.fromEntries(sessionMethods.map((method) => [method.name, method.access]));
  assert.deepEqual(access, {
    "sessions.list": "operator.read",
    "sessions.preview": "operator.read",
    "sessions.resolve": "operator.read",
    "sessions.describe": "operator.read",
    "sessions.patch": "operator.write",
    "sessions.reset": "operator.admin",
    "sessions.delete": "operator.write",
    "sessions.subscribe": "operator.read",
    "sessions.unsubscribe": "operator.read",
    "sessions.messages.subscribe": "operator.read",
    "sessions.messages.unsubscribe": "operator.read",
  });
});
