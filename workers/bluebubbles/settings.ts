/** The account's configuration as this provider uses it. */
import { readRetry, type RetryRule } from "../runtime/pace.ts";
import type { ProviderContext } from "../runtime/provider.ts";
import { invalid } from "./errors.ts";

export type Action = "reactions" | "edit" | "unsend" | "reply" | "sendAttachment";

export interface Settings {
  /** Without a slash at its end. */
  readonly serverUrl: string;
  readonly password: string;
  readonly webhookSecret: string;
  readonly maxAgeMs: number;
  readonly healthEveryMs: number;
  readonly retry: RetryRule;
  allows(action: Action): boolean;
}

const MIN_SECRET = 16;

/** Throws ProviderError for secrets that protect nothing. */
export function readSettings({ config, secrets }: Pick<ProviderContext, "config" | "secrets">): Settings {
  const actions: Readonly<Record<string, unknown>> = recordOf(config["actions"]);
  const password = secrets["password"] ?? "";
  const webhookSecret = secrets["webhookSecret"] ?? "";
  if (webhookSecret.length < MIN_SECRET) {
    throw invalid(`channels.bluebubbles.webhookSecret must have ${MIN_SECRET} characters or more`);
  }
  // It stands in the address of the webhook, which proxies and logs keep: the password would leak with it.
  if (webhookSecret === password) {
    throw invalid("channels.bluebubbles.webhookSecret must not be the server's password: choose another one");
  }
  return {
    serverUrl: String(config["serverUrl"] ?? "").trim().replace(/\/+$/u, ""),
    password,
    webhookSecret,
    maxAgeMs: numberOf(config["maxMessageAgeMinutes"], 60) * 60_000,
    healthEveryMs: numberOf(config["healthEveryMs"], 60_000),
    retry: readRetry(config),
    allows: (action) => actions[action] !== false,
  };
}

const recordOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : {};
const numberOf = (value: unknown, otherwise: number): number =>
  typeof value === "number" && Number.isFinite(value) ? value : otherwise;
