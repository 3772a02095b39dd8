/** A running gateway with Discord's real worker before our strict server, a scripted model, and a WebChat client. */
import type { Json, TestClient } from "../helpers/client.ts";
import { childPid } from "../helpers/process_facts.ts";
import { FakeModel } from "../helpers/fake_model.ts";
import { TestGateway } from "../helpers/gateway.ts";
import { eventually } from "../helpers/wait.ts";
import { type FakeDiscord, startFakeDiscord } from "../servers/discord/server.ts";

export interface House extends AsyncDisposable {
  readonly discord: FakeDiscord;
  readonly gateway: TestGateway;
  readonly model: FakeModel;
  /** A client that is subscribed to the main session, as an open WebChat is. */
  readonly web: TestClient;
  account(accountId?: string): Promise<Json>;
  waitState(state: string, accountId?: string): Promise<Json>;
  /** Texts that the bot has written into the channel, once there are `count`. */
  written(channelId: string, count?: number, deadlineMs?: number): Promise<string[]>;
  texts(channelId: string): string[];
  prompts(): string[];
  outbox(state?: string): Promise<readonly Json[]>;
  reconnect(): Promise<TestClient>;
}

export interface HouseOptions {
  readonly discord?: (server: FakeDiscord) => Json;
  readonly config?: Json;
  readonly state?: string;
  readonly before?: (discord: FakeDiscord) => void;
}

const OPEN = { dmPolicy: "open", allowFrom: ["*"], groupPolicy: "open" };

export async function startHouse(options: HouseOptions = {}): Promise<House> {
  const stops = new AsyncDisposableStack();
  try {
    const discord = stops.use(await startFakeDiscord());
    const model = stops.use(await FakeModel.start());
    options.before?.(discord);
    const gateway = stops.use(
      await TestGateway.start({
        config: {
          ...model.config(),
          messages: { queue: { debounceMs: 10 } },
          channels: {
            discord: {
              token: discord.world.token,
              apiRoot: discord.apiRoot,
              retry: { minDelayMs: 50, maxDelayMs: 400 },
              ...OPEN,
              ...options.discord?.(discord),
            },
          },
          ...options.config,
        },
      }),
    );
    let web = stops.use(await gateway.connect());
    await web.request("sessions.messages.subscribe", { key: "agent:main:main" });
    const house: House = {
      discord,
      gateway,
      model,
      get web() {
        return web;
      },
      async account(accountId = "default") {
        const status = await web.request("channels.status", {});
        const rows: unknown = Object(status["channelAccounts"])["discord"];
        return Array.isArray(rows) ? rows.find((row) => row["accountId"] === accountId) ?? {} : {};
      },
      waitState: (state, accountId) =>
        eventually(`Discord ${state}`, async () => {
          const row = await house.account(accountId);
          return row["state"] === state ? row : undefined;
        }, 30_000),
      texts: (channelId) => discord.sent(channelId).map(({ message }) => message.content),
      written: (channelId, count = 1, deadlineMs = 20_000) =>
        eventually(`${count} messages in ${channelId}`, () => {
          const texts = house.texts(channelId);
          return texts.length >= count ? texts : undefined;
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
    await house.waitState(options.state ?? "connected");
    return house;
  } catch (error) {
    await stops.disposeAsync();
    throw error;
  }
}

/** The process of the worker of an account under `isolation: "process"`: the gateway's one child with that entry. */
export const workerPid = (gateway: TestGateway): number => childPid(gateway.pid, "workers/discord/main.ts");
