/** Channels as the rest of the gateway sees them: states, and requests to an account's worker. */
import type { ChannelCommand, ChannelError, LoginStep, ReplyValue, UserAction } from "../../schemas/worker/channel.ts";
import type { Inbound } from "../../schemas/worker/content.ts";
import type { ChannelManifest } from "../../schemas/worker/manifest.ts";

/** Every state of an account. Terminal ones need a person or a new start. */
export const CHANNEL_STATES = [
  "disabled",
  "unconfigured",
  "starting",
  "login_required",
  "connecting",
  "connected",
  "reconnecting",
  "bad_credentials",
  "conflict",
  "logged_out",
  "crashed",
  "wedged",
  "stopped",
] as const;
export type ChannelState = (typeof CHANNEL_STATES)[number];

/** What health, status and the UI read, and nothing else. */
export interface AccountStatus {
  readonly channel: string;
  readonly accountId: string;
  readonly name: string | undefined;
  readonly enabled: boolean;
  readonly configured: boolean;
  readonly state: ChannelState;
  readonly since: number;
  readonly sentence: string;
  readonly attempt: number;
  readonly nextRetryAt: number | undefined;
  readonly userAction: UserAction | undefined;
  readonly platformCode: string | undefined;
  readonly isolation: "worker" | "process";
  /** The flags of the worker as text, every key written out. */
  readonly permissions: readonly string[];
  readonly foreignAddresses: readonly string[];
  readonly generation: number;
  /** Starts within the last hour, against the budget. */
  readonly restarts: number;
  readonly lastAliveAt: number | undefined;
  readonly lastInboundAt: number | undefined;
  readonly lastOutboundAt: number | undefined;
  readonly self: Readonly<Record<string, unknown>>;
  /** Threads of this account that stopped answering: each may hold a processor core until the gateway is restarted. */
  readonly lostThreads: number;
}

/** A failed request to a worker. `not_sent` when the worker never got it, `unknown` when its answer was lost. */
export class ChannelFailure extends Error {
  constructor(readonly error: ChannelError) {
    super(error.message);
    this.name = "ChannelFailure";
  }
}

type Distribute<T> = T extends { readonly op: string } ? Omit<T, "op"> : never;
/** A request to a worker, without its id. */
export type ChannelRequest = Distribute<Exclude<ChannelCommand, { type: "store.rows" | "done" | "refused" }>>;

/** A login in progress. Steps are kept, so that CLI and web may join late. */
export interface LoginSession {
  readonly channel: string;
  readonly accountId: string;
  readonly latest: LoginStep | undefined;
  /** Resolves with the next step after `seen` steps, or undefined at the deadline. */
  next(seen: number, timeoutMs: number): Promise<{ readonly step: LoginStep; readonly count: number } | undefined>;
}

export interface Channels {
  /** Manifests of every provider, configured or not, in display order. */
  manifests(): readonly ChannelManifest[];
  accounts(channel?: string): readonly AccountStatus[];
  /** `accountId` undefined: the default account. */
  account(channel: string, accountId: string | undefined): AccountStatus | undefined;
  defaultAccountId(channel: string): string | undefined;
  /** The merged configuration of an account, secrets left out; for access rules and delivery settings. */
  accountConfig(channel: string, accountId: string): Readonly<Record<string, unknown>>;
  /** Always allowed, whatever the restart budget says. Throws GatewayError on an unknown account. */
  start(channel: string, accountId: string | undefined): Promise<AccountStatus>;
  stop(channel: string, accountId: string | undefined): Promise<AccountStatus>;
  logout(channel: string, accountId: string | undefined): Promise<AccountStatus>;
  /** Rejects with ChannelFailure; at the deadline with outcome unknown. */
  request(channel: string, accountId: string, request: ChannelRequest, deadlineMs: number): Promise<ReplyValue>;
  login(
    channel: string,
    accountId: string | undefined,
    flow: string | undefined,
    input: Record<string, string>,
  ): Promise<LoginSession>;
  activeLogin(channel: string, accountId: string | undefined): LoginSession | undefined;
  /** The account whose webhook path this is. */
  webhookOf(path: string): { readonly channel: string; readonly accountId: string } | undefined;
  /** Stops every account in order. */
  stopAll(deadlineMs: number): Promise<void>;
}

/** Where workers' events go; delivery implements it. */
export interface ChannelSink {
  /** Commits the event; returns only after the commit. A throw means that it was not taken. */
  inbound(channel: string, accountId: string, event: Inbound): void;
  mark(
    channel: string,
    accountId: string,
    mark: {
      readonly chatId: string;
      readonly messageId: string;
      readonly mark: "delivered" | "read" | "failed";
      readonly at: number;
    },
  ): void;
  /** An account changed its state: health and status refresh, held deliveries may go on. */
  stateChanged(status: AccountStatus): void;
}
