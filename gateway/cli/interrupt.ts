/** Ctrl-C during a run: the first one stops the run, the next one leaves. */
import type { CliContext } from "./context.ts";

export interface Interrupts {
  /** Resolves at the second Ctrl-C. */
  readonly leave: Promise<"leave">;
  dispose(): void;
}

/** Calls `stop` at the first Ctrl-C only. */
export function firstStopsThenLeaves(context: CliContext, stop: () => void): Interrupts {
  const { promise, resolve } = Promise.withResolvers<"leave">();
  let presses = 0;
  const dispose = context.onInterrupt(() => {
    presses += 1;
    if (presses === 1) stop();
    else resolve("leave");
  });
  return { leave: promise, dispose };
}
