/** channels.status, channels.start, channels.stop, channels.logout. */
import {
  ChannelChangeResult,
  ChannelParams,
  ChannelsLogoutParams,
  ChannelsLogoutResult,
  ChannelsStatusParams,
  ChannelsStatusResult,
} from "../../../schemas/method/channels.ts";
import { invalid } from "../../../schemas/error.ts";
import type { ChannelManifest } from "../../../schemas/worker/manifest.ts";
import { accountSnapshot } from "../../presence/channel_snapshot.ts";
import type { AccountStatus } from "../../supervisor/types.ts";
import { defineMethod, type MethodDef } from "../define.ts";
import type { Services } from "../services.ts";

const PROBE_MS = { least: 1_000, usual: 10_000, most: 30_000 };
/** Starting and stopping may wait for a platform to close its session. */
const CHANGE_MS = 30_000;

const status = defineMethod({
  name: "channels.status",
  access: "operator.read",
  params: ChannelsStatusParams,
  result: ChannelsStatusResult,
  idempotency: "none",
  deadlineMs: PROBE_MS.most + 5_000,
  description: "The state of every account of every messaging channel; `probe` asks the platforms too",
  async handle({ params }, services) {
    const { channels, clock } = services;
    const manifests = channels.manifests();
    const limit = Math.min(Math.max(params.timeoutMs ?? PROBE_MS.usual, PROBE_MS.least), PROBE_MS.most);
    const probes = params.probe === true ? await probeAll(services, limit) : new Map<string, unknown>();
    const shown = (id: string) =>
      channels.accounts(id).map((each) => ({ ...snapshot(services, each), ...probeOf(probes, each) }));
    return {
      ts: clock.now(),
      channelOrder: manifests.map(({ id }) => id),
      channelLabels: Object.fromEntries(manifests.map(({ id, label }) => [id, label])),
      channelMeta: manifests.map(({ id, label }) => ({ id, label, detailLabel: label })),
      channels: Object.fromEntries(manifests.map((manifest) => [manifest.id, summary(services, manifest)])),
      channelAccounts: Object.fromEntries(manifests.map(({ id }) => [id, shown(id)])),
      channelDefaultAccountId: Object.fromEntries(
        manifests.map(({ id }) => [id, channels.defaultAccountId(id) ?? "default"]),
      ),
    };
  },
});

/** What a page needs to offer a channel, configured or not. */
function summary({ channels }: Services, manifest: ChannelManifest): Record<string, unknown> {
  const accounts = channels.accounts(manifest.id);
  return {
    configured: accounts.some(({ configured }) => configured),
    running: accounts.some(({ generation, state }) => generation > 0 && state !== "stopped"),
    connected: accounts.some(({ state }) => state === "connected"),
    personal: manifest.personal,
    login: manifest.login,
    setup: manifest.setup,
    polls: manifest.capabilities.polls !== undefined,
  };
}

/** One account with its counts of refused messages and of deliveries that wait. */
function snapshot(services: Services, status: AccountStatus): Record<string, unknown> {
  const { channel, accountId } = status;
  const { accounts } = services.live.current().channels;
  const account = accounts.find((each) => each.channel === channel && each.accountId === accountId);
  const refusals = services.trail.refusals(channel).filter((each) => each.accountId === accountId);
  return {
    ...accountSnapshot(status, account),
    refusals: refusals.map(({ reason, count, lastAt }) => ({ reason, count, lastAt })),
    waitingToSend: services.outbox.countOpen(channel, accountId),
  };
}

async function probeAll({ channels, clock }: Services, limitMs: number): Promise<Map<string, unknown>> {
  const running = channels.accounts().filter(({ state }) => state === "connected" || state === "reconnecting");
  const one = async ({ channel, accountId }: AccountStatus): Promise<[string, unknown]> => {
    const started = clock.now();
    const took = () => ({ elapsedMs: clock.now() - started });
    try {
      const reply = await channels.request(channel, accountId, { type: "probe" }, limitMs);
      return [nameOf({ channel, accountId }), { ok: true, ...took(), ...(reply.kind === "probe" ? reply.facts : {}) }];
    } catch (error) {
      return [nameOf({ channel, accountId }), { ok: false, ...took(), error: sentenceOf(error) }];
    }
  };
  return new Map(await Promise.all(running.map(one)));
}

const nameOf = ({ channel, accountId }: Pick<AccountStatus, "channel" | "accountId">): string =>
  `${channel}\0${accountId}`;
const probeOf = (probes: ReadonlyMap<string, unknown>, account: AccountStatus) => {
  const probe = probes.get(nameOf(account));
  return probe === undefined ? {} : { probe };
};
const sentenceOf = (error: unknown): string => error instanceof Error ? error.message : String(error);

const change = (verb: "start" | "stop", description: string): MethodDef =>
  defineMethod({
    name: `channels.${verb}`,
    access: "operator.admin",
    params: ChannelParams,
    result: ChannelChangeResult,
    idempotency: "none",
    deadlineMs: CHANGE_MS,
    description,
    async handle({ params }, services) {
      const manifest = knownChannel(services, params.channel, `channels.${verb}`);
      const accountId = accountOf(params.accountId);
      const status = await services.channels[verb](manifest.id, accountId);
      return { channel: manifest.id, accountId: status.accountId, account: snapshot(services, status) };
    },
  });

const logout = defineMethod({
  name: "channels.logout",
  access: "operator.admin",
  params: ChannelsLogoutParams,
  result: ChannelsLogoutResult,
  idempotency: "none",
  deadlineMs: CHANGE_MS,
  description: "Ends the account's session on its platform and forgets its keys; a new login is needed afterwards",
  async handle({ params }, services) {
    const manifest = knownChannel(services, params.channel, "channels.logout");
    if (manifest.login.length === 0) throw invalid(`channel ${manifest.id} does not support logout`);
    if ((await services.live.read()).unreadable) throw invalid("config invalid; fix it before logging out");
    const status = await services.channels.logout(manifest.id, accountOf(params.accountId));
    return { channel: manifest.id, accountId: status.accountId, cleared: true, loggedOut: true };
  },
});

function knownChannel({ channels }: Services, channel: string, method: string): ChannelManifest {
  const id = channel.trim().toLowerCase();
  const manifest = channels.manifests().find((each) => each.id === id);
  if (manifest === undefined) throw invalid(`invalid ${method} channel`);
  return manifest;
}

const accountOf = (accountId: string | undefined): string | undefined =>
  accountId === undefined || accountId.trim() === "" ? undefined : accountId.trim();

export const channelMethods: readonly MethodDef[] = [
  status,
  change("start", "Starts an account now, whatever the restart budget says"),
  change("stop", "Stops an account until it is started again; the others are not touched"),
  logout,
];
