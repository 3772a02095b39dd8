/** The real Signal worker under its real permission set, in front of our strict daemon. */
import type { Inbound, InboundMessage, Outbound, Receipt, Target } from "../../schemas/worker/content.ts";
import type { ChannelPermissions } from "../../schemas/worker/manifest.ts";
import { ChannelFailure, type ChannelRequest } from "../../gateway/supervisor/types.ts";
import { manifest } from "../../workers/signal/manifest.ts";
import { type ChannelWorker, startChannelWorker } from "../helpers/channel_worker.ts";
import { ACCOUNT, type SignalOptions, type SignalServer, startSignal } from "../servers/signal/server.ts";
import type { Person, SentMessage } from "../servers/signal/world.ts";

export const ENTRY = new URL("../../workers/signal/main.ts", import.meta.url);
/** Short waits, so that reconnects do not cost the test its time. */
export const QUICK = { eventIdleMs: 1_500, retry: { minDelayMs: 30, maxDelayMs: 120, jitter: 0 } };

export interface Lab extends AsyncDisposable {
  readonly server: SignalServer;
  readonly worker: ChannelWorker;
  readonly anna: Person;
  /** Anna's private chat. */
  readonly direct: Target;
  send(message: Partial<Outbound> & { readonly target: Target }): Promise<Receipt>;
  last(): SentMessage;
  nextMessage(): Promise<InboundMessage>;
  nextOf<K extends Inbound["kind"]>(kind: K): Promise<Extract<Inbound, { kind: K }>>;
}

export interface LabOptions {
  readonly config?: Record<string, unknown>;
  readonly saved?: Record<string, unknown>;
  readonly isolation?: "worker" | "process";
  readonly signal?: SignalOptions;
  /** Other rights than the manifest's. */
  readonly permissions?: ChannelPermissions;
  /** Called before the worker starts. */
  readonly before?: (server: SignalServer) => void;
  /** False: the worker is not waited for to be connected. */
  readonly connected?: boolean;
}

export async function signalLab(options: LabOptions = {}): Promise<Lab> {
  const server = await startSignal(options.signal);
  const anna = server.world.person({ number: "+15550002000", name: "Anna", username: "anna.01" });
  options.before?.(server);
  try {
    const worker = await startWorkerFor(server, options);
    if (options.connected !== false) await worker.waitState("connected");
    return labOf(server, worker, anna);
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
}

/** A worker for a daemon that is there already. */
export function startWorkerFor(server: SignalServer, options: LabOptions = {}): Promise<ChannelWorker> {
  const config = { httpUrl: server.url, account: ACCOUNT, ...QUICK, ...options.config };
  return startChannelWorker({
    entry: ENTRY,
    permissions: options.permissions ?? manifest.permissions(config),
    config,
    ...(options.saved === undefined ? {} : { saved: options.saved }),
    ...(options.isolation === undefined ? {} : { isolation: options.isolation }),
  });
}

function labOf(server: SignalServer, worker: ChannelWorker, anna: Person): Lab {
  let keys = 0;
  async function nextOf<K extends Inbound["kind"]>(kind: K): Promise<Extract<Inbound, { kind: K }>> {
    const { event } = await worker.nextInbound();
    const isWanted = (each: Inbound): each is Extract<Inbound, { kind: K }> => each.kind === kind;
    if (!isWanted(event)) throw new Error(`Cannot use a ${event.kind}: a ${kind} was expected`);
    return event;
  }
  return {
    server,
    worker,
    anna,
    direct: { chatId: anna.number ?? "", kind: "direct" },
    nextOf,
    nextMessage: () => nextOf("message"),
    async send(message) {
      const value = await worker.request({ type: "send", message: { idempotencyKey: `key${++keys}`, ...message } });
      if (value.kind !== "receipt") throw new Error(`Cannot use ${value.kind} as a receipt`);
      return value.receipt;
    },
    last() {
      const message = server.written().at(-1);
      if (!message) throw new Error("Cannot find a message of the account");
      return message;
    },
    async [Symbol.asyncDispose]() {
      await worker[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
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
