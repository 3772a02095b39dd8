/** Where the running gateway reads changed configurations: the same file, environment and flags as at its start. */
import type { ConfigSource } from "../config/control.ts";
import type { GatewayFlags } from "../config/gateway_part.ts";
import { configFromText, loadConfig } from "../config/load.ts";
import { heldRights, lacksInAll } from "../config/rights.ts";
import type { ChannelEntry } from "../config/types.ts";
import { KNOWN_ENV, namesInConfig } from "../observe/env_capture.ts";
import type { Env } from "../observe/home.ts";
import { planFor, type Prepared } from "./gateway_boot.ts";

export function configSource(
  { env, flags, prepared, entries }: {
    readonly env: Env;
    readonly flags: GatewayFlags;
    readonly prepared: Prepared;
    readonly entries: readonly ChannelEntry[];
  },
): ConfigSource {
  const { paths, config } = prepared.loaded;
  const options = { env, paths, flags, manifests: entries.map(({ manifest }) => manifest) };
  // What was captured at start: the permission to read the environment was given back after it.
  const held = heldRights(new Set([...KNOWN_ENV, ...namesInConfig(config.raw ?? "")]));
  return {
    path: paths.configPath,
    held,
    read: () => loadConfig(options),
    parse: (text) => configFromText(text, options),
    missing: (file) => lacksInAll(file, planFor(file).addresses, held),
  };
}
