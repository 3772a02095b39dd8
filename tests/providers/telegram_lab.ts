/** The real Telegram worker (grammY, real permission set) in front of our strict server. */
import type { Inbound, InboundMessage, Outbound, Receipt, Target } from "../../schemas/worker/content.ts";
import { manifest } from "../../workers/telegram/manifest.ts";
import { ChannelFailure, type ChannelRequest } from "../../gateway/supervisor/types.ts";
import { type ChannelWorker, startChannelWorker } from "../helpers/channel_worker.ts";
import { type BotAccount } from "../servers/telegram/methods.ts";
import { startTelegram, type TelegramOptions, type TelegramServer } from "../servers/telegram/server.ts";
import type { Message } from "../servers/telegram/world.ts";

export const TOKEN = "7001:AAEhBOweik6ad9r_QXMENQjcrGbqCr4K-bc";
export const ENTRY = new URL("../../workers/telegram/main.ts", import.meta.url);
/** Short waits, so that reconnects do not cost the test its time. */
export const QUICK = { pollSeconds: 2, retry: { minDelayMs: 30, maxDelayMs: 120, jitter: 0 } };

export interface Lab extends AsyncDisposable {
  readonly server: TelegramServer;
  readonly bot: BotAccount;
  readonly worker: ChannelWorker;
  send(message: Partial<Outbound> & { readonly target: Target }): Promise<Receipt>;
  /** The last message that the bot wrote into the chat. */
  last(chatId: number): Message;
  nextMessage(): Promise<InboundMessage>;
  nextOf<K extends Inbound["kind"]>(kind: K): Promise<Extract<Inbound, { kind: K }>>;
}

export interface LabOptions {
  readonly config?: Record<string, unknown>;
  readonly secrets?: Record<string, string>;
  readonly saved?: Record<string, unknown>;
  readonly isolation?: "worker" | "process";
  readonly token?: string;
  readonly privacy?: boolean;
  readonly telegram?: TelegramOptions;
  /** Called before the worker starts. */
  readonly before?: (server: TelegramServer, bot: BotAccount) => void;
  /** False: the worker is not waited for to be connected. */
  readonly connected?: boolean;
}

export async function telegramLab(options: LabOptions = {}): Promise<Lab> {
  const server = await startTelegram(options.telegram);
  const bot = server.addBot({ token: TOKEN, username: "house_bot", privacy: options.privacy ?? false });
  options.before?.(server, bot);
  try {
    const worker = await startWorkerFor(server, options);
    if (options.connected !== false) await worker.waitState("connected");
    return labOf(server, bot, worker);
  } catch (error) {
    await server.close();
    throw error;
  }
}

/** A worker for a server that is there already. */
export function startWorkerFor(server: TelegramServer, options: LabOptions = {}): Promise<ChannelWorker> {
  const config = { apiRoot: server.url, ...QUICK, ...options.config };
  return startChannelWorker({
    entry: ENTRY,
    permissions: manifest.permissions(config),
    config,
    secrets: { botToken: options.token ?? TOKEN, ...options.secrets },
    ...(options.saved === undefined ? {} : { saved: options.saved }),
    ...(options.isolation === undefined ? {} : { isolation: options.isolation }),
  });
}

function labOf(server: TelegramServer, bot: BotAccount, worker: ChannelWorker): Lab {
  let keys = 0;
  async function nextOf<K extends Inbound["kind"]>(kind: K): Promise<Extract<Inbound, { kind: K }>> {
    const { event } = await worker.nextInbound();
    const isWanted = (each: Inbound): each is Extract<Inbound, { kind: K }> => each.kind === kind;
    if (!isWanted(event)) throw new Error(`Cannot use a ${event.kind}: a ${kind} was expected`);
    return event;
  }
  return {
    server,
    bot,
    worker,
    nextOf,
    nextMessage: () => nextOf("message"),
    async send(message) {
      const value = await worker.request({
        type: "send",
        message: { idempotencyKey: `key${++keys}`, ...message },
      });
      if (value.kind !== "receipt") throw new Error(`Cannot use ${value.kind} as a receipt`);
      return value.receipt;
    },
    last(chatId) {
      const message = server.written(chatId).at(-1);
      if (!message) throw new Error(`Cannot find a message of the bot in ${chatId}`);
      return message;
    },
    async [Symbol.asyncDispose]() {
      await worker[Symbol.asyncDispose]();
      await server.close();
    },
  };
}

/** The machine-readable error of a request that must fail. */
export async function failureOf(worker: ChannelWorker, request: ChannelRequest) {
  const thrown = await worker.request(request).then(() => undefined, (error: unknown) => error);
  if (thrown instanceof ChannelFailure) return thrown.error;
  throw new Error(`Cannot read the failure: ${thrown === undefined ? "the request succeeded" : String(thrown)}`);
}

/** Eight bytes of a picture and some more. */
export function jpeg(bytes = 64): Uint8Array<ArrayBuffer> {
  const data = new Uint8Array(bytes);
  data.set([0xff, 0xd8, 0xff, 0xe0]);
  return data;
}
