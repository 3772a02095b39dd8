/** A login in progress: the worker's steps are kept, so that CLI and web drive it together and may join late. */
import type { LoginStep } from "../../schemas/worker/channel.ts";
import type { Clock } from "../observe/clock.ts";
import type { LoginSession } from "./types.ts";

/** People who wait for the next step at once. */
const MAX_WAITING = 64;

export interface LoginRecord {
  readonly session: LoginSession;
  push(step: LoginStep): void;
  /** Whether the last step was an end. */
  readonly ended: boolean;
}

export function createLogin(channel: string, accountId: string, clock: Clock): LoginRecord {
  let latest: LoginStep | undefined;
  let count = 0;
  const waiting = new Set<() => void>();

  return {
    get ended() {
      return latest?.kind === "done" || latest?.kind === "failed";
    },
    push(step) {
      latest = step;
      count++;
      for (const wake of [...waiting]) wake();
    },
    session: {
      channel,
      accountId,
      get latest() {
        return latest;
      },
      async next(seen, timeoutMs) {
        // A step replaces the one before it (a QR code expires): who comes late gets the present one.
        if (count <= seen && waiting.size < MAX_WAITING) {
          const woken = Promise.withResolvers<void>();
          const cancel = clock.after(timeoutMs, () => woken.resolve());
          waiting.add(woken.resolve);
          await woken.promise;
          waiting.delete(woken.resolve);
          cancel();
        }
        return latest !== undefined && count > seen ? { step: latest, count } : undefined;
      },
    },
  };
}
