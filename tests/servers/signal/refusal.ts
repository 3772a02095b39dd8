/** A JSON-RPC error as signal-cli gives it. */
export class Refusal extends Error {
  constructor(readonly code: number, readonly reason: string, readonly data: unknown = null) {
    super(reason);
  }

  body(): Record<string, unknown> {
    return { code: this.code, message: this.reason, data: this.data };
  }
}

export const INVALID_REQUEST = -32600;
export const METHOD_NOT_FOUND = -32601;
export const INVALID_PARAMS = -32602;
export const INTERNAL = -32603;
/** signal-cli's own codes. */
export const USER_ERROR = -1;
export const IO_ERROR = -3;
export const UNTRUSTED_KEY = -4;
export const RATE_LIMIT = -5;

export type ResultType =
  | "SUCCESS"
  | "NETWORK_FAILURE"
  | "UNREGISTERED_FAILURE"
  | "IDENTITY_FAILURE"
  | "RATE_LIMIT_FAILURE";

/** The error of a send that reached nobody, with the result of each person in its data. */
export function sendRefusal(
  type: ResultType,
  who: { readonly number?: string | undefined; readonly uuid?: string | undefined },
  more: { readonly token?: string; readonly retryAfterSeconds?: number } = {},
): Refusal {
  const result = {
    recipientAddress: { uuid: who.uuid ?? null, number: who.number ?? null, username: null },
    type,
    ...more,
  };
  const code = type === "IDENTITY_FAILURE" ? UNTRUSTED_KEY : type === "RATE_LIMIT_FAILURE" ? RATE_LIMIT : USER_ERROR;
  const reason = type === "IDENTITY_FAILURE"
    ? "Failed to send message due to untrusted identities"
    : type === "RATE_LIMIT_FAILURE"
    ? "Failed to send message due to rate limiting"
    : "Failed to send message";
  return new Refusal(code, reason, { response: { timestamp: 1, results: [result] } });
}
