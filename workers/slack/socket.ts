/** One Socket Mode connection from its opening to its end. Reconnecting is not its business: see `connection.ts`. */
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { SocketModeReceiver, webApi } from "@slack/bolt";
import type { ProviderContext } from "../runtime/provider.ts";
import type { Api } from "./api.ts";
import { SocketRefused } from "./errors.ts";
import type { Acknowledgement, Intake } from "./intake.ts";
import type { Settings } from "./settings.ts";

/** From the request for an address to Slack's hello. */
const OPEN_MS = 20_000;
/** Below what main grants a worker to leave. */
const CLOSE_MS = 3_500;
const KINDS: Readonly<Record<string, Parameters<Intake["take"]>[0]>> = {
  events_api: "event",
  slash_commands: "slash",
  interactive: "interactive",
};
/** The library has seen frames of the one socket of this thread. */
const BEATS = ["undici:websocket:ping", "undici:websocket:pong"];

/** Why a socket that was open is not any more: Slack's own word, or nothing when it just broke. */
export interface Ended {
  readonly reason: string | undefined;
}

export interface SocketDeps {
  readonly context: Pick<ProviderContext, "alive" | "log" | "signal">;
  readonly settings: Pick<Settings, "appToken">;
  readonly api: Api;
  readonly intake: Intake;
  /** Slack said hello. */
  readonly onOpen: () => void;
  /** Ends this socket, but not the account. */
  readonly leave: AbortSignal;
}

interface Frame {
  readonly type: string | undefined;
  readonly reason: string | undefined;
}

/** Resolves when the socket is gone for good, never before; rejects when it did not open. */
export async function runSocket(deps: SocketDeps): Promise<Ended> {
  const { context, leave } = deps;
  const stop = AbortSignal.any([context.signal, leave]);
  const { client } = createReceiver(deps, stop);
  const { promise: gone, resolve } = Promise.withResolvers<void>();
  let reason: string | undefined;
  client.on("disconnected", resolve);
  guardFrames(client, (frame) => {
    context.alive();
    if (frame.type === "disconnect") reason = frame.reason ?? "unknown";
  }, context);
  client.on("slack_event", (args: Delivered) => void deliver(args, deps));
  const close = () => {
    client.disconnect().catch(() => {});
  };
  for (const beat of BEATS) subscribe(beat, context.alive);
  stop.addEventListener("abort", close, { once: true });
  try {
    await opened(client);
    deps.onOpen();
    await gone;
    return { reason };
  } catch (error) {
    // Closed before its hello: the library rejects with nothing at all then.
    if (reason !== undefined) throw new SocketRefused(reason);
    throw error ?? new SocketRefused("it was closed before it was ready");
  } finally {
    stop.removeEventListener("abort", close);
    for (const beat of BEATS) unsubscribe(beat, context.alive);
    await closed(client, gone);
  }
}

type Client = SocketModeReceiver["client"];

interface Delivered {
  readonly type: string;
  readonly body: unknown;
  readonly envelope_id: string;
  ack(response?: Acknowledgement): Promise<void>;
}

/** Through the library's receiver, without its App: that one acknowledges an event before anybody has it. */
function createReceiver({ settings, api }: SocketDeps, stop: AbortSignal): SocketModeReceiver {
  const { logger, ...clientOptions } = api.clientOptions(stop);
  return new SocketModeReceiver({
    appToken: settings.appToken,
    ...(logger === undefined ? {} : { logger }),
    logLevel: webApi.LogLevel.ERROR,
    // Its own way waits five seconds after every end, and its rejections are nobody's.
    autoReconnectEnabled: false,
    installerOptions: { clientOptions },
  });
}

/**
 * Sees each frame before the library does and takes care of what the library throws: its handler is asynchronous, and a
 * frame without a payload would be a rejection that nobody handles, which ends the worker.
 */
function guardFrames(client: Client, onFrame: (frame: Frame) => void, { log }: SocketDeps["context"]): void {
  const handlers = client.listeners("ws_message");
  client.removeAllListeners("ws_message");
  client.on("ws_message", async (data: unknown, isBinary: unknown) => {
    try {
      onFrame(readFrame(data));
      for (const handler of handlers) await handler(data, isBinary);
    } catch (error) {
      log("warn", "slack.frame_unreadable", { reason: String(error) });
    }
  });
}

function readFrame(data: unknown): Frame {
  try {
    const value: unknown = typeof data === "string" ? JSON.parse(data) : undefined;
    const { type, reason } = typeof value === "object" && value !== null
      ? { type: undefined, reason: undefined, ...value }
      : {};
    return { type: text(type), reason: text(reason) };
  } catch {
    return { type: undefined, reason: undefined };
  }
}

const text = (value: unknown): string | undefined => typeof value === "string" ? value : undefined;

/** Hands the payload over and acknowledges it then. What is not acknowledged comes again, and main knows it by its key. */
async function deliver(
  { type, body, envelope_id: id, ack }: Delivered,
  { context, intake }: SocketDeps,
): Promise<void> {
  const kind = KINDS[type];
  try {
    // Frames of other kinds are none of ours; an acknowledgement is all that they want.
    const answer = kind === undefined ? undefined : await intake.take(kind, body);
    if (typeof id === "string") await ack(answer);
  } catch (error) {
    if (!context.signal.aborted) context.log("info", "slack.not_acknowledged", { type, reason: String(error) });
  }
}

async function opened(client: Client): Promise<void> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new SocketRefused("it said nothing when it was opened")), OPEN_MS);
  try {
    await Promise.race([client.start(), late]);
  } finally {
    clearTimeout(timer);
  }
}

/** A second socket must not be opened while this one may still be there. */
async function closed(client: Client, gone: Promise<void>): Promise<void> {
  const { promise: late, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, CLOSE_MS);
  client.disconnect().catch(() => {});
  await Promise.race([gone, late]);
  clearTimeout(timer);
}
