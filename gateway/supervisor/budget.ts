/** When an account that failed may start again: exponential waits with jitter, and so many starts an hour at most. */
import type { Clock } from "../observe/clock.ts";

export interface BudgetLimits {
  readonly firstMs: number;
  readonly mostMs: number;
  /** Starts within `windowMs` after which the account stays down. */
  readonly starts: number;
  /** Also the quiet time after which an account that used up its starts gets a new chance. */
  readonly windowMs: number;
}

export const CHANNEL_BUDGET: BudgetLimits = { firstMs: 1_000, mostMs: 5 * 60_000, starts: 10, windowMs: 60 * 60_000 };

export interface StartBudget {
  /** Counts a start now. */
  started(): void;
  /** Counts a failure; when the next start may be. `exhausted`: only after a quiet time. */
  failed(): { readonly at: number; readonly exhausted: boolean };
  /** The account worked for a good while: the next failure waits the shortest time again. */
  stable(): void;
  /** A person started it: everything is forgiven. */
  reset(): void;
  /** Starts within the window. */
  starts(): number;
}

/** `random` gives 0 to 1; accounts that failed together must not come back together. */
export function createStartBudget(clock: Clock, random: () => number, limits = CHANNEL_BUDGET): StartBudget {
  let recent: number[] = [];
  let failures = 0;
  const within = () => recent = recent.filter((at) => at > clock.now() - limits.windowMs);
  return {
    started: () => void (recent = [...within(), clock.now()].slice(-limits.starts)),
    failed() {
      if (within().length >= limits.starts) return { at: clock.now() + limits.windowMs, exhausted: true };
      const wait = Math.min(limits.firstMs * 2 ** Math.min(failures++, 20), limits.mostMs);
      return { at: clock.now() + Math.round(wait * (0.8 + 0.4 * random())), exhausted: false };
    },
    stable: () => void (failures = 0),
    reset() {
      recent = [];
      failures = 0;
    },
    starts: () => within().length,
  };
}
