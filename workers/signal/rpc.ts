/** The daemon's JSON-RPC over HTTP: one request, one answer, both bounded. */
import { type Checker, checker } from "../../schemas/validate.ts";
import { ProviderError } from "../runtime/provider.ts";
import { httpError, networkError, oddAnswer, rpcError } from "./errors.ts";
import { parseJson, RpcAnswer } from "./wire.ts";

const CALL_MS = 30_000;
/** An upload passes Signal's own servers before the daemon answers. */
export const UPLOAD_MS = 110_000;
const MAX_ANSWER = 8 * 1024 * 1024;
const MAX_ERROR_BODY = 64 * 1024;

const checkAnswer = checker(RpcAnswer);

export interface CallOptions {
  readonly signal: AbortSignal;
  readonly deadlineMs?: number;
  readonly maxBytes?: number;
}

export interface Rpc {
  /** The result. Throws ProviderError; a result that is not there (201) is undefined. */
  call(method: string, params: Record<string, unknown>, options: CallOptions): Promise<unknown>;
  /** The result, checked. */
  ask<T>(method: string, check: Checker<T>, params: Record<string, unknown>, options: CallOptions): Promise<T>;
  /** Whether the daemon answers at all. Throws ProviderError when not. */
  check(signal: AbortSignal): Promise<void>;
}

export function createRpc(baseUrl: string): Rpc {
  let ids = 0;

  async function post(method: string, params: Record<string, unknown>, options: CallOptions): Promise<unknown> {
    const signal = AbortSignal.any([options.signal, AbortSignal.timeout(options.deadlineMs ?? CALL_MS)]);
    try {
      const response = await fetch(`${baseUrl}/api/v1/rpc`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: onceOnly(JSON.stringify({ jsonrpc: "2.0", id: String(++ids), method, params })),
        // The daemon never redirects: whoever does is not the daemon.
        redirect: "manual",
        signal,
      });
      if (response.status === 201 || response.status === 204) {
        await response.body?.cancel();
        return undefined;
      }
      const text = await readText(response, response.ok ? options.maxBytes ?? MAX_ANSWER : MAX_ERROR_BODY);
      return answerOf(method, response.status, text);
    } catch (error) {
      throw error instanceof ProviderError ? error : networkError(error, method);
    }
  }

  return {
    call: post,
    async ask(method, check, params, options) {
      const checked = check(await post(method, params, options));
      if (!checked.ok) throw oddAnswer(method, checked.error);
      return checked.value;
    },
    async check(signal) {
      try {
        const response = await fetch(`${baseUrl}/api/v1/check`, {
          redirect: "manual",
          signal: AbortSignal.any([signal, AbortSignal.timeout(CALL_MS)]),
        });
        await response.body?.cancel();
        if (!response.ok) throw httpError("check", response.status);
      } catch (error) {
        throw error instanceof ProviderError ? error : networkError(error, "check");
      }
    },
  };
}

/**
 * A body that can be sent once. The runtime sends a request with a plain body again, by itself, when the connection breaks
 * before the answer: the daemon would carry out a send twice and nobody would know.
 */
const onceOnly = (text: string): ReadableStream<Uint8Array<ArrayBuffer>> =>
  new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode(text));
      controller.close();
    },
  });

/** Errors of the daemon may come with any status; without one in the body the status decides. */
function answerOf(method: string, status: number, text: string): unknown {
  let body: unknown;
  try {
    body = parseJson(text);
  } catch {
    if (status < 200 || status > 299) throw httpError(method, status);
    throw oddAnswer(method, "it is no JSON");
  }
  const checked = checkAnswer(body);
  if (checked.ok && checked.value.error) throw rpcError(method, checked.value.error);
  if (status < 200 || status > 299) throw httpError(method, status);
  if (!checked.ok) throw oddAnswer(method, checked.error);
  return checked.value.result;
}

/** Throws when the body is longer than `most` bytes. */
async function readText(response: Response, most: number): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let read = 0;
  for await (const chunk of response.body ?? []) {
    read += chunk.byteLength;
    if (read > most) {
      // Leaving the loop cancels the body.
      const message = `The daemon's answer is longer than ${most} bytes`;
      throw new ProviderError({ code: "too_large", message, retryable: false, outcome: "unknown" });
    }
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}
