/** Under which names this gateway is called: what its certificate says, which Hosts it answers, the link it prints. */
import { hostname } from "node:os";
import { type KnownHosts, knownHosts } from "../auth/known_hosts.ts";
import { hostPort } from "../config/listen.ts";
import type { Config } from "../config/types.ts";
import type { Clock } from "../observe/clock.ts";
import { type Certificate, loadCertificate } from "./certificate.ts";
import type { ListenAddress } from "./server.ts";

interface NameDeps {
  readonly config: Config;
  readonly clock: Clock;
  readonly listen: readonly ListenAddress[];
}

/**
 * What HTTPS needs when it is on; undefined when it is off. `interfaces`: the addresses of this host. Needs the system
 * permission `hostname`, as `hostsOf` does. Throws a sentence when the certificate cannot be used.
 */
export async function certificateFor(
  { config, clock }: NameDeps,
  interfaces: readonly string[],
): Promise<Certificate | undefined> {
  const { tls, publicUrl } = config.gateway;
  if (tls === undefined) return undefined;
  const name = hostname();
  const own = interfaces.filter((each) => !each.startsWith("fe80:"));
  const named = [name, `${name.split(".")[0]}.local`, ...publicUrl === undefined ? [] : [publicUrl.hostname]];
  const hosts = [...new Set(["localhost", "127.0.0.1", "::1", ...named, ...own])];
  return await loadCertificate({ tls, stateDir: config.stateDir, hosts, clock });
}

/** The Hosts that are this gateway's own; any other is refused. */
export function hostsOf({ listen, config }: NameDeps, interfaces: readonly string[]): KnownHosts {
  return knownHosts({
    hostname: hostname(),
    interfaces,
    bound: listen.map((each) => each.hostname),
    publicUrl: config.gateway.publicUrl,
  });
}

/** The code is in the fragment, which a browser sends to nobody. */
export function webchatLink({ gateway }: Config, addresses: readonly ListenAddress[], code: string): string {
  const { hostname, port } = addresses[0] ?? { hostname: "127.0.0.1", port: gateway.port };
  const scheme = gateway.tls === undefined ? "http" : "https";
  const own = `${scheme}://${hostPort(hostname === "0.0.0.0" ? "127.0.0.1" : hostname, port)}`;
  return `${gateway.publicUrl?.origin ?? own}/#code=${code}`;
}
