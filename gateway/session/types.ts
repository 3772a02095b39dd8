/** Sessions and transcripts as the rest of the gateway uses them. */
import type { Message } from "../../schemas/message.ts";
import type { QueueMode } from "../config/types.ts";

/** The stored settings of a session; key names are those of the protocol's session entry. */
export interface SessionEntry {
  readonly label?: string;
  readonly displayName?: string;
  readonly thinkingLevel?: string;
  readonly verboseLevel?: string;
  readonly reasoningLevel?: string;
  readonly responseUsage?: string;
  readonly elevatedLevel?: string;
  readonly execHost?: string;
  readonly execSecurity?: string;
  readonly execAsk?: string;
  readonly execNode?: string;
  readonly providerOverride?: string;
  readonly modelOverride?: string;
  readonly spawnedBy?: string;
  readonly sendPolicy?: "allow" | "deny";
  readonly groupActivation?: "mention" | "always";
  readonly queueMode?: QueueMode;
  readonly queueDebounceMs?: number;
  readonly queueCap?: number;
  readonly queueDrop?: "summarize" | "old" | "new";
  readonly abortedLastRun?: boolean;
  readonly systemSent?: boolean;
  readonly inputTokens?: number;
  readonly outputTokens?: number;
  readonly totalTokens?: number;
  readonly contextTokens?: number;
  readonly modelProvider?: string;
  readonly model?: string;
  readonly chatType?: "direct" | "group" | "channel";
  readonly channel?: string;
  readonly lastChannel?: string;
  readonly lastTo?: string;
  readonly lastAccountId?: string;
  readonly lastThreadId?: string;
  /** System events that wait for the next prompt. */
  readonly systemEvents?: readonly string[];
}

export type SessionKind = "direct" | "group" | "global" | "unknown";

export interface Session {
  /** Canonical, lower case: `agent:<id>:<rest>`, `global` or `unknown`. */
  readonly key: string;
  readonly agentId: string;
  /** Changes with every reset; the transcript hangs on it. */
  readonly sessionId: string;
  readonly kind: SessionKind;
  readonly entry: SessionEntry;
  readonly createdAt: number;
  readonly updatedAt: number;
}

export interface StoredMessage {
  /** Eight hex digits, the protocol's message id. */
  readonly id: string;
  /** From 1, without gaps within a session id. */
  readonly seq: number;
  readonly message: Message;
}

/** The session table. Every key argument may be an alias; `canonical` says what it stands for. */
export interface SessionStore {
  /** `main` → `agent:main:main`, `x` → `agent:<default>:x`; throws GatewayError on a key no agent can have. */
  canonical(key: string, agentId?: string): string;
  get(key: string): Session | undefined;
  bySessionId(sessionId: string): Session | undefined;
  byLabel(label: string): Session | undefined;
  /** The session, made with a new session id when it is missing. */
  ensure(key: string): Session;
  /** Changes the settings. `undefined` values clear a setting. `touch` (default true) sets updatedAt. */
  update(
    key: string,
    change: { readonly [K in keyof SessionEntry]?: SessionEntry[K] | undefined },
    touch?: boolean,
  ): Session;
  /** A new session id; keeps levels, model, label, send policy, last route; zeroes token counts. */
  reset(key: string): Session;
  /** Whether the reset rules say that the next message starts a new session id (sessions facts, section 4). */
  isStale(session: Session): boolean;
  /** Removes the row, and the transcript when asked. */
  remove(key: string, withTranscript: boolean): boolean;
  /** Newest first. Runs of cron jobs are left out. `search`: part of the key, label, display name or derived title. */
  list(
    filter?: {
      readonly agentId?: string;
      readonly search?: string;
      readonly activeSince?: number;
      /** Default: all kinds. */
      readonly kinds?: readonly SessionKind[];
      readonly label?: string;
      readonly spawnedBy?: string;
      readonly limit?: number;
      readonly offset?: number;
    },
  ): { readonly sessions: Session[]; readonly total: number };
  count(): number;
  /** A title made of the first user message, for lists; undefined before there is one. */
  derivedTitle(sessionId: string): string | undefined;
}

export interface Transcript {
  append(sessionId: string, message: Message): StoredMessage;
  /**
   * The last `limit` messages before `beforeSeq` (default: the end), oldest first; fewer when their JSON would pass
   * `maxBytes`. The newest one is always there, however large. `plain`: messages above 64 KiB come with a line in the place
   * of each picture, and count as an eighth of their size.
   */
  page(
    sessionId: string,
    options: {
      readonly limit: number;
      readonly beforeSeq?: number;
      readonly maxBytes?: number;
      readonly plain?: boolean;
    },
  ): StoredMessage[];
  last(sessionId: string): StoredMessage | undefined;
  count(sessionId: string): number;
}
