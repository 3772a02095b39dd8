/** While the gateway runs: tells the log and `status` what a changed configuration file asks for. */
import type { RunningGateway } from "../app.ts";
import { restartReasons } from "../config/changes.ts";
import type { GatewayFlags } from "../config/gateway_part.ts";
import { loadConfig } from "../config/load.ts";
import { gatewayPermissions, missingPermissions } from "../config/permissions.ts";
import { watchConfigFile } from "../config/watch.ts";
import { systemClock } from "../observe/clock.ts";
import type { Env } from "../observe/home.ts";
import type { Log } from "../observe/log.ts";
import { planFor, type Prepared } from "./gateway_boot.ts";

export interface ConfigWatch {
  readonly env: Env;
  readonly flags: GatewayFlags;
  readonly prepared: Prepared;
  readonly gateway: RunningGateway;
  readonly log: Log;
}

/** Starts looking at the file; the returned function ends it. What runs is the file as it is now, after the token. */
export function watchChanges({ env, flags, prepared, gateway, log }: ConfigWatch): () => void {
  const { paths } = prepared.loaded;
  const read = () => loadConfig({ env, paths, flags });
  const running = read();
  const changed = async () => {
    try {
      const file = await read();
      const missing = missingPermissions(gatewayPermissions(file, planFor(file).addresses));
      const reasons = restartReasons((await running).config, file.config, missing);
      gateway.setRestartReasons(reasons);
      for (const reason of reasons) log.warn("config.changed", { reason });
    } catch (error) {
      log.warn("config.unreadable", { error });
    }
  };
  return watchConfigFile({ path: paths.configPath, clock: systemClock, changed });
}
