/** The truth about a whole delivery, and who waits for it. */
import type { Clock } from "../observe/clock.ts";
import type { FullRow, OutboxRows } from "./outbox_rows.ts";
import type { DeliveryResult } from "./types.ts";

export interface Settled {
  wait(groupId: string, deadlineMs: number): Promise<DeliveryResult>;
  /** Looks at the group again; called after every change of its rows. */
  changed(groupId: string): void;
  /** Answers everyone who waits with what is true now. */
  stop(): void;
}

export function createSettled({ rows, clock }: { readonly rows: OutboxRows; readonly clock: Clock }): Settled {
  const waiting = new Map<string, Set<() => void>>();
  return {
    wait(groupId, deadlineMs) {
      const now = resultOf(rows.group(groupId));
      if (now.state !== "queued") return Promise.resolve(now);
      const { promise, resolve } = Promise.withResolvers<DeliveryResult>();
      const waiters = waiting.get(groupId) ?? new Set();
      waiting.set(groupId, waiters.add(finish));
      const cancel = clock.after(deadlineMs, finish);
      function finish(): void {
        cancel();
        waiters.delete(finish);
        if (waiters.size === 0 && waiting.get(groupId) === waiters) waiting.delete(groupId);
        resolve(resultOf(rows.group(groupId)));
      }
      return promise;
    },
    changed(groupId) {
      const waiters = waiting.get(groupId);
      if (waiters === undefined || resultOf(rows.group(groupId)).state === "queued") return;
      for (const finish of [...waiters]) finish();
    },
    stop() {
      for (const waiters of [...waiting.values()]) for (const finish of [...waiters]) finish();
    },
  };
}

/** The worst that is true of any part: a message of which one part is missing was not sent. */
function resultOf(rows: readonly FullRow[]): DeliveryResult {
  const has = (state: FullRow["state"]) => rows.find((row) => row.state === state);
  const messageIds = rows.flatMap((row) => row.receipt?.messageIds ?? []);
  const chatId = rows.find((row) => row.receipt)?.receipt?.chatId ?? rows[0]?.chatId ?? "";
  const result = (state: DeliveryResult["state"], error?: string): DeliveryResult => ({
    state,
    messageIds,
    chatId,
    error,
    ...(rows[0]?.receipt?.pollId === undefined ? {} : { pollId: rows[0].receipt.pollId }),
  });
  const unknown = has("unknown");
  if (unknown) return result("unknown", unknown.error);
  if (has("queued") || has("attempting")) return result("queued", has("queued")?.error);
  const expired = has("expired");
  if (expired) return result("expired", expired.error);
  const failed = has("failed") ?? has("dropped");
  if (failed) return result("failed", failed.error);
  return rows.length === 0 ? result("failed", "There is no such delivery") : result("sent");
}
