/** The names and addresses by which this gateway may be called, and the check of the Host header against them. */
import { isLoopback, isTailnetAddress, normalAddress } from "./addresses.ts";

/** Every value in normal form: names lower-case, addresses as `normalAddress` writes them. */
export interface KnownHosts {
  /** The host's own names. */
  readonly names: ReadonlySet<string>;
  /** Addresses that the gateway listens on; the wildcard stands for every address of the host. */
  readonly bound: ReadonlySet<string>;
  /** The host's own tailnet addresses, bound or not. */
  readonly tailnet: ReadonlySet<string>;
  /** `gateway.publicUrl`. */
  readonly publicUrl: URL | undefined;
}

export interface HostFacts {
  /** `Deno.hostname()`; undefined when the process may not ask. */
  readonly hostname: string | undefined;
  /** Every address of the host's network interfaces. */
  readonly interfaces: readonly string[];
  /** What the gateway listens on, such as `127.0.0.1` or `0.0.0.0`. */
  readonly bound: readonly string[];
  readonly publicUrl: URL | undefined;
}

const WILDCARDS = new Set(["0.0.0.0", "::"]);

export function knownHosts(facts: HostFacts): KnownHosts {
  const own = normalAddresses(facts.interfaces);
  const bound = normalAddresses(facts.bound);
  const name = facts.hostname?.toLowerCase().replace(/\.$/u, "");
  const short = name?.split(".")[0];
  return {
    names: new Set(name && short ? [name, short, `${short}.local`] : []),
    bound: new Set(bound.some((address) => WILDCARDS.has(address)) ? [...bound, ...own] : bound),
    tailnet: new Set(own.filter(isTailnetAddress)),
    publicUrl: facts.publicUrl,
  };
}

const normalAddresses = (addresses: readonly string[]): string[] =>
  addresses.map(normalAddress).filter((address) => address !== undefined);

/** What a known Host header names. */
export type HostKind = "loopback" | "own" | "tailnet" | "bound" | "public";

export type HostCheck =
  | { readonly ok: true; readonly kind: HostKind; readonly name: string }
  | { readonly ok: false; readonly reason: "host-missing" | "host-malformed" | "host-unknown" };

/**
 * Checks a Host header; ports do not matter, because tunnels choose their own. A foreign name means DNS rebinding (a web
 * page whose name was pointed at this host) or a proxy nobody told us about; with either, the Origin proves nothing.
 * `*.ts.net` counts as ours: Tailscale alone answers for these names, so that no stranger can point one at this host.
 */
export function checkHost(header: string | undefined, known: KnownHosts): HostCheck {
  if (header === undefined || header === "") return { ok: false, reason: "host-missing" };
  const name = hostName(header);
  if (name === undefined) return { ok: false, reason: "host-malformed" };
  const kind = kindOf(name, known);
  return kind === undefined ? { ok: false, reason: "host-unknown" } : { ok: true, kind, name };
}

function kindOf(name: string, known: KnownHosts): HostKind | undefined {
  if (name === "localhost" || isLoopback(name)) return "loopback";
  if (known.tailnet.has(name) || name.endsWith(".ts.net")) return "tailnet";
  if (known.names.has(name)) return "own";
  // A page opened at the wildcard address reaches us from any network: it names no host.
  if (known.bound.has(name) && !WILDCARDS.has(name)) return "bound";
  return known.publicUrl !== undefined && hostName(known.publicUrl.host) === name ? "public" : undefined;
}

/** Name or address of a Host header in normal form, without its port. Undefined when the header is malformed. */
export function hostName(header: string): string | undefined {
  const match = /^(?<host>\[[0-9a-f:.%]+\]|[a-z0-9._-]+)(?::\d{1,5})?$/iu.exec(header);
  const host = match?.groups?.["host"]?.toLowerCase();
  if (host === undefined) return undefined;
  return normalAddress(host) ?? (host.startsWith("[") ? undefined : host.replace(/\.$/u, "") || undefined);
}
