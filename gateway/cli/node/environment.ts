/** The environment of the programs that a node runs: a clean base, and of what a caller adds only what steers no program. */
import { join } from "node:path";
import { PROJECT_DIR } from "../../config/paths.ts";
import type { Env } from "../../observe/home.ts";
import { invalid } from "./error.ts";

const MAX_VARIABLES = 64;
const MAX_VALUE = 8 * 1024;
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/u;

/**
 * Names that make a program load or run something else than the person who approved the command saw: loaders, start-up
 * files, search paths, helpers of shells and of git.
 */
const REFUSED_PREFIX =
  /^(LD|DYLD|DENO|NODE|NPM|OPENCLAW|PYTHON|PERL|RUBY|BASH|GIT|JAVA|JDK|XDG|DOTNET|COR|CORECLR|PHP|LUA|R)_|^(PYTHON|PERL|RUBY|_JAVA|BASH|LUA)/iu;
/** The same by the end of the name: where programs find helpers, options, proxies, hosts and whom to trust. */
const REFUSED_ENDING =
  /(?:PROXY|FLAGS|OPTS?|OPTIONS|CONFIG|CONFIG_FILE|CONFIG_DIR|_PATH|_HOME|_DIR|_ROOT|_HOST|_RSH|_SHELL|_CMD|_COMMAND|_EDITOR|_PAGER|_ASKPASS|_PRELOAD|_WRAPPER|_AGENT_PID|_AUTH_SOCK|_CA_BUNDLE|_CERT_FILE|_CERTS?|_PROFILE)$/iu;
const REFUSED: ReadonlySet<string> = new Set([
  ...["PATH", "PATHEXT", "HOME", "USERPROFILE", "SHELL", "SHELLOPTS", "IFS", "ENV", "PS4", "PROMPT_COMMAND", "CDPATH"],
  ...["EDITOR", "VISUAL", "PAGER", "BROWSER", "CLASSPATH", "COMSPEC", "SYSTEMROOT", "ZDOTDIR", "FPATH", "LESSOPEN"],
  ...[
    "OPENSSL_CONF",
    "OPENSSL_MODULES",
    "SSLKEYLOGFILE",
    "GCONV_PATH",
    "LOCPATH",
    "NLSPATH",
    "TERMINFO",
    "HOSTALIASES",
  ],
  ...[
    "TMPDIR",
    "TMP",
    "TEMP",
    "RES_OPTIONS",
    "MANPAGER",
    "WGETRC",
    "INPUTRC",
    "NETRC",
    "SSH_ASKPASS",
    "SUDO_ASKPASS",
    "GLIBC_TUNABLES",
  ],
]);

/** Where programs are looked for when the environment names no PATH. */
const DEFAULT_PATH = "/usr/local/bin:/usr/bin:/bin";

/**
 * The folders of PATH, absolute ones only: a relative one would depend on where the node was started. `deno task` puts
 * the folder of our own packages in front, whose programs nobody meant.
 */
export function pathFolders(env: Env): readonly string[] {
  const windows = Deno.build.os === "windows";
  const folders = (env.get("PATH") ?? (windows ? "" : DEFAULT_PATH)).split(windows ? ";" : ":");
  const absolute = windows ? /^[A-Za-z]:[\\/]/u : /^\//u;
  const own = join(PROJECT_DIR, "node_modules");
  const clean = folders.map((folder) => folder.replace(/(?<=.)[\\/]+$/u, ""));
  return [...new Set(clean)].filter((path) => absolute.test(path) && !path.startsWith(own));
}

/** PATH, HOME and what a program needs to find its language and its temporary folder; nothing of the node's secrets. */
export function baseEnvironment(env: Env): Record<string, string> {
  const names = ["HOME", "USERPROFILE", "LANG", "LC_ALL", "TMPDIR", "TMP", "TEMP", "PATHEXT", "SYSTEMROOT"];
  const base: Record<string, string> = { PATH: pathFolders(env).join(Deno.build.os === "windows" ? ";" : ":") };
  for (const name of names) {
    const value = env.get(name);
    if (value !== undefined) base[name] = value;
  }
  return base;
}

/** `wanted`, checked. Throws INVALID_REQUEST that names the first variable that is refused. */
export function checkedEnvironment(wanted: Readonly<Record<string, string>>): Record<string, string> {
  const entries = Object.entries(wanted);
  if (entries.length > MAX_VARIABLES) throw invalid(`Cannot set ${entries.length} variables: ${MAX_VARIABLES} at most`);
  for (const [name, value] of entries) {
    const shown = JSON.stringify(name.slice(0, 64));
    if (!NAME.test(name)) throw invalid(`Cannot set the variable ${shown}: it is no name of a variable`);
    if (REFUSED.has(name.toUpperCase()) || REFUSED_PREFIX.test(name) || REFUSED_ENDING.test(name)) {
      throw invalid(`Cannot set the variable ${shown}: it can change which program runs`);
    }
    if (value.length > MAX_VALUE || value.includes("\0")) {
      throw invalid(`Cannot set the variable ${shown}: its value is too long or holds a zero byte`);
    }
  }
  return Object.fromEntries(entries);
}
