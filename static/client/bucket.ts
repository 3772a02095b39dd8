/** A limit on how often something may happen: `burst` at once, then `perSecond`. */
export interface Bucket {
  /** Takes one; false when there is none left. */
  take(): boolean;
}

/** `now`: milliseconds. */
export function createBucket(burst: number, perSecond: number, now: () => number): Bucket {
  let level = burst;
  let at = now();
  return {
    take() {
      const time = now();
      level = Math.min(burst, level + Math.max(0, time - at) / 1000 * perSecond);
      at = time;
      if (level < 1) return false;
      level -= 1;
      return true;
    },
  };
}
