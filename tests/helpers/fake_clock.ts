/** A clock that stands still until a test moves it; timers fire when the time passes them. */
import type { Clock } from "../../gateway/observe/clock.ts";

export class FakeClock implements Clock {
  #now: number;
  readonly #timers = new Set<{ at: number; readonly every: number | undefined; readonly action: () => void }>();

  constructor(now = 1_795_346_085_416) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  after(ms: number, action: () => void): () => void {
    return this.#add({ at: this.#now + ms, every: undefined, action });
  }

  every(ms: number, action: () => void): () => void {
    return this.#add({ at: this.#now + ms, every: ms, action });
  }

  /** Moves the time on and runs what is due, in order of time. */
  advance(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const [next] = [...this.#timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
      if (!next) break;
      this.#now = Math.max(this.#now, next.at);
      if (next.every === undefined) this.#timers.delete(next);
      else next.at += next.every;
      next.action();
    }
    this.#now = end;
  }

  #add(timer: { at: number; readonly every: number | undefined; readonly action: () => void }): () => void {
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }
}
