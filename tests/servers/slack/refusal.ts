/** An error answer of the Web API: its word, what else stands beside it, and the wait of a 429. */
export class Refusal extends Error {
  constructor(
    readonly code: string,
    readonly extra: Readonly<Record<string, unknown>> = {},
    readonly retryAfterS?: number,
  ) {
    super(code);
  }

  body(): Record<string, unknown> {
    return { ok: false, error: this.code, ...this.extra };
  }
}

export const ratelimited = (seconds: number): Refusal => new Refusal("ratelimited", {}, seconds);
