/** Waits between connections: growing, bounded, never the same twice. */

export interface BackoffRule {
  readonly initialMs: number;
  readonly maxMs: number;
  readonly factor: number;
  /** Part of the wait that is left to chance, in both directions. */
  readonly jitter: number;
  /** 0: no limit. */
  readonly maxAttempts: number;
}

export const DEFAULT_BACKOFF: BackoffRule = {
  initialMs: 2_000,
  maxMs: 120_000,
  factor: 1.4,
  jitter: 0.2,
  maxAttempts: 0,
};

/** The wait before attempt number `attempt`, counted from 1. `random` is from 0 up to 1. */
export function backoffMs(rule: BackoffRule, attempt: number, random: number): number {
  const plain = Math.min(rule.maxMs, rule.initialMs * rule.factor ** (attempt - 1));
  return Math.min(rule.maxMs, Math.round(plain * (1 + rule.jitter * (2 * random - 1))));
}

/** The rule of an account: its `web.reconnect` over the default. */
export function readBackoff(config: Readonly<Record<string, unknown>>): BackoffRule {
  const web = recordOf(config["web"]);
  const own = recordOf(web["reconnect"]);
  const number = (key: keyof BackoffRule): number => {
    const value = own[key];
    return typeof value === "number" && value >= 0 ? value : DEFAULT_BACKOFF[key];
  };
  const initialMs = Math.max(1, number("initialMs"));
  return {
    initialMs,
    maxMs: Math.max(initialMs, number("maxMs")),
    factor: Math.max(1, number("factor")),
    jitter: Math.min(1, number("jitter")),
    maxAttempts: Math.floor(number("maxAttempts")),
  };
}

const recordOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : {};
