/** `channels` of the file to accounts. One that is wrong is disabled with its issue; it never takes another one down. */
import { ChannelDefaults } from "../../schemas/config.ts";
import { checker } from "../../schemas/validate.ts";
import type { ChannelManifest } from "../../schemas/worker/manifest.ts";
import { buildAccount, channelSchema, isRecord, type Keys, secretFilesOfKeys } from "./channel_accounts.ts";
import type { Reading } from "./reading.ts";
import { digestOfSecret } from "./secret_digest.ts";
import type { ChannelAccount, ChannelsConfig } from "./types.ts";
import { unknownKeys, unknownKeyText } from "./unknown_keys.ts";

/** The account that a channel without `accounts` has. */
export const DEFAULT_ACCOUNT = "default";
const ACCOUNT_ID = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/u;
/** Accounts of one channel at most: each is a worker. */
const MAX_ACCOUNTS = 64;

export const NO_CHANNELS: ChannelsConfig = { accounts: [], defaultAccounts: {}, defaults: {} };

/** `part` and `delivery`: the parts as parsed. Everything wrong is said in the notes; never throws. */
export function channelsPart(
  part: unknown,
  delivery: Keys | undefined,
  manifests: readonly ChannelManifest[],
  reading: Reading,
): ChannelsConfig {
  if (!isRecord(part)) return NO_CHANNELS;
  const defaults = channelDefaults(part["defaults"], reading);
  const accounts: ChannelAccount[] = [];
  const defaultAccounts: Record<string, string> = {};
  for (const [id, value] of Object.entries(part)) {
    if (id === "defaults") continue;
    const manifest = manifests.find((each) => each.id === id);
    if (manifest === undefined) {
      const known = manifests.map((each) => each.id);
      if (known.length > 0) reading.notes.warn(`channels.${id}`, unknownKeyText(id, [...known, "defaults"]));
    } else if (!isRecord(value)) {
      reading.notes.fault(`channels.${id}`, `Cannot use "channels.${id}": it must be an object`);
    } else {
      const built = accountsOf(manifest, value, { ...defaults, delivery }, reading);
      accounts.push(...withoutTwins(built.accounts, reading));
      defaultAccounts[id] = built.defaultId;
    }
  }
  return { accounts, defaultAccounts, defaults };
}

function channelDefaults(value: unknown, { notes }: Reading): Keys {
  if (value === undefined) return {};
  const checked = checker(ChannelDefaults)(value);
  if (checked.ok) return checked.value;
  notes.fault("channels.defaults", `Cannot use "channels.defaults": ${checked.error}`);
  return {};
}

function accountsOf(manifest: ChannelManifest, base: Keys, defaults: Keys, reading: Reading) {
  const path = `channels.${manifest.id}`;
  const listed = isRecord(base["accounts"]) ? base["accounts"] : {};
  warnOfKeys(manifest, base, listed, path, reading);
  const ids = accountIds(manifest, base, listed, path, reading);
  const named = base["defaultAccount"];
  const fallback = ids.includes(DEFAULT_ACCOUNT) ? DEFAULT_ACCOUNT : ids[0] ?? DEFAULT_ACCOUNT;
  const defaultId = typeof named === "string" && ids.includes(named) ? named : fallback;
  if (named !== undefined && named !== defaultId) {
    reading.notes.warn(`${path}.defaultAccount`, `${path}.defaultAccount names no account; "${defaultId}" is used`);
  }
  const baseOwner = ids.includes(DEFAULT_ACCOUNT) ? DEFAULT_ACCOUNT : defaultId;
  const accounts = ids.map((accountId) => {
    const entry = Object.hasOwn(listed, accountId) ? listed[accountId] : {};
    return buildAccount({
      manifest,
      accountId,
      isDefault: accountId === defaultId,
      ownsBaseSecrets: accountId === baseOwner,
      base,
      own: isRecord(entry) ? entry : {},
      defaults,
      path: Object.hasOwn(listed, accountId) ? `${path}.accounts.${accountId}` : path,
    }, reading);
  });
  return { accounts, defaultId };
}

/** The listed accounts; beside them, or alone, the channel itself when it holds a secret of its own. */
function accountIds(manifest: ChannelManifest, base: Keys, listed: Keys, path: string, { notes }: Reading): string[] {
  const ids: string[] = [];
  for (const [id, value] of Object.entries(listed)) {
    if (!ACCOUNT_ID.test(id)) {
      notes.fault(
        `${path}.accounts`,
        `Cannot use the account "${id}": its name has other characters than letters, digits, "_", "." and "-"`,
      );
    } else if (!isRecord(value)) {
      notes.fault(`${path}.accounts.${id}`, `Cannot use the account "${id}": it must be an object`);
    } else if (ids.length >= MAX_ACCOUNTS) {
      notes.fault(`${path}.accounts.${id}`, `Cannot use the account "${id}": there are more than ${MAX_ACCOUNTS}`);
    } else ids.push(id);
  }
  const ownSecret = manifest.secrets.some((key) => typeof base[key] === "string") ||
    secretFilesOfKeys(manifest, base).length > 0;
  return Object.keys(listed).length === 0 || (ownSecret && !ids.includes(DEFAULT_ACCOUNT))
    ? [DEFAULT_ACCOUNT, ...ids]
    : ids;
}

function warnOfKeys(manifest: ChannelManifest, base: Keys, listed: Keys, path: string, { notes }: Reading): void {
  const schema = channelSchema(manifest);
  const { accounts: _accounts, defaultAccount: _default, ...own } = base;
  const entries = Object.entries(listed).filter(([id]) => ACCOUNT_ID.test(id));
  for (
    const [value, at] of [[own, path], ...entries.map(([id, value]) => [value, `${path}.accounts.${id}`])] as const
  ) {
    for (const warning of unknownKeys(schema, value, String(at))) notes.warn(warning.path, warning.message);
    const dm = isRecord(value) ? value : {};
    const allow = Array.isArray(dm["allowFrom"])
      ? dm["allowFrom"]
      : Array.isArray(base["allowFrom"])
      ? base["allowFrom"]
      : [];
    if (dm["dmPolicy"] === "open" && !allow.includes("*")) {
      notes.warn(
        `${String(at)}.dmPolicy`,
        `dmPolicy "open" lets nobody in but those in allowFrom, unless allowFrom holds "*"`,
      );
    }
  }
}

/** Two enabled accounts with the same secrets would be one session twice: the platform throws one of them out. */
function withoutTwins(accounts: readonly ChannelAccount[], { notes }: Reading): ChannelAccount[] {
  const seen = new Map<string, string>();
  return accounts.map((account) => {
    const digests = Object.entries(account.secrets).map(([key, secret]) => `${key}:${digestOfSecret(secret)}`);
    if (!account.enabled || digests.length === 0) return account;
    const address = ["serverUrl", "apiRoot", "httpUrl"].map((key) => String(account.config[key] ?? ""));
    const mark = [...digests.sort(), ...address].join("|");
    const twin = seen.get(mark);
    if (twin === undefined) {
      seen.set(mark, account.accountId);
      return account;
    }
    const sentence = `It has the same credentials as the account "${twin}", and a platform serves one of them only`;
    notes.fault(
      `channels.${account.channel}.accounts.${account.accountId}`,
      `Cannot use the account "${account.accountId}": ${sentence}`,
    );
    return { ...account, problem: { kind: "invalid", state: "disabled", sentence, userAction: "fix_config" } };
  });
}
