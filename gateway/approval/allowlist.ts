/**
 * What `exec-approvals.json` says of a command: run it, ask a person, or refuse. Pure; the headless node judges its own
 * commands by the same rules. When in doubt the answer is to ask.
 */
import type { ExecApprovalsFile } from "../../schemas/method/approvals.ts";
import { shellScript, splitCommand } from "./command_text.ts";

export interface Rules {
  readonly security: "deny" | "allowlist" | "full";
  readonly ask: "off" | "on-miss" | "always";
  /** What holds when nobody can be asked. */
  readonly askFallback: "deny" | "allowlist" | "full";
}

/** Where the command is to run. */
export interface Host {
  /** The file that would be run, absolute and with links resolved; of `programOf(argv)`, not of a shell around it. */
  readonly resolvedPath?: string | undefined;
  /** `Deno.build.os`; default linux. Case does not count on darwin and windows. */
  readonly platform?: string | undefined;
  /** What `~/` in a pattern stands for. */
  readonly home?: string | undefined;
}

export interface AllowlistHit {
  /** The key under which the entry stands: the agent's own id or `*`. */
  readonly agentId: string;
  readonly pattern: string;
}

export interface Verdict {
  readonly decision: "allow" | "ask" | "deny";
  /** The entry that allowed it. */
  readonly hit?: AllowlistHit;
}

const ANY_AGENT = "*";
const DEFAULTS: Rules = { security: "allowlist", ask: "on-miss", askFallback: "deny" };

/** The rules for an agent: its own over those of `*` over `defaults`; by default the allow list, asking on a miss. */
export function rulesFor(file: ExecApprovalsFile, agentId: string): Rules {
  const layers = [DEFAULTS, file.defaults, agentOf(file, ANY_AGENT), agentOf(file, agentId)];
  return layers.reduce<Rules>((rules, layer) => ({
    security: layer?.security ?? rules.security,
    ask: layer?.ask ?? rules.ask,
    askFallback: layer?.askFallback ?? rules.askFallback,
  }), DEFAULTS);
}

/** Judges a command of an agent. `deny` is final: nobody is to be asked. */
export function verdict(file: ExecApprovalsFile, agentId: string, argv: readonly string[], host: Host = {}): Verdict {
  const { security, ask } = rulesFor(file, agentId);
  if (security === "deny") return { decision: "deny" };
  if (ask === "always") return { decision: "ask" };
  if (security === "full") return { decision: "allow" };
  const hit = hitOf(file, agentId, argv, host);
  if (hit !== undefined) return { decision: "allow", hit };
  return { decision: ask === "off" ? "deny" : "ask" };
}

/** What holds for a command that a person should have decided about when nobody did. */
export function fallback(file: ExecApprovalsFile, agentId: string, argv: readonly string[], host: Host = {}): boolean {
  const { security, askFallback } = rulesFor(file, agentId);
  if (security === "deny" || askFallback === "deny") return false;
  return askFallback === "full" || hitOf(file, agentId, argv, host) !== undefined;
}

/**
 * The command that an allow list judges: `argv` itself, or the plain command within `sh -c`. Undefined when the list
 * cannot say what would run: a chain, a pipe, a redirection, a substitution, or any other use of a shell with `-c`.
 */
export function programOf(argv: readonly string[], platform?: string): readonly string[] | undefined {
  const [program = "", ...args] = argv;
  const script = shellScript(argv);
  if (script !== undefined) {
    const inner = isCmdName(nameOf(program)) ? cmdWords(script) : splitCommand(script);
    // A shell within a shell is taken apart once and no further.
    return inner === undefined || SHELLS.has(nameOf(inner[0] ?? "")) ? undefined : inner;
  }
  if (program === "" || argv.some((each) => each.includes("\0"))) return undefined;
  if (SHELLS.has(nameOf(program)) && args.some((arg) => /^[-+/]/u.test(arg))) return undefined;
  // Windows hands batch files to cmd, which reads the arguments as a script.
  if (platform === "windows" && /\.(?:bat|cmd)$/iu.test(program) && args.some((arg) => CMD_SYNTAX.test(arg))) {
    return undefined;
  }
  return argv;
}

/**
 * What `allow-always` writes down: the resolved path when it is known, else the program's name. Undefined where that would
 * allow more than was asked: chains, shells, programs that run other programs, paths that read as patterns.
 */
export function patternFor(
  argv: readonly string[],
  resolvedPath?: string | null,
  platform?: string,
): string | undefined {
  const [program] = programOf(argv, platform) ?? [];
  const pattern = resolvedPath || program;
  if (program === undefined || pattern === undefined || pattern.length > MAX_PATTERN || /[*?\p{Cc}]/u.test(pattern)) {
    return undefined;
  }
  if ([program, pattern].some((each) => isRunner(nameOf(each)))) return undefined;
  const isBare = !/[\\/]/u.test(pattern);
  return isBare || isPlainPath(slashed(pattern, platform)) ? pattern : undefined;
}

