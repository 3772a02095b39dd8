/** A context for CLI commands in tests: captured output, given environment, scripted input, Ctrl-C on demand. */
import type { CliContext, Input, LineReader } from "../../gateway/cli/context.ts";
import { Output } from "../../gateway/cli/output.ts";
import { systemClock } from "../../gateway/observe/clock.ts";
import { envOf } from "../../gateway/observe/env_capture.ts";

export interface TestCli {
  readonly context: CliContext;
  stdout(): string;
  stderr(): string;
  /** Presses Ctrl-C. */
  interrupt(): void;
}

export interface TestCliOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  readonly inputTty?: boolean;
  readonly outputTty?: boolean;
  readonly noColor?: boolean;
}

export function testCli(options: TestCliOptions = {}): TestCli {
  let stdout = "";
  let stderr = "";
  const handlers = new Set<() => void>();
  const isTty = options.outputTty === true;
  const sink = (write: (text: string) => void) => ({ write, isTty, columns: () => isTty ? 100 : undefined });
  const context: CliContext = {
    version: "9.9.9",
    env: envOf(options.env ?? {}),
    clock: systemClock,
    out: new Output(sink((text) => void (stdout += text)), sink((text) => void (stderr += text)), {
      noColor: options.noColor === true,
    }),
    input: scriptedInput(options.stdin ?? "", options.inputTty === true),
    onInterrupt(handler) {
      handlers.add(handler);
      return () => handlers.delete(handler);
    },
  };
  return {
    context,
    stdout: () => stdout,
    stderr: () => stderr,
    interrupt: () => {
      for (const handler of [...handlers]) handler();
    },
  };
}

function scriptedInput(text: string, isTty: boolean): Input {
  return {
    isTty,
    text: () => Promise.resolve(text),
    lines: (): LineReader => ({
      prompt() {},
      close() {},
      async *[Symbol.asyncIterator]() {
        for (const line of text.split("\n")) if (line !== "") yield await Promise.resolve(line);
      },
    }),
  };
}

/** A new state directory, removed at the end of the block. */
export async function tempState(): Promise<{ readonly dir: string } & AsyncDisposable> {
  const dir = await Deno.makeTempDir({ prefix: "occli-" });
  return { dir, [Symbol.asyncDispose]: () => Deno.remove(dir, { recursive: true }) };
}
