/** A running gateway with a scripted model and a WebChat client, for a channel that is given by its configuration. */
import type { Json, TestClient } from "../helpers/client.ts";
import { FakeModel } from "../helpers/fake_model.ts";
import { TestGateway } from "../helpers/gateway.ts";
import { cat } from "../helpers/process_facts.ts";
import { eventually } from "../helpers/wait.ts";

export const OPEN = { dmPolicy: "open", allowFrom: ["*"], groupPolicy: "open" };

export interface House extends AsyncDisposable {
  readonly gateway: TestGateway;
  readonly model: FakeModel;
  /** A client that is subscribed to the main session, as an open WebChat is. */
  readonly web: TestClient;
  waitState(state: string): Promise<Json>;
  prompts(): string[];
  outbox(state?: string): Promise<readonly Json[]>;
  /** The process of the worker under `isolation: "process"`. */
  workerPid(): number;
  /** Ends the gateway by SIGKILL; `meanwhile` happens before it is started again. */
  crash(meanwhile: () => Promise<void> | void): Promise<void>;
}

export async function startHouse(channel: string, settings: Json, config: Json = {}): Promise<House> {
  const stops = new AsyncDisposableStack();
  try {
    const model = stops.use(await FakeModel.start());
    const gateway = stops.use(
      await TestGateway.start({
        config: {
          ...model.config(),
          messages: { queue: { debounceMs: 10 } },
          channels: { [channel]: { ...OPEN, ...settings } },
          ...config,
        },
      }),
    );
    const join = async (): Promise<TestClient> => {
      const client = stops.use(await gateway.connect());
      await client.request("sessions.messages.subscribe", { key: "agent:main:main" });
      return client;
    };
    let web = await join();
    const house: House = {
      gateway,
      model,
      get web() {
        return web;
      },
      waitState: (state) =>
        eventually(`${channel} ${state}`, async () => {
          const status = await web.request("channels.status", {});
          const rows: unknown = Object(status["channelAccounts"])[channel];
          const row: Json = Array.isArray(rows) ? rows[0] ?? {} : {};
          return row["state"] === state ? row : undefined;
        }, 30_000),
      prompts: () => model.requests.map(({ body }) => JSON.stringify(body["messages"])),
      async outbox(state) {
        const { messages } = await web.request("outbox.list", state === undefined ? {} : { state });
        return Array.isArray(messages) ? messages : [];
      },
      workerPid: () => childOf(gateway.pid, `workers/${channel}/main.ts`),
      async crash(meanwhile) {
        await gateway.kill("SIGKILL");
        await meanwhile();
        await gateway.startAgain();
        await web.close();
        web = await join();
        await house.waitState("connected");
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

/** The child of a process that runs this entry. */
function childOf(pid: number, entry: string): number {
  const children = cat(`/proc/${pid}/task/${pid}/children`).trim().split(/\s+/u);
  const found = children.find((child) => cat(`/proc/${child}/cmdline`).includes(entry));
  if (found === undefined) throw new Error("Cannot find the worker's process");
  return Number(found);
}
