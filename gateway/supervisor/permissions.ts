/** What each worker may do, every key written out: an omitted key means "ask the operator", not "denied". */
import type { ChannelPermissions } from "../../schemas/worker/manifest.ts";
import { netHost } from "../config/endpoint.ts";
import type { ProviderInfo } from "../config/types.ts";

/** A complete set. A worker can never get more than main holds. */
export interface WorkerPermissions {
  readonly net: readonly string[];
  readonly sys: readonly string[];
  readonly env: false;
  readonly ffi: false;
  readonly import: false;
  readonly read: false;
  /** The programs that it may run, by path; for a provider whose platform is a program. */
  readonly run: false | readonly string[];
  readonly write: false;
}

/** The set as `new Worker` takes it. An empty list is passed as false, so that it can never be read as "all". */
export function permissionOptions(set: WorkerPermissions): Deno.PermissionOptionsObject {
  return {
    net: set.net.length === 0 ? false : [...set.net],
    sys: set.sys.length === 0 ? false : set.sys.filter(isSysName),
    env: set.env,
    ffi: set.ffi,
    import: set.import,
    read: set.read,
    run: set.run === false || set.run.length === 0 ? false : [...set.run],
    write: set.write,
  };
}

/** The complete set of a channel worker. Throws on an entry that could widen the set or break a flag. */
export function channelPermissions(asked: ChannelPermissions): WorkerPermissions {
  for (const entry of [...asked.net, ...asked.sys, ...asked.run]) {
    if (entry === "" || /[\s,]/u.test(entry)) {
      throw new Error(`Cannot grant "${entry}": an entry must not be empty or hold a space or comma`);
    }
  }
  if (asked.run.length > 1) throw new Error("Cannot grant more than one program to a worker");
  const unknown = asked.sys.find((name) => !isSysName(name));
  if (unknown !== undefined) {
    throw new Error(`Cannot grant sys "${unknown}": workers may ask for ${SYS_NAMES.join(", ")}`);
  }
  return {
    net: [...new Set(asked.net)],
    sys: [...new Set(asked.sys)],
    env: false,
    ffi: false,
    import: false,
    read: false,
    run: asked.run.length === 0 ? false : [...new Set(asked.run)],
    write: false,
  };
}

/** The set as flags of `deno run`, every category written out; also what people are shown. */
export function workerFlags(set: WorkerPermissions): string[] {
  const flag = (name: string, list: false | readonly string[]): string =>
    list === false || list.length === 0 ? `--deny-${name}` : `--allow-${name}=${list.join(",")}`;
  return [
    flag("net", set.net),
    flag("sys", set.sys),
    flag("run", set.run),
    ...(["read", "write", "env", "ffi", "import"] as const).map((name) => flag(name, set[name])),
  ];
}

type SysName = Exclude<NonNullable<Deno.SysPermissionDescriptor["kind"]>, undefined>;
const SYS_NAMES: readonly string[] = ["hostname", "osRelease"] satisfies readonly SysName[];
const isSysName = (name: string): name is SysName => SYS_NAMES.includes(name);

/** `host:port` of every configured model endpoint, each once. Bad URLs are left out: their provider is disabled. */
export function modelHosts(providers: readonly Pick<ProviderInfo, "baseUrl">[]): string[] {
  const hosts = new Set<string>();
  for (const { baseUrl } of providers) {
    const host = baseUrl === undefined ? undefined : netHost(baseUrl);
    if (host !== undefined) hosts.add(host);
  }
  return [...hosts];
}

/**
 * The agent worker: the model endpoints and, for the SDK, the host's name. What main itself does not hold is left out:
 * asking for it would stop every run ("Can't escalate"), while without it only the runs on that endpoint fail, with a
 * sentence that says to restart.
 */
export function agentPermissions(
  providers: readonly Pick<ProviderInfo, "baseUrl">[],
  holds: (permission: Deno.PermissionDescriptor) => boolean = held,
): WorkerPermissions {
  return {
    net: modelHosts(providers).filter((host) => holds({ name: "net", host })),
    sys: [],
    env: false,
    ffi: false,
    import: false,
    read: false,
    run: false,
    write: false,
  };
}

const held = (permission: Deno.PermissionDescriptor): boolean =>
  Deno.permissions.querySync(permission).state === "granted";
