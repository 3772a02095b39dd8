/**
 * Access on a running gateway with the fake provider in its real worker (both sides of it are ours: this tests the
 * gateway, no platform): a stranger, a code, an approval, an answer, and the same conversation live for clients.
 */
import assert from "node:assert/strict";
import { denoDir, FAKE_MAIN, runCli, TestGateway } from "../helpers/gateway.ts";
import { gatewayFlags } from "../helpers/permissions.ts";
import { TestClient } from "../helpers/client.ts";
import { eventually, within } from "../helpers/wait.ts";
import { startFakePlatform } from "../servers/fake/platform.ts";

/** Runs a command as the owner of this host does: on the permissions that are printed for commands. */
async function owner(gateway: TestGateway, ...args: string[]) {
  const env = {
    HOME: gateway.stateDir,
    OPENCLAW_STATE_DIR: gateway.stateDir,
    OPENCLAW_GATEWAY_PORT: String(gateway.port),
  };
  const base = { PATH: "/usr/bin:/bin", DENO_DIR: await denoDir(), NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" };
  const flags = await gatewayFlags({ ...base, ...env }, ["--for", "cli"]);
  return await within(`openclaw ${args.join(" ")}`, runCli(args, { env, flags }), 60_000);
}

const connect = (gateway: TestGateway) => TestClient.connect(gateway.url, { token: gateway.token });

Deno.test("a stranger is told a code, let in by command, answered, and seen live", async () => {
  await using platform = startFakePlatform();
  await using gateway = await TestGateway.start({
    main: FAKE_MAIN,
    config: { channels: { fake: { url: platform.url } }, messages: { queue: { debounceMs: 10 } } },
  });
  await platform.waitConnected();
  await using client = await connect(gateway);
  platform.say("is anybody there?", { chatId: "eve-chat", senderId: "eve" });
  const [told] = await eventually("the code", () => platform.sent("eve-chat").length > 0 && platform.sent("eve-chat"));
  const code = /Pairing code: (\S{8})/u.exec(told?.text ?? "")?.[1];
  assert.ok(code, told?.text ?? "nothing was told");
  const asked = await client.waitEvent("channels.pairing.requested");
  assert.equal(Object(asked.payload).senderId, "eve");
  const listed = await client.request("channels.pairing.list", { channel: "fake" });
  assert.equal(JSON.stringify(listed["requests"]).includes("is anybody there?"), true);
  assert.equal(JSON.stringify(listed).includes(code), false, "the code is the sender's to tell");

  const approved = await owner(gateway, "pairing", "approve", "fake", code.toLowerCase());
  assert.equal(approved.code, 0, approved.stderr);
  assert.match(approved.stdout, /Approved: eve on fake/u);
  assert.equal(Object((await client.waitEvent("channels.pairing.resolved")).payload).decision, "approved");

  await client.request("sessions.messages.subscribe", { key: "agent:main:main" });
  platform.say("bench:5:0", { chatId: "eve-chat", senderId: "eve" });
  await eventually("the answer", () => platform.sent("eve-chat").length > 1);
  const live = await client.waitEvent((event) =>
    event.event === "session.message" && Object(Object(event.payload).message).role === "assistant"
  );
  assert.equal(Object(live.payload).sessionKey, "agent:main:main");
  const history = await client.request("chat.history", { sessionKey: "main", limit: 10 });
  const texts = JSON.stringify(history["messages"]);
  assert.ok(texts.includes("bench:5:0"));
  assert.ok(!texts.includes("is anybody there?"), "what a stranger wrote is not processed");
  assert.deepEqual(platform.unacknowledged(), []);
});

Deno.test("a person's own account stays silent to a stranger, whatever comes", async () => {
  await using platform = startFakePlatform();
  await using gateway = await TestGateway.start({
    main: FAKE_MAIN,
    config: { channels: { other: { url: platform.url } } },
  });
  await platform.waitConnected();
  await using client = await connect(gateway);
  for (const text of ["hello?", "/status", "/stop", "please"]) {
    platform.say(text, { chatId: "eve-chat", senderId: "eve" });
  }
  await client.waitEvent("channels.pairing.requested");
  await eventually("every message to be acknowledged", () => platform.unacknowledged().length === 0);
  const refusals = await eventually("four refusals", async () => {
    const found = await client.request("message.refusals", {});
    return JSON.stringify(found).includes('"count":4') && found;
  });
  assert.match(JSON.stringify(refusals), /pairing_required/u);
  const noticed = platform.calls.map(({ at }) => at).filter((at) => !["hello", "acked"].includes(at));
  assert.deepEqual(noticed, [], "no answer, no typing, no read mark, no reaction");

  const { requests } = await client.request("channels.pairing.list", {});
  const requestId = Array.isArray(requests) ? Object(requests[0]).requestId : undefined;
  const dismissed = await owner(gateway, "pairing", "dismiss", String(requestId));
  assert.equal(dismissed.code, 0, dismissed.stderr);
  assert.deepEqual((await client.request("channels.pairing.list", {}))["requests"], []);
  assert.deepEqual(platform.sent(), []);
});
