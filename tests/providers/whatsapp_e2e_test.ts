/** WhatsApp through the running gateway: heard, answered, seen at the phone and in WebChat. */
import assert from "node:assert/strict";
import { AGAINST, labConfig } from "../servers/whatsapp/lab.ts";
import { type FakeWhatsApp, startFakeWhatsApp, textOf } from "../servers/whatsapp/server.ts";
import type { Json, TestClient } from "../helpers/client.ts";
import { FakeModel } from "../helpers/fake_model.ts";
import { ROOT, TestGateway } from "../helpers/gateway.ts";
import { eventually } from "../helpers/wait.ts";

/** One red dot. */
const PNG = Uint8Array.fromBase64(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==",
);

interface House extends AsyncDisposable {
  readonly server: FakeWhatsApp;
  readonly gateway: TestGateway;
  readonly model: FakeModel;
}

async function startHouse(channel: Record<string, unknown> = {}): Promise<House> {
  const stops = new AsyncDisposableStack();
  const server = stops.use(startFakeWhatsApp());
  const model = stops.use(await FakeModel.start());
  try {
    const gateway = stops.use(
      await TestGateway.start({
        main: `${ROOT}tests/servers/whatsapp/gateway_main.ts`,
        config: {
          ...model.config(),
          channels: { whatsapp: labConfig(server, { dmPolicy: "open", allowFrom: ["*"], ...channel }) },
        },
      }),
    );
    return { server, gateway, model, [Symbol.asyncDispose]: () => stops.disposeAsync() };
  } catch (error) {
    await stops.disposeAsync();
    throw error;
  }
}

async function accountOf(client: TestClient): Promise<Json> {
  const status = await client.request("channels.status", {});
  return (status["channelAccounts"] as Record<string, Json[]>)["whatsapp"]?.[0] ?? {};
}

const waitState = (client: TestClient, state: string): Promise<Json> =>
  eventually(`the account to be ${state}`, async () => {
    const row = await accountOf(client);
    return row["state"] === state ? row : undefined;
  }, 30_000);

