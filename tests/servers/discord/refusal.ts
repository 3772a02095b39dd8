/** Error bodies in Discord's own form. */
import type { RESTError } from "discord-api-types/v10";

export class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly body: RESTError | Record<string, unknown>,
    readonly headers: Record<string, string> = {},
  ) {
    super(JSON.stringify(body));
  }
}

export const refuse = (status: number, code: number, message: string): Refusal =>
  new Refusal(status, { code, message });

/** 50035 with the place of the fault: `content`, `poll.question.text`. */
export function invalidForm(path: string, code: string, message: string): Refusal {
  const errors = path.split(".").reduceRight<Record<string, unknown>>(
    (inner, key) => ({ [key]: inner }),
    { _errors: [{ code, message }] },
  );
  return new Refusal(400, { code: 50035, message: "Invalid Form Body", errors });
}

export const tooMany = (seconds: number, global = false): Refusal =>
  new Refusal(
    429,
    { message: "You are being rate limited.", retry_after: seconds, global },
    {
      "retry-after": String(Math.ceil(seconds)),
      "x-ratelimit-reset-after": String(seconds),
      "x-ratelimit-scope": global ? "global" : "user",
      ...(global ? { "x-ratelimit-global": "true" } : {}),
    },
  );
