/** The account's configuration as this provider uses it. */
import type { ProviderContext } from "../runtime/provider.ts";
import { daemonAddress } from "./manifest.ts";

export type TableStyle = "bullets" | "code" | "off";

export interface Settings {
  /** Without a slash at its end. */
  readonly baseUrl: string;
  /** As written; what a login saved stands in for it. */
  readonly account: string | undefined;
  readonly accountUuid: string | undefined;
  readonly manual: boolean;
  readonly eventIdleMs: number;
  readonly deviceName: string;
  readonly ignoreAttachments: boolean;
  readonly ignoreStories: boolean;
  readonly sendReadReceipts: boolean;
  readonly tables: TableStyle;
  readonly maxMediaBytes: number;
  readonly retry: { readonly minMs: number; readonly maxMs: number; readonly jitter: number };
}

const DEFAULT_MEDIA_MB = 8;
/** The daemon writes a keep-alive every 15 seconds; four missed ones are no accident. */
const DEFAULT_IDLE_MS = 60_000;

/** Values were checked by the manifest's schema; what is not there gets its default. */
export function readSettings({ config }: Pick<ProviderContext, "config">): Settings {
  const retry = recordOf(config["retry"]);
  const tables = recordOf(config["markdown"])["tables"];
  return {
    baseUrl: daemonAddress(config),
    account: textOf(config["account"]),
    accountUuid: textOf(config["accountUuid"]),
    manual: config["receiveMode"] === "manual",
    eventIdleMs: numberOf(config["eventIdleMs"], DEFAULT_IDLE_MS),
    deviceName: textOf(config["deviceName"]) ?? "OpenClaw gateway",
    ignoreAttachments: config["ignoreAttachments"] === true,
    ignoreStories: config["ignoreStories"] !== false,
    sendReadReceipts: config["sendReadReceipts"] === true,
    tables: tables === "code" || tables === "off" ? tables : "bullets",
    maxMediaBytes: Math.floor(numberOf(config["mediaMaxMb"], DEFAULT_MEDIA_MB) * 1024 * 1024),
    retry: {
      minMs: Math.max(numberOf(retry["minDelayMs"], 1_000), 10),
      maxMs: Math.max(numberOf(retry["maxDelayMs"], 30_000), 10),
      jitter: numberOf(retry["jitter"], 0.2),
    },
  };
}

export const recordOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : {};
const textOf = (value: unknown): string | undefined =>
  typeof value === "string" && value.trim() !== "" ? value.trim() : undefined;
const numberOf = (value: unknown, otherwise: number): number =>
  typeof value === "number" && Number.isFinite(value) ? value : otherwise;
