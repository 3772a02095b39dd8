/** A token bucket: so many at once, so many a second after that. */
import type { Clock } from "../observe/clock.ts";

export interface Meter {
  /** Takes one; false: none is left. */
  take(): boolean;
  /** Milliseconds until one is there again; 0: now. */
  waitMs(): number;
}

export function createMeter(clock: Clock, burst: number, perSecond: number): Meter {
  let tokens = burst;
  let last = clock.now();
  const refill = () => {
    const now = clock.now();
    // A clock that was set back must not take tokens away.
    tokens = Math.min(burst, tokens + Math.max(0, now - last) * perSecond / 1000);
    last = now;
  };
  return {
    take() {
      refill();
      if (tokens < 1) return false;
      tokens--;
      return true;
    },
    waitMs() {
      refill();
      return tokens >= 1 ? 0 : Math.ceil((1 - tokens) * 1000 / perSecond);
    },
  };
}
