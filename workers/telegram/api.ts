/** Telegram's Bot API through grammY, over the runtime's own fetch. */
// The build for runtimes with a fetch of their own: half the memory of the one for Node.
import { Api } from "grammy/web";
import type { Checker } from "../../schemas/validate.ts";
import { NotTheApi, OddAnswer } from "./errors.ts";
import type { Settings } from "./settings.ts";

/** Longest call that is not an upload or a long poll. */
export const CALL_MS = 30_000;
/** Longest upload; below main's own deadline for a send. */
export const UPLOAD_MS = 110_000;

/** The API for one call, ended by `signal` or after `ms`. */
export type OpenApi = (signal: AbortSignal, ms?: number) => Api;

/** The connections of the account. One that rested longer may break in the moment of a send: nobody would know its outcome. */
export const openClient = ({ proxy }: Pick<Settings, "proxy">): Deno.HttpClient =>
  Deno.createHttpClient({ poolIdleTimeout: 15_000, ...(proxy === undefined ? {} : { proxy: { url: proxy } }) });

/**
 * An API object per call is how the runtime's abort signal gets to the request: grammY's own type of signal is another
 * one. It holds no connection; those are pooled by the runtime.
 */
export function createApi(settings: Pick<Settings, "token" | "apiRoot">, client: Deno.HttpClient): OpenApi {
  return (signal, ms = CALL_MS) => {
    const deadline = AbortSignal.any([signal, AbortSignal.timeout(ms)]);
    return new Api(settings.token, {
      apiRoot: settings.apiRoot,
      fetch: (url: string, init: RequestParts) => request(url, init, deadline, client),
    });
  };
}

interface RequestParts {
  readonly headers?: Record<string, string>;
  readonly body?: unknown;
}

async function request(
  url: string,
  init: RequestParts,
  signal: AbortSignal,
  client: Deno.HttpClient,
): Promise<Response> {
  const { connection: _ours, ...headers } = init.headers ?? {};
  const body = await wholeBody(init.body);
  // The Bot API never redirects, and the token stands in the path.
  const parts: RequestInit & { client: Deno.HttpClient } = {
    method: "POST",
    headers,
    body,
    signal,
    redirect: "error",
    client,
  };
  const response = await fetch(url, parts);
  if (response.headers.get("content-type")?.includes("json")) return response;
  await response.body?.cancel();
  throw new NotTheApi(response.status);
}

/**
 * The body in one piece and never as a string: when a connection breaks that was used before, this runtime sends a request
 * with a string body a second time by itself (denoland/deno#32566), also when the server has it already. The message would
 * stand twice in the chat. A Blob is sent once.
 */
async function wholeBody(body: unknown): Promise<Blob> {
  if (typeof body === "string") return new Blob([body]);
  if (!isByteStream(body)) return new Blob(["{}"]);
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
