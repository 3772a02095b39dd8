/**
 * The one contract of all providers. Small and mandatory above, abilities below; an ability that is missing answers
 * `unsupported`. Comments say who calls what and what it may not do.
 */
import type { ChannelError, LoginStep, ProviderState, ReplyValue, UserAction } from "../../schemas/worker/channel.ts";
import type { Inbound, Outbound, Poll, Receipt, Target } from "../../schemas/worker/content.ts";

/** A failed operation in machine-readable form; anything else that is thrown counts as `internal`, outcome unknown. */
export class ProviderError extends Error {
  constructor(readonly error: ChannelError) {
    super(error.message);
    this.name = "ProviderError";
  }
}

export interface StateReport {
  readonly state: ProviderState;
  readonly sentence: string;
  readonly userAction?: UserAction;
  readonly attempt?: number;
  readonly retryInMs?: number;
  readonly platformCode?: string;
  readonly self?: Record<string, unknown>;
}

/** Keys and sessions kept by main in transactions: this worker has no disk. */
export interface KeyStore {
  get(kind: string, ids: readonly string[]): Promise<Record<string, string>>;
  /** Resolves after the commit. A null deletes. Rejects and changes nothing when main refuses. */
  set(rows: Record<string, Record<string, string | null>>): Promise<void>;
  clear(): Promise<void>;
}

export interface ProviderContext {
  readonly accountId: string;
  readonly config: Record<string, unknown>;
  readonly secrets: Readonly<Record<string, string>>;
  readonly saved: Record<string, unknown>;
  /** Aborted when the account stops; every request of the provider listens to it. */
  readonly signal: AbortSignal;
  readonly store: KeyStore;
  state(report: StateReport): void;
  /** Any sign of life of the platform. */
  alive(): void;
  /**
   * Hands an event to main. Resolves when it is in the inbox; only then may the platform be told that it arrived. Waits
   * while `INBOUND_WINDOW` events are unacknowledged. Rejects when the account stops.
   */
  inbound(event: Inbound): Promise<void>;
  mark(
    mark: {
      readonly chatId: string;
      readonly messageId: string;
      readonly mark: "delivered" | "read" | "failed";
      readonly at: number;
    },
  ): void;
  loginStep(step: LoginStep): void;
  save(saved: Record<string, unknown>): Promise<void>;
  log(level: "debug" | "info" | "warn" | "error", event: string, fields?: Record<string, unknown>): void;
}

export interface Provider {
  /** Called once. Never throws and does not wait for the connection: trouble is a state. */
  connect(): void;
  /** Called once, also in mid-connect. Must end the platform session and resolve within five seconds. */
  disconnect(reason: string): Promise<void>;
  send(message: Outbound, signal: AbortSignal): Promise<Receipt>;
  edit?(target: Target, messageId: string, text: string, signal: AbortSignal): Promise<void>;
  delete?(target: Target, messageId: string, signal: AbortSignal): Promise<void>;
  react?(
    target: Target,
    messageId: string,
    emoji: string,
    options: { readonly remove: boolean; readonly senderId: string | undefined },
    signal: AbortSignal,
  ): Promise<void>;
  typing?(target: Target, on: boolean, signal: AbortSignal): Promise<void>;
  read?(target: Target, messageId: string, senderId: string, signal: AbortSignal): Promise<void>;
  poll?(poll: Poll, signal: AbortSignal): Promise<{ readonly receipt: Receipt; readonly pollId?: string }>;
  fetchMedia?(ref: string, maxBytes: number, signal: AbortSignal): Promise<Extract<ReplyValue, { kind: "media" }>>;
  /** Asks the platform who we are; its facts go into `channels.status`. */
  probe?(signal: AbortSignal): Promise<Record<string, unknown>>;
  login?(flow: string, input: Readonly<Record<string, string>>): Promise<void>;
  cancelLogin?(): Promise<void>;
  logout?(signal: AbortSignal): Promise<void>;
  webhook?(
    request: {
      readonly path: string;
      readonly query: Readonly<Record<string, string>>;
      readonly headers: Readonly<Record<string, string>>;
      readonly body: Uint8Array;
    },
    signal: AbortSignal,
  ): Promise<{ readonly status: number; readonly headers?: Record<string, string>; readonly body?: string }>;
}

export type CreateProvider = (context: ProviderContext) => Provider | Promise<Provider>;
