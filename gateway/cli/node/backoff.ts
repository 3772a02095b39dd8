/** How long to wait before the next try: 1 s doubling to 30 s, less up to a fifth, so that many nodes do not come at once. */
import type { Clock } from "../../observe/clock.ts";

const FIRST_MS = 1000;
const MOST_MS = 30_000;
/** A connection that held this long was a good one: the next loss begins anew at one second. */
const GOOD_MS = 10_000;
/** Timers stand still while a machine sleeps; the clock on the wall is asked so often instead. */
const GLANCE_MS = 1000;

export class Backoff {
  #failures = 0;
  constructor(private readonly random: () => number = Math.random) {}

  /** After a connection that held `ms`. */
  held(ms: number): void {
    if (ms >= GOOD_MS) this.#failures = 0;
  }

  /** Milliseconds until the next try. */
  next(): number {
    const full = Math.min(FIRST_MS * 2 ** this.#failures, MOST_MS);
    this.#failures = Math.min(this.#failures + 1, 10);
    return Math.round(full * (1 - this.random() / 5));
  }
}

/** Waits `ms` of wall time, also across sleep, or until `signal` aborts. */
export async function pause(ms: number, clock: Clock, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const until = clock.now() + ms;
  const cancels = [
    clock.after(ms, resolve),
    clock.every(GLANCE_MS, () => {
      if (clock.now() >= until) resolve();
    }),
  ];
  const done = () => resolve();
  signal.addEventListener("abort", done, { once: true });
  await promise;
  signal.removeEventListener("abort", done);
  for (const cancel of cancels) cancel();
}
