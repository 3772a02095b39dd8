/** What a new reading of the file would change: which accounts, which parts at once, what waits for a restart. */
import { isDeepStrictEqual } from "node:util";
import { CONFIG_PARTS, LIVE_PARTS } from "../../schemas/config.ts";
import type { LoadedConfig } from "./load.ts";
import type { PermissionSet } from "./permissions.ts";
import { asFlags, type HeldRights, isEmpty, lacks, waitingForRights } from "./rights.ts";
import type { ChannelAccount, Config } from "./types.ts";

/**
 * `start`, `restart`, `stop`: its worker. `update`: settings that main reads live. `wait`: it needs a right that the
 * process does not hold, so its old state goes on.
 */
export type AccountAction = "start" | "restart" | "stop" | "update" | "wait";

export interface AccountChange {
  readonly channel: string;
  readonly accountId: string;
  readonly action: AccountAction;
  /** For `wait`: the flags that are missing. */
  readonly missing?: string;
}

export interface ConfigPlan {
  /** Dotted paths whose value changes; values are not repeated, since they may be secret. */
  readonly changed: readonly string[];
  readonly accounts: readonly AccountChange[];
  /** Parts that take effect at once. */
  readonly live: readonly string[];
  /** One sentence a reason; empty when everything is applied at once. */
  readonly restart: readonly string[];
  readonly missing: PermissionSet;
  /** The configuration that runs once the plan is carried out. */
  readonly next: Config;
}

/** At most so many changed paths are listed. */
const MAX_PATHS = 200;

/** `running`: what runs. `started`: the parts that cannot change as they were at start. `missing`: for the whole file. */
export function planChange(
  running: Config,
  started: Config,
  file: LoadedConfig,
  missing: PermissionSet,
  held: HeldRights,
): ConfigPlan {
  const { accounts, changes } = planAccounts(running, file, held);
  const parts = Object.keys(CONFIG_PARTS);
  const changed = diff(running.parsed, file.config.parsed);
  const fixed = parts.filter((part) => !LIVE_PARTS.includes(part) && !samePart(started, file.config, part));
  if (!isDeepStrictEqual(queueOf(started), queueOf(file.config))) fixed.push("messages.queue");
  const live = LIVE_PARTS.filter((part) => !samePart(running, file.config, part));
  return {
    changed,
    accounts: changes,
    live: isDeepStrictEqual(nodesOf(running), nodesOf(file.config)) ? live : [...live, "gateway.nodes"],
    restart: restartSentences(file.config.path, fixed, changes, missing),
    missing: fixed.length === 0 && !changes.some(({ action }) => action === "wait") ? emptyOf(missing) : missing,
    next: liveConfig(running, file, accounts),
  };
}

/**
 * Everything that follows the file out of it, the accounts as given, and the rest as it runs. A part that does not match
 * its schema stays as it runs too: bindings that fall back to none would send messages to the wrong agent.
 */
export function liveConfig(running: Config, file: LoadedConfig, accounts: readonly ChannelAccount[]): Config {
  const { exists, raw, parsed, issues, warnings, bindings, messages, delivery, commands, approvals, channels } =
    file.config;
  const { nodes } = file.config.gateway;
  const broken = (part: string): boolean => file.invalid.some(({ path }) => path === part);
  return {
    ...running,
    exists,
    raw,
    parsed,
    issues,
    warnings,
    // Which commands of nodes are off is asked at each call: switching one off must not wait for a restart.
    ...(broken("gateway") ? {} : { gateway: { ...running.gateway, nodes } }),
    ...(broken("bindings") ? {} : { bindings }),
    ...(broken("messages") ? {} : { messages }),
    ...(broken("delivery") ? {} : { delivery }),
    ...(broken("commands") ? {} : { commands }),
    ...(broken("approvals") ? {} : { approvals }),
    channels: { ...channels, accounts },
  };
}

/** The accounts that the process may run; one that lacks rights waits. For the start, where nothing runs before. */
export const startAccounts = (file: LoadedConfig, held: HeldRights): readonly ChannelAccount[] =>
  file.config.channels.accounts.map((account) => {
    const missing = lacks(account, file.manifests, held);
    return isEmpty(missing) ? account : waitingForRights(account, missing);
  });

