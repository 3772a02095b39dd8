/** Telegram's Bot API through grammY, over the runtime's own fetch. */
import { Api } from "grammy";
import type { Checker } from "../../schemas/validate.ts";
import { NotTheApi, OddAnswer } from "./errors.ts";
import type { Settings } from "./settings.ts";

/** Longest call that is not an upload or a long poll. */
export const CALL_MS = 30_000;
/** Longest upload; below main's own deadline for a send. */
export const UPLOAD_MS = 110_000;

/** The API for one call, ended by `signal` or after `ms`. */
export type OpenApi = (signal: AbortSignal, ms?: number) => Api;

/**
 * An API object per call is how the runtime's abort signal gets to the request: grammY's own type of signal is another
 * one. It holds no connection; those are pooled by the runtime.
 */
export function createApi(settings: Pick<Settings, "token" | "apiRoot">): OpenApi {
  return (signal, ms = CALL_MS) => {
    const deadline = AbortSignal.any([signal, AbortSignal.timeout(ms)]);
    return new Api(settings.token, {
      apiRoot: settings.apiRoot,
      fetch: (url: string, init: RequestParts) => request(url, init, deadline),
    });
  };
}

interface RequestParts {
  readonly headers?: Record<string, string>;
  readonly body?: unknown;
}

async function request(url: string, init: RequestParts, signal: AbortSignal): Promise<Response> {
  const { connection: _ours, ...headers } = init.headers ?? {};
  const body = await wholeBody(init.body);
  // The Bot API never redirects, and the token stands in the path.
  const response = await fetch(url, { method: "POST", headers, body, signal, redirect: "error" });
  if (response.headers.get("content-type")?.includes("json")) return response;
  await response.body?.cancel();
  throw new NotTheApi(response.status);
}

/** Uploads in one piece: with a length, and without a stream that nobody could repeat. */
async function wholeBody(body: unknown): Promise<string | Blob> {
  if (typeof body === "string") return body;
  if (!isByteStream(body)) return "{}";
  const parts: Uint8Array<ArrayBuffer>[] = [];
  for await (const part of body) parts.push(new Uint8Array(part));
  return new Blob(parts);
}

const isByteStream = (value: unknown): value is AsyncIterable<Uint8Array> =>
  typeof value === "object" && value !== null && Symbol.asyncIterator in value;

/** `answer` as `check` says, or OddAnswer. The library passes on whatever came. */
export function readAnswer<T>(check: Checker<T>, method: string, answer: unknown): T {
  const checked = check(answer);
  if (checked.ok) return checked.value;
  throw new OddAnswer(method, checked.error);
}