const MAX_PATTERN = 1_024;
const SHELLS = new Set(
  "sh bash dash zsh ksh mksh fish csh tcsh ash busybox cmd powershell pwsh nu elvish xonsh".split(" "),
);
/** Programs that run what their arguments say: an entry for one of them would allow everything. */
const RUNNERS = new Set(
  [
    // Wrappers around another command.
    "env sudo doas su runuser pkexec run0 xargs nohup nice ionice chrt taskset prlimit time timeout setsid stdbuf unbuffer",
    "chroot unshare nsenter setarch setpriv capsh fakeroot bwrap firejail flatpak snap exec eval command builtin source .",
    "find fd parallel watch script scriptlive expect entr flock strace ltrace gdb lldb perf valgrind rlwrap socat tmux screen",
    "systemd-run systemctl launchctl crontab at batch ssh rsh mosh dtach wsl start runas cscript wscript rundll32 regsvr32",
    "mshta osascript open toybox docker podman nerdctl kubectl lxc",
    // Interpreters, and tools that run code which stands in their arguments or in a file that they are given.
    "python pypy ipython perl ruby irb node nodejs deno bun tsx ts-node php lua luajit tclsh wish rscript r julia java jshell",
    "groovy scala kotlin swift dotnet awk gawk mawk nawk make gmake cmake ninja just npm npx pnpm pnpx yarn bunx uv uvx pipx",
    "pip go cargo ghci runghc erl escript guile racket sbcl m4 dc ed ex vi vim nvim emacs sqlite3 psql mysql",
  ].join(" ").split(" "),
);
const CMD_SYNTAX = /[&|<>^%!"()\r\n]/u;

const isCmdName = (name: string): boolean => name === "cmd";
/** `C:\Windows\cmd.exe` is `cmd`. */
const nameOf = (program: string): string =>
  (program.split(/[\\/]/u).at(-1) ?? "").toLowerCase().replace(/\.(?:exe|com|bat|cmd)$/u, "");

/** `python3.12` is python, and `bash5` a shell. */
const isRunner = (name: string): boolean =>
  [name, name.replace(/-?[\d.]+$/u, "")].some((each) => RUNNERS.has(each) || SHELLS.has(each));

/** Words of a cmd script without quotes or any syntax of cmd. */
function cmdWords(script: string): string[] | undefined {
  const words = script.trim().split(/[ \t]+/u);
  return CMD_SYNTAX.test(script) || words[0] === "" ? undefined : words;
}

function hitOf(
  file: ExecApprovalsFile,
  agentId: string,
  argv: readonly string[],
  host: Host,
): AllowlistHit | undefined {
  const [program] = programOf(argv, host.platform) ?? [];
  if (program === undefined) return undefined;
  for (const key of agentId === ANY_AGENT ? [ANY_AGENT] : [agentId, ANY_AGENT]) {
    const entry = agentOf(file, key)?.allowlist?.find(({ pattern }) => fits(pattern, program, host));
    if (entry !== undefined) return { agentId: key, pattern: entry.pattern };
  }
  return undefined;
}

/** Own keys only: an agent may be called `constructor`. */
export const agentOf = ({ agents }: ExecApprovalsFile, id: string) =>
  agents !== undefined && Object.hasOwn(agents, id) ? agents[id] : undefined;

/**
 * A pattern without a slash is a program's name and fits the bare name alone, which the host finds in its PATH; `./git`
 * is not `git`. One with a slash is a glob on the resolved path: `*` and `?` within a folder, `**` across folders.
 */
function fits(written: string, program: string, { resolvedPath, platform, home }: Host): boolean {
  const fold = (text: string): string => platform === "darwin" || platform === "windows" ? text.toLowerCase() : text;
  const pattern = slashed(written.trim(), platform);
  const name = slashed(program, platform);
  if (!pattern.includes("/")) return !name.includes("/") && globFits(fold(pattern), fold(name));
  const path = slashed(resolvedPath ?? program, platform);
  const full = pattern.startsWith("~/") && home !== undefined ? slashed(home, platform) + pattern.slice(1) : pattern;
  return isPlainPath(path) && globFits(fold(full), fold(path));
}

const slashed = (path: string, platform: string | undefined): string =>
  platform === "windows" ? path.replaceAll("\\", "/") : path;

/** Absolute, and without steps that lead somewhere else than it reads. */
const isPlainPath = (path: string): boolean =>
  /^(?:\/|[A-Za-z]:\/)/u.test(path) && path.split("/").slice(1).every((part) => !["", ".", ".."].includes(part));

/** By the places that can be reached, so that no pattern costs more than its length times that of the text. */
function globFits(pattern: string, text: string): boolean {
  let reached = new Set([0]);
  for (const token of pattern.slice(0, MAX_PATTERN).match(/\*{2,}\/?|[^]/gu) ?? []) {
    reached = token.startsWith("*") ? starred(token, text, reached) : new Set(
      [...reached].flatMap((at) => {
        const character = text.charAt(at);
        const isHit = token === "?" ? character !== "/" && character !== "" : text.startsWith(token, at);
        return isHit ? [at + (token === "?" ? 1 : token.length)] : [];
      }),
    );
    if (reached.size === 0) return false;
  }
  return reached.has(text.length);
}

/** `*` stays within a folder, `**` does not, and a `**` with its slash takes whole folders or nothing. */
function starred(token: string, text: string, reached: ReadonlySet<number>): Set<number> {
  const next = new Set(reached);
  const whole = token.endsWith("/");
  let open = false;
  for (let at = 0; at <= text.length; at++) {
    if (open && (!whole || text.charAt(at - 1) === "/")) next.add(at);
    if (reached.has(at)) open = true;
    if (token === "*" && text.charAt(at) === "/") open = false;
  }
  return next;
}
