/** The account's configuration as this provider uses it. */
import { readRetry, type RetryRule } from "../runtime/pace.ts";
import type { ProviderContext } from "../runtime/provider.ts";

export interface Settings {
  readonly cliPath: string;
  readonly dbPath: string | undefined;
  /** The whole environment of the program. */
  readonly env: Readonly<Record<string, string>>;
  readonly service: "auto" | "imessage" | "sms";
  readonly region: string;
  readonly probeMs: number;
  readonly healthEveryMs: number;
  readonly echoMs: number;
  readonly maxAgeMs: number;
  readonly retry: RetryRule;
  /** Chats that count as groups even if imsg calls them direct. */
  readonly groups: ReadonlySet<string>;
}

/** Where programs lie on a Mac. The gateway's own environment holds secrets and is not handed on. */
const PATH = "/opt/homebrew/bin:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin";

/** Values were checked by the manifest's schema; what is not there gets its default. */
export function readSettings({ config }: Pick<ProviderContext, "config">): Settings {
  const cliPath = textOf(config["cliPath"]) ?? "";
  const home = homeOf(cliPath);
  const service = config["service"];
  const groups = config["groups"];
  return {
    cliPath,
    dbPath: textOf(config["dbPath"]),
    env: { PATH, LANG: "en_US.UTF-8", ...(home === undefined ? {} : { HOME: home }) },
    service: service === "imessage" || service === "sms" ? service : "auto",
    region: (textOf(config["region"]) ?? "US").toUpperCase(),
    probeMs: numberOf(config["probeTimeoutMs"], 120_000),
    healthEveryMs: numberOf(config["healthEveryMs"], 60_000),
    echoMs: numberOf(config["echoWindowMs"], 60_000),
    maxAgeMs: numberOf(config["maxMessageAgeMinutes"], 60) * 60_000,
    retry: readRetry(config),
    groups: new Set(
      typeof groups === "object" && groups !== null ? Object.keys(groups).filter((key) => key !== "*") : [],
    ),
  };
}

/**
 * The home folder that the program lies in, for wrappers of the user's own. Only from `cliPath`, which the host's file
 * alone can set: a home from elsewhere could bring another ssh configuration, and so another program. Without it the
 * system's user database tells the program.
 */
function homeOf(cliPath: string): string | undefined {
  return /^(?:\/Users|\/home)\/[^/]+(?=\/)|^\/root(?=\/)/u.exec(cliPath)?.[0];
}

const textOf = (value: unknown): string | undefined =>
  typeof value === "string" && value.trim() !== "" ? value.trim() : undefined;
const numberOf = (value: unknown, otherwise: number): number =>
  typeof value === "number" && Number.isFinite(value) ? value : otherwise;
