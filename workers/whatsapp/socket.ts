/** One connection of the library, set up for a worker without disk, and closed for good. */
import type { WAVersion } from "@whiskeysockets/baileys";
import type { AuthState } from "./auth_state.ts";
import { parseJid } from "./identity.ts";
import type { Journal } from "./journal.ts";
import type { Baileys, Socket } from "./library.ts";
import type { LibraryLogger } from "./logger.ts";
import { signalRepository } from "./signal_repository.ts";
import type { SentMessages } from "./sent_messages.ts";
import type { GroupCache } from "./groups.ts";
import { within } from "./wait.ts";

/** Pinned: what the library was tested with. An older one is refused with 405. */
export const PINNED_VERSION: WAVersion = [2, 3000, 1043857760];

export interface SocketParts {
  readonly library: Baileys;
  readonly config: Readonly<Record<string, unknown>>;
  readonly logger: LibraryLogger;
  readonly journal: Journal;
  readonly sent: SentMessages;
  readonly groups: GroupCache;
}

export function versionOf(config: Readonly<Record<string, unknown>>): WAVersion {
  const parts = String(config["version"] ?? "").split(".").map(Number);
  const [first, second, third] = parts;
  if (first === undefined || second === undefined || third === undefined || parts.some(Number.isNaN)) {
    return PINNED_VERSION;
  }
  return [first, second, third];
}

export function openSocket(parts: SocketParts, auth: AuthState): Socket {
  const { library, config, logger, journal, sent, groups } = parts;
  const { HistorySyncType } = library.proto.HistorySync;
  const url = config["webSocketUrl"];
  const web: unknown = config["web"];
  const heartbeat: unknown = typeof web === "object" && web !== null ? Reflect.get(web, "heartbeatSeconds") : undefined;
  const device = config["deviceName"];
  const socket = library.makeWASocket({
    ...library.DEFAULT_CONNECTION_CONFIG,
    version: versionOf(config),
    browser: [typeof device === "string" ? device : "OpenClaw", "Chrome", "1.0"],
    logger,
    auth: { creds: auth.creds, keys: auth.keys },
    keepAliveIntervalMs: (typeof heartbeat === "number" ? heartbeat : 30) * 1000,
    markOnlineOnConnect: config["markOnline"] === true,
    syncFullHistory: false,
    // Of the history only what tells numbers and hidden ids apart: the chats themselves are not ours to read.
    shouldSyncHistoryMessage: ({ syncType }) =>
      syncType === HistorySyncType.INITIAL_BOOTSTRAP || syncType === HistorySyncType.PUSH_NAME,
    shouldIgnoreJid: (jid) => ["broadcast", "newsletter"].includes(parseJid(jid)?.server ?? ""),
    emitOwnEvents: false,
    generateHighQualityLinkPreview: false,
    // A save is tried again by the store itself; ten tries of half a minute would hold up everything behind it.
    transactionOpts: { maxCommitRetries: 1, delayBetweenTriesMs: 100 },
    getMessage: (key) => Promise.resolve(key.id ? sent.get(key.id) : undefined),
    cachedGroupMetadata: (jid) => Promise.resolve(groups.peek(jid)),
    makeSignalRepository: signalRepository(library, journal),
    ...typeof url === "string" ? { waWebSocketUrl: url } : {},
  });
  // Before the library's own listener, which starts to decrypt in the same turn.
  socket.ws.prependListener("CB:message", (node) => journal.arrived(node));
  return socket;
}

/** Ends a connection without waiting for the other side longer than `ms`. */
export async function endSocket(socket: Socket, ms: number): Promise<void> {
  try {
    await within(ms, socket.end(undefined));
  } catch {
    // It was closed already.
  }
}
