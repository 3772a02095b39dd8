/** Finds workers that died without a word or no longer return to their event loop. */
import type { Clock } from "../observe/clock.ts";

export interface LivenessOptions {
  readonly clock: Clock;
  /** Between the end of one ping and the next. */
  readonly intervalMs: number;
  /** For one answer. */
  readonly deadlineMs: number;
  /** Unanswered pings in a row until the worker counts as wedged. */
  readonly misses: number;
  /** Sends a ping and resolves with its answer; rejects when the deadline passes. */
  readonly ping: (id: number, deadlineMs: number) => Promise<unknown>;
  readonly onWedged: () => void;
}

export interface Liveness {
  stop(): void;
}

/**
 * A timer that fires late means that main itself was busy, and then the answer may be waiting behind it: such a miss is
 * not counted, or a pause of the host would kill healthy workers.
 */
export function watchLiveness(options: LivenessOptions): Liveness {
  const { clock, intervalMs, deadlineMs, misses, ping, onWedged } = options;
  let missed = 0;
  let nextId = 0;
  let stopped = false;
  let cancel = clock.after(intervalMs, round);

  function round(): void {
    const startedAt = clock.now();
    ping(++nextId, deadlineMs).then(
      () => {
        missed = 0;
        schedule();
      },
      () => {
        const mainWasBusy = clock.now() - startedAt > deadlineMs * 1.5;
        if (!mainWasBusy) missed++;
        if (missed < misses) return schedule();
        if (!stopped) onWedged();
      },
    );
  }

  function schedule(): void {
    if (!stopped) cancel = clock.after(missed === 0 ? intervalMs : 0, round);
  }

  return {
    stop() {
      stopped = true;
      cancel();
    },
  };
}
