/** `openclaw permissions`: what this configuration needs, as text, as flags of `deno run`, or as JSON. */
import { loadConfig } from "../config/load.ts";
import { pathsOf } from "../config/paths.ts";
import { CATEGORIES, gatewayPermissions, permissionFlags } from "../config/permissions.ts";
import { Secret } from "../secrets/secret.ts";
import type { Env } from "../observe/home.ts";
import { CliError } from "./exit.ts";
import { configured, planFor } from "./gateway_boot.ts";

export interface PermissionsCommandOptions {
  readonly env: Env;
  readonly print: (line: string) => void;
  /** One line for command substitution. */
  readonly flags?: boolean | undefined;
  readonly json?: boolean | undefined;
  /** Only the paths that `--flags` has to read, joined by commas: the first, smallest step of the task. */
  readonly readPaths?: boolean | undefined;
}

/** Returns the exit code. Throws `CliError` when the flags cannot be written. */
export async function permissionsCommand(options: PermissionsCommandOptions): Promise<number> {
  const paths = configured(() => pathsOf(options.env));
  if (options.readPaths) {
    options.print(oneArgument(paths.configPath));
    return 0;
  }
  // Secrets stay unread here: which hosts are needed does not depend on them, and this step may not see them.
  const unread = new Secret("unread");
  const loaded = await loadConfig({ env: options.env, paths, resolve: () => ({ ok: true, secret: unread }) });
  // A bind that is refused has no addresses; the gateway, started with the rest, says why.
  const set = gatewayPermissions(loaded, planFor(loaded).addresses);
  const flags = configured(() => permissionFlags(set));
  if (options.flags) options.print(flags.join(" "));
  else if (options.json) options.print(JSON.stringify({ permissions: set, flags }, null, 2));
  else {
    options.print(
      `What the gateway needs with ${loaded.config.path}${loaded.config.exists ? "" : " (not there yet)"}:`,
    );
    for (const name of CATEGORIES) for (const entry of set[name]) options.print(`  ${name.padEnd(6)}${entry}`);
    options.print("Nothing else: no run, no ffi, no import. As flags of deno run:");
    options.print(`  ${flags.join(" ")}`);
    options.print("Audit what it uses: DENO_AUDIT_PERMISSIONS=/tmp/audit.jsonl deno task gateway");
  }
  return 0;
}

/** A path that a task can insert unquoted. */
function oneArgument(path: string): string {
  if (!/[\s,]/u.test(path)) return path;
  throw new CliError("config", `Cannot pass "${path}" on: a space or comma splits it; use a path without them`);
}
