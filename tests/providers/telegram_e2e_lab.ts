/** A running gateway with Telegram's real worker before our strict server, a scripted model, and a WebChat client. */
import type { Json, TestClient } from "../helpers/client.ts";
import { FakeModel } from "../helpers/fake_model.ts";
import { TestGateway } from "../helpers/gateway.ts";
import { childPid } from "../helpers/process_facts.ts";
import { eventually } from "../helpers/wait.ts";
import type { BotAccount } from "../servers/telegram/methods.ts";
import { startTelegram, type TelegramServer } from "../servers/telegram/server.ts";
import type { Message, Person, Room } from "../servers/telegram/world.ts";
import { QUICK, TOKEN } from "./telegram_lab.ts";

export interface House extends AsyncDisposable {
  readonly telegram: TelegramServer;
  readonly bot: BotAccount;
  readonly gateway: TestGateway;
  readonly model: FakeModel;
  /** A client that is subscribed to the main session, as an open WebChat is. */
  readonly web: TestClient;
  readonly anna: Person;
  /** Anna's private chat. */
  readonly direct: Room;
  /** The account as `channels.status` shows it. */
  account(accountId?: string): Promise<Json>;
  waitState(state: string, accountId?: string): Promise<Json>;
  /** Resolves when the bot has written `count` messages into the chat. */
  written(chatId: number, count?: number, deadlineMs?: number): Promise<readonly Message[]>;
  /** What the model was asked, as text. */
  prompts(): string[];
  outbox(state?: string): Promise<readonly Json[]>;
  /** Opens a new client, after a restart. */
  reconnect(): Promise<TestClient>;
}

export interface HouseOptions {
  readonly telegram?: Json;
  readonly config?: Json;
  /** The gateway's own port, when the configuration has to name it. */
  readonly port?: number;
  /** Called before the gateway starts. */
  readonly before?: (telegram: TelegramServer) => void;
}

export const OPEN = { dmPolicy: "open", allowFrom: ["*"], groupPolicy: "open" };

export async function startHouse(options: HouseOptions = {}): Promise<House> {
  const stops = new AsyncDisposableStack();
  try {
    const telegram = stops.use(await startTelegram({ allowHttpWebhook: true }));
    const bot = telegram.addBot({ token: TOKEN, username: "house_bot" });
    const model = stops.use(await FakeModel.start());
    options.before?.(telegram);
    const gateway = stops.use(
      await TestGateway.start({
        ...(options.port === undefined ? {} : { port: options.port }),
        config: {
          ...model.config(),
          messages: { queue: { debounceMs: 10 } },
          channels: { telegram: { botToken: TOKEN, apiRoot: telegram.url, ...QUICK, ...OPEN, ...options.telegram } },
          ...options.config,
        },
      }),
    );
    let web = stops.use(await gateway.connect());
    await web.request("sessions.messages.subscribe", { key: "agent:main:main" });
    const anna = telegram.people.person(11, "Anna", "anna_k");
    const house: House = {
      telegram,
      bot,
      gateway,
      model,
      get web() {
        return web;
      },
      anna,
      direct: telegram.people.direct(anna),
      async account(accountId = "default") {
        const status = await web.request("channels.status", {});
        const rows: unknown = Object(status["channelAccounts"])["telegram"];
        return Array.isArray(rows) ? rows.find((row) => row["accountId"] === accountId) ?? {} : {};
      },
      waitState: (state, accountId) =>
        eventually(`Telegram ${state}`, async () => {
          const row = await house.account(accountId);
          return row["state"] === state ? row : undefined;
        }, 30_000),
      written: (chatId, count = 1, deadlineMs = 20_000) =>
        eventually(`${count} messages in ${chatId}`, () => {
          const messages = telegram.written(chatId);
          return messages.length >= count ? messages : undefined;
        }, deadlineMs),
      prompts: () => model.requests.map(({ body }) => JSON.stringify(body["messages"])),
      async outbox(state) {
        const { messages } = await web.request("outbox.list", state === undefined ? {} : { state });
        return Array.isArray(messages) ? messages : [];
      },
      async reconnect() {
        await web.close();
        web = stops.use(await gateway.connect());
        await web.request("sessions.messages.subscribe", { key: "agent:main:main" });
        return web;
      },
      [Symbol.asyncDispose]: () => stops.disposeAsync(),
    };
    await house.waitState("connected");
    return house;
  } catch (error) {
    await stops.disposeAsync();
    throw error;
  }
}

/** The process of the worker of an account under `isolation: "process"`: the gateway's one child with that entry. */
export const workerPid = (gateway: TestGateway): number => childPid(gateway.pid, "workers/telegram/main.ts");
