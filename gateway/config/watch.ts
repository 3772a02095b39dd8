/** Notices that the configuration file changed. Looks at its time and size: editors replace files, which ends a watch. */
import type { Clock } from "../observe/clock.ts";

const INTERVAL_MS = 3_000;

export interface WatchOptions {
  readonly path: string;
  readonly clock: Clock;
  /** Called after a change, one call at a time. A throw is the caller's: it must not escape. */
  readonly changed: () => Promise<void>;
}

/** Starts looking; the returned function ends it. */
export function watchConfigFile({ path, clock, changed }: WatchOptions): () => void {
  let last = stampOf(path);
  let busy = false;
  return clock.every(INTERVAL_MS, () => {
    const stamp = stampOf(path);
    if (stamp === last || busy) return;
    last = stamp;
    busy = true;
    changed().finally(() => busy = false);
  });
}

/** A file that is gone has a stamp too: its removal is a change. */
function stampOf(path: string): string {
  try {
    const { mtime, size, ino } = Deno.statSync(path);
    return `${mtime?.getTime()}:${size}:${ino}`;
  } catch {
    return "absent";
  }
}
