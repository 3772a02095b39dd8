/** Slack's Web API through the library's client, over the runtime's own fetch. Every call has a signal and a deadline. */
import { webApi } from "@slack/bolt";
import type { Checker } from "../../schemas/validate.ts";
import { OddAnswer } from "./errors.ts";
import type { Settings } from "./settings.ts";

/** Longest call that is not an upload. */
export const CALL_MS = 25_000;
/** Longest upload or download; below main's own deadline. */
export const UPLOAD_MS = 110_000;

export interface Api {
  /** The answer as `check` says. Throws the library's errors or OddAnswer. */
  call<T>(
    method: string,
    args: Record<string, unknown>,
    check: Checker<T>,
    options: { readonly signal: AbortSignal; readonly ms?: number },
  ): Promise<T>;
  /** Options for clients that the library makes itself. */
  clientOptions(signal: AbortSignal, ms?: number): webApi.WebClientOptions;
  /** A request beside the Web API: uploads, downloads, response addresses. */
  fetch(url: string, init: RequestInit, signal: AbortSignal): Promise<Response>;
}

const QUIET = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  setLevel() {},
  setName() {},
  getLevel: () => webApi.LogLevel.ERROR,
};

export function createApi(settings: Pick<Settings, "apiRoot" | "botToken">): Api {
  // A connection that rests longer may be closed by Slack in the moment of the next send: nobody would know its outcome.
  const client = Deno.createHttpClient({ poolIdleTimeout: 15_000 });

  function request(url: string, init: RequestInit, signal: AbortSignal): Promise<Response> {
    const parts: RequestInit & { client: Deno.HttpClient } = {
      ...init,
      ...(typeof init.body === "string" ? { body: onceOnly(init.body) } : {}),
      signal,
      // The token is in the headers, and Slack's methods never redirect.
      redirect: "error",
      client,
    };
    return fetch(url, parts);
  }

  const clientOptions = (signal: AbortSignal, ms = CALL_MS): webApi.WebClientOptions => ({
    slackApiUrl: `${settings.apiRoot}/`,
    logger: QUIET,
    // Retries are main's: one that the library made would hide an unknown outcome.
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    allowAbsoluteUrls: false,
    fetch: (url, init) => {
      const body = init?.body;
      const headers = new Headers();
      for (const [name, value] of Object.entries(init?.headers ?? {})) headers.set(name, String(value));
      return request(
        String(url),
        { method: "POST", headers, ...(typeof body === "string" ? { body } : {}) },
        AbortSignal.any([signal, AbortSignal.timeout(ms)]),
      );
    },
  });

  return {
    clientOptions,
    fetch: request,
    async call(method, args, check, { signal, ms }) {
      // A client per call is how the abort signal gets to the request. It holds no connection; those are the runtime's.
      const answer: unknown = await new webApi.WebClient(settings.botToken, clientOptions(signal, ms))
        .apiCall(method, args);
      const checked = check(answer);
      if (checked.ok) return checked.value;
      throw new OddAnswer(method, checked.error);
    },
  };
}

/**
 * When a connection breaks that was used before, this runtime sends a request with a string body a second time by itself
 * (denoland/deno#32566), also when the server has it already. A Blob is sent once.
 */
const onceOnly = (body: string): Blob => new Blob([body]);
