/** One account of a provider out of `channels.<id>`: keys merged, checked, secrets resolved, faults told apart. */
import { isAbsolute } from "node:path";
import type { TObject } from "@sinclair/typebox";
import { ChannelCommon, LIVE_CHANNEL_KEYS } from "../../schemas/config.ts";
import { Type } from "../../schemas/primitives.ts";
import { type Checker, checker } from "../../schemas/validate.ts";
import type { ChannelManifest } from "../../schemas/worker/manifest.ts";
import { namesInConfig } from "../observe/env_capture.ts";
import { secretFile } from "../secrets/resolve.ts";
import type { Secret } from "../secrets/secret.ts";
import { dotted } from "./read_file.ts";
import type { Reading } from "./reading.ts";
import { digestOf, digestOfSecret } from "./secret_digest.ts";
import type { AccountProblem, ChannelAccount } from "./types.ts";

export type Keys = Readonly<Record<string, unknown>>;

/** What an account is made of. `base` are the keys of the channel itself, `own` those of `accounts.<id>`. */
export interface AccountSource {
  readonly manifest: ChannelManifest;
  readonly accountId: string;
  readonly isDefault: boolean;
  /** The secrets of the channel itself are this account's: two accounts with one token would fight. */
  readonly ownsBaseSecrets: boolean;
  readonly base: Keys;
  readonly own: Keys;
  /** `channels.defaults`, and `delivery` of the whole file. */
  readonly defaults: Keys;
  /** Where the account stands in the file, such as `channels.telegram.accounts.work`. */
  readonly path: string;
}

/** Keys of the channel that are no setting of an account. */
const STRUCTURE = new Set(["accounts", "defaultAccount"]);
const MAIN_ONLY = new Set(["enabled", "name", "isolation"]);

export const fileKey = (key: string): string => `${key}File`;

/** The schema of everything that may stand in `channels.<id>` or an account of it. */
export function channelSchema(manifest: ChannelManifest): TObject {
  const files = Object.fromEntries(manifest.secrets.map((key) => [fileKey(key), Type.Optional(Type.String())]));
  const secrets = Object.fromEntries(manifest.secrets.map((key) => [key, Type.Optional(Type.String())]));
  return Type.Object({ ...ChannelCommon.properties, ...secrets, ...files, ...manifest.config.properties });
}

/** A memo: the same manifest always gives the same checker, and a compiled one is never given back by its compiler. */
const checkers = new WeakMap<ChannelManifest, Checker<unknown>>();

function checkerOf(manifest: ChannelManifest): Checker<unknown> {
  const known = checkers.get(manifest);
  if (known) return known;
  const made = checker(channelSchema(manifest));
  checkers.set(manifest, made);
  return made;
}

/** Never throws: what is wrong stands in the account's `problem` and among the issues. */
export function buildAccount(source: AccountSource, reading: Reading): ChannelAccount {
  const { manifest, accountId, isDefault, base, own } = source;
  const merged = mergedKeys(source);
  const checked = checkerOf(manifest)(merged);
  const { secrets, sources, faults, needs } = secretsOf(source, reading);
  const faulty = checked.ok ? faults : [dotted(checked.error), ...faults];
  const said = (fault: string) => `Cannot use the ${manifest.label} account "${accountId}": ${fault}`;
  if (!checked.ok) reading.notes.fault(source.path, said(dotted(checked.error)));
  for (const fault of faults) reading.notes.issue(source.path, said(fault));
  const config = settings(merged, manifest);
  const enabled = base["enabled"] !== false && own["enabled"] !== false;
  const isolation = merged["isolation"] === "process" ? "process" : "worker";
  const problem = faulty.length > 0
    ? broken(faulty, checked.ok ? "secret" : "invalid")
    : missingOf(manifest, config, secrets, reading, source);
  return {
    channel: manifest.id,
    accountId,
    isDefault,
    name: typeof merged["name"] === "string" ? merged["name"] : undefined,
    enabled,
    isolation,
    config,
    secrets,
    secretSources: sources,
    needs,
    problem,
    fingerprint: fingerprint({ enabled, isolation, config, secrets, problem }),
  };
}

/** The account's keys over the channel's, with the common settings brought to one place. */
function mergedKeys({ base, own, defaults, manifest }: AccountSource): Record<string, unknown> {
  const both = Object.entries({ ...base, ...own }).filter(([key, value]) => !STRUCTURE.has(key) && value !== null);
  const merged: Record<string, unknown> = Object.fromEntries(both);
  const dm = isRecord(merged["dm"]) ? merged["dm"] : {};
  const policy = dm["enabled"] === false ? "disabled" : merged["dmPolicy"] ?? dm["policy"];
  if (policy !== undefined) merged["dmPolicy"] = policy;
  const allowFrom = merged["allowFrom"] ?? dm["allowFrom"];
  if (allowFrom !== undefined) merged["allowFrom"] = allowFrom;
  if (merged["groupPolicy"] === undefined && defaults["groupPolicy"] !== undefined) {
    merged["groupPolicy"] = defaults["groupPolicy"];
  }
  if (isRecord(defaults["heartbeat"])) {
    merged["heartbeat"] = { ...defaults["heartbeat"], ...(isRecord(merged["heartbeat"]) ? merged["heartbeat"] : {}) };
  }
  // What a message may cost is said once for all channels, per channel, or per account.
  const [everywhere, ofChannel, ofAccount] = [defaults["delivery"], base["delivery"], own["delivery"]].map(asRecord);
  merged["delivery"] = { ...everywhere, ...ofChannel, ...ofAccount };
  // Checked as settings they would stand in error texts.
  for (const key of manifest.secrets) {
    if (typeof merged[key] === "string") delete merged[key];
  }
  return merged;
}

