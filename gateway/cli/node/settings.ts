/** What a node is to be: the gateway it belongs to, its name, the folders it shows, the programs it may run. */
import { isAbsolute } from "node:path";
import { join } from "node:path";
import { NodeHostConfig } from "../../../schemas/config.ts";
import { ExecApprovalsFile } from "../../../schemas/method/approvals.ts";
import { checker } from "../../../schemas/validate.ts";
import { dotted, readConfigFile } from "../../config/read_file.ts";
import { absolute, type Env, homeOf } from "../../observe/home.ts";
import { CliError } from "../exit.ts";
import { loadSettings, type Settings } from "../settings.ts";
import { chooseTarget, type Target } from "../target.ts";
import { isWithin } from "./folders.ts";

/** The options of `openclaw node run` that decide what the process needs. */
export interface NodeOptions {
  readonly url?: string | undefined;
  readonly host?: string | undefined;
  readonly port?: string | undefined;
  readonly tls?: boolean | undefined;
  readonly name?: string | undefined;
  readonly allowDirs?: readonly string[] | undefined;
  readonly programs?: readonly string[] | undefined;
}

export interface NodeSettings {
  readonly settings: Settings;
  readonly target: Target;
  readonly displayName: string | undefined;
  /** Absolute, each once. */
  readonly allowDirs: readonly string[];
  /** Names and absolute paths that may be run. */
  readonly programs: readonly string[];
  readonly home: string | undefined;
  /** Sentences about what was not used. */
  readonly problems: readonly string[];
}

const checkHost = checker(NodeHostConfig);
const checkApprovals = checker(ExecApprovalsFile);
/** Programs of an allow list that become permissions at most. */
const MAX_PROGRAMS = 256;

/** The node's own rules of what may run; the same file as on the gateway's host, when both are one. */
export const approvalsPath = (stateDir: string): string => join(stateDir, "exec-approvals.json");

/** Throws a CliError for options that cannot be used; what is wrong with a file costs a problem. */
export async function nodeSettings(env: Env, options: NodeOptions): Promise<NodeSettings> {
  const settings = await loadSettings(env);
  const { part, problem } = await hostPart(settings.configPath);
  const home = homeOf(env);
  const problems = [...settings.problems, ...(problem === undefined ? [] : [problem])];
  return {
    settings,
    target: chooseTarget(settings, urlOf(options, settings), env),
    displayName: options.name ?? part.displayName,
    allowDirs: [...(part.allowDirs ?? []), ...(options.allowDirs ?? [])]
      .map((path) => folder(env, path, settings.stateDir)).filter(once),
    programs: [
      ...(part.programs ?? []),
      ...(options.programs ?? []),
      ...await allowedPrograms(settings.stateDir, home),
    ].map((name) => program(env, name)).filter(once).slice(0, MAX_PROGRAMS),
    home,
    problems,
  };
}

const once = <T>(item: T, index: number, all: readonly T[]): boolean => all.indexOf(item) === index;

/** `--url`, or an address made of `--host`, `--port` and `--tls`; undefined when none of them was given. */
function urlOf({ url, host, port, tls }: NodeOptions, settings: Settings): string | undefined {
  const pieces = host !== undefined || port !== undefined || tls === true;
  if (url !== undefined && pieces) throw new CliError("usage", "Cannot use --url beside --host, --port or --tls");
  if (!pieces) return url;
  const name = host ?? "127.0.0.1";
  const number = Number(port ?? settings.port);
  if (!Number.isInteger(number) || number < 1 || number > 65_535) {
    throw new CliError("usage", `Cannot use --port "${port}": a number from 1 to 65535 is needed`);
  }
  if (/[/?#@\s]/u.test(name)) throw new CliError("usage", `Cannot use --host "${name}": a name or address is needed`);
  const bracketed = name.includes(":") && !name.startsWith("[") ? `[${name}]` : name;
  return `${tls === true ? "wss" : "ws"}://${bracketed}:${number}`;
}

async function hostPart(path: string): Promise<{ readonly part: NodeHostConfig; readonly problem?: string }> {
  const { parsed } = await readConfigFile(path);
  const written = typeof parsed === "object" && parsed !== null && "nodeHost" in parsed ? parsed.nodeHost : {};
  const checked = checkHost(written);
  if (checked.ok) return { part: checked.value };
  return { part: {}, problem: `Cannot use "nodeHost" of ${path}: ${dotted(checked.error)}` };
}

function folder(env: Env, path: string, stateDir: string): string {
  let full: string;
  try {
    full = absolute(env, "--allow-dir", path);
  } catch (error) {
    throw new CliError("usage", error instanceof Error ? error.message : String(error));
  }
  if (isWithin(full, stateDir)) {
    throw new CliError("usage", `Cannot show "${path}": the state directory holds this machine's keys`);
  }
  return full;
}

function program(env: Env, name: string): string {
  if (!/[\\/]/u.test(name)) return name;
  try {
    return absolute(env, "--allow-program", name);
  } catch (error) {
    throw new CliError("usage", error instanceof Error ? error.message : String(error));
  }
}

/**
 * The programs that `exec-approvals.json` names. Patterns with `*` or `?` are left out: a permission names one program.
 * A file that cannot be read gives none; the node itself says why when it is asked to run something.
 */
async function allowedPrograms(stateDir: string, home: string | undefined): Promise<string[]> {
  try {
    const checked = checkApprovals(JSON.parse(await Deno.readTextFile(approvalsPath(stateDir))));
    if (!checked.ok) return [];
    return Object.values(checked.value.agents ?? {}).flatMap(({ allowlist }) => allowlist ?? [])
      .map(({ pattern }) => pattern.startsWith("~/") && home !== undefined ? join(home, pattern.slice(1)) : pattern)
      .filter((pattern) => !/[*?\s,]/u.test(pattern) && (isAbsolute(pattern) || !/[\\/]/u.test(pattern)));
  } catch {
    return [];
  }
}
