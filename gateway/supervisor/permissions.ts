/** What each worker may do, every key written out: an omitted key means "ask the operator", not "denied". */
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
  readonly run: false;
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
    run: set.run,
    write: set.write,
  };
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
