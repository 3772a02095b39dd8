/** Joins quick texts of one sender in one chat: each waits a little for the next. Rows stay `received` meanwhile. */
import type { Clock } from "../observe/clock.ts";
import type { Seen } from "./intake_gate.ts";

/** Texts that one turn joins at most; a flood does not wait for ever. */
const MAX_JOINED = 20;

export interface Debounce {
  /** Holds the message, or passes it on at once when `ms` is 0, together with what was held. */
  put(seen: Seen, ms: number): void;
  /** Passes on what is held for the sender of this message. */
  flush(seen: Seen): void;
  /** Takes a held message out again, because an edit replaces it. */
  drop(inboxId: string): void;
  /** Forgets everything that is held; the rows are taken up by the next start. */
  stop(): void;
}

export function createDebounce(clock: Clock, pass: (batch: readonly Seen[]) => void): Debounce {
  const held = new Map<string, { batch: Seen[]; cancel: () => void }>();
  const flushKey = (key: string): void => {
    const waiting = held.get(key);
    if (!waiting) return;
    held.delete(key);
    waiting.cancel();
    if (waiting.batch.length > 0) pass(waiting.batch);
  };
  return {
    put(seen, ms) {
      const key = keyOf(seen);
      if (ms <= 0) {
        flushKey(key);
        return pass([seen]);
      }
      const before = held.get(key);
      before?.cancel();
      const batch = [...before?.batch ?? [], seen];
      held.set(key, { batch, cancel: clock.after(ms, () => flushKey(key)) });
      if (batch.length >= MAX_JOINED) flushKey(key);
    },
    flush: (seen) => flushKey(keyOf(seen)),
    drop(inboxId) {
      for (const waiting of held.values()) waiting.batch = waiting.batch.filter(({ row }) => row.id !== inboxId);
    },
    stop() {
      for (const { cancel } of held.values()) cancel();
      held.clear();
    },
  };
}

const keyOf = ({ row, event }: Seen): string =>
  JSON.stringify([row.channel, row.accountId, event.chat.id, event.chat.threadId ?? "", event.sender.id]);
