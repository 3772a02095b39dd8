/** Who may read from the canvas host: a capability, the person at this host, or the shared secret. */
import { checkHost, type KnownHosts } from "../auth/known_hosts.ts";
import { locate, type PeerFacts } from "../auth/locality.ts";
import type { RateLimiter } from "../auth/rate_limit.ts";
import type { SharedSecret } from "../auth/shared_secret.ts";
import type { CapabilityCheck } from "./surfaces.ts";

export interface AccessDeps {
  readonly hosts: KnownHosts;
  readonly trustedProxies: readonly string[];
  readonly secret: SharedSecret;
  readonly limiter: RateLimiter;
  readonly capabilities: Pick<CapabilityCheck, "allows">;
}

/** `local`: the person at this host, without any credential. */
export type Access =
  | { readonly ok: true; readonly by: "capability" | "local" | "bearer" }
  | { readonly ok: false; readonly delayMs: number; readonly retryAfterMs: number };

/** canvas facts, section 5, with the capability in the place of its third rule. A capability that is wrong is the end. */
export function decideAccess(deps: AccessDeps, peer: PeerFacts, token: string | undefined): Access {
  if (token !== undefined) return deps.capabilities.allows(token) ? { ok: true, by: "capability" } : refused();
  const where = locate(peer, deps.hosts, deps.trustedProxies);
  const bearer = /^Bearer +(\S+) *$/iu.exec(peer.headers.get("authorization") ?? "")?.[1];
  if (bearer === undefined) return where.local && isOwnPage(peer) ? { ok: true, by: "local" } : refused();
  const purpose = peer.headers.get("origin") === undefined ? "shared-secret" : "browser-secret";
  const retryAfterMs = deps.limiter.lockedForMs(purpose, where);
  if (retryAfterMs > 0) return { ok: false, delayMs: 0, retryAfterMs };
  // With mode `none` there is no secret that a bearer could prove to know.
  if (deps.secret.mode !== "none" && deps.secret.check({ token: bearer }).ok) {
    deps.limiter.succeeded(purpose, where);
    return { ok: true, by: "bearer" };
  }
  return { ok: false, delayMs: deps.limiter.failed(purpose, where), retryAfterMs: 0 };
}

/** Whether the client is on this host, with nothing in between. */
export const isAtThisHost = (deps: AccessDeps, peer: PeerFacts): boolean =>
  locate(peer, deps.hosts, deps.trustedProxies).local;

const refused = (): Access => ({ ok: false, delayMs: 0, retryAfterMs: 0 });

/** What shows a page inside another one. */
const FRAMES = new Set(["iframe", "frame", "object", "embed"]);

/**
 * A page of another site that a person at this host has open asks from this host too. Browsers say so: what such a page
 * loads or fetches is refused; that somebody followed a link to us is not, since the page learns nothing of the answer.
 * Frames of ours have a capability. In one of another page's, such as our own for pages of the web, what an agent wrote
 * could leave with what somebody typed there, and look like a page of this host.
 */
function isOwnPage({ host, headers }: PeerFacts): boolean {
  const site = headers.get("sec-fetch-site");
  const foreign = site === "cross-site" && headers.get("sec-fetch-mode") !== "navigate";
  const framed = FRAMES.has(headers.get("sec-fetch-dest") ?? "");
  return !foreign && !framed && isOwnOrigin(headers.get("origin"), host);
}

const CODE = new Set(["script", "style", "worker", "sharedworker", "serviceworker", "audioworklet", "object", "embed"]);

/**
 * Whether a page with our own origin wants to run what an agent wrote. No honest one does: pages of the canvas are
 * sandboxed and so foreign to us. On the gateway's port it would be WebChat with a hole, whose policy trusts its origin.
 */
export const isCodeForOurPages = ({ headers }: PeerFacts): boolean =>
  headers.get("sec-fetch-site") === "same-origin" && CODE.has(headers.get("sec-fetch-dest") ?? "");

/** Whether a page of `origin` has the same authority as the request, or there is no page. */
export function isOwnOrigin(origin: string | undefined, host: string | undefined): boolean {
  if (origin === undefined) return true;
  const page = URL.parse(origin);
  return page !== null && page.host !== "" && page.host === URL.parse(`${page.protocol}//${host}`)?.host;
}

/** A foreign Host is DNS rebinding: the page that asks is not one of ours, whatever else is right. */
export const isKnownHost = (host: string | undefined, hosts: KnownHosts): host is string => checkHost(host, hosts).ok;
