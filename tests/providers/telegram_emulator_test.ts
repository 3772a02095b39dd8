/** The real worker before an emulator that strangers wrote (npm telegram-test-api 4.2.1): text in, text out, edit, button. */
import assert from "node:assert/strict";
import * as emulatorModule from "telegram-test-api";
import { manifest } from "../../workers/telegram/manifest.ts";
import { startChannelWorker } from "../helpers/channel_worker.ts";
import { eventually } from "../helpers/wait.ts";
import { ENTRY, TOKEN } from "./telegram_lab.ts";

/** The parts of the emulator that are used here; its own types describe another kind of module than the one it is. */
interface Emulator {
  readonly config: { readonly apiURL: string };
  readonly storage: { readonly botMessages: readonly { readonly message: unknown }[] };
  getUpdates(token: string): unknown[];
  start(): Promise<void>;
  stop(): Promise<boolean>;
  getClient(token: string): Client;
}
interface Client {
  makeMessage(text: string): object;
  makeCallbackQuery(data: string, options: object): object;
  sendMessage(message: object): Promise<unknown>;
  sendCallback(query: object): Promise<unknown>;
  getUpdates(): Promise<{ readonly result: unknown }>;
}

function createEmulator(): Emulator {
  const made: unknown = Reflect.get(emulatorModule, "default");
  if (typeof made !== "function") throw new Error("Cannot start telegram-test-api: it exports no class");
  return Reflect.construct(made, [{ host: "127.0.0.1", port: freePort() }]);
}

const OTHER_SIDE = "telegram-test-api 4.2.1 (independent, npm)";

function freePort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  return port;
}

Deno.test(`text in, answer out, edit, button; its empty polls do not make the loop spin [other side: ${OTHER_SIDE}]`, async () => {
  const server = createEmulator();
  await server.start();
  const config = { apiRoot: server.config.apiURL };
  try {
    await using worker = await startChannelWorker({
      entry: ENTRY,
      permissions: manifest.permissions(config),
      config,
      secrets: { botToken: TOKEN },
    });
    await worker.waitState("connected");
    const client = server.getClient(TOKEN);
    await client.sendMessage(client.makeMessage("hello from a stranger"));
    const { event } = await worker.nextInbound();
    assert.ok(event.kind === "message" && event.text === "hello from a stranger");

    const target = { chatId: event.chat.id, kind: "direct" } as const;
    const sent = await worker.request({
      type: "send",
      message: { target, text: "hello **you**", idempotencyKey: "1", buttons: [[{ label: "ok", data: "ok" }]] },
    });
    assert.ok(sent.kind === "receipt");
    const { result } = await client.getUpdates();
    assert.equal(JSON.stringify(result).includes("hello <b>you</b>"), true);
    const messageId = sent.receipt.messageIds[0] ?? "";
    await worker.request({ type: "edit", target, messageId, text: "edited" });
    await eventually(
      "the edit",
      () => server.storage.botMessages.some(({ message }) => JSON.stringify(message).includes("edited")),
    );

    await client.sendCallback(client.makeCallbackQuery("ok", { message: { message_id: Number(messageId) } }));
    const button = await worker.nextInbound();
    assert.ok(button.event.kind === "button" && button.event.data === "ok");

    // This emulator answers every long poll at once; without a pause of ours it would be asked thousands of times.
    let polls = 0;
    server.getUpdates = () => {
      polls++;
      return [];
    };
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    assert.ok(polls > 0 && polls <= 6, `${polls} polls within a second`);
    assert.deepEqual(worker.malformed, []);
  } finally {
    await server.stop();
  }
});
