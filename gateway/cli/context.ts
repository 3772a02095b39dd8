/** What a command gets from the process: environment, output, clock, standard input, Ctrl-C. Tests build their own. */
import type { Clock } from "../observe/clock.ts";
import type { Env } from "../observe/home.ts";
import type { Options } from "./options.ts";
import type { Output } from "./output.ts";
import type { TypedLine } from "./terminal_line.ts";

export interface CliContext {
  readonly version: string;
  readonly out: Output;
  readonly clock: Clock;
  readonly input: Input;
  readonly env: Env;
  /** Calls `handler` at each Ctrl-C until the returned function is called. */
  onInterrupt(handler: () => void): () => void;
}

export interface Input {
  readonly isTty: boolean;
  /** The lines of standard input. `onInterrupt` is called for Ctrl-C while a terminal is being read. */
  lines(options: { readonly onInterrupt: () => void }): LineReader;
  /** One line of a terminal; `hidden` for secrets. Absent when standard input is no terminal. */
  readonly question?: (prompt: string, hidden: boolean, write: (text: string) => void) => Promise<TypedLine>;
  /** All of standard input as text, at most `maxBytes`. */
  text(maxBytes: number): Promise<string>;
}

export interface LineReader extends AsyncIterable<string> {
  /** Shows the prompt; without a terminal nothing is shown. */
  prompt(text: string): void;
  close(): void;
}

/** A command: returns the exit code, 0 when it returns nothing. */
export type Command = (context: CliContext, options: Options, args: readonly string[]) => Promise<number | void>;
