/** `openclaw permissions`: what this configuration needs, as text, as flags of `deno run`, or as JSON. */
import { loadConfig } from "../config/load.ts";
import { pathsOf } from "../config/paths.ts";
import {
  CATEGORIES,
  cliPermissions,
  gatewayPermissions,
  permissionFlags,
  type PermissionSet,
} from "../config/permissions.ts";
import type { ChannelEntry } from "../config/types.ts";
import type { Env } from "../observe/home.ts";
import { Secret } from "../secrets/secret.ts";
import { channelEntries } from "../supervisor/shipped.ts";
import { CliError } from "./exit.ts";
import { configured, gatewayFlags, planFor } from "./gateway_boot.ts";

export interface PermissionsCommandOptions {
  readonly env: Env;
  readonly print: (line: string) => void;
  /** One line for command substitution. */
  readonly flags?: boolean | undefined;
  readonly json?: boolean | undefined;
  /** Only the paths that `--flags` has to read, joined by commas: the first, smallest step of the task. */
  readonly readPaths?: boolean | undefined;
  /** `gateway` (default) or `cli`: every other command. */
  readonly for?: string | undefined;
  /** As `gateway` would get them. */
  readonly port?: string | undefined;
  readonly bind?: string | undefined;
  /** Providers beside the shipped ones; only tests have any. */
  readonly workerEntries?: readonly ChannelEntry[];
}

/** Returns the exit code. Throws `CliError` when the flags cannot be written. */
export async function permissionsCommand(options: PermissionsCommandOptions): Promise<number> {
  const { env, print } = options;
  const paths = configured(() => pathsOf(env));
  if (options.readPaths) {
    print(oneArgument(paths.configPath));
    return 0;
  }
  const forCli = purpose(options.for) === "cli";
  // Secrets stay unread here: which hosts are needed does not depend on them, and this step may not see them.
  const unread = new Secret("unread");
  const loaded = await loadConfig({
    env,
    paths,
    flags: gatewayFlags(options),
    resolve: () => ({ ok: true, secret: unread }),
    manifests: channelEntries(options.workerEntries).map(({ manifest }) => manifest),
  });
  // A bind that is refused has no addresses; the gateway, started with the rest, says why.
  const set = forCli ? cliPermissions(loaded) : gatewayPermissions(loaded, planFor(loaded).addresses);
  const flags = [...(forCli ? ["--allow-net"] : []), ...configured(() => permissionFlags(set))];
  if (options.flags) print(flags.join(" "));
  else if (options.json) print(JSON.stringify({ permissions: forCli ? { ...set, net: true } : set, flags }, null, 2));
  else for (const line of textLines(set, flags, forCli)) print(line);
  return 0;
}

function textLines(set: PermissionSet, flags: readonly string[], forCli: boolean): string[] {
  return [
    forCli ? "What the commands of a client need:" : "What the gateway needs with this configuration:",
    ...(forCli ? ["  net   every host, since --url can name any gateway"] : []),
    ...CATEGORIES.flatMap((name) => set[name].map((entry) => `  ${name.padEnd(6)}${entry}`)),
    `Nothing else: ${set.run.length === 0 ? "no run, " : ""}no ffi, no import. As flags of deno run:`,
    `  ${flags.join(" ")}`,
    "Audit what is used: DENO_AUDIT_PERMISSIONS=/tmp/audit.jsonl deno task gateway",
  ];
}

function purpose(text: string | undefined): "gateway" | "cli" {
  if (text === undefined || text === "gateway") return "gateway";
  if (text === "cli") return "cli";
  throw new CliError("usage", `Cannot use --for "${text}": gateway or cli is needed`);
}

/**
 * A path that a task can insert unquoted. Another one is replaced by a file that tells nothing: the next step then refuses
 * it with a sentence, while an empty answer here would make Deno stop without one.
 */
const oneArgument = (path: string): string => /[\s,]/u.test(path) ? "deno.json" : path;
