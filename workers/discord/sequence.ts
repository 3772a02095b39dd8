/** Which dispatches of a gateway session are finished: only those may be left out when another process resumes it. */

export interface Sequence {
  /** A new session counts from its beginning; what older ones still do is no longer counted. */
  reset(committed?: number): void;
  /** The dispatch begins: call the result when main has it. Undefined: it was here before, a resume has repeated it. */
  begin(number: number): (() => void) | undefined;
  /** Everything up to here has begun. */
  received(): number;
  /** Everything up to here is finished. */
  committed(): number;
  /** How many have begun and are not finished. */
  open(): number;
}

export function createSequence(onCommit: () => void): Sequence {
  let pending = new Set<number>();
  let received = 0;
  return {
    reset(committed = 0) {
      pending = new Set();
      received = committed;
    },
    begin(number) {
      if (number <= received) return undefined;
      received = number;
      const mine = pending;
      mine.add(number);
      return () => {
        if (mine.delete(number) && mine === pending) onCommit();
      };
    },
    received: () => received,
    // Numbers come in order and a set keeps it: the first is the oldest.
    committed() {
      for (const oldest of pending) return oldest - 1;
      return received;
    },
    open: () => pending.size,
  };
}