/** What worker and access rules see: no secrets, no keys that only main acts on, ids as text. */
function settings(merged: Keys, manifest: ChannelManifest): Record<string, unknown> {
  const hidden = new Set([...MAIN_ONLY, ...manifest.secrets, ...manifest.secrets.map(fileKey)]);
  const entries = Object.entries(merged).filter(([key]) => !hidden.has(key)).map(([key, value]) => [
    key,
    key === "allowFrom" || key === "groupAllowFrom" ? idsAsText(value) : value,
  ]);
  return Object.fromEntries(entries);
}

const idsAsText = (value: unknown): unknown => Array.isArray(value) ? value.map(String) : value;

interface Secrets {
  readonly secrets: Record<string, Secret>;
  readonly sources: Record<string, "config" | "file" | "env">;
  readonly faults: string[];
  readonly needs: { readonly read: string[]; readonly env: string[] };
}

function secretsOf(source: AccountSource, reading: Reading): Secrets {
  const out: Secrets = { secrets: {}, sources: {}, faults: [], needs: { read: [], env: [] } };
  for (const key of source.manifest.secrets) {
    const written = writtenSecret(source, key, reading);
    if (written === undefined) continue;
    const path = secretFile(written.value);
    if (path !== undefined && isAbsolute(path)) out.needs.read.push(path);
    else out.needs.env.push(...namesInConfig(written.value));
    const resolved = reading.resolve(written.value);
    if (!resolved.ok) {
      out.faults.push(`${key}: ${resolved.error}`);
      continue;
    }
    if (resolved.warning !== undefined) reading.notes.warn(source.path, resolved.warning);
    out.secrets[key] = resolved.secret;
    out.sources[key] = written.from;
  }
  return out;
}

/** The account's own, then the channel's, then the variable; a key before its file. */
function writtenSecret(
  { manifest, own, base, isDefault, ownsBaseSecrets }: AccountSource,
  key: string,
  reading: Reading,
) {
  for (const keys of ownsBaseSecrets ? [own, base] : [own]) {
    const value = keys[key];
    if (typeof value === "string" && value !== "") {
      return { value, from: secretFile(value) === undefined ? "config" as const : "file" as const };
    }
    const path = keys[fileKey(key)];
    if (typeof path === "string" && path !== "") return { value: `file:${path}`, from: "file" as const };
  }
  const variable = manifest.env[key];
  const set = isDefault && variable !== undefined && reading.env.get(variable) !== undefined;
  return set ? { value: `\${${variable}}`, from: "env" as const } : undefined;
}

/** Files that `<key>File` names, as written. */
export const secretFilesOfKeys = (manifest: ChannelManifest, keys: Keys): string[] =>
  manifest.secrets.flatMap((key) => {
    const path = keys[fileKey(key)];
    return typeof path === "string" && path !== "" ? [path] : [];
  });

const broken = (faults: readonly string[], kind: AccountProblem["kind"]): AccountProblem => ({
  kind,
  state: "disabled",
  sentence: `Its configuration has a fault: ${faults.join("; ")}`,
  userAction: "fix_config",
});

function missingOf(
  manifest: ChannelManifest,
  config: Keys,
  secrets: Readonly<Record<string, Secret>>,
  reading: Reading,
  { path }: AccountSource,
): AccountProblem | undefined {
  try {
    const missing = manifest.missing(config, new Set(Object.keys(secrets)));
    if (missing.length === 0) return undefined;
    const lacksSecret = manifest.secrets.some((key) => secrets[key] === undefined);
    return {
      kind: "missing",
      state: "unconfigured",
      sentence: missing.join("; "),
      userAction: lacksSecret ? "set_token" : "fix_config",
    };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    reading.notes.fault(path, reason);
    return broken([reason], "invalid");
  }
}

function fingerprint(
  { enabled, isolation, config, secrets, problem }: Pick<
    ChannelAccount,
    "enabled" | "isolation" | "config" | "secrets" | "problem"
  >,
): string {
  const lasting = Object.entries(config).filter(([key]) => !LIVE_CHANNEL_KEYS.includes(key));
  const digests = Object.entries(secrets).map(([key, secret]) => [key, digestOfSecret(secret)]);
  return digestOf(JSON.stringify([enabled, isolation, sorted(Object.fromEntries(lasting)), digests.sort(), problem]));
}

/** The same for every order of keys. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.keys(value).sort().map((key) => [key, sorted(value[key])]),
  );
}

const asRecord = (value: unknown): Record<string, unknown> => isRecord(value) ? value : {};

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
