/** What the process may do, derived from the configuration: printed as flags, checked at start, compared on a change. */
import { dirname, isAbsolute, join } from "node:path";
import { KNOWN_ENV, namesInConfig } from "../observe/env_capture.ts";
import { secretFile } from "../secrets/resolve.ts";
import { netHost } from "./endpoint.ts";
import { hostPort, type ListenAddress } from "./listen.ts";
import type { ChannelManifest } from "../../schemas/worker/manifest.ts";
import type { LoadedConfig } from "./load.ts";
import { OLLAMA_HOST } from "./ollama.ts";
import type { Paths } from "./paths.ts";
import type { ChannelAccount } from "./types.ts";

/** Lists by category; a category that is not here is never granted. */
export interface PermissionSet {
  readonly net: readonly string[];
  readonly read: readonly string[];
  readonly write: readonly string[];
  readonly env: readonly string[];
  readonly sys: readonly string[];
  readonly run: readonly string[];
}

export const CATEGORIES = ["net", "read", "write", "env", "sys", "run"] as const;
export type Category = (typeof CATEGORIES)[number];

export const NO_PERMISSIONS: PermissionSet = { net: [], read: [], write: [], env: [], sys: [], run: [] };

/** What the gateway's process needs for this configuration. */
export function gatewayPermissions(loaded: LoadedConfig, listen: readonly ListenAddress[]): PermissionSet {
  const { config, paths, canvasRoot } = loaded;
  const own = paths.hostLockDir === undefined ? [] : [paths.hostLockDir];
  const channels = channelRights(loaded);
  const kept = [paths.stateDir, paths.configDir, canvasRoot, ...own];
  return {
    net: unique([
      ...listen.map(({ hostname, port }) => hostPort(hostname, port)),
      ...(config.canvasHost.enabled ? listen.map(({ hostname }) => hostPort(hostname, config.canvasHost.port)) : []),
      ...config.models.providers.flatMap(({ baseUrl }) => baseUrl === undefined ? [] : netHost(baseUrl) ?? []),
      ...(loaded.asksOllama ? [OLLAMA_HOST] : []),
      ...channels.net,
    ]),
    read: outermost([
      ...kept,
      ...programFiles(paths),
      ...secretFilesOf(config.parsed),
      ...certificateFiles(config),
      ...channels.read,
    ]),
    write: outermost(kept),
    env: unique([...KNOWN_ENV, ...namesInConfig(config.raw ?? "")]),
    sys: unique([
      "hostname",
      "osRelease",
      // The host's own tailnet addresses count as local, whatever the gateway is bound to.
      "networkInterfaces",
      ...(own.length > 0 ? ["uid"] : []),
      ...channels.sys,
    ]),
    run: unique(channels.run),
  };
}

/** What the enabled accounts need together. Main must hold it, since no worker can get more than main has. */
function channelRights({ config, manifests }: LoadedConfig): Pick<PermissionSet, "net" | "read" | "sys" | "run"> {
  const sets = config.channels.accounts.filter(({ enabled }) => enabled).map((account) =>
    accountRights(account, manifests)
  );
  return {
    net: sets.flatMap(({ net }) => net),
    read: sets.flatMap(({ read }) => read),
    sys: sets.flatMap(({ sys }) => sys),
    run: sets.flatMap(({ run }) => run),
  };
}

/** What one account needs of main; nothing when its configuration is too wrong to tell. */
export function accountRights(account: ChannelAccount, manifests: readonly ChannelManifest[]): PermissionSet {
  const manifest = manifests.find(({ id }) => id === account.channel);
  if (manifest === undefined || account.problem?.kind === "invalid") return NO_PERMISSIONS;
  try {
    const { net, sys, run } = manifest.permissions(account.config);
    const host = account.isolation === "process" && !Deno.build.standalone ? [Deno.execPath()] : [];
    return {
      net: unique(net),
      read: account.needs.read,
      write: [],
      env: account.needs.env,
      sys: unique(sys),
      run: unique([...run, ...host]),
    };
  } catch {
    return NO_PERMISSIONS;
  }
}

/** The owner's certificate and key; one of our own is in the state directory. */
const certificateFiles = ({ gateway: { tls } }: LoadedConfig["config"]): string[] =>
  [tls?.certPath, tls?.keyPath].filter((path) => path !== undefined);

/** What main reads of the program itself: the web files, and the modules of a worker, which are loaded when it starts. */
const programFiles = ({ staticDir, projectDir }: Paths): string[] => [
  staticDir,
  join(projectDir, "workers"),
  join(projectDir, "schemas"),
];

