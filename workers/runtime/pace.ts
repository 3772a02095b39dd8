/** Waiting in a worker: pauses that end with the account, growing waits between attempts, deadlines. */

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

export interface RetryRule {
  readonly minMs: number;
  readonly maxMs: number;
  /** Part of the wait that is left to chance, 0 to 1. */
  readonly jitter: number;
}

/** The account's `retry` over the defaults: 1 s growing to a minute. */
export function readRetry(config: Readonly<Record<string, unknown>>): RetryRule {
  const retry = config["retry"];
  const own: Readonly<Record<string, unknown>> = typeof retry === "object" && retry !== null ? { ...retry } : {};
  const number = (key: string, otherwise: number): number => {
    const value = own[key];
    return typeof value === "number" && Number.isFinite(value) && value >= 0 ? value : otherwise;
  };
  const minMs = Math.max(10, number("minDelayMs", 1_000));
  return { minMs, maxMs: Math.max(minMs, number("maxDelayMs", 60_000)), jitter: Math.min(1, number("jitter", 0.2)) };
}

/** The wait before attempt number `attempt`, counted from 1. */
export function backoffMs({ minMs, maxMs, jitter }: RetryRule, attempt: number, random = Math.random()): number {
  const plain = Math.min(maxMs, minMs * 2 ** Math.min(attempt - 1, 20));
  return Math.round(plain * (1 + jitter * (random * 2 - 1)));
}
