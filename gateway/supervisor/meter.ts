/** How much of something is borne: a token bucket, and a sieve that passes the latest of too many. */
import type { Clock } from "../observe/clock.ts";

export interface Meter {
  /** Takes one; false: none is left. */
  take(): boolean;
  /** Milliseconds until one is there again; 0: now. */
  waitMs(): number;
}

/** A token bucket: `burst` at once, `perSecond` after that. */
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

/** Reports of a state at once and a second; every one is an event for each client. */
const STATES_AT_ONCE = 30;
const STATES_PER_SECOND = 2;

export interface Latest<T> {
  push(value: T): void;
  stop(): void;
}

/** Hands values on in order; of those that come too fast only the latest, when its time has come. None is late for ever. */
export function createLatest<T>(clock: Clock, hand: (value: T) => void): Latest<T> {
  const meter = createMeter(clock, STATES_AT_ONCE, STATES_PER_SECOND);
  let waiting: { readonly value: T } | undefined;
  let cancel: (() => void) | undefined;

  function release(): void {
    cancel = undefined;
    const last = waiting;
    waiting = undefined;
    if (last && meter.take()) hand(last.value);
    else if (last) hold(last.value);
  }

  function hold(value: T): void {
    waiting = { value };
    cancel ??= clock.after(meter.waitMs(), release);
  }

  return {
    push: (value) => !cancel && meter.take() ? hand(value) : hold(value),
    stop() {
      cancel?.();
      cancel = () => {};
      waiting = undefined;
    },
  };
}