/**
 * What the other commands need: the state directory (device identity), the configuration's folder (`channels add` writes
 * it when no gateway runs) and what it names. Net is whole, as `openclaw --url` may name any gateway.
 */
export function cliPermissions({ config, paths }: LoadedConfig): PermissionSet {
  return {
    net: [],
    read: outermost([paths.stateDir, paths.configDir, ...secretFilesOf(config.parsed)]),
    write: outermost([paths.stateDir, paths.configDir]),
    env: unique([...KNOWN_ENV, ...namesInConfig(config.raw ?? "")]),
    sys: ["hostname", "osRelease", "networkInterfaces", "uid"],
    run: [],
  };
}

/** Files that `file:` references anywhere in the configuration name. */
export function secretFilesOf(value: unknown, depth = 0): string[] {
  if (depth > 32) return [];
  if (typeof value === "string") {
    const path = secretFile(value);
    return path !== undefined && isAbsolute(path) ? [path] : [];
  }
  if (typeof value !== "object" || value === null) return [];
  return Object.values(value).flatMap((item) => secretFilesOf(item, depth + 1));
}

const unique = (items: readonly string[]): string[] => [...new Set(items)];

/** Paths without those that lie inside another one of the list. */
export function outermost(paths: readonly string[]): string[] {
  const all = unique(paths);
  return all.filter((path) => !all.some((other) => other !== path && isInside(path, other)));
}

function isInside(path: string, folder: string): boolean {
  for (let at = dirname(path); at !== dirname(at); at = dirname(at)) if (at === folder) return true;
  return dirname(folder) === folder && path !== folder;
}

/**
 * One flag a category, as `deno run` takes them. Throws a sentence for an entry with a comma or white space: the flags
 * are split at these when a task or a shell inserts them.
 */
export function permissionFlags(set: PermissionSet): string[] {
  const flags = CATEGORIES.filter((category) => set[category].length > 0).map((category) => {
    const bad = set[category].find((entry) => /[\s,]/u.test(entry));
    if (bad !== undefined) {
      throw new Error(
        `Cannot write "${bad}" into --allow-${category}: a space or comma splits the flag; use a path without them`,
      );
    }
    return `--allow-${category}=${set[category].join(",")}`;
  });
  // Without it, code could import from a few public hosts that Deno allows by itself.
  return [...flags, "--deny-import"];
}

/** What of `needed` the process holds and what not, and which categories it holds as a whole, which is too much. */
export interface HeldPermissions {
  readonly granted: PermissionSet;
  readonly missing: PermissionSet;
  readonly wide: readonly string[];
}

/** Asks for each entry: Deno has no list of what was granted. `env` is left out, since it was given back at start. */
export function heldPermissions(needed: PermissionSet): HeldPermissions {
  const split = (want: boolean): PermissionSet => {
    const pick = (category: Category) => needed[category].filter((entry) => isGranted(category, entry) === want);
    return { net: pick("net"), read: pick("read"), write: pick("write"), env: [], sys: pick("sys"), run: pick("run") };
  };
  const wide = (["net", "read", "write", "env", "sys", "run", "ffi", "import"] as const).filter((name) =>
    Deno.permissions.querySync({ name }).state === "granted"
  );
  return { granted: split(true), missing: split(false), wide };
}

/** The entries of `needed` that the process does not hold. A change of configuration that has any waits for a restart. */
export const missingPermissions = (needed: PermissionSet): PermissionSet => heldPermissions(needed).missing;

/** `net 127.0.0.1:1, 127.0.0.1:2; read /a`; empty when there is nothing. */
export const describePermissions = (set: PermissionSet): string =>
  CATEGORIES.filter((name) => set[name].length > 0).map((name) => `${name} ${set[name].join(", ")}`).join("; ");

function isGranted(category: Category, entry: string): boolean {
  return Deno.permissions.querySync(descriptor(category, entry)).state === "granted";
}

function descriptor(category: Category, entry: string): Deno.PermissionDescriptor {
  switch (category) {
    case "net":
      return { name: "net", host: entry };
    case "read":
      return { name: "read", path: entry };
    case "write":
      return { name: "write", path: entry };
    case "env":
      return { name: "env", variable: entry };
    case "sys":
      return { name: "sys", kind: sysKind(entry) };
    case "run":
      return { name: "run", command: entry };
  }
}

const SYS_KINDS = ["hostname", "osRelease", "uid", "networkInterfaces"] as const;

function sysKind(entry: string): (typeof SYS_KINDS)[number] {
  const kind = SYS_KINDS.find((name) => name === entry);
  if (kind === undefined) throw new Error(`Cannot ask for the sys permission "${entry}": it is not used here`);
  return kind;
}
