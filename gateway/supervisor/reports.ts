/** What a provider's report and a fatal error say about the state of their account. */
import type { ChannelError } from "../../schemas/worker/channel.ts";
import type { StateFacts } from "./account_record.ts";
import { isTerminal } from "./account_state.ts";
import type { StateReport } from "./session.ts";

export function factsOf(report: StateReport, now: number): StateFacts {
  const { state, sentence, userAction, platformCode, attempt, retryInMs, self } = report;
  const nextRetryAt = retryInMs === undefined || isTerminal(state) ? undefined : now + retryInMs;
  return { sentence, userAction, platformCode, attempt, nextRetryAt, self };
}

/** Undefined: the error is fatal for its operation alone, the account goes on. */
export function fatalState(
  { fatal, code, message, platformCode }: ChannelError,
): (StateFacts & { readonly state: "conflict" | "bad_credentials" }) | undefined {
  if (!fatal) return undefined;
  if (code === "conflict") {
    return { state: "conflict", sentence: message, platformCode, userAction: "stop_other_session" };
  }
  if (code !== "unauthorized") return undefined;
  return { state: "bad_credentials", sentence: message, platformCode, userAction: "set_token" };
}

/** Why a worker could not even be made: a right that main lacks, or a host that cannot run it. */
export function notStarted(error: unknown): StateFacts {
  const reason = error instanceof Error ? error.message : String(error);
  if (!(error instanceof Deno.errors.NotCapable)) {
    return { sentence: `Cannot start: ${reason}`, userAction: "fix_config" };
  }
  return {
    sentence: `Cannot start: ${reason}; restart the gateway with the flags that "openclaw permissions --flags" prints`,
    userAction: "restart_gateway",
  };
}
