/** Accounts of channels as `channels.status` and `health` show them. Never holds a secret. */
import type { ChannelAccount } from "../config/types.ts";
import type { AccountStatus, Channels, ChannelState } from "../supervisor/types.ts";
import type { ChannelHealth } from "./health.ts";

const RUNNING: readonly ChannelState[] = ["starting", "login_required", "connecting", "connected", "reconnecting"];
const UNLINKED: readonly ChannelState[] = ["unconfigured", "login_required", "logged_out", "bad_credentials"];
/** States in which the sentence is an error and not news. */
const FAULTY: readonly ChannelState[] = [
  "reconnecting",
  "bad_credentials",
  "conflict",
  "logged_out",
  "crashed",
  "wedged",
];
const ADDRESS_KEYS = ["apiRoot", "serverUrl", "httpUrl", "webSocketUrl"] as const;

/** The protocol's AccountSnapshot (methods facts, section 8), our own keys beside it. */
export function accountSnapshot(
  status: AccountStatus,
  account: ChannelAccount | undefined,
): Record<string, unknown> {
  const { channel: _channel, lastAliveAt, name, ...own } = status;
  const faulty = FAULTY.includes(status.state) || account?.problem !== undefined;
  return withoutUndefined({
    ...own,
    name,
    lastAliveAt,
    linked: !UNLINKED.includes(status.state),
    running: RUNNING.includes(status.state),
    connected: status.state === "connected",
    reconnectAttempts: status.attempt,
    lastConnectedAt: status.state === "connected" ? status.since : undefined,
    lastError: faulty ? status.sentence : undefined,
    ...settingsOf(account),
  });
}

/** Settings that people look for in a status; the rest is in `config.get`. */
function settingsOf(account: ChannelAccount | undefined): Record<string, unknown> {
  if (account === undefined) return {};
  const { config } = account;
  const address = ADDRESS_KEYS.map((key) => config[key]).find((value) => typeof value === "string");
  const sources = Object.entries(account.secretSources).map(([key, source]) => [`${key}Source`, source]);
  return {
    ...Object.fromEntries(sources),
    dmPolicy: textOf(config["dmPolicy"]) ?? "pairing",
    groupPolicy: textOf(config["groupPolicy"]) ?? "allowlist",
    allowFrom: Array.isArray(config["allowFrom"]) ? config["allowFrom"] : [],
    mode: textOf(config["mode"]),
    baseUrl: address,
    cliPath: textOf(config["cliPath"]),
  };
}

const textOf = (value: unknown): string | undefined => typeof value === "string" ? value : undefined;

const withoutUndefined = (value: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined));

/** The `channels` of the health summary: configured channels only (methods facts, section 3.1). */
export function channelHealth(
  channels: Pick<Channels, "manifests" | "accounts" | "defaultAccountId">,
): ChannelHealth {
  const shown = channels.manifests().filter(({ id }) => channels.accounts(id).length > 0);
  return {
    order: shown.map(({ id }) => id),
    labels: Object.fromEntries(shown.map(({ id, label }) => [id, label])),
    channels: Object.fromEntries(shown.map(({ id }) => [id, healthOf(channels, id)])),
  };
}

function healthOf(channels: Pick<Channels, "accounts" | "defaultAccountId">, id: string): Record<string, unknown> {
  const accounts = channels.accounts(id);
  const accountId = channels.defaultAccountId(id);
  const main = accounts.find((each) => each.accountId === accountId);
  const row = (status: AccountStatus) => {
    const { lastError, ...rest } = accountSnapshot(status, undefined);
    return {
      accountId: status.accountId,
      configured: status.configured,
      linked: rest["linked"],
      running: rest["running"],
      connected: rest["connected"],
      state: status.state,
      since: status.since,
      sentence: status.sentence,
      ...(status.userAction === undefined ? {} : { userAction: status.userAction }),
      ...(lastError === undefined ? {} : { lastError }),
    };
  };
  return {
    ...(main === undefined ? { configured: false } : row(main)),
    accounts: Object.fromEntries(accounts.map((status) => [status.accountId, row(status)])),
  };
}
