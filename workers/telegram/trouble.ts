/** What a failed connection means for the account: wait and try again, or stop and say what a person has to do. */
import type { ChannelError, UserAction } from "../../schemas/worker/channel.ts";
import type { ProviderContext, StateReport } from "../runtime/provider.ts";
import { toChannelError } from "./errors.ts";
import type { Settings } from "./settings.ts";

/** Conflicts in a row until the account gives up: two gateways must not throw each other out for ever. */
export const MAX_CONFLICTS = 8;
/** A pause without conflicts after which they are counted anew. */
const CONFLICT_CALM_MS = 5 * 60_000;
/** Telegram may ask for hours; the account looks again before that. */
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
  let conflicts = 0;
  let lastConflict = 0;

  const backoff = (round: number): number => {
    const wait = Math.min(retry.maxMs, retry.minMs * 2 ** Math.min(round - 1, 20));
    return Math.round(wait * (1 + retry.jitter * (Math.random() * 2 - 1)));
  };

  function judge(error: unknown): Verdict {
    const failure = toChannelError(error);
    if (failure.code === "conflict") return conflict(failure);
    if (failure.fatal === true || failure.code === "unauthorized") return badToken(failure);
    if (failure.code === "forbidden") {
      return terminal("bad_credentials", failure.message, "restart_gateway", failure);
    }
    attempt++;
    const asked = failure.retryAfterMs;
    const waitMs = asked === undefined ? backoff(attempt) : Math.min(asked, MAX_WAIT_MS);
    const sentence = asked === undefined
      ? `${failure.message}; trying again`
      : `Telegram asks to wait ${Math.ceil(asked / 1000)} s`;
    return { state: "reconnecting", sentence, attempt, retryInMs: waitMs, waitMs, ...codeOf(failure) };
  }

  function conflict(failure: ChannelError): Verdict {
    const now = Date.now();
    if (now - lastConflict > CONFLICT_CALM_MS) conflicts = 0;
    lastConflict = now;
    conflicts++;
    const sentence = failure.message.toLowerCase().includes("webhook")
      ? "Another program has set a webhook for this bot, so this gateway gets no messages: remove it there, or give this " +
        "gateway a bot of its own"
      : "Another program reads the messages of this bot with the same token: stop it, or give this gateway a bot of its own";
    const last = conflicts >= MAX_CONFLICTS;
    const waitMs = last ? undefined : backoff(conflicts + 1);
    return {
      state: "conflict",
      sentence: last ? `${sentence}. Gave up after ${conflicts} attempts` : sentence,
      userAction: "stop_other_session",
      attempt: conflicts,
      ...(waitMs === undefined ? {} : { retryInMs: waitMs }),
      waitMs,
      ...codeOf(failure),
    };
  }

  return {
    async handle(error) {
      const { waitMs, ...report } = judge(error);
      state(report);
      log("warn", "telegram.trouble", {
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

const badToken = (failure: ChannelError): Verdict =>
  terminal(
    "bad_credentials",
    "Telegram does not know this bot token: get a new one from @BotFather and set it",
    "set_token",
    failure,
  );

const terminal = (
  state: StateReport["state"],
  sentence: string,
  userAction: UserAction,
  failure: ChannelError,
): Verdict => ({ state, sentence, userAction, waitMs: undefined, ...codeOf(failure) });

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
