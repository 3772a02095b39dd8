/** Asks that ended lately: for whoever asks late, and so that each allow decision is used up once. */
import type { ExecDecision, OpenExecApproval } from "../../schemas/event/approval.ts";
import type { Clock } from "../observe/clock.ts";

export const REMEMBER_MS = 10 * 60_000;
export const MAX_ENDED = 1_000;

export interface RememberedAsk {
  readonly ask: OpenExecApproval;
  readonly decision: ExecDecision | null;
}

export interface EndedAsks {
  add(ask: OpenExecApproval, decision: ExecDecision | null): void;
  get(id: string): RememberedAsk | undefined;
  /** Uses the decision up; false when that was done before. */
  use(id: string): boolean;
  /** The id was given to a new ask: the old decision must not count for it. */
  forget(id: string): void;
}

export function createEndedAsks(clock: Clock): EndedAsks {
  // In the order of their ends, so the oldest stand first.
  const ended = new Map<string, RememberedAsk & { readonly at: number; used: boolean }>();
  const prune = (): void => {
    const oldest = clock.now() - REMEMBER_MS;
    for (const [id, { at }] of ended) {
      if (at > oldest && ended.size <= MAX_ENDED) return;
      ended.delete(id);
    }
  };
  return {
    add(ask, decision) {
      ended.set(ask.id, { ask, decision, at: clock.now(), used: false });
      prune();
    },
    get(id) {
      prune();
      return ended.get(id);
    },
    use(id) {
      prune();
      const found = ended.get(id);
      if (found === undefined || found.used) return false;
      found.used = true;
      return true;
    },
    forget: (id) => void ended.delete(id),
  };
}
