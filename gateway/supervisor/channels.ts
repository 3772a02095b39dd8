/** Every account of every provider: starts, stops and changes each on its own, and finds the one that is meant. */
import { invalid } from "../../schemas/error.ts";
import type { ChannelAccount, ChannelEntry } from "../config/types.ts";
import type { Clock } from "../observe/clock.ts";
import type { Log } from "../observe/log.ts";
import { type Channel, createChannel } from "./channel.ts";
import type { ChannelStore } from "./key_store.ts";
import { failure } from "./session.ts";
import type { Channels, ChannelSink } from "./types.ts";
import { LINK_TIMES, type LinkTimes } from "./worker_link.ts";

export interface ChannelsOptions {
  /** Every provider, in display order; tests add the fake one. */
  readonly registry: readonly ChannelEntry[];
  readonly accounts: readonly ChannelAccount[];
  readonly store: ChannelStore;
  readonly clock: Clock;
  readonly log: Log;
  readonly sink: ChannelSink;
  /** Other worker entries by provider id; only tests pass them. */
  readonly overrideEntries?: Readonly<Record<string, URL>>;
  /** Drains and ends the process so that it is started again; absent where nothing would do that. */
  readonly orderlyRestart?: (reason: string) => void;
  readonly times?: LinkTimes;
  readonly random?: () => number;
  /** A fault of the state machine throws; for tests. */
  readonly strict?: boolean;
}

export interface ChannelSupervisor extends Channels {
  /** Starts every account of the configuration. Resolves when each has begun; none waits for its platform. */
  begin(): Promise<void>;
  /** The accounts of a changed configuration: starts, stops and restarts what changed and touches nothing else. */
  apply(accounts: readonly ChannelAccount[]): Promise<void>;
}

export function createChannels(options: ChannelsOptions): ChannelSupervisor {
  const { registry, clock, log } = options;
  const providers = new Map(registry.map((provider) => [provider.manifest.id, provider]));
  const channels = new Map<string, Channel>();
  /** Of accounts that were removed. A store that has seen a generation refuses older ones. */
  const generations = new Map<string, number>();
  let tail: Promise<unknown> = Promise.resolve();
  let stopped = false;

  const nameOf = (channel: string, accountId: string): string => `${channel}\0${accountId}`;

  function add(account: ChannelAccount): Channel | undefined {
    const provider = providers.get(account.channel);
    if (!provider) {
      log.error("channel.unknown", { channel: account.channel });
      return undefined;
    }
    const made = createChannel({
      manifest: provider.manifest,
      entry: options.overrideEntries?.[account.channel] ?? provider.entry,
      account,
      clock,
      log,
      sink: options.sink,
      store: options.store,
      times: options.times ?? LINK_TIMES,
      random: options.random ?? Math.random,
      strict: options.strict ?? false,
      lastGeneration: generations.get(nameOf(account.channel, account.accountId)) ?? 0,
      orderlyRestart: options.orderlyRestart,
    });
    channels.set(nameOf(account.channel, account.accountId), made);
    return made;
  }

  async function change(account: ChannelAccount): Promise<void> {
    const known = channels.get(nameOf(account.channel, account.accountId));
    if (!known) return void await add(account)?.start();
    const before = known.account();
    if (before !== account) await known.configure(account, needsRestart(before, account));
  }

  async function remove(channel: Channel): Promise<void> {
    const { channel: id, accountId } = channel.account();
    channels.delete(nameOf(id, accountId));
    generations.set(nameOf(id, accountId), channel.status().generation);
    await channel.close("it is no longer configured");
  }

  function apply(accounts: readonly ChannelAccount[]): Promise<void> {
    const run = tail.then(async () => {
      if (stopped) return;
      const wanted = new Set(accounts.map((account) => nameOf(account.channel, account.accountId)));
      const gone = [...channels].filter(([name]) => !wanted.has(name)).map(([, channel]) => channel);
      await Promise.all([...gone.map(remove), ...accounts.map(change)]);
    });
    tail = run.catch(() => {});
    return run;
  }

  const ofChannel = (id: string): Channel[] => [...channels.values()].filter((item) => item.account().channel === id);

  function defaultAccountId(id: string): string | undefined {
    const all = ofChannel(id);
    return (all.find((item) => item.account().isDefault) ?? all[0])?.account().accountId;
  }

  function find(id: string, accountId: string | undefined): Channel | undefined {
    const meant = accountId ?? defaultAccountId(id);
    return meant === undefined ? undefined : channels.get(nameOf(id, meant));
  }

  function get(id: string, accountId: string | undefined): Channel {
    const found = find(id, accountId);
    if (found) return found;
    if (!providers.has(id)) throw invalid(`Cannot find the channel "${id}": this gateway does not know it`);
    const what = accountId === undefined ? `"${id}"` : `"${id}:${accountId}"`;
    throw invalid(`Cannot find the account ${what}: it is not configured`);
  }

  return {
    begin: () => apply(options.accounts),
    apply,
    manifests: () => registry.map(({ manifest }) => manifest),
    accounts: (id) =>
      [...channels.values()].filter((item) => id === undefined || item.account().channel === id)
        .map((item) => item.status()),
    account: (id, accountId) => find(id, accountId)?.status(),
    defaultAccountId,
    accountConfig: (id, accountId) => find(id, accountId)?.account().config ?? {},
    start: async (id, accountId) => await get(id, accountId).start(),
    stop: async (id, accountId) => await get(id, accountId).stop("by a person"),
    logout: async (id, accountId) => await get(id, accountId).logout(),
    async request(id, accountId, request, deadlineMs) {
      const channel = find(id, accountId);
      if (channel) return await channel.request(request, deadlineMs);
      throw failure("invalid", `Cannot run ${request.type}: ${id}:${accountId} is not configured`, "not_sent");
    },
    async login(id, accountId, flow, input) {
      const channel = get(id, accountId);
      const flows = channel.manifest.login;
      const meant = flows.find((known) => flow === undefined || known.id === flow);
      if (meant) return await channel.login(meant.id, input);
      if (flows.length === 0) throw invalid(`Cannot log in to "${id}": it needs no login, only its configuration`);
      throw invalid(`Cannot log in by "${flow}": ${id} knows ${flows.map((known) => known.id).join(", ")}`);
    },
    activeLogin: (id, accountId) => find(id, accountId)?.activeLogin(),
    webhookOf(path) {
      for (const item of channels.values()) {
        const { channel, accountId, enabled, config } = item.account();
        if (enabled && item.manifest.webhookPath(config) === path) return { channel, accountId };
      }
      return undefined;
    },
    async stopAll(deadlineMs) {
      stopped = true;
      const late = Promise.withResolvers<void>();
      const cancel = clock.after(deadlineMs, () => late.resolve());
      const all = Promise.all([...channels.values()].map((item) => item.close("the gateway stops")));
      await Promise.race([all, late.promise]);
      cancel();
    },
  };
}

function needsRestart(before: ChannelAccount, after: ChannelAccount): boolean {
  return before.fingerprint !== after.fingerprint || before.enabled !== after.enabled ||
    before.isolation !== after.isolation || before.problem?.state !== after.problem?.state ||
    before.problem?.sentence !== after.problem?.sentence;
}
