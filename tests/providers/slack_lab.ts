/** The real Slack worker (Bolt, real permission set) in front of our strict server. */
import type { ReplyValue } from "../../schemas/worker/channel.ts";
import type { Inbound, InboundMessage, Outbound, Receipt, Target } from "../../schemas/worker/content.ts";
import { ChannelFailure, type ChannelRequest } from "../../gateway/supervisor/types.ts";
import { manifest } from "../../workers/slack/manifest.ts";
import { type ChannelWorker, type MemoryStore, startChannelWorker } from "../helpers/channel_worker.ts";
import {
  APP_TOKEN,
  BOT_TOKEN,
  OTHER_SIDE,
  type SlackOptions,
  type SlackServer,
  startSlack,
} from "../servers/slack/server.ts";
import type { Conversation, Message, User } from "../servers/slack/world.ts";

export const ENTRY = new URL("../../workers/slack/main.ts", import.meta.url);
/** Short waits, so that reconnects do not cost the test its time. */
export const QUICK = { retry: { minDelayMs: 30, maxDelayMs: 120, jitter: 0 } };

/** A test whose report says who wrote the other side. */
export const test = (name: string, body: (t: Deno.TestContext) => Promise<void> | void): void =>
  Deno.test(`${name} [other side: ${OTHER_SIDE}]`, body);

export interface Lab extends AsyncDisposable {
  readonly server: SlackServer;
  readonly worker: ChannelWorker;
  readonly alice: User;
  readonly bob: User;
  /** The chat of Alice with the bot, and a channel with both people and the bot. */
  readonly dm: Conversation;
  readonly general: Conversation;
  send(message: Partial<Outbound> & { readonly target: Target }): Promise<Receipt>;
  /** The last message that the bot wrote there. */
  last(channel: string): Message;
  nextMessage(): Promise<InboundMessage>;
  nextOf<K extends Inbound["kind"]>(kind: K): Promise<Extract<Inbound, { kind: K }>>;
}

export interface LabOptions {
  readonly config?: Record<string, unknown>;
  readonly secrets?: Record<string, string>;
  readonly saved?: Record<string, unknown>;
  readonly store?: MemoryStore;
  readonly isolation?: "worker" | "process";
  readonly slack?: SlackOptions;
  /** Called before the worker starts. */
  readonly before?: (server: SlackServer) => void;
  /** False: the worker is not waited for to be connected. */
  readonly connected?: boolean;
}

export async function slackLab(options: LabOptions = {}): Promise<Lab> {
  const server = await startSlack(options.slack);
  const { world, bot } = server;
  const [alice, bob] = [world.addUser("alice"), world.addUser("bob")];
  const dm = world.direct(alice.id, bot.userId);
  const general = world.addConversation("channel", [alice.id, bob.id, bot.userId], "general");
  options.before?.(server);
  try {
    const worker = await startWorkerFor(server, options);
    if (options.connected !== false) await worker.waitState("connected");
    return { ...labOf(server, worker), alice, bob, dm, general };
  } catch (error) {
    await server.close();
    throw error;
  }
}

/** A worker for a server that is there already. */
export function startWorkerFor(server: SlackServer, options: LabOptions = {}): Promise<ChannelWorker> {
  const config = { apiRoot: server.url, ...QUICK, ...options.config };
  return startChannelWorker({
    entry: ENTRY,
    permissions: manifest.permissions(config),
    config,
    secrets: { botToken: BOT_TOKEN, appToken: APP_TOKEN, ...options.secrets },
    ...(options.saved === undefined ? {} : { saved: options.saved }),
    ...(options.store === undefined ? {} : { store: options.store }),
    ...(options.isolation === undefined ? {} : { isolation: options.isolation }),
  });
}

function labOf(server: SlackServer, worker: ChannelWorker) {
  let keys = 0;
  /** Own messages come back as events of ours; they are acknowledged and passed over. */
  async function nextOf<K extends Inbound["kind"]>(kind: K): Promise<Extract<Inbound, { kind: K }>> {
    while (true) {
      const { event } = await worker.nextInbound();
      if (event.sender.isSelf === true) continue;
      const isWanted = (each: Inbound): each is Extract<Inbound, { kind: K }> => each.kind === kind;
      if (!isWanted(event)) throw new Error(`Cannot use a ${event.kind}: a ${kind} was expected`);
      return event;
    }
  }
  return {
    server,
    worker,
    nextOf,
    nextMessage: () => nextOf("message"),
    async send(message: Partial<Outbound> & { readonly target: Target }) {
      return receiptOf(await worker.request({ type: "send", message: { idempotencyKey: `key${++keys}`, ...message } }));
    },
    last(channel: string) {
      const message = server.written(channel).at(-1);
      if (!message) throw new Error(`Cannot find a message of the bot in ${channel}`);
      return message;
    },
    async [Symbol.asyncDispose]() {
      await worker[Symbol.asyncDispose]();
      await server.close();
    },
  };
}

export function receiptOf(value: ReplyValue): Receipt {
  if (value.kind !== "receipt") throw new Error(`Cannot use ${value.kind} as a receipt`);
  return value.receipt;
}

/** The machine-readable error of a request that must fail. */
export async function failureOf(worker: ChannelWorker, request: ChannelRequest) {
  const thrown = await worker.request(request).then(() => undefined, (error: unknown) => error);
  if (thrown instanceof ChannelFailure) return thrown.error;
  throw new Error(`Cannot read the failure: ${thrown === undefined ? "the request succeeded" : String(thrown)}`);
}

export const bytesOf = (length: number): Uint8Array<ArrayBuffer> =>
  Uint8Array.from({ length }, (_, index) => index % 251);
