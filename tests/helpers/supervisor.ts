/** The supervisor over fake platforms, without the rest of the gateway: a sink that remembers, a store in memory. */
import type { ChannelAccount } from "../../gateway/config/types.ts";
import { systemClock } from "../../gateway/observe/clock.ts";
import { createLog, type Log } from "../../gateway/observe/log.ts";
import { Secret } from "../../gateway/secrets/secret.ts";
import { type Db, memoryDb } from "../../gateway/storage/db.ts";
import { type ChannelSupervisor, createChannels } from "../../gateway/supervisor/channels.ts";
import { createChannelStore } from "../../gateway/supervisor/key_store.ts";
import type { AccountStatus, ChannelSink, ChannelState } from "../../gateway/supervisor/types.ts";
import type { LinkTimes } from "../../gateway/supervisor/worker_link.ts";
import type { Inbound } from "../../schemas/worker/content.ts";
import { createFakeManifest, type FakeOptions } from "../../workers/fake/manifest.ts";
import { eventually } from "./wait.ts";

export const FAKE_ENTRY = new URL("../../workers/fake/main.ts", import.meta.url);
/** Fast enough to find a dead worker within seconds, slow enough for a busy machine. */
export const TEST_TIMES: LinkTimes = { startMs: 60_000, pingIntervalMs: 300, pingDeadlineMs: 1_500, pingMisses: 2 };

export interface Taken {
  readonly channel: string;
  readonly accountId: string;
  readonly event: Inbound;
  readonly at: number;
}

export interface SupervisorLab extends AsyncDisposable {
  readonly channels: ChannelSupervisor;
  readonly db: Db;
  /** What the inbox took, each event once: the sink refuses a known dedupe key silently, as the inbox does. */
  readonly taken: readonly Taken[];
  /** Every status that was reported, in order. */
  readonly statuses: readonly AccountStatus[];
  readonly marks: unknown[];
  readonly lines: readonly string[];
  readonly restarts: readonly string[];
  /** The sink throws this until it is undefined again. */
  refuse: string | undefined;
  status(accountId: string, channel?: string): AccountStatus;
  waitState(accountId: string, state: ChannelState, deadlineMs?: number): Promise<AccountStatus>;
  waitTaken(accountId: string, count: number, deadlineMs?: number): Promise<readonly Taken[]>;
  send(accountId: string, text: string, key?: string, deadlineMs?: number): Promise<readonly string[]>;
}

/** An account of the fake provider; `fingerprint` follows the configuration. */
export function fakeAccount(
  accountId: string,
  url: string,
  more: Partial<Omit<ChannelAccount, "config">> & { readonly config?: Record<string, unknown> } = {},
): ChannelAccount {
  const config = { url, retryMs: 50, ...more.config };
  return {
    channel: "fake",
    accountId,
    isDefault: accountId === "default",
    name: undefined,
    enabled: true,
    isolation: "worker",
    secrets: { token: new Secret("fake-token-of-the-test") },
    secretSources: { token: "config" },
    needs: { read: [], env: [] },
    problem: undefined,
    fingerprint: JSON.stringify(config),
    ...more,
    config,
  };
}

export interface LabOptions {
  readonly accounts: readonly ChannelAccount[];
  readonly fake?: FakeOptions;
  readonly supervised?: boolean;
  readonly times?: LinkTimes;
  readonly db?: Db;
}

export async function startSupervisor(options: LabOptions): Promise<SupervisorLab> {
  const db = options.db ?? memoryDb();
  const taken: Taken[] = [];
  const known = new Set<string>();
  const statuses: AccountStatus[] = [];
  const marks: unknown[] = [];
  const lines: string[] = [];
  const restarts: string[] = [];
  const log: Log = createLog("debug", (line) => lines.push(line));
  const sink: ChannelSink = {
    inbound(channel, accountId, event) {
      if (lab.refuse !== undefined) throw new Error(lab.refuse);
      const key = [channel, accountId, event.dedupeKey].join(" ");
      if (known.has(key)) return;
      known.add(key);
      taken.push({ channel, accountId, event, at: performance.now() });
    },
    mark: (channel, accountId, mark) => void marks.push({ channel, accountId, ...mark }),
    stateChanged: (status) => void statuses.push(status),
  };
  const channels = createChannels({
    registry: [{ manifest: createFakeManifest(options.fake), entry: FAKE_ENTRY }],
    accounts: options.accounts,
    store: createChannelStore(db, new Uint8Array(32).fill(7), log),
    clock: systemClock,
    log,
    sink,
    times: options.times ?? TEST_TIMES,
    strict: true,
    ...(options.supervised ? { orderlyRestart: (reason: string) => void restarts.push(reason) } : {}),
  });
  const lab: SupervisorLab = {
    channels,
    db,
    taken,
    statuses,
    marks,
    lines,
    restarts,
    refuse: undefined,
    status(accountId, channel = "fake") {
      const status = channels.account(channel, accountId);
      if (!status) throw new Error(`The account "${accountId}" is not there`);
      return status;
    },
    waitState: (accountId, state, deadlineMs = 20_000) =>
      eventually(`${accountId} to be ${state}`, () => {
        const status = lab.status(accountId);
        return status.state === state ? status : undefined;
      }, deadlineMs).catch((error) => {
        throw new Error(
          `${error.message}; it is ${JSON.stringify(lab.status(accountId))}\n${lines.slice(-20).join("\n")}`,
        );
      }),
    waitTaken: (accountId, count, deadlineMs = 20_000) =>
      eventually(`${count} events of ${accountId}`, () => {
        const own = taken.filter((item) => item.accountId === accountId);
        return own.length >= count ? own : undefined;
      }, deadlineMs),
    async send(accountId, text, key = text, deadlineMs = 15_000) {
      const message = { target: { chatId: "chat" }, text, idempotencyKey: key };
      const value = await channels.request("fake", accountId, { type: "send", message }, deadlineMs);
      if (value.kind !== "receipt") throw new Error(`Cannot use ${value.kind} as a receipt`);
      return value.receipt.messageIds;
    },
    async [Symbol.asyncDispose]() {
      await channels.stopAll(15_000);
      if (!options.db) db.close();
    },
  };
  await channels.begin();
  return lab;
}
