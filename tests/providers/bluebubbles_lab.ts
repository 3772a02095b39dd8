/** The real BlueBubbles worker under its real permission set, before our strict server; the test is the gateway's port. */
import type { Inbound, InboundMessage, Outbound, Receipt, Target } from "../../schemas/worker/content.ts";
import { ChannelFailure, type ChannelRequest } from "../../gateway/supervisor/types.ts";
import { manifest } from "../../workers/bluebubbles/manifest.ts";
import { type ChannelWorker, startChannelWorker } from "../helpers/channel_worker.ts";
import { type BubblesServer, PASSWORD, startBubbles } from "../servers/bluebubbles/server.ts";

export const ENTRY = new URL("../../workers/bluebubbles/main.ts", import.meta.url);
export const SECRET = "hook-secret-0123456789";
export const ANNA = "+15550100001";
export const BEN = "ben@example.org";
export const QUICK = { healthEveryMs: 300, retry: { minDelayMs: 20, maxDelayMs: 80, jitter: 0 } };

export interface LabOptions {
  readonly config?: Record<string, unknown>;
  readonly secrets?: Record<string, string>;
  readonly saved?: Record<string, unknown>;
  readonly isolation?: "worker" | "process";
  readonly before?: (server: BubblesServer) => void;
  readonly connected?: false;
}

export interface Lab extends AsyncDisposable {
  readonly server: BubblesServer;
  readonly worker: ChannelWorker;
  send(message: Partial<Outbound> & { readonly target: Target }): Promise<Receipt>;
  next(): Promise<Inbound>;
  nextMessage(): Promise<InboundMessage>;
  dropped(): unknown[];
}

export async function bubblesLab(options: LabOptions = {}): Promise<Lab> {
  const server = await startBubbles();
  options.before?.(server);
  try {
    const worker = await startWorkerFor(server, options);
    server.hooks.add((body) => postHook(worker, body));
    if (options.connected !== false) await worker.waitState("connected");
    return labOf(server, worker);
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
}

/** A worker for a server that is there already. */
export function startWorkerFor(server: BubblesServer, options: LabOptions = {}): Promise<ChannelWorker> {
  const config = { serverUrl: server.url, ...QUICK, ...options.config };
  return startChannelWorker({
    entry: ENTRY,
    permissions: manifest.permissions(config),
    config,
    secrets: { password: PASSWORD, webhookSecret: SECRET, ...options.secrets },
    ...(options.saved === undefined ? {} : { saved: options.saved }),
    ...(options.isolation === undefined ? {} : { isolation: options.isolation }),
  });
}

export interface HookPost {
  readonly query?: Record<string, string>;
  readonly headers?: Record<string, string>;
}

/** Posts a body as the gateway's listener does; resolves with the status. */
export async function postHook(
  worker: ChannelWorker,
  body: unknown,
  { query = { secret: SECRET }, headers = {} }: HookPost = {},
): Promise<number> {
  const bytes = body instanceof Uint8Array ? new Uint8Array(body) : new TextEncoder().encode(JSON.stringify(body));
  const value = await worker.request({ type: "webhook", path: "/bluebubbles-webhook", query, headers, body: bytes });
  if (value.kind !== "http") throw new Error(`Cannot use ${value.kind} as an answer`);
  return value.status;
}

function labOf(server: BubblesServer, worker: ChannelWorker): Lab {
  let keys = 0;
  return {
    server,
    worker,
    async send(message) {
      const value = await worker.request({ type: "send", message: { idempotencyKey: `key${++keys}`, ...message } });
      if (value.kind !== "receipt") throw new Error(`Cannot use ${value.kind} as a receipt`);
      return value.receipt;
    },
    next: async () => (await worker.nextInbound()).event,
    async nextMessage() {
      const { event } = await worker.nextInbound();
      if (event.kind !== "message") throw new Error(`Cannot use a ${event.kind}: a message was expected`);
      return event;
    },
    dropped: () =>
      worker.logs().filter(({ event }) => event === "bluebubbles.message_dropped").map(({ fields }) =>
        fields["reason"]
      ),
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
