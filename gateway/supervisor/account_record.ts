/** What is known of an account: the one place where its state changes, and what everybody else reads. */
import type { UserAction } from "../../schemas/worker/channel.ts";
import type { ChannelManifest } from "../../schemas/worker/manifest.ts";
import type { ChannelAccount } from "../config/types.ts";
import type { Clock } from "../observe/clock.ts";
import type { Log } from "../observe/log.ts";
import { missingOf } from "./obstacle.ts";
import { mayBecome } from "./account_state.ts";
import { channelPermissions, workerFlags } from "./permissions.ts";
import type { AccountStatus, ChannelState } from "./types.ts";

const MAX_SENTENCE = 500;
/** Longest JSON of what a provider says about itself. */
const MAX_SELF = 16 * 1024;

export interface StateFacts {
  /** One plain sentence for a person. */
  readonly sentence: string;
  readonly userAction?: UserAction | undefined;
  readonly platformCode?: string | undefined;
  readonly attempt?: number | undefined;
  readonly nextRetryAt?: number | undefined;
  readonly self?: Readonly<Record<string, unknown>> | undefined;
}

export interface AccountRecord {
  readonly state: ChannelState;
  /** Changes the state, or the facts of the present one. An impossible change is refused: a throw in strict mode. */
  become(state: ChannelState, facts: StateFacts): void;
  configure(account: ChannelAccount): void;
  nextGeneration(): number;
  touch(what: "alive" | "inbound" | "outbound"): void;
  lostThread(): number;
  status(restarts: number): AccountStatus;
}

export interface RecordOptions {
  readonly manifest: ChannelManifest;
  readonly account: ChannelAccount;
  readonly clock: Clock;
  readonly log: Log;
  readonly onChange: () => void;
  /** A fault of ours in the state machine throws; for tests. */
  readonly strict: boolean;
  /** The last generation of an account of this name that was removed: its store takes newer ones only. */
  readonly lastGeneration?: number;
}

export function createAccountRecord(
  { manifest, clock, log, onChange, strict, ...options }: RecordOptions,
): AccountRecord {
  let account = options.account;
  let state: ChannelState = "stopped";
  let since = clock.now();
  let facts: StateFacts = { sentence: "Not started yet" };
  let self: Readonly<Record<string, unknown>> = {};
  let generation = options.lastGeneration ?? 0;
  let lostThreads = 0;
  const seen: Record<"alive" | "inbound" | "outbound", number | undefined> = {
    alive: undefined,
    inbound: undefined,
    outbound: undefined,
  };

  function sentence(): string {
    const text = facts.sentence.slice(0, MAX_SENTENCE);
    if (lostThreads === 0 || state === "wedged") return text;
    return `${text}. ${lostThreads} earlier worker(s) may each hold a processor core until the gateway is restarted`;
  }

  return {
    get state() {
      return state;
    },
    become(to, next) {
      if (!mayBecome(state, to)) {
        if (strict) throw new Error(`Cannot move ${account.channel}:${account.accountId} from ${state} to ${to}`);
        return log.error("channel.impossible_state", { from: state, to });
      }
      if (to !== state) {
        since = clock.now();
        log.info("channel.state", { from: state, to, generation, sentence: next.sentence });
      }
      state = to;
      facts = next;
      if (next.self !== undefined && JSON.stringify(next.self).length <= MAX_SELF) self = next.self;
      onChange();
    },
    configure: (changed) => void (account = changed),
    nextGeneration: () => ++generation,
    touch: (what) => void (seen[what] = clock.now()),
    lostThread: () => ++lostThreads,
    status: (restarts) => ({
      channel: account.channel,
      accountId: account.accountId,
      name: account.name,
      enabled: account.enabled,
      configured: state !== "unconfigured" && missingOf(manifest, account).length === 0,
      state,
      since,
      sentence: sentence(),
      attempt: facts.attempt ?? 0,
      nextRetryAt: facts.nextRetryAt,
      userAction: facts.userAction ?? (lostThreads > 0 ? "restart_gateway" : undefined),
      platformCode: facts.platformCode,
      isolation: account.isolation,
      permissions: flagsOf(manifest, account),
      foreignAddresses: manifest.foreignAddresses(account.config),
      generation,
      restarts,
      lastAliveAt: seen.alive,
      lastInboundAt: seen.inbound,
      lastOutboundAt: seen.outbound,
      self,
      lostThreads,
    }),
  };
}

function flagsOf(manifest: ChannelManifest, account: ChannelAccount): string[] {
  try {
    return workerFlags(channelPermissions(manifest.permissions(account.config)));
  } catch {
    // Not startable either: its sentence says why.
    return [];
  }
}
