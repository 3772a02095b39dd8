/** Where a client is: on this host or elsewhere, and under which address it is known. */
import { isLoopback, limitedNetwork, normalAddress } from "./addresses.ts";
import { checkHost, type KnownHosts } from "./known_hosts.ts";
import type { Scheme } from "./origin.ts";

/** The facts of an upgraded request that say where it came from. */
export interface PeerFacts {
  /** The TCP peer. */
  readonly address: string;
  readonly host: string | undefined;
  /** Whether the request came over our own TLS. */
  readonly secure: boolean;
  readonly headers: { get(name: string): string | undefined };
}

export interface Locality {
  /** On this host: such a client is approved without asking. */
  readonly local: boolean;
  /** The client's own address in normal form, as far as it can be known. */
  readonly address: string;
  /** What the rate limit counts. */
  readonly limitKey: string;
  /** Delayed but never locked out: the owner at the machine itself. */
  readonly exempt: boolean;
  readonly scheme: Scheme;
}

/** Headers that only a proxy or tunnel adds. One is enough: the client is somewhere behind it. */
const PROXY_HEADERS = [
  "forwarded",
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-proto",
  "x-real-ip",
  "via",
  "cf-connecting-ip",
  "true-client-ip",
  "tailscale-user-login",
] as const;

/**
 * Locates a client (handshake facts, 8.1). Local means: peer on loopback or on one of the host's own tailnet addresses,
 * no proxy header at all, and a Host that names this machine. A trusted proxy tells us the client's address but never
 * makes it local: otherwise everybody on the Internet who adds `X-Forwarded-For: 127.0.0.1` would be approved silently.
 */
export function locate(peer: PeerFacts, known: KnownHosts, trustedProxies: readonly string[]): Locality {
  const socket = normalAddress(peer.address) ?? peer.address;
  const proxied = PROXY_HEADERS.some((name) => peer.headers.get(name) !== undefined);
  const trusted = isTrusted(socket, trustedProxies);
  const onHost = isLoopback(socket) || known.tailnet.has(socket);
  const host = checkHost(peer.host, known);
  const named = host.ok && host.kind !== "public";
  const address = (proxied && trusted ? forwardedAddress(peer.headers, trustedProxies) : undefined) ?? socket;
  // Behind a proxy that we do not trust every client looks the same; they share one counter of their own, so that a
  // guesser on the far side of a tunnel is locked out without locking out the owner on loopback.
  const hidden = proxied && (!trusted || address === socket);
  return {
    local: onHost && !proxied && named,
    address,
    limitKey: hidden ? `behind ${socket}` : limitedNetwork(address),
    exempt: isLoopback(socket) && !proxied,
    scheme: peer.secure || (trusted && forwardedScheme(peer.headers) === "https") ? "https" : "http",
  };
}

const isTrusted = (address: string, trustedProxies: readonly string[]): boolean =>
  trustedProxies.some((entry) => (normalAddress(entry) ?? entry) === address);

/**
 * The client's address as a trusted proxy reports it: the last entry of X-Forwarded-For that is no trusted proxy itself.
 * Entries before it were written by the client and can be anything.
 */
function forwardedAddress(headers: PeerFacts["headers"], trustedProxies: readonly string[]): string | undefined {
  const hops = (headers.get("x-forwarded-for") ?? "").split(",").map((hop) => hop.trim()).filter((hop) => hop !== "");
  for (const hop of hops.reverse()) {
    const address = normalAddress(hop) ?? normalAddress(hop.replace(/:\d+$/u, ""));
    if (address === undefined) return undefined;
    if (!isTrusted(address, trustedProxies)) return address;
  }
  const real = headers.get("x-real-ip");
  return real === undefined ? undefined : normalAddress(real);
}

const forwardedScheme = (headers: PeerFacts["headers"]): string | undefined =>
  headers.get("x-forwarded-proto")?.split(",").at(-1)?.trim().toLowerCase();
