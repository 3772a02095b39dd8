/** What this worker remembers, bounded: the threads it speaks in, and how far a send got. */

const MAX_THREADS = 4_096;
const MAX_SENDS = 256;

export interface Memory {
  /** Writes down that we said something in a thread. */
  spoke(channel: string, threadTs: string | undefined): void;
  hasSpoken(channel: string, threadTs: string): boolean;
  /**
   * The parts of a send that Slack has accepted, by its idempotency key. When the second part fails, an attempt with the
   * same key goes on there instead of sending the first part twice.
   */
  parts(key: string): Map<string, string>;
}

export function createMemory(): Memory {
  const threads = new Set<string>();
  const sends = new Map<string, Map<string, string>>();
  return {
    spoke(channel, threadTs) {
      if (threadTs === undefined) return;
      const place = `${channel}:${threadTs}`;
      threads.delete(place);
      threads.add(place);
      drop(threads, MAX_THREADS);
    },
    hasSpoken: (channel, threadTs) => threads.has(`${channel}:${threadTs}`),
    parts(key) {
      const known = sends.get(key) ?? new Map<string, string>();
      sends.delete(key);
      sends.set(key, known);
      drop(sends, MAX_SENDS);
      return known;
    },
  };
}

/** The oldest go first. */
function drop(kept: { readonly size: number; keys(): Iterator<string>; delete(key: string): boolean }, most: number) {
  if (kept.size <= most) return;
  const oldest = kept.keys().next();
  if (oldest.done !== true) kept.delete(oldest.value);
}
