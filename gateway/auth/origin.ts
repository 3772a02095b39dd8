/** Which web pages may open a socket: the Origin must be the gateway's own or one that the owner listed. */
import { checkHost, type KnownHosts } from "./known_hosts.ts";

export { checkHost } from "./known_hosts.ts";

export interface OriginRules {
  /** `gateway.controlUi.allowedOrigins`: exact origins, or `*`. */
  readonly allowedOrigins: readonly string[];
  readonly publicUrl: URL | undefined;
}

/** `via`: how it passed. `any` (the `*` entry) proves nothing about the page, so it never makes a client local. */
export type OriginCheck =
  | { readonly ok: true; readonly via: "none" | "same" | "listed" | "any" }
  | {
    readonly ok: false;
    readonly reason: "origin-missing" | "origin-null" | "origin-malformed" | "origin-not-allowed" | "host-unknown";
  };

/** The scheme and authority of a request, as the browser's address bar shows them. */
export type Scheme = "http" | "https";

/**
 * Whether `origin` may talk to the gateway. It passes when it equals scheme and authority of the request's own Host, or
 * is listed. Loopback names are not interchangeable and neither are ports: every program on the host can serve pages on
 * another port. `Origin: null` is what a sandboxed or file page sends, and never passes, not even by `*`.
 */
export function checkOrigin(
  origin: string | undefined,
  hostHeader: string | undefined,
  scheme: Scheme,
  rules: OriginRules,
): OriginCheck {
  if (origin === undefined) return { ok: true, via: "none" };
  if (origin.trim() === "null" || origin.trim() === "") return { ok: false, reason: "origin-null" };
  const sent = originOf(origin);
  if (sent === undefined) return { ok: false, reason: "origin-malformed" };
  if (sent === ownOrigin(hostHeader, scheme, rules.publicUrl)) return { ok: true, via: "same" };
  if (rules.allowedOrigins.some((entry) => entry !== "*" && originOf(entry) === sent)) {
    return { ok: true, via: "listed" };
  }
  return rules.allowedOrigins.includes("*") ? { ok: true, via: "any" } : { ok: false, reason: "origin-not-allowed" };
}

/** `checkOrigin` after the Host itself: with a foreign Host a matching Origin is a rebound page and is refused. */
export function checkBrowser(
  origin: string | undefined,
  hostHeader: string | undefined,
  scheme: Scheme,
  rules: OriginRules,
  known: KnownHosts,
): OriginCheck {
  if (origin !== undefined && !checkHost(hostHeader, known).ok) return { ok: false, reason: "host-unknown" };
  return checkOrigin(origin, hostHeader, scheme, rules);
}

/**
 * The origin that a page of this gateway has. At `gateway.publicUrl` its scheme is the one written there: a tunnel or
 * proxy that ends TLS speaks plain HTTP to us.
 */
function ownOrigin(hostHeader: string | undefined, scheme: Scheme, publicUrl: URL | undefined): string | undefined {
  if (hostHeader === undefined || !/^[a-z0-9._:[\]-]+$/iu.test(hostHeader)) return undefined;
  if (publicUrl !== undefined && originOf(`${publicUrl.protocol}//${hostHeader}`) === publicUrl.origin) {
    return publicUrl.origin;
  }
  return originOf(`${scheme}://${hostHeader}`);
}

/** The normal form of an origin: lower case, no default port. Undefined when it has a path or is no origin at all. */
function originOf(value: string): string | undefined {
  const text = value.trim().toLowerCase().replace(/\/$/u, "");
  if (!/^[a-z][a-z0-9+.-]*:\/\/[^\s/?#@\\]+$/u.test(text) || !URL.canParse(text)) return undefined;
  const { origin } = new URL(text);
  // Schemes that URL does not know (app://, chrome-extension://) have the origin "null"; their text is what counts.
  return origin === "null" ? text : origin;
}
