/** The error table: every code on the wire, whether a retry can help, and what the caller can do. */
import { Closed, Int0, NonEmpty, type Static, Type } from "./primitives.ts";

/** One row of the table. `help` is one sentence that names the next step. */
interface ErrorRow {
  readonly retryable: boolean;
  readonly help: string;
}

export const ERRORS = {
  INVALID_REQUEST: { retryable: false, help: "Correct the request as the message says, then send it again" },
  FORBIDDEN: { retryable: false, help: "Connect with the scope that the message names" },
  NOT_PAIRED: { retryable: false, help: "Approve this device on the gateway: openclaw devices approve <requestId>" },
  NOT_LINKED: { retryable: false, help: "Log the channel in: openclaw channels login <id>" },
  UNAVAILABLE: { retryable: true, help: "Try again later; the message says what was not available" },
  AGENT_TIMEOUT: { retryable: true, help: "Ask for less at once or raise the run's timeout" },
  APPROVAL_NOT_FOUND: { retryable: false, help: "List the open approvals; this one has ended" },
} as const satisfies Record<string, ErrorRow>;

export type ErrorCode = keyof typeof ERRORS;

/** The `error` member of a response frame. */
export const ErrorShape = Closed({
  code: NonEmpty,
  message: NonEmpty,
  details: Type.Optional(Type.Unknown()),
  retryable: Type.Optional(Type.Boolean()),
  retryAfterMs: Type.Optional(Int0),
});
export type ErrorShape = Static<typeof ErrorShape>;

/** Extra facts of an error. `payload` goes beside `error` in the response, which only `agent` and `chat.send` do. */
export interface ErrorOptions {
  readonly details?: unknown;
  readonly retryable?: boolean;
  readonly retryAfterMs?: number;
  readonly payload?: unknown;
}

/** The only error that handlers throw on purpose; anything else becomes UNAVAILABLE with a log id. */
export class GatewayError extends Error {
  readonly code: ErrorCode;
  readonly options: ErrorOptions;
  constructor(code: ErrorCode, message: string, options: ErrorOptions = {}) {
    super(message);
    this.name = "GatewayError";
    this.code = code;
    this.options = options;
  }

  /** The wire form. Keys without a value stay absent: protocol 3 clients refuse unknown keys and nulls. */
  shape(): ErrorShape {
    const { details, retryable, retryAfterMs } = this.options;
    return {
      code: this.code,
      message: this.message,
      ...(details === undefined ? {} : { details }),
      ...(retryable === undefined ? {} : { retryable }),
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    };
  }
}

/** `GatewayError` with code INVALID_REQUEST. */
export const invalid = (message: string, details?: unknown): GatewayError =>
  new GatewayError("INVALID_REQUEST", message, details === undefined ? {} : { details });
/** `GatewayError` with code UNAVAILABLE. */
export const unavailable = (message: string, options: ErrorOptions = {}): GatewayError =>
  new GatewayError("UNAVAILABLE", message, options);
