/** A running gateway with Slack's real worker before our strict server, a scripted model, and a WebChat client. */
import type { Json, TestClient } from "../helpers/client.ts";
import { FakeModel } from "../helpers/fake_model.ts";
import { TestGateway } from "../helpers/gateway.ts";
import { childPid } from "../helpers/process_facts.ts";
import { eventually } from "../helpers/wait.ts";
import { APP_TOKEN, BOT_TOKEN, type SlackOptions, type SlackServer, startSlack } from "../servers/slack/server.ts";
import type { Conversation, Message, User } from "../servers/slack/world.ts";

export interface House extends AsyncDisposable {
  readonly slack: SlackServer;
  readonly gateway: TestGateway;
  readonly model: FakeModel;
  /** A client that is subscribed to the main session, as an open WebChat is. */
  readonly web: TestClient;
  readonly alice: User;
  readonly bob: User;
  readonly dm: Conversation;
  readonly general: Conversation;
  /** The row of `channels.status`. */
  account(accountId?: string): Promise<Json>;
  waitState(state: string, accountId?: string): Promise<Json>;
  /** What the bot wrote there, once there are `count`. */
  written(channel: string, count?: number, deadlineMs?: number): Promise<readonly Message[]>;
  texts(channel: string): string[];
  say(text: string, more?: { readonly channel?: string; readonly user?: string; readonly thread?: string }): string;
  prompts(): string[];
  outbox(state?: string): Promise<readonly Json[]>;
  reconnect(): Promise<TestClient>;
}

export interface HouseOptions {
  readonly slack?: Json;
  readonly server?: SlackOptions;
  readonly config?: Json;
  readonly port?: number;
  readonly before?: (server: SlackServer) => void;
}

const OPEN = { dmPolicy: "open", allowFrom: ["*"], groupPolicy: "open" };

export async function startHouse(options: HouseOptions = {}): Promise<House> {
  const stops = new AsyncDisposableStack();
  try {
    const slack = stops.use(await startSlack(options.server));
    const { world, bot } = slack;
    const [alice, bob] = [world.addUser("alice"), world.addUser("bob")];
    const dm = world.direct(alice.id, bot.userId);
    const general = world.addConversation("channel", [alice.id, bob.id, bot.userId], "general");
    options.before?.(slack);
    const model = stops.use(await FakeModel.start());
    const gateway = stops.use(
      await TestGateway.start({
        ...(options.port === undefined ? {} : { port: options.port }),
        config: {
          ...model.config(),
          messages: { queue: { debounceMs: 10 } },
          channels: {
            slack: {
              botToken: BOT_TOKEN,
              appToken: APP_TOKEN,
              apiRoot: slack.url,
              retry: { minDelayMs: 50, maxDelayMs: 400 },
              ...OPEN,
              ...options.slack,
            },
          },
          ...options.config,
        },
      }),
    );
    let web = stops.use(await gateway.connect());
    await web.request("sessions.messages.subscribe", { key: "agent:main:main" });
    const house: House = {
      slack,
      gateway,
      model,
      alice,
      bob,
      dm,
      general,
      get web() {
        return web;
      },
      async account(accountId = "default") {
        const status = await web.request("channels.status", {});
        const rows: unknown = Object(status["channelAccounts"])["slack"];
        return Array.isArray(rows) ? rows.find((row) => row["accountId"] === accountId) ?? {} : {};
      },
      waitState: (state, accountId) =>
        eventually(`Slack ${state}`, async () => {
          const row = await house.account(accountId);
          return row["state"] === state ? row : undefined;
        }, 30_000),
      texts: (channel) => slack.written(channel).map(({ text }) => text),
      written: (channel, count = 1, deadlineMs = 20_000) =>
        eventually(`${count} messages in ${channel}`, () => {
          const all = slack.written(channel);
          return all.length >= count ? all : undefined;
        }, deadlineMs),
      say: (text, more = {}) => slack.people.say({ user: alice.id, channel: dm.id, text, ...more }).ts,
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
export const workerPid = (gateway: TestGateway): number => childPid(gateway.pid, "workers/slack/main.ts");
