/** What the exit codes of `openclaw` mean, and the error that carries one. */

interface ExitRow {
  readonly code: number;
  readonly meaning: string;
}

/**
 * Scripts depend on these numbers: a row may be added, none may change. 75, 77 and 78 are those of sysexits.h
 * (temporary, no permission, configuration), 130 is SIGINT.
 */
export const EXITS = {
  ok: { code: 0, meaning: "done" },
  failed: { code: 1, meaning: "the gateway answered with an error, a run failed, or the configuration has issues" },
  usage: { code: 2, meaning: "wrong arguments, or a local file that cannot be used" },
  unreachable: { code: 3, meaning: "no gateway could be reached, or the connection was lost" },
  refused: { code: 4, meaning: "the gateway refused the token, the password or the scope" },
  notPaired: { code: 5, meaning: "this device waits for approval on the gateway" },
  temporary: { code: 75, meaning: "not available now or no answer in time; trying again later can help" },
  permission: { code: 77, meaning: "this process was started without a permission that it needs" },
  config: { code: 78, meaning: "the gateway cannot start with this configuration" },
  interrupted: { code: 130, meaning: "stopped by Ctrl-C" },
} as const satisfies Record<string, ExitRow>;

export type Exit = keyof typeof EXITS;

/** A failure as the terminal shows it: one sentence, what to do next, and the exit code. */
export class CliError extends Error {
  constructor(
    readonly exit: Exit,
    message: string,
    /** Each one line that names a next step. */
    readonly hints: readonly string[] = [],
    /** The gateway's error as it came, for `--json`. */
    readonly wire?: unknown,
  ) {
    super(message);
    this.name = "CliError";
  }
}

/** The table for `openclaw help`. */
export function exitCodeHelp(): string {
  const rows = Object.values(EXITS).map(({ code, meaning }) => `  ${String(code).padEnd(5)}${meaning}`);
  return ["Exit codes:", ...rows].join("\n");
}
