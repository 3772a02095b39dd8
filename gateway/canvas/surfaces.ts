/** Addresses of the canvas host that work for a while: a capability in the path, one a client, kept as digests. */
import { createHmac } from "node:crypto";
import { hostName } from "../auth/known_hosts.ts";
import { digestHex } from "../auth/digest.ts";
import { type Clock, randomToken } from "../observe/clock.ts";
import type { CanvasSurfaces } from "./types.ts";

export interface SurfacesDeps {
  readonly clock: Clock;
  readonly publicUrl: URL | undefined;
  /** Whether our own ports speak HTTPS. */
  readonly tls?: boolean;
  /** Ports that are open now; `canvas` undefined when the canvas port could not be opened or is off. */
  readonly ports: () => { readonly gateway: number; readonly canvas: number | undefined } | undefined;
  readonly limits?: Partial<typeof CAPABILITY_LIMITS>;
}

export interface CapabilityCheck {
  /** Whether the token of a path is valid now; using it does not prolong it. */
  allows(token: string): boolean;
  /** The token of one holder, prolonged: a connection, or the person at this host (`LOCAL_HOLDER`). */
  issue(holder: string): { readonly token: string; readonly expiresAtMs: number };
  /** Prolongs `token` if it is the one that the holder has now. */
  prolong(holder: string, token: string): void;
}

/** `ttlMs`: generations facts, section 5. `graceMs`: how long a token outlives its client, which may reconnect. */
export const CAPABILITY_LIMITS = { ttlMs: 10 * 60_000, graceMs: 30_000, tokens: 4_096 };
/** Pages that the owner opens by hand on this host share one capability. */
export const LOCAL_HOLDER = "local";
export const CAPABILITY_PATH = "/__openclaw__/cap/";
/** 24 or more characters of base64url; ours have 43. */
export const CAPABILITY_TOKEN = /^[A-Za-z0-9_-]{24,128}$/u;

interface Capability {
  readonly digest: string;
  readonly round: number;
  expiresAtMs: number;
}

export function createCanvasSurfaces(deps: SurfacesDeps): CanvasSurfaces & CapabilityCheck {
  const tokens = new Capabilities(deps.clock, { ...CAPABILITY_LIMITS, ...deps.limits });
  return {
    urlFor({ connId, host, secure }) {
      const ports = deps.ports();
      const origin = ports === undefined ? undefined : originFor(host, secure, deps, ports);
      if (origin === undefined) return undefined;
      const { token, expiresAtMs } = tokens.issue(connId);
      return { url: `${origin}${CAPABILITY_PATH}${token}`, expiresAtMs };
    },
    release: (connId) => tokens.release(connId),
    allows: (token) => tokens.allows(token),
    issue: (holder) => tokens.issue(holder),
    prolong: (holder, token) => tokens.prolong(holder, token),
  };
}

/**
 * A holder's token is derived from a key of this process, so that asking again gives the same one while only digests are
 * kept. One that ended does not come back: the next round gives another.
 */
class Capabilities {
  readonly #key = randomToken(32);
  readonly #byHolder = new Map<string, Capability>();
  readonly #byDigest = new Map<string, Capability>();
  #rounds = 0;

  constructor(private readonly clock: Clock, private readonly limits: typeof CAPABILITY_LIMITS) {}

  issue(holder: string): { readonly token: string; readonly expiresAtMs: number } {
    const known = this.#byHolder.get(holder);
    const live = known !== undefined && known.expiresAtMs > this.clock.now() ? known : undefined;
    const round = live?.round ?? ++this.#rounds;
    const token = createHmac("sha256", this.#key).update(`${round} ${holder}`).digest("base64url");
    const expiresAtMs = this.clock.now() + this.limits.ttlMs;
    if (live !== undefined) live.expiresAtMs = expiresAtMs;
    else this.#put(holder, { digest: digestHex(token), round, expiresAtMs });
    return { token, expiresAtMs };
  }

  allows(token: string): boolean {
    if (!CAPABILITY_TOKEN.test(token)) return false;
    // Found by digest: the time that it takes tells nothing about the tokens there are.
    const found = this.#byDigest.get(digestHex(token));
    return found !== undefined && found.expiresAtMs > this.clock.now();
  }

  prolong(holder: string, token: string): void {
    const held = this.#byHolder.get(holder);
    if (held?.digest === digestHex(token) && this.allows(token)) {
      held.expiresAtMs = this.clock.now() + this.limits.ttlMs;
    }
  }

  release(holder: string): void {
    const held = this.#byHolder.get(holder);
    if (held) held.expiresAtMs = Math.min(held.expiresAtMs, this.clock.now() + this.limits.graceMs);
  }

  #put(holder: string, capability: Capability): void {
    this.#forget(holder);
    if (this.#byHolder.size >= this.limits.tokens) this.#makeRoom();
    this.#byHolder.set(holder, capability);
    this.#byDigest.set(capability.digest, capability);
  }

  /** What has expired goes; if nothing has, the oldest does. */
  #makeRoom(): void {
    const now = this.clock.now();
    for (const [holder, { expiresAtMs }] of this.#byHolder) if (expiresAtMs <= now) this.#forget(holder);
    const [oldest] = this.#byHolder.keys();
    if (this.#byHolder.size >= this.limits.tokens && oldest !== undefined) this.#forget(oldest);
  }

  #forget(holder: string): void {
    const held = this.#byHolder.get(holder);
    if (held === undefined) return;
    this.#byHolder.delete(holder);
    this.#byDigest.delete(held.digest);
  }
}

type OpenPorts = NonNullable<ReturnType<SurfacesDeps["ports"]>>;

/**
 * Where a client that called us as `host` reaches the canvas. Our own port is no use to it behind a tunnel or a proxy,
 * which carry the gateway's alone: they show in a port that is not ours, or in gateway.publicUrl with another scheme.
 */
function originFor(
  host: string | undefined,
  secure: boolean,
  deps: SurfacesDeps,
  ports: OpenPorts,
): string | undefined {
  const name = host === undefined ? undefined : hostName(host);
  if (host === undefined || name === undefined) return undefined;
  const { publicUrl, tls = false } = deps;
  const own = `${tls ? "https" : "http"}:`;
  const isPublic = publicUrl !== undefined && URL.parse(`${publicUrl.protocol}//${host}`)?.host === publicUrl.host;
  const scheme = isPublic ? publicUrl.protocol : secure ? "https:" : "http:";
  const url = URL.parse(`${scheme}//${host}`);
  if (url === null) return undefined;
  const port = Number(url.port || (scheme === "https:" ? 443 : 80));
  // A policy cannot name an IPv6 address as an origin, so that a page could not frame it across ports.
  const direct = port === ports.gateway && scheme === own && !url.hostname.startsWith("[");
  if (direct && ports.canvas !== undefined) url.port = String(ports.canvas);
  return url.origin;
}
