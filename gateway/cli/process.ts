/** The process of the CLI: streams, signals, exit code. The only place that ends it. */
import { systemClock } from "../observe/clock.ts";
import type { Env } from "../observe/home.ts";
import type { CliContext } from "./context.ts";
import { standardInput } from "./input.ts";
import { Output, streamSink } from "./output.ts";
import { type Program, runProgram } from "./program.ts";

/** Runs the program on this process and ends it with the exit code. */
export async function runProcess(program: Program, env: Env, argv: readonly string[]): Promise<never> {
  const out = new Output(streamSink(Deno.stdout), streamSink(Deno.stderr), { noColor: noColor(env) });
  const context: CliContext = {
    version: program.version,
    out,
    env,
    clock: systemClock,
    input: standardInput(),
    onInterrupt: (handler) => {
      Deno.addSignalListener("SIGINT", handler);
      return () => Deno.removeSignalListener("SIGINT", handler);
    },
  };
  Deno.exit(await runProgram(program, argv, context));
}

/** NO_COLOR counts when it is set and not empty (no-color.org); a dumb terminal shows escapes as text. */
const noColor = (env: Env): boolean => (env.get("NO_COLOR") ?? "") !== "" || env.get("TERM") === "dumb";
