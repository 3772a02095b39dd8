/** Builds the parts of `auth/` that live as long as the gateway. */
import type { Config } from "../config/types.ts";
import type { Clock } from "../observe/clock.ts";
import type { Db } from "../storage/db.ts";
import { BootstrapCodes } from "./bootstrap_codes.ts";
import { createDeviceTokens } from "./device_tokens.ts";
import type { KnownHosts } from "./known_hosts.ts";
import { createPairingStore } from "./pairing.ts";
import { RateLimiter } from "./rate_limit.ts";
import { SharedSecret } from "./shared_secret.ts";
import type { DeviceTokens, PairingStore } from "./types.ts";

export interface Auth {
  readonly secret: SharedSecret;
  readonly pairing: PairingStore;
  readonly deviceTokens: DeviceTokens;
  readonly bootstrap: BootstrapCodes;
  readonly limiter: RateLimiter;
  readonly hosts: KnownHosts;
}

export function createAuth(parts: {
  readonly config: Config;
  readonly clock: Clock;
  readonly db: Db;
  readonly hosts: KnownHosts;
}): Auth {
  const { config, clock, db, hosts } = parts;
  return {
    secret: new SharedSecret(config.gateway.auth),
    pairing: createPairingStore({ db, clock }),
    deviceTokens: createDeviceTokens({ db, clock }),
    bootstrap: new BootstrapCodes({ clock }),
    limiter: new RateLimiter({ clock }),
    hosts,
  };
}
