/** `openclaw permissions`: what this configuration needs, as text, as flags of `deno run`, or as JSON. */
import { loadConfig } from "../config/load.ts";
import { type Paths, pathsOf } from "../config/paths.ts";
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
import { nodePermissions } from "./node/permissions.ts";
import { approvalsPath, type NodeOptions, nodeSettings } from "./node/settings.ts";

export interface PermissionsCommandOptions {
  readonly env: Env;
  readonly print: (line: string) => void;
  /** One line for command substitution. */
  readonly flags?: boolean | undefined;
  readonly json?: boolean | undefined;
  /** Only the paths that `--flags` has to read, joined by commas: the first, smallest step of the task. */
  readonly readPaths?: boolean | undefined;
  /** `gateway` (default), `node`, or `cli`: every other command. */
  readonly for?: string | undefined;
  /** As `node run` would get them. */
  readonly node?: NodeOptions | undefined;
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
    print([paths.configPath, approvalsPath(paths.stateDir)].map(oneArgument).join(","));
    return 0;
  }
  const what = purpose(options.for);
  const set = what === "node" ? await setOfNode(options) : await setOfConfig(options, paths, what);
  const whole = what === "cli";
  const flags = [...(whole ? ["--allow-net"] : []), ...configured(() => permissionFlags(set))];
  if (options.flags) print(flags.join(" "));
  else if (options.json) print(JSON.stringify({ permissions: whole ? { ...set, net: true } : set, flags }, null, 2));
  else for (const line of textLines(set, flags, what)) print(line);
  return 0;
}

async function setOfConfig(options: PermissionsCommandOptions, paths: Paths, what: Purpose): Promise<PermissionSet> {
  // Secrets stay unread here: which hosts are needed does not depend on them, and this step may not see them.
  const unread = new Secret("unread");
  const loaded = await loadConfig({
    env: options.env,
    paths,
    flags: gatewayFlags(options),
    resolve: () => ({ ok: true, secret: unread }),
    manifests: channelEntries(options.workerEntries).map(({ manifest }) => manifest),
  });
  // A bind that is refused has no addresses; the gateway, started with the rest, says why.
  return what === "cli" ? cliPermissions(loaded) : gatewayPermissions(loaded, planFor(loaded).addresses);
}

async function setOfNode({ env, node = {} }: PermissionsCommandOptions): Promise<PermissionSet> {
  return await nodePermissions(await nodeSettings(env, node), env);
}

const TITLES = {
  gateway: "What the gateway needs with this configuration:",
  cli: "What the commands of a client need:",
  node: "What a node on this machine needs with this configuration:",
} as const;
type Purpose = keyof typeof TITLES;

function textLines(set: PermissionSet, flags: readonly string[], what: Purpose): string[] {
  return [
    TITLES[what],
    ...(what === "cli" ? ["  net   every host, since --url can name any gateway"] : []),
    ...CATEGORIES.flatMap((name) => set[name].map((entry) => `  ${name.padEnd(6)}${entry}`)),
    `Nothing else: ${set.run.length === 0 ? "no run, " : ""}no ffi, no import. As flags of deno run:`,
    `  ${flags.join(" ")}`,
    ...(what === "node"
      ? ["A program that may run has the rights of its user: the list above is the fence, not a cage."]
      : []),
    `Audit what is used: DENO_AUDIT_PERMISSIONS=/tmp/audit.jsonl deno task ${what === "node" ? "node" : "gateway"}`,
  ];
}

function purpose(text: string | undefined): Purpose {
  if (text === undefined) return "gateway";
  if (text === "gateway" || text === "cli" || text === "node") return text;
  throw new CliError("usage", `Cannot use --for "${text}": gateway, node or cli is needed`);
}

/**
 * A path that a task can insert unquoted. Another one is replaced by a file that tells nothing: the next step then refuses
 * it with a sentence, while an empty answer here would make Deno stop without one.
 */
const oneArgument = (path: string): string => /[\s,]/u.test(path) ? "deno.json" : path;
