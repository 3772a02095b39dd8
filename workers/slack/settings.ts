/** The account's configuration as this provider uses it. */
import type { ProviderContext } from "../runtime/provider.ts";

export interface Settings {
  /** Without a slash at its end. */
  readonly apiRoot: string;
  /** The address is Slack's own. */
  readonly official: boolean;
  readonly botToken: string;
  readonly appToken: string;
  /** Set in HTTP mode. */
  readonly signingSecret: string | undefined;
  readonly groupDirect: boolean;
  readonly slash: { readonly enabled: boolean; readonly name: string; readonly ephemeral: boolean };
  readonly nativeCommands: boolean;
  readonly linkPreview: boolean;
  readonly maxMediaBytes: number;
  readonly retry: { readonly minMs: number; readonly maxMs: number; readonly jitter: number };
  /** Whether requests that carry our data, but not our token, may go there. */
  mayReach(url: string): boolean;
  /** Whether the bot token may be shown to this address to fetch a file. */
  isFileHost(url: string): boolean;
}

const OFFICIAL = "https://slack.com/api";
const FILE_HOST = "files.slack.com:443";

/** Values were checked by the manifest's schema; what is not there gets its default. */
export function readSettings({ config, secrets }: Pick<ProviderContext, "config" | "secrets">): Settings {
  const retry = recordOf(config["retry"]);
  const slash = recordOf(config["slashCommand"]);
  const apiRoot = (textOf(config["apiRoot"]) ?? OFFICIAL).replace(/\/+$/u, "");
  const official = URL.parse(apiRoot)?.origin === new URL(OFFICIAL).origin;
  const own = hostOf(apiRoot);
  const foreign = new Set([...own === undefined ? [] : [own], ...stringsOf(config["mediaHosts"])]);
  return {
    apiRoot,
    official,
    botToken: (secrets["botToken"] ?? "").trim(),
    appToken: (secrets["appToken"] ?? "").trim(),
    signingSecret: config["mode"] === "http" ? (secrets["signingSecret"] ?? "").trim() : undefined,
    groupDirect: typeof recordOf(config["dm"])["groupEnabled"] === "boolean",
    slash: {
      enabled: slash["enabled"] === true,
      name: (textOf(slash["name"]) ?? "openclaw").replace(/^\//u, "").toLowerCase(),
      ephemeral: slash["ephemeral"] !== false,
    },
    nativeCommands: recordOf(config["commands"])["native"] === true,
    linkPreview: config["linkPreview"] !== false,
    maxMediaBytes: Math.floor(numberOf(config["mediaMaxMb"], 20) * 1024 * 1024),
    retry: {
      minMs: Math.max(numberOf(retry["minDelayMs"], 1_000), 10),
      maxMs: Math.max(numberOf(retry["maxDelayMs"], 60_000), 10),
      jitter: numberOf(retry["jitter"], 0.2),
    },
    mayReach(url) {
      const host = hostOf(url);
      if (host === undefined) return false;
      return official
        ? /^(?:[a-z0-9-]+\.)*slack\.com:443$/iu.test(host) && url.startsWith("https:")
        : foreign.has(host);
    },
    isFileHost(url) {
      const host = hostOf(url);
      return host !== undefined && (official ? host === FILE_HOST && url.startsWith("https:") : foreign.has(host));
    },
  };
}

/** `host:port` of an http or https address, the default port written out. */
function hostOf(address: string): string | undefined {
  const url = URL.parse(address);
  if (url === null || !/^https?:$/u.test(url.protocol)) return undefined;
  return `${url.hostname}:${url.port || (url.protocol === "https:" ? "443" : "80")}`;
}

const recordOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : {};
const stringsOf = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
const textOf = (value: unknown): string | undefined =>
  typeof value === "string" && value.trim() !== "" ? value.trim() : undefined;
const numberOf = (value: unknown, otherwise: number): number =>
  typeof value === "number" && Number.isFinite(value) ? value : otherwise;
