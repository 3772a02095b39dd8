/** What a command shows at the door, and what it tries second. */
import type { Secret } from "../secrets/secret.ts";
import type { Settings, SharedSecret } from "./settings.ts";
import type { Target } from "./target.ts";

export interface Credential {
  readonly source: "option" | "environment" | "device token" | "configuration" | "code" | "none";
  readonly token?: Secret;
  readonly password?: Secret;
  readonly deviceToken?: Secret;
  /** A one-use code. */
  readonly bootstrapToken?: Secret;
}

/**
 * In order: `--token`/`--password`, the environment, the stored device token, the configuration file. What a person named
 * stands alone, so that a wrong one is seen. A stored device token can be stale (rotated, revoked, another gateway), so
 * the shared secret of the configuration follows it as the one retry.
 */
export function planCredentials(options: {
  readonly target: Target;
  readonly settings: Settings;
  readonly explicit: SharedSecret;
  readonly environment: SharedSecret;
  readonly deviceToken: Secret | undefined;
}): readonly [Credential, ...Credential[]] {
  const named = credential("option", options.explicit) ?? credential("environment", options.environment);
  if (named !== undefined) return [named];
  const configured = credential("configuration", configuredSecret(options.target, options.settings));
  if (options.deviceToken !== undefined) {
    const first: Credential = { source: "device token", deviceToken: options.deviceToken };
    return configured === undefined ? [first] : [first, configured];
  }
  return [configured ?? { source: "none" }];
}

/** A secret of the file goes only where the file says: to this host, or to gateway.remote.url. */
function configuredSecret(target: Target, settings: Settings): SharedSecret {
  if (target.source === "gateway.remote.url") return settings.remote;
  if (!target.loopback) return { token: undefined, password: undefined };
  const { local, remote } = settings;
  return local.token === undefined && local.password === undefined && !target.foreign ? remote : local;
}

function credential(source: Credential["source"], shared: SharedSecret): Credential | undefined {
  if (shared.token === undefined && shared.password === undefined) return undefined;
  return {
    source,
    ...(shared.token === undefined ? {} : { token: shared.token }),
    ...(shared.password === undefined ? {} : { password: shared.password }),
  };
}

/** Whether another credential can help after this refusal: the door refused what was shown, not who showed it. */
export function mayRetry(error: { readonly code: string; readonly message: string; readonly details?: unknown }) {
  const code = detailCode(error.details);
  if (code === "AUTH_RATE_LIMITED") return false;
  return code?.startsWith("AUTH_") === true || error.message.startsWith("unauthorized");
}

/** `details.code` of a connect refusal. */
export function detailCode(details: unknown): string | undefined {
  if (typeof details !== "object" || details === null || !("code" in details)) return undefined;
  return typeof details.code === "string" ? details.code : undefined;
}
