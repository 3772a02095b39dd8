/** The WhatsApp worker against the test server, ready for a test: starts, links, restarts. */
import { type ChannelWorker, type MemoryStore, startChannelWorker } from "../../helpers/channel_worker.ts";
import { eventually } from "../../helpers/wait.ts";
import { manifest } from "../../../workers/whatsapp/manifest.ts";
import { type FakeWhatsApp, startFakeWhatsApp } from "./server.ts";

/** Names the author of the other side in every test's name. */
export const AGAINST = "WhatsApp, against our own fake on the library's helpers:";
export const TEST_ENTRY = new URL("./worker_entry.ts", import.meta.url);
export const SHIPPED_ENTRY = new URL("../../../workers/whatsapp/main.ts", import.meta.url);

export interface LabOptions {
  readonly config?: Record<string, unknown>;
  readonly store?: MemoryStore;
  readonly saved?: Record<string, unknown>;
  readonly entry?: URL;
  readonly isolation?: "worker" | "process";
}

/** Waits that a test can bear. */
const FAST = { web: { heartbeatSeconds: 30, reconnect: { initialMs: 20, maxMs: 200 } } };

export function labConfig(server: FakeWhatsApp, more: Record<string, unknown> = {}): Record<string, unknown> {
  return { webSocketUrl: server.url, mediaHosts: [server.media.host], ...FAST, ...more };
}

export function startWorker(server: FakeWhatsApp, options: LabOptions = {}): Promise<ChannelWorker> {
  const config = labConfig(server, options.config);
  return startChannelWorker({
    entry: options.entry ?? TEST_ENTRY,
    permissions: manifest.permissions(config),
    config,
    ...options.store ? { store: options.store } : {},
    ...options.saved ? { saved: options.saved } : {},
    ...options.isolation ? { isolation: options.isolation } : {},
  });
}

/** Links by QR code and waits for the open connection. */
export async function link(server: FakeWhatsApp, worker: ChannelWorker): Promise<void> {
  const codes = () => worker.steps().filter((item) => item.kind === "show" && item.what === "qr");
  const before = codes().length;
  await worker.request({ type: "login.start", flow: "qr" });
  const step = await eventually("a QR code", () => codes()[before]);
  if (step.kind === "show") server.scan(step.value);
  await worker.waitState("connected", 30_000);
}

/** A server and a linked worker. */
export async function startLinked(options: LabOptions = {}): Promise<
  { readonly server: FakeWhatsApp; readonly worker: ChannelWorker } & AsyncDisposable
> {
  const server = startFakeWhatsApp();
  const worker = await startWorker(server, options);
  await worker.waitState("login_required");
  await link(server, worker);
  return {
    server,
    worker,
    async [Symbol.asyncDispose]() {
      await worker[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

export const text = (chatId: string, words: string, key: string = crypto.randomUUID()) => ({
  type: "send" as const,
  message: { target: { chatId }, text: words, idempotencyKey: key },
});
