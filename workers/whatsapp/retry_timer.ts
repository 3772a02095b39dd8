/** When the account connects again after a loss, and what it says until then. */
import type { StateReport } from "../runtime/provider.ts";
import { backoffMs, type BackoffRule } from "./backoff.ts";
import { after } from "./wait.ts";

/** A connection that lasted this long was a good one: the waits begin again from the shortest. */
const STABLE_MS = 30_000;

export interface RetryTimer {
  /** Reports the loss and dials after the wait. Takes the place of a wait under way. */
  schedule(sentence: string, platformCode: string): void;
  /** A connection ended after so long. */
  lasted(ms: number): void;
  reset(): void;
  cancel(): void;
}

export function createRetryTimer(options: {
  readonly rule: BackoffRule;
  readonly random: () => number;
  readonly report: (report: StateReport) => void;
  readonly dial: () => void;
}): RetryTimer {
  const { rule, random, report, dial } = options;
  let attempt = 0;
  let cancel = (): void => {};
  return {
    schedule(sentence, platformCode) {
      cancel();
      attempt++;
      if (rule.maxAttempts > 0 && attempt > rule.maxAttempts) {
        const words = `${sentence}. Gave up after ${rule.maxAttempts} attempts; start the account again to go on`;
        return report({ state: "reconnecting", sentence: words, userAction: "wait", attempt, platformCode });
      }
      const retryInMs = backoffMs(rule, attempt, random());
      report({ state: "reconnecting", sentence, attempt, retryInMs, platformCode });
      cancel = after(retryInMs, dial);
    },
    lasted: (ms) => {
      if (ms > STABLE_MS) attempt = 0;
    },
    reset: () => attempt = 0,
    cancel: () => cancel(),
  };
}
