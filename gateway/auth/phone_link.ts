/** The link that opens the node page on a phone: only over HTTPS, because a browser gives camera and key to nothing else. */
import { hostPort } from "../config/listen.ts";
import type { Config } from "../config/types.ts";
import { isLoopback } from "./addresses.ts";
import type { BootstrapCodes } from "./bootstrap_codes.ts";

/** An address that is open. */
interface Address {
  readonly hostname: string;
  readonly port: number;
}

export type PhoneLink =
  | { readonly available: false; readonly reason: string }
  | {
    readonly available: true;
    readonly url: string;
    readonly expiresAtMs: number;
    /** Of a certificate that nobody else vouches for. */
    readonly fingerprint: string | undefined;
  };

export interface PhoneLinkDeps {
  readonly gateway: Pick<Config["gateway"], "publicUrl" | "tls">;
  /** Open addresses, once they are. */
  readonly addresses: () => readonly Address[];
  /** Addresses of the host's interfaces. */
  readonly interfaces: () => readonly string[];
  readonly codes: Pick<BootstrapCodes, "issue">;
  readonly fingerprint: () => string | undefined;
}

const HOW = "Either set gateway.publicUrl to the HTTPS address of a proxy or of Tailscale Serve, or set " +
  'gateway.tls.enabled to true and gateway.bind to "lan". Then restart the gateway.';

/** What lets one node in that knows the gateway's address already: a browser beside WebChat, another computer. */
export interface NodeCode {
  readonly code: string;
  readonly expiresAtMs: number;
}

/** A new one-use code for role node with each call. */
export function createNodeCode(codes: PhoneLinkDeps["codes"]): () => NodeCode {
  return () => {
    const { code, expiresAt } = codes.issue("node");
    return { code, expiresAtMs: expiresAt };
  };
}

/** A new link with a code for role node with each call, or what to set so that there can be one. */
export function createPhoneLink(deps: PhoneLinkDeps): () => PhoneLink {
  const newCode = createNodeCode(deps.codes);
  return () => {
    const origin = originOf(deps);
    if ("reason" in origin) return { available: false, reason: origin.reason };
    const { code, expiresAtMs } = newCode();
    const url = `${origin.origin}/node#code=${code}`;
    return { available: true, url, expiresAtMs, fingerprint: origin.own ? deps.fingerprint() : undefined };
  };
}

function originOf(
  deps: PhoneLinkDeps,
): { readonly origin: string; readonly own: boolean } | { readonly reason: string } {
  const { publicUrl, tls } = deps.gateway;
  if (publicUrl?.protocol === "https:") return { origin: publicUrl.origin, own: false };
  if (tls === undefined) {
    return {
      reason: `A phone gives camera, location and keys only to HTTPS pages, and this gateway serves none. ${HOW}`,
    };
  }
  const address = reachable(deps);
  if (address === undefined) {
    return {
      reason: "This gateway listens on this host only, where no phone can reach it. " +
        'Set gateway.bind to "lan" or "tailnet", or gateway.publicUrl to an HTTPS address that leads here, and restart it.',
    };
  }
  return { origin: `https://${hostPort(address.hostname, address.port)}`, own: true };
}

/** An open address that is not loopback; for the wildcard the first of the host's own, the local network before others. */
function reachable({ addresses, interfaces }: PhoneLinkDeps): Address | undefined {
  for (const address of addresses()) {
    if (isLoopback(address.hostname)) continue;
    if (address.hostname !== "0.0.0.0" && address.hostname !== "::") return address;
    const own = interfaces().filter((each) => /^\d/u.test(each) && !isLoopback(each) && !each.startsWith("169.254."));
    const hostname = own.find(isPrivate) ?? own[0];
    if (hostname !== undefined) return { ...address, hostname };
  }
  return undefined;
}

const isPrivate = (host: string): boolean => /^(192\.168|10|172\.(1[6-9]|2\d|3[01]))\./u.test(host);
