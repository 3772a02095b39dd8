/** Asks a person for values, one line each; a pipe answers the same way. */
import type { CliContext, LineReader } from "./context.ts";
import { CliError } from "./exit.ts";

export interface Questions extends Disposable {
  /** The answer without white space around it; empty when nothing was typed or the input has ended. */
  ask(prompt: string): Promise<string>;
  /** The same, and a terminal shows nothing of the answer. */
  askSecret(prompt: string): Promise<string>;
}

/** One reader of a pipe for all questions: a second one would lose what the first has read ahead. Ctrl-C cancels. */
export function questions(context: CliContext): Questions {
  const { out, input } = context;
  const { promise: interrupted, resolve } = Promise.withResolvers<undefined>();
  const cancelled = () => new CliError("interrupted", "Cancelled: nothing was changed");
  let reader: LineReader | undefined;
  let lines: AsyncIterator<string> | undefined;

  async function ask(prompt: string, hidden: boolean): Promise<string> {
    if (input.question !== undefined) {
      const typed = await input.question(prompt, hidden, (text) => out.write(text));
      if (typed.kind === "interrupted") throw cancelled();
      return typed.kind === "line" ? typed.text.trim() : "";
    }
    reader ??= input.lines({ onInterrupt: () => resolve(undefined) });
    lines ??= reader[Symbol.asyncIterator]();
    reader.prompt(prompt);
    const answer = await Promise.race([lines.next(), interrupted]);
    if (answer === undefined) throw cancelled();
    return answer.done === true ? "" : answer.value.trim();
  }

  const release = context.onInterrupt(() => resolve(undefined));
  return {
    ask: (prompt) => ask(prompt, false),
    askSecret: (prompt) => ask(prompt, true),
    [Symbol.dispose]() {
      release();
      reader?.close();
    },
  };
}
