/** The account's configuration as this provider uses it. */
import type { ProviderContext } from "../runtime/provider.ts";

export interface Settings {
  /** Without a slash at its end. */
  readonly apiRoot: string;
  readonly token: string;
  /** The bot's own user id, which every token begins with; undefined for a malformed one. */
  readonly tokenBotId: string | undefined;
  readonly webhook: { readonly url: string; readonly secret: string } | undefined;
  readonly proxy: string | undefined;
  readonly linkPreview: boolean;
  readonly maxMediaBytes: number;
  readonly pollSeconds: number;
  readonly nativeCommands: boolean;
  readonly customCommands: readonly { readonly command: string; readonly description: string }[];
  readonly retry: { readonly minMs: number; readonly maxMs: number; readonly jitter: number };
}

const OFFICIAL = "https://api.telegram.org";
const DEFAULT_MEDIA_MB = 5;
const DEFAULT_POLL_SECONDS = 25;

/** Values were checked by the manifest's schema; what is not there gets its default. */
export function readSettings({ config, secrets }: Pick<ProviderContext, "config" | "secrets">): Settings {
  const token = (secrets["botToken"] ?? "").trim();
  const retry = recordOf(config["retry"]);
  const url = textOf(config["webhookUrl"]);
  return {
    apiRoot: (textOf(config["apiRoot"]) ?? OFFICIAL).replace(/\/+$/u, ""),
    token,
    tokenBotId: /^(\d+):/u.exec(token)?.[1],
    webhook: url === undefined ? undefined : { url, secret: secrets["webhookSecret"] ?? "" },
    proxy: textOf(config["proxy"]),
    linkPreview: config["linkPreview"] !== false,
    maxMediaBytes: Math.floor(numberOf(config["mediaMaxMb"], DEFAULT_MEDIA_MB) * 1024 * 1024),
    pollSeconds: numberOf(config["pollSeconds"], DEFAULT_POLL_SECONDS),
    nativeCommands: recordOf(config["commands"])["native"] !== false,
    customCommands: commandsOf(config["customCommands"]),
    retry: {
      minMs: Math.max(numberOf(retry["minDelayMs"], 1_000), 10),
      maxMs: Math.max(numberOf(retry["maxDelayMs"], 30_000), 10),
      jitter: numberOf(retry["jitter"], 0.2),
    },
  };
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
const textOf = (value: unknown): string | undefined =>
  typeof value === "string" && value.trim() !== "" ? value.trim() : undefined;
const numberOf = (value: unknown, otherwise: number): number =>
  typeof value === "number" && Number.isFinite(value) ? value : otherwise;