/** Links the account as a person would in WebChat. */
async function linkByWeb(client: TestClient, server: FakeWhatsApp): Promise<void> {
  await waitState(client, "login_required");
  const first = await client.request("web.login.start", { channel: "whatsapp" });
  const step = first["step"] as Json;
  assert.deepEqual([step["kind"], step["what"]], ["show", "qr"]);
  assert.match(String(first["qrDataUrl"]), /^data:image\//u);
  server.scan(String(step["value"]));
  await waitState(client, "connected");
}

Deno.test(`${AGAINST} through the gateway: login, message in, answer out, live in WebChat, again after a restart`, async (t) => {
  await using house = await startHouse();
  const { server, gateway } = house;
  const anna = server.person("4917000000002", { name: "Anna" });

  await t.step("linking by QR code through web.login", async () => {
    await using client = await gateway.connect();
    await linkByWeb(client, server);
    const row = await accountOf(client);
    assert.equal(row["linked"], true);
    assert.deepEqual(row["permissions"], [
      `--allow-net=${server.host},${server.media.host}`,
      "--allow-sys=hostname",
      "--deny-run",
      "--deny-read",
      "--deny-write",
      "--deny-env",
      "--deny-ffi",
      "--deny-import",
    ]);
    const again = await client.request("web.login.start", { channel: "whatsapp" });
    assert.equal(again["connected"], true);
  });

  await t.step("a message is answered at the phone, and the conversation is live in WebChat", async () => {
    await using client = await gateway.connect();
    await client.request("sessions.subscribe", {}).catch(() => {});
    await server.say(anna, "echo:whatsapp");
    await server.waitText("re whatsapp");
    await client.waitEvent((event) => event.event === "chat" && JSON.stringify(event.payload).includes("re whatsapp"));
    const { sessions } = await client.request("sessions.list", {});
    assert.ok((sessions as Json[]).length > 0);
  });

  await t.step("a picture reaches the session, a dropped connection loses nothing", async () => {
    const file = await server.media.put(PNG, "image");
    await server.say(anna, { imageMessage: { ...file, mimetype: "image/png", caption: "echo:picture" } });
    await server.waitText("re picture");
    server.fault("drop");
    await server.say(anna, "echo:dropped");
    await server.waitText("re dropped");
  });

  await t.step("after SIGKILL it comes back without a login and answers what came meanwhile, once", async () => {
    await gateway.kill("SIGKILL");
    await server.say(anna, "echo:killed");
    await gateway.startAgain();
    await server.waitText("re killed");
    assert.equal(server.sent.filter(({ message }) => textOf(message) === "re killed").length, 1);
  });

  await t.step("a group hears the answer only when the bot is named", async () => {
    const bert = server.person("4917000000003", { name: "Bert" });
    const group = server.group("Garden", [anna, bert]);
    await server.say(bert, "echo:nobody", { group });
    const before = server.sent.length;
    await server.say(anna, "echo:last");
    await server.waitText("re last");
    assert.equal(server.sent.slice(before).some(({ to }) => to === group.jid), false);
  });

  assert.deepEqual(server.faults, []);
});

Deno.test(`${AGAINST} through the gateway: a stranger gets no answer under any policy but open`, async () => {
  await using house = await startHouse({ dmPolicy: "pairing", allowFrom: [] });
  const { server, gateway } = house;
  await using client = await gateway.connect();
  await linkByWeb(client, server);
  const stranger = server.person("4917000000009", { name: "Stranger" });
  await server.say(stranger, "echo:stranger");
  await eventually("the request for the owner", async () => {
    const list = await client.request("channels.pairing.list", { channel: "whatsapp" });
    return JSON.stringify(list).includes("+4917000000009");
  });
  assert.deepEqual(server.sent, []);
  assert.equal(server.nodes("receipt").some(({ attrs }) => attrs["type"] === "read"), false);
  assert.equal(server.nodes("chatstate").length, 0);
});

Deno.test(`${AGAINST} through the gateway: groups, forms, signs, refusals and a crash in the middle of a send`, async (t) => {
  await using house = await startHouse({ groupPolicy: "open", ackReaction: "👀" });
  const { server, gateway, model } = house;
  const anna = server.person("4917000000002", { name: "Anna" });
  {
    await using client = await gateway.connect();
    await linkByWeb(client, server);
  }

  await t.step("in a group only a message that names the bot is answered, there and with a reaction", async () => {
    const group = server.group("Garden", [anna]);
    await server.say(anna, "echo:unnamed", { group });
    const contextInfo = { mentionedJid: [`${server.owner.lid}@lid`] };
    const id = await server.say(anna, { extendedTextMessage: { text: "@bot echo:named", contextInfo } }, { group });
    const answer = await server.waitText("re named");
    assert.equal(answer.to, group.jid);
    const sign = await server.waitSent("the reaction", ({ message }) => message.reactionMessage?.key?.id === id);
    assert.equal(sign.message.reactionMessage?.text, "👀");
    assert.equal(server.sent.some(({ message }) => textOf(message) === "re unnamed"), false);
  });

  await t.step("typing and the read mark are shown, Markdown takes WhatsApp's form", async () => {
    model.script({ kind: "text", pieces: ["**bold** and ", "[a link](https://example.org)"] });
    const id = await server.say(anna, "form");
    await server.waitText("*bold* and a link (https://example.org)");
    assert.ok(
      server.nodes("chatstate").some(({ content }) => Array.isArray(content) && content[0]?.tag === "composing"),
    );
    await eventually(
      "the read mark",
      () => server.nodes("receipt").some(({ attrs }) => attrs["type"] === "read" && attrs["id"] === id),
    );
  });

  await t.step("a long answer is cut at the limit, nothing is lost, fences stay whole", async () => {
    const lines = Array.from({ length: 300 }, (_, index) => `line ${index} of a long program`);
    model.script({ kind: "text", pieces: [`\`\`\`ts\n${lines.join("\n")}\n\`\`\``] });
    const before = server.sent.length;
    await server.say(anna, "long");
    const last = lines.at(-1) ?? "";
    await server.waitSent("the end", ({ message }) => textOf(message).includes(last));
    const parts = server.sent.slice(before).map(({ message }) => textOf(message)).filter((part) => part !== "");
    assert.ok(parts.length > 1);
    for (const part of parts) {
      assert.ok(part.length <= 4_000);
      assert.equal(part.split("```").length, 3, "each part is a whole fence");
    }
    for (const line of lines) assert.ok(parts.some((part) => part.includes(line)), line);
  });

  await t.step("429 and 503 are tried again and seen once", async () => {
    for (const code of ["429", "503"]) {
      // The reaction is the first message that comes by.
      server.refuseMessages(2, code);
      await server.say(anna, `echo:after-${code}`);
      await server.waitText(`re after-${code}`);
    }
    assert.equal(server.sent.filter(({ message }) => textOf(message) === "re after-429").length, 1);
  });

  await t.step("a crash of the gateway between sending and its confirmation sends nothing twice", async () => {
    server.holdAcks(true);
    await server.say(anna, "echo:crash");
    await server.waitText("re crash").catch(() => undefined);
    await gateway.kill("SIGKILL");
    server.holdAcks(false);
    await gateway.startAgain();
    await server.waitText("re crash");
    await server.say(anna, "echo:alive");
    await server.waitText("re alive");
    assert.equal(server.sent.filter(({ message }) => textOf(message) === "re crash").length, 1);
  });

  await t.step("a logged out device is a state with a way out, and the gateway stays up", async () => {
    await using client = await gateway.connect();
    server.refuseLogins(1, 401);
    server.fault("drop");
    const row = await waitState(client, "logged_out");
    assert.equal(row["userAction"], "login");
    assert.match(String(row["sentence"]), /logged this device out/u);
  });

  assert.deepEqual(server.faults, []);
});
