/** Waiting that a stop or a wake-up call ends. */

export interface Waker {
  /** Resolves after `ms`, at `wake`, or when the signal is aborted. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
  /** Ends the wait, if there is one. */
  wake(): void;
}

export function createWaker(): Waker {
  let end: (() => void) | undefined;
  return {
    wait(ms, signal) {
      if (signal.aborted) return Promise.resolve();
      return new Promise((resolve) => {
        const done = () => {
          clearTimeout(timer);
          signal.removeEventListener("abort", done);
          end = undefined;
          resolve();
        };
        const timer = setTimeout(done, ms);
        signal.addEventListener("abort", done, { once: true });
        end = done;
      });
    },
    wake: () => end?.(),
  };
}
