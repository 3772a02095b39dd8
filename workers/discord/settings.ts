/** The account's configuration as this provider uses it. */
import type { ProviderContext } from "../runtime/provider.ts";

export interface Settings {
  /** Without a slash at its end. */
  readonly apiRoot: string;
  readonly token: string;
  /** The address is Discord's own. */
  readonly official: boolean;
  /** Hosts (`host:port`) from which attachments may be fetched. */
  readonly mediaHosts: ReadonlySet<string>;
  readonly messageContent: boolean;
  readonly guildMembers: boolean;
  readonly nativeCommands: boolean;
  readonly customCommands: readonly { readonly command: string; readonly description: string }[];
  readonly pingUsers: boolean;
  readonly linkPreview: boolean;
  readonly maxMediaBytes: number;
  readonly silenceMs: number;
  readonly catchUpMs: number;
  readonly retry: { readonly minMs: number; readonly maxMs: number; readonly jitter: number };
}

const OFFICIAL = "https://discord.com/api";
const OFFICIAL_MEDIA = ["cdn.discordapp.com:443", "media.discordapp.net:443"];

/** Values were checked by the manifest's schema; what is not there gets its default. */
export function readSettings({ config, secrets }: Pick<ProviderContext, "config" | "secrets">): Settings {
  const retry = recordOf(config["retry"]);
  const intents = recordOf(config["intents"]);
  const apiRoot = (textOf(config["apiRoot"]) ?? OFFICIAL).replace(/\/+$/u, "");
  const official = URL.parse(apiRoot)?.origin === new URL(OFFICIAL).origin;
  const own = hostOf(apiRoot);
  return {
    apiRoot,
    token: (secrets["token"] ?? "").trim().replace(/^Bot\s+/iu, ""),
    official,
    mediaHosts: new Set(
      official ? OFFICIAL_MEDIA : [...own === undefined ? [] : [own], ...stringsOf(config["mediaHosts"])],
    ),
    messageContent: intents["messageContent"] !== false,
    guildMembers: intents["guildMembers"] === true,
    nativeCommands: recordOf(config["commands"])["native"] !== false,
    customCommands: commandsOf(config["customCommands"]),
    pingUsers: config["pingUsers"] === true,
    linkPreview: config["linkPreview"] !== false,
    maxMediaBytes: Math.floor(numberOf(config["mediaMaxMb"], 8) * 1024 * 1024),
    silenceMs: numberOf(config["silenceSeconds"], 120) * 1000,
    catchUpMs: numberOf(config["catchUpMinutes"], 60) * 60_000,
    retry: {
      minMs: Math.max(numberOf(retry["minDelayMs"], 1_000), 10),
      maxMs: Math.max(numberOf(retry["maxDelayMs"], 60_000), 10),
      jitter: numberOf(retry["jitter"], 0.2),
    },
  };
}

/** `host:port` of an http, https, ws or wss address, the default port written out. */
export function hostOf(address: string): string | undefined {
  const url = URL.parse(address);
  if (url === null || !/^(?:https?|wss?):$/u.test(url.protocol)) return undefined;
  return `${url.hostname}:${url.port || (/^(?:https|wss):$/u.test(url.protocol) ? "443" : "80")}`;
}

function commandsOf(value: unknown): Settings["customCommands"] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((item: unknown) => {
    const { command, description } = recordOf(item);
    return typeof command === "string" && typeof description === "string" ? [{ command, description }] : [];
  });
}

const recordOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : {};
const stringsOf = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
const textOf = (value: unknown): string | undefined =>
  typeof value === "string" && value.trim() !== "" ? value.trim() : undefined;
const numberOf = (value: unknown, otherwise: number): number =>
  typeof value === "number" && Number.isFinite(value) ? value : otherwise;
