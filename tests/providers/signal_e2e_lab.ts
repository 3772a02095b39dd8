/** A running gateway with Signal's real worker before our strict daemon, a scripted model, and a WebChat client. */
import type { Json, TestClient } from "../helpers/client.ts";
import { FakeModel } from "../helpers/fake_model.ts";
import { TestGateway } from "../helpers/gateway.ts";
import { childPid } from "../helpers/process_facts.ts";
import { eventually } from "../helpers/wait.ts";
import { ACCOUNT, type SignalOptions, type SignalServer, startSignal } from "../servers/signal/server.ts";
import type { Person, SentMessage } from "../servers/signal/world.ts";
import { QUICK } from "./signal_lab.ts";

export interface House extends AsyncDisposable {
  readonly signal: SignalServer;
  readonly gateway: TestGateway;
  readonly model: FakeModel;
  /** A client that is subscribed to the main session, as an open WebChat is. */
  readonly web: TestClient;
  readonly anna: Person;
  /** The account as `channels.status` shows it. */
  account(): Promise<Json>;
  waitState(state: string): Promise<Json>;
  /** Resolves when so many messages were sent to the person or group; by default to Anna. */
  written(count: number, to?: string, deadlineMs?: number): Promise<readonly SentMessage[]>;
  texts(to?: string): string[];
  /** What the model was asked, as text. */
  prompts(): string[];
  outbox(state?: string): Promise<readonly Json[]>;
  /** Opens a new client, after a restart. */
  reconnect(): Promise<TestClient>;
}

export interface HouseOptions {
  readonly channel?: Json;
  readonly config?: Json;
  readonly signal?: SignalOptions;
  /** The state that the account has to reach. */
  readonly state?: string;
}

export const OPEN = { dmPolicy: "open", allowFrom: ["*"], groupPolicy: "open" };

export async function startHouse(options: HouseOptions = {}): Promise<House> {
  const stops = new AsyncDisposableStack();
  try {
    const signal = stops.use(await startSignal(options.signal));
    const model = stops.use(await FakeModel.start());
    const channel = { httpUrl: signal.url, account: ACCOUNT, ...QUICK, ...OPEN, ...options.channel };
    const gateway = stops.use(
      await TestGateway.start({
        config: {
          ...model.config(),
          messages: { queue: { debounceMs: 10 } },
          channels: { signal: channel },
          ...options.config,
        },
      }),
    );
    let web = stops.use(await gateway.connect());
    await web.request("sessions.messages.subscribe", { key: "agent:main:main" });
    const anna = signal.world.person({ number: "+15550002000", name: "Anna" });
    const house: House = {
      signal,
      gateway,
      model,
      get web() {
        return web;
      },
      anna,
      async account() {
        const status = await web.request("channels.status", {});
        const rows: unknown = Object(status["channelAccounts"])["signal"];
        return Array.isArray(rows) ? rows[0] ?? {} : {};
      },
      waitState: (state) =>
        eventually(`Signal ${state}`, async () => {
          const row = await house.account();
          return row["state"] === state ? row : undefined;
        }, 30_000),
      written: (count, to = anna.number, deadlineMs = 20_000) =>
        eventually(`${count} messages to ${to}`, () => {
          const messages = signal.written(to);
          return messages.length >= count ? messages : undefined;
        }, deadlineMs),
      texts: (to = anna.number) => signal.written(to).map(({ message }) => message),
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

/** The process of the worker under `isolation: "process"`: the gateway's one child with that entry. */
export const workerPid = (gateway: TestGateway): number => childPid(gateway.pid, "workers/signal/main.ts");
