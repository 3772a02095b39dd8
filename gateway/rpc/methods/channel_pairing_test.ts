/** Tests of channels.pairing.*: what the owner sees, decides, and is told. */
import assert from "node:assert/strict";
import { delivery, DeliveryLab, fakeStatus } from "../../../tests/helpers/delivery_lab.ts";
import { callMethod, fakeConfig, fakeServices } from "../../../tests/helpers/services.ts";
import type { InboundMessage } from "../../../schemas/worker/content.ts";
import { createFakeManifest } from "../../../workers/fake/manifest.ts";
import { createSenderPairing } from "../../session/sender_pairing.ts";
import { senderPairingMethods } from "./channel_pairing.ts";

function setUp(ownerAllowFrom: string[] = []) {
  const lab = new DeliveryLab();
  const { db, clock } = lab;
  const senders = createSenderPairing({ db, clock });
  const base = fakeServices();
  const config = { ...fakeConfig(), commands: { useAccessGroups: true, ownerAllowFrom } };
  const services = {
    ...fakeServices({ db, senders, inbox: lab.inbox, outbox: lab.outbox, trail: lab.trail }),
    db,
    clock,
    live: { ...base.live, current: () => config },
    channels: {
      ...base.channels,
      manifests: () => [createFakeManifest()],
      account: () => fakeStatus("fake", "default", "connected"),
      accounts: () => [{ ...fakeStatus("fake", "default", "connected"), name: "Home" }],
    },
  };
  const call = (name: string, params: unknown) =>
    callMethod(senderPairingMethods, `channels.pairing.${name}`, params, services);
  const event: InboundMessage = {
    kind: "message",
    dedupeKey: "k",
    messageId: "m",
    chat: { id: "eve-chat", kind: "direct" },
    sender: { id: "eve", name: "Eve" },
    timestamp: 1,
    text: "let me in",
    media: [],
  };
  const ask = () => {
    lab.inbox.accept("fake", "default", event);
    const made = senders.request("fake", "default", event.sender, event.text);
    if (!made) throw new Error("Cannot ask");
    return made.request;
  };
  return { lab, services, senders, call, ask };
}

Deno.test("channels.pairing.list shows who waits, without the code", async () => {
  const { call, ask } = setUp();
  const request = ask();
  const listed = await call("list", {});
  assert.deepEqual(listed["requests"], [{
    requestId: request.requestId,
    channel: "fake",
    channelLabel: "Fake (tests only)",
    accountId: "default",
    senderId: "eve",
    senderLabel: "Eve",
    metadata: { preview: "let me in" },
    createdAt: new Date(request.createdAt).toISOString(),
    lastSeenAt: new Date(request.lastSeenAt).toISOString(),
    expiresAt: new Date(request.expiresAt).toISOString(),
    notifySupported: true,
  }]);
  assert.deepEqual(listed["limits"], { pendingPerAccount: 3, ttlMs: 3_600_000 });
  assert.equal(listed["commandOwnerConfigured"], false);
  assert.doesNotMatch(JSON.stringify(listed), new RegExp(request.code, "u"));
  assert.deepEqual((await call("list", { channel: "other" }))["requests"], []);
  assert.deepEqual((await call("list", { accountId: "second" }))["accounts"], []);
});

Deno.test("channels.pairing.approve lets in by id or code, tells others, and the sender when asked to", async () => {
  const { call, ask, senders, services, lab } = setUp(["ada"]);
  const request = ask();
  const done = await call("approve", {
    channel: "fake",
    accountId: "default",
    requestId: request.requestId,
    notify: true,
    bootstrapCommandOwner: true,
  });
  assert.deepEqual(done, {
    requestId: request.requestId,
    senderId: "eve",
    notification: "sent",
    commandOwnerBootstrap: "already-configured",
  });
  assert.deepEqual(senders.approved("fake", "default"), ["eve"]);
  assert.deepEqual(lab.platform.messages.map(({ chatId }) => chatId), ["eve-chat"]);
  assert.deepEqual(services.bus.names(), ["channels.pairing.resolved"]);

  const again = setUp();
  const { code } = again.ask();
  const silent = await again.call("approve", { channel: "fake", requestId: code.toLowerCase() });
  assert.equal(silent["notification"], "not-requested");
  assert.deepEqual(again.lab.platform.messages, [], "nothing goes out unless asked for");
  await assert.rejects(again.call("approve", { channel: "fake", requestId: code }), { message: "unknown requestId" });
});

Deno.test("channels.pairing.approve says when the sender could not be told", async () => {
  const { call, ask, lab } = setUp();
  const request = ask();
  lab.platform.script.push({ code: "forbidden", retryable: false });
  const done = await call("approve", { channel: "fake", requestId: request.requestId, notify: true });
  assert.equal(done["notification"], "failed");
  assert.equal(lab.outbox.enqueue(delivery()).length, 1);
});

Deno.test("channels.pairing.dismiss forgets the request and says nothing to the sender", async () => {
  const { call, ask, senders, services, lab } = setUp();
  const { requestId } = ask();
  assert.deepEqual(await call("dismiss", { channel: "fake", accountId: "default", requestId }), {
    requestId,
    senderId: "eve",
  });
  assert.deepEqual([senders.list(), senders.approved("fake", "default"), lab.platform.messages], [[], [], []]);
  assert.deepEqual(services.bus.names(), ["channels.pairing.resolved"]);
  await assert.rejects(call("dismiss", { channel: "fake", requestId }), { message: "unknown requestId" });
});
