/** Asks before something is lost. */
import type { CliContext } from "./context.ts";
import { CliError } from "./exit.ts";
import type { Options } from "./options.ts";

/** Returns when the person agreed or `--yes` was given. Without a terminal nobody can agree, so `--yes` is required. */
export async function confirm(context: CliContext, options: Options, question: string): Promise<void> {
  if (options.flag("yes")) return;
  const cancelled = new CliError("interrupted", "Cancelled: nothing was changed");
  if (!context.input.isTty) {
    throw new CliError("usage", `Cannot ask "${question}": standard input is no terminal`, ["Add --yes to go ahead"]);
  }
  const { promise: interrupted, resolve } = Promise.withResolvers<undefined>();
  const reader = context.input.lines({ onInterrupt: () => resolve(undefined) });
  try {
    reader.prompt(`${question} [y/N] `);
    const answer = await Promise.race([reader[Symbol.asyncIterator]().next(), interrupted]);
    if (answer === undefined || answer.done === true || !/^y(es)?$/iu.test(answer.value.trim())) throw cancelled;
  } finally {
    reader.close();
  }
}
