/** What a failed connection means for the account: wait and try again, or stop and say what a person has to do. */
import type { ChannelError, UserAction } from "../../schemas/worker/channel.ts";
import type { ProviderContext, StateReport } from "../runtime/provider.ts";
import { SocketRefused, toChannelError } from "./errors.ts";
import type { Settings } from "./settings.ts";

/** Slack may ask for hours; the account looks again before that. */
const MAX_WAIT_MS = 15 * 60_000;

export interface Trouble {
  /** Reports the state, waits, and resolves with whether to try again. */
  handle(error: unknown): Promise<boolean>;
  /** The platform answered: the next trouble starts from the beginning. */
  over(): void;
}

type Verdict = StateReport & { readonly waitMs: number | undefined };

export function createTrouble(
  { state, log, signal }: Pick<ProviderContext, "state" | "log" | "signal">,
  { retry }: Pick<Settings, "retry">,
): Trouble {
  let attempt = 0;

  const backoff = (round: number): number => {
    const wait = Math.min(retry.maxMs, retry.minMs * 2 ** Math.min(round - 1, 20));
    return Math.round(wait * (1 + retry.jitter * (Math.random() * 2 - 1)));
  };

  function judge(error: unknown): Verdict {
    const failure = toChannelError(error);
    if (failure.fatal === true || failure.code === "unauthorized") return badCredentials(failure);
    if (
      failure.platformCode === "missing_scope" || failure.platformCode === undefined && failure.code === "forbidden"
    ) {
      return terminal(failure.message, failure.platformCode === undefined ? "restart_gateway" : "fix_config", failure);
    }
    attempt++;
    const waitMs = failure.retryAfterMs === undefined ? backoff(attempt) : Math.min(failure.retryAfterMs, MAX_WAIT_MS);
    const explained = error instanceof SocketRefused ? EXPLAINED[error.reason] : undefined;
    return {
      state: explained?.state ?? "reconnecting",
      sentence: explained?.sentence ?? `${failure.message}; trying again`,
      ...(explained === undefined ? {} : { userAction: explained.userAction }),
      attempt,
      retryInMs: waitMs,
      waitMs,
      ...codeOf(failure),
    };
  }

  return {
    async handle(error) {
      const { waitMs, ...report } = judge(error);
      state(report);
      log("warn", "slack.trouble", {
        state: report.state,
        platformCode: report.platformCode,
        attempt: report.attempt,
        waitMs,
        reason: toChannelError(error).message,
      });
      if (waitMs === undefined) return false;
      await sleep(waitMs, signal);
      return !signal.aborted;
    },
    over: () => void (attempt = 0),
  };
}

interface Explained {
  readonly state: StateReport["state"];
  readonly sentence: string;
  readonly userAction: UserAction;
}

const EXPLAINED: Readonly<Record<string, Explained>> = {
  too_many_websockets: {
    state: "conflict",
    sentence:
      "Slack refuses another socket: ten connections of this app are open already. Stop the other programs that " +
      "use its app-level token, or give this gateway an app of its own",
    userAction: "stop_other_session",
  },
  link_disabled: {
    state: "reconnecting",
    sentence:
      "Socket Mode was switched off for this app: switch it on at api.slack.com/apps, or set channels.slack.mode to http",
    userAction: "fix_config",
  },
};

function badCredentials(failure: ChannelError): Verdict {
  const sentence = failure.platformCode === "not_allowed_token_type"
    ? "Slack does not take this kind of token here: botToken begins with xoxb-, appToken with xapp-"
    : "Slack does not accept a token of this account: install the app anew and set its tokens";
  return terminal(`${sentence} (${failure.platformCode ?? failure.code})`, "set_token", failure);
}

const terminal = (sentence: string, userAction: UserAction, failure: ChannelError): Verdict => ({
  state: "bad_credentials",
  sentence,
  userAction,
  waitMs: undefined,
  ...codeOf(failure),
});

const codeOf = ({ platformCode }: ChannelError) => platformCode === undefined ? {} : { platformCode };

/** Resolves after `ms` or when the signal is aborted. */
export function sleep(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener("abort", end, { once: true });
  });
}
