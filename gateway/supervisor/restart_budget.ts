/** How often a worker may fail before main stops starting it again. */
import type { Clock } from "../observe/clock.ts";

export interface RestartBudget {
  /** Counts a failure now. */
  spend(): void;
  /** Milliseconds until a start is allowed again; 0: allowed now. */
  waitMs(): number;
}

/** At most `limit` failures within `windowMs`; a start is allowed again when the oldest of them leaves the window. */
export function createRestartBudget(clock: Clock, limit: number, windowMs: number): RestartBudget {
  let failures: number[] = [];
  return {
    spend() {
      failures = [...failures, clock.now()].slice(-limit);
    },
    waitMs() {
      const oldest = failures[0];
      if (failures.length < limit || oldest === undefined) return 0;
      return Math.max(0, oldest + windowMs - clock.now());
    },
  };
}
