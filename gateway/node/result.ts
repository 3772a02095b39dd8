/** Reads the answer of a node (methods facts, section 11.4): text or object, nulls, errors, and how large it is. */
import { Buffer } from "node:buffer";
import { GatewayError, unavailable } from "../../schemas/error.ts";
import { isTooDeep, MAX_LEVELS } from "../../schemas/json_depth.ts";
import type { NodeInvokeResultParams } from "../../schemas/method/nodes.ts";

/** Bytes of one result that comes in one frame. */
export const RESULT_BYTES = 20 * 1024 * 1024;
/** Bytes of one result that comes in pieces. */
export const PIECES_BYTES = 64 * 1024 * 1024;
const MAX_MESSAGE = 2_000;
const MAX_CODE = 64;

/** `json`: the text of the payload. `asText`: the node sent it as text. */
export interface NodeResult {
  readonly payload: unknown;
  readonly json: string;
  readonly asText: boolean;
  readonly bytes: number;
}

export const EMPTY: NodeResult = { payload: null, json: "null", asText: false, bytes: 4 };

/** Whether the answer itself brings no payload, so that pieces sent before are the payload. */
export const isBare = ({ payload, payloadJSON }: NodeInvokeResultParams): boolean =>
  payload == null && payloadJSON == null;

/** The payload of a good answer. Throws UNAVAILABLE when it is too large. */
export function readPayload({ payload, payloadJSON }: NodeInvokeResultParams): NodeResult {
  if (typeof payloadJSON === "string") return fromText(payloadJSON, RESULT_BYTES);
  // A payload under the wrong name is still the payload.
  const value = payload ?? payloadJSON ?? null;
  const json = JSON.stringify(value);
  return { payload: value, json, asText: false, bytes: sized(json, RESULT_BYTES) };
}

/** Text as a payload; what is no JSON is a string. */
export function fromText(text: string, limit: number): NodeResult {
  const bytes = sized(text, limit);
  if (isTooDeep(text)) {
    throw unavailable(`node invoke failed: the result is nested deeper than ${MAX_LEVELS} levels`, {
      retryable: false,
    });
  }
  try {
    return { payload: JSON.parse(text), json: text, asText: true, bytes };
  } catch {
    return { payload: text, json: JSON.stringify(text), asText: true, bytes };
  }
}

function sized(text: string, limit: number): number {
  const bytes = Buffer.byteLength(text);
  if (bytes > limit) throw tooLarge(limit);
  return bytes;
}

export const tooLarge = (limit: number): GatewayError =>
  unavailable(
    `result too large: the limit is ${limit / 1024 / 1024} MiB; ask the node for less, such as a smaller picture`,
    { retryable: false },
  );

/** The node's own words, as UNAVAILABLE (methods facts, section 11.3). */
export function nodeError({ error }: NodeInvokeResultParams): GatewayError {
  const code = error?.code?.slice(0, MAX_CODE) || undefined;
  const message = error?.message?.slice(0, MAX_MESSAGE) || undefined;
  const nodeError = error == null
    ? null
    : { ...(code === undefined ? {} : { code }), ...(message === undefined ? {} : { message }) };
  return unavailable(message ?? "node invoke failed", { details: { nodeError }, retryable: false });
}
