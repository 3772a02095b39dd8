/** The real iMessage worker under its real permission set, with our strict imsg as its one program. */
import type { InboundMessage, Outbound, Receipt, Target } from "../../schemas/worker/content.ts";
import { manifest } from "../../workers/imessage/manifest.ts";
import { type ChannelWorker, startChannelWorker } from "../helpers/channel_worker.ts";
import { type Mac, startMac } from "../servers/imessage/mac.ts";

export const ENTRY = new URL("../../workers/imessage/main.ts", import.meta.url);
export const ANNA = "+15550100001";
export const BEN = "ben@example.org";
/** Short waits, so that a new start does not cost the test its time. */
export const QUICK = { retry: { minDelayMs: 20, maxDelayMs: 80, jitter: 0 } };

export interface LabOptions {
  readonly config?: Record<string, unknown>;
  readonly saved?: Record<string, unknown>;
  readonly isolation?: "worker" | "process";
  readonly before?: (mac: Mac) => void;
  readonly connected?: false;
}

export interface Lab extends AsyncDisposable {
  readonly mac: Mac;
  readonly worker: ChannelWorker;
  send(message: Partial<Outbound> & { readonly target: Target }): Promise<Receipt>;
  nextMessage(): Promise<InboundMessage>;
  /** Reasons of the messages that were not handed over. */
  dropped(): unknown[];
}

export async function imessageLab(options: LabOptions = {}): Promise<Lab> {
  const mac = await startMac();
  options.before?.(mac);
  try {
    const worker = await startWorkerFor(mac, options);
    const lab = labOf(mac, worker);
    if (options.connected !== false) await worker.waitState("connected");
    return lab;
  } catch (error) {
    await mac[Symbol.asyncDispose]();
    throw error;
  }
}

/** A worker for a Mac that is there already. */
export function startWorkerFor(mac: Mac, options: LabOptions = {}): Promise<ChannelWorker> {
  const config = { cliPath: mac.cliPath, ...QUICK, ...options.config };
  return startChannelWorker({
    entry: ENTRY,
    permissions: manifest.permissions(config),
    config,
    ...(options.saved === undefined ? {} : { saved: options.saved }),
    ...(options.isolation === undefined ? {} : { isolation: options.isolation }),
  });
}

function labOf(mac: Mac, worker: ChannelWorker): Lab {
  let keys = 0;
  return {
    mac,
    worker,
    async send(message) {
      const value = await worker.request({ type: "send", message: { idempotencyKey: `key${++keys}`, ...message } });
      if (value.kind !== "receipt") throw new Error(`Cannot use ${value.kind} as a receipt`);
      return value.receipt;
    },
    async nextMessage() {
      const { event } = await worker.nextInbound();
      if (event.kind !== "message") throw new Error(`Cannot use a ${event.kind}: a message was expected`);
      return event;
    },
    dropped: () =>
      worker.logs().filter(({ event }) => event === "imessage.message_dropped").map(({ fields }) => fields["reason"]),
    async [Symbol.asyncDispose]() {
      await worker[Symbol.asyncDispose]();
      await mac[Symbol.asyncDispose]();
    },
  };
}
