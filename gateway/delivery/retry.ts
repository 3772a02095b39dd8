/** What becomes of a message after a failed attempt: one pure decision by the class of the error. */
import type { ChannelError } from "../../schemas/worker/channel.ts";
import type { DeliveryPolicy, RetryPolicy } from "./policy.ts";

/** Wait after a 429 that does not say how long. */
const RATE_LIMIT_MS = 5_000;
/** Longest wait that a platform may impose; a larger number is a mistake or a trick. */
const MAX_RATE_LIMIT_MS = 60 * 60_000;
/** Between two looks at an account whose credentials are refused. */
const FATAL_MS = 30_000;

export interface Attempt {
  /** Calls made so far, this one included. */
  readonly attempts: number;
  /** Since the first call with this key. */
  readonly keyAgeMs: number;
  /** An edit sets the same text again: repeating it is safe. */
  readonly edit: boolean;
  /** False: the account has lost its platform; what was not sent waits for it. */
  readonly connected: boolean;
}

export type Verdict =
  /** `counted` false: the attempt does not use up the limit. `duplicate`: the message may be there already. */
  | {
    readonly to: "again";
    readonly afterMs: number;
    readonly counted: boolean;
    readonly duplicate: boolean;
    readonly pauseAccountMs: number;
  }
  /** Held for the owner. */
  | { readonly to: "unknown" }
  | { readonly to: "failed" };

/** Decides. `random` gives 0 to 1. */
export function judge(error: ChannelError, attempt: Attempt, policy: DeliveryPolicy, random: () => number): Verdict {
  return error.outcome === "unknown"
    ? judgeUnknown(error, attempt, policy, random)
    : judgeNotSent(error, attempt, policy, random);
}

/** The same decision for a call that a crash cut off. */
export function judgeInterrupted(attempt: Pick<Attempt, "keyAgeMs" | "edit">, policy: DeliveryPolicy): Verdict {
  if (attempt.edit || isRepeatSafe(attempt, policy)) return again(0);
  return policy.unknown === "resend" ? { ...again(0), duplicate: true } : { to: "unknown" };
}

/** Whether the platform would drop a second message with the same key. */
export const isRepeatSafe = ({ keyAgeMs }: Pick<Attempt, "keyAgeMs">, { repeatSafeMs }: DeliveryPolicy): boolean =>
  repeatSafeMs > 0 && keyAgeMs < repeatSafeMs;

const again = (afterMs: number) =>
  ({ to: "again", afterMs, counted: true, duplicate: false, pauseAccountMs: 0 }) as const;

function judgeUnknown(error: ChannelError, attempt: Attempt, policy: DeliveryPolicy, random: () => number): Verdict {
  const safe = attempt.edit || isRepeatSafe(attempt, policy);
  if (!safe && policy.unknown === "hold") return { to: "unknown" };
  if (attempt.attempts >= policy.retry.attempts) return { to: "unknown" };
  return { ...again(waitMs(error, attempt, policy.retry, random)), duplicate: !safe };
}

function judgeNotSent(error: ChannelError, attempt: Attempt, policy: DeliveryPolicy, random: () => number): Verdict {
  if (error.code === "rate_limited") {
    const pauseAccountMs = Math.min(error.retryAfterMs ?? RATE_LIMIT_MS, MAX_RATE_LIMIT_MS);
    return { ...again(pauseAccountMs), counted: false, pauseAccountMs };
  }
  if (error.fatal === true) return { ...again(FATAL_MS), counted: false };
  if (!error.retryable) return { to: "failed" };
  if (!attempt.connected) return { ...again(policy.retry.minMs), counted: false };
  if (attempt.attempts >= policy.retry.attempts) return { to: "failed" };
  return again(waitMs(error, attempt, policy.retry, random));
}

function waitMs(error: ChannelError, { attempts }: Attempt, retry: RetryPolicy, random: () => number): number {
  if (error.retryAfterMs !== undefined) return Math.min(error.retryAfterMs, MAX_RATE_LIMIT_MS);
  const base = Math.min(retry.maxMs, retry.minMs * 2 ** Math.max(0, attempts - 1));
  return Math.round(base * (1 - retry.jitter + 2 * retry.jitter * random()));
}