function planAccounts(running: Config, file: LoadedConfig, held: HeldRights) {
  const accounts: ChannelAccount[] = [];
  const changes: AccountChange[] = [];
  for (const wanted of file.config.channels.accounts) {
    const old = running.channels.accounts.find((each) => sameAccount(each, wanted));
    const { account, change } = planAccount(old, wanted, file, held);
    accounts.push(account);
    if (change !== undefined) changes.push({ channel: wanted.channel, accountId: wanted.accountId, ...change });
  }
  for (const { channel, accountId } of running.channels.accounts) {
    if (!accounts.some((each) => sameAccount(each, { channel, accountId }))) {
      changes.push({ channel, accountId, action: "stop" });
    }
  }
  return { accounts, changes };
}

function planAccount(
  old: ChannelAccount | undefined,
  wanted: ChannelAccount,
  file: LoadedConfig,
  held: HeldRights,
): { readonly account: ChannelAccount; readonly change?: Pick<AccountChange, "action" | "missing"> } {
  const missing = lacks(wanted, file.manifests, held);
  const same = old?.fingerprint === wanted.fingerprint;
  if (!isEmpty(missing)) {
    // The old account goes on with all that it had: half of a change could be worse than none.
    const account = old !== undefined && !same ? old : waitingForRights(wanted, missing);
    return same ? { account } : { account, change: { action: "wait", missing: asFlags(missing) } };
  }
  if (old === undefined) return { account: wanted, ...(runs(wanted) ? { change: { action: "start" } } : {}) };
  if (!same) {
    const action = runs(wanted) ? runs(old) ? "restart" : "start" : runs(old) ? "stop" : "update";
    return { account: wanted, change: { action } };
  }
  return isDeepStrictEqual(old.config, wanted.config) && old.name === wanted.name
    ? { account: wanted }
    : { account: wanted, change: { action: "update" } };
}

const runs = ({ enabled, problem }: ChannelAccount): boolean => enabled && problem === undefined;
type Place = Pick<ChannelAccount, "channel" | "accountId">;
const sameAccount = (a: Place, b: Place): boolean => a.channel === b.channel && a.accountId === b.accountId;

function restartSentences(
  path: string,
  fixed: readonly string[],
  changes: readonly AccountChange[],
  missing: PermissionSet,
): string[] {
  const waiting = changes.filter(({ action }) => action === "wait");
  const rights = waiting.map(({ channel, accountId, missing }) =>
    `restart required: the change of channels.${channel} (account "${accountId}") needs ${missing}, which this process ` +
    "was started without; until then its old state goes on"
  );
  if (fixed.length === 0) return rights;
  return [
    `restart required: ${fixed.join(", ")} changed in ${path}`,
    ...(isEmpty(missing) || waiting.length > 0
      ? []
      : [`restart required: the change needs ${asFlags(missing)}, which this process was started without`]),
    ...rights,
  ];
}

const emptyOf = (set: PermissionSet): PermissionSet => ({
  ...set,
  net: [],
  read: [],
  write: [],
  env: [],
  sys: [],
  run: [],
});

const samePart = (a: Config, b: Config, part: string): boolean =>
  isDeepStrictEqual(fixedOf(a.parsed, part), fixedOf(b.parsed, part));
const nodesOf = ({ parsed }: Config): unknown => member(member(parsed, "gateway"), "nodes");

/** The part without what is read live. */
function fixedOf(parsed: unknown, part: string): unknown {
  const value = member(parsed, part);
  if (part !== "gateway" || !isPlain(value)) return value;
  const { nodes: _nodes, ...rest } = value;
  return Object.keys(rest).length === 0 ? undefined : rest;
}
const queueOf = ({ parsed }: Config): unknown => member(member(parsed, "messages"), "queue");

/** Paths of leaves that differ, such as `channels.telegram.allowFrom`; lists count as one value. */
function diff(a: unknown, b: unknown, path = "", found: string[] = []): string[] {
  if (found.length >= MAX_PATHS || isDeepStrictEqual(a, b)) return found;
  if (!isPlain(a) || !isPlain(b)) {
    found.push(path);
    return found;
  }
  for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) {
    diff(member(a, key), member(b, key), path === "" ? key : `${path}.${key}`, found);
  }
  return found;
}

const isPlain = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const member = (value: unknown, key: string): unknown =>
  isPlain(value) && Object.hasOwn(value, key) ? value[key] : undefined;
