/** Which gateway a command talks to. */
import type { Env } from "../observe/home.ts";
import { CliError } from "./exit.ts";
import type { Settings } from "./settings.ts";

export interface Target {
  readonly url: string;
  /** Where the address came from, for error texts. */
  readonly source: "--url" | "OPENCLAW_GATEWAY_URL" | "gateway.remote.url" | "default";
  /** On this host by its name; a tunnel's near end counts. */
  readonly loopback: boolean;
  /** Not the gateway that this machine is configured for: its own device token file, no secrets of the configuration. */
  readonly foreign: boolean;
}

/** `--url`, then OPENCLAW_GATEWAY_URL, then gateway.remote.url in mode `remote`, then this host's own gateway. */
export function chooseTarget(
  settings: Settings,
  flag: string | undefined,
  env: Env,
): Target {
  const configured = settings.remoteUrl === undefined
    ? { url: `${settings.tls ? "wss" : "ws"}://127.0.0.1:${settings.port}/`, source: "default" as const }
    : { url: parseUrl(settings.remoteUrl, "gateway.remote.url").href, source: "gateway.remote.url" as const };
  const fromEnv = env.get("OPENCLAW_GATEWAY_URL")?.trim();
  const named = flag !== undefined
    ? { text: flag, source: "--url" as const }
    : fromEnv !== undefined && fromEnv !== ""
    ? { text: fromEnv, source: "OPENCLAW_GATEWAY_URL" as const }
    : undefined;
  if (named === undefined) return { ...configured, loopback: isLoopback(new URL(configured.url)), foreign: false };
  const url = parseUrl(named.text, named.source);
  return { url: url.href, source: named.source, loopback: isLoopback(url), foreign: !sameGateway(url, configured.url) };
}

/** A gateway address: ws, wss, http, https, or `host:port`. A query or fragment is dropped: a pasted link may hold a code. */
function parseUrl(text: string, source: string): URL {
  const refuse = (reason: string) =>
    new CliError("usage", `Cannot use ${source}: ${reason}`, ["Example: --url ws://127.0.0.1:18789"]);
  const withScheme = /^[a-z][a-z0-9+.-]*:\/\//iu.test(text) ? text : `ws://${text}`;
  const url = URL.parse(withScheme.trim().replace(/^http/iu, "ws"));
  if (url === null) throw refuse("it is not an address");
  if (url.protocol !== "ws:" && url.protocol !== "wss:") throw refuse(`${url.protocol}// is not ws:// or wss://`);
  if (url.username !== "" || url.password !== "") throw refuse("it holds a user name; use --token or --password");
  url.search = "";
  url.hash = "";
  return url;
}

/** Loopback by name: `localhost`, 127.0.0.0/8, `[::1]`. */
export function isLoopback(url: URL): boolean {
  const host = url.hostname.replace(/^\[|\]$/gu, "");
  return host === "localhost" || host.endsWith(".localhost") || host === "::1" || /^127(\.\d{1,3}){3}$/u.test(host);
}

const sameGateway = (url: URL, configured: string): boolean => {
  const other = new URL(configured);
  if (isLoopback(url) && isLoopback(other)) return url.port === other.port && url.protocol === other.protocol;
  return url.href === other.href;
};

/** Whether a secret would cross a network in the clear. */
export const sendsInClear = (target: Target): boolean => !target.loopback && target.url.startsWith("ws:");
