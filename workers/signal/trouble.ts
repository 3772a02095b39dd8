/** What a failed connection means for the account: wait and try again, or say what a person has to do. */
import type { ProviderContext, StateReport } from "../runtime/provider.ts";
import { isLoggedOut, toChannelError } from "./errors.ts";
import { StreamOver } from "./events.ts";
import type { Settings } from "./settings.ts";
import type { Waker } from "./wait.ts";

export interface Trouble {
  /** Reports the state, waits, and resolves with whether to try again. */
  handle(error: unknown): Promise<boolean>;
  /** The stream lives: the next trouble starts from the beginning. */
  over(): void;
}

type Verdict = StateReport & { readonly waitMs: number | undefined };

export function createTrouble(
  { state, log, signal }: Pick<ProviderContext, "state" | "log" | "signal">,
  { retry }: Pick<Settings, "retry">,
  waker: Waker,
): Trouble {
  let attempt = 0;

  const backoff = (round: number): number => {
    const wait = Math.min(retry.maxMs, retry.minMs * 2 ** Math.min(round - 1, 20));
    return Math.round(wait * (1 + retry.jitter * (Math.random() * 2 - 1)));
  };

  function judge(error: unknown): Verdict {
    if (error instanceof StreamOver) return again({ sentence: error.message });
    const failure = toChannelError(error);
    const code = failure.platformCode === undefined ? {} : { platformCode: failure.platformCode };
    // The daemon is asked again now and then: somebody may link or register the account there.
    if (isLoggedOut(failure)) {
      const waitMs = backoff(20);
      return { state: "login_required", sentence: failure.message, userAction: "login", waitMs, ...code };
    }
    if (failure.code === "invalid") {
      const waitMs = backoff(20);
      return { state: "bad_credentials", sentence: failure.message, userAction: "fix_config", waitMs, ...code };
    }
    if (failure.code === "forbidden") {
      const userAction = "restart_gateway";
      return { state: "bad_credentials", sentence: failure.message, userAction, waitMs: undefined, ...code };
    }
    const absent = failure.code === "unreachable" || failure.code === "timeout";
    return again({
      sentence: absent ? `${failure.message}. Is it running?` : failure.message,
      ...(absent ? { userAction: "start_daemon" } : {}),
      ...code,
    });
  }

  function again(report: Omit<StateReport, "state">): Verdict {
    const waitMs = backoff(++attempt);
    return { state: "reconnecting", ...report, attempt, retryInMs: waitMs, waitMs };
  }

  return {
    async handle(error) {
      const { waitMs, ...report } = judge(error);
      state(report);
      log("warn", "signal.trouble", {
        state: report.state,
        platformCode: report.platformCode,
        attempt: report.attempt,
        waitMs,
        reason: report.sentence,
      });
      if (waitMs === undefined) return false;
      await waker.wait(waitMs, signal);
      return !signal.aborted;
    },
    over: () => void (attempt = 0),
  };
}
