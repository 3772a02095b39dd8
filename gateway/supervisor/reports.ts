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
