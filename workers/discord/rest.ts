/** Discord's REST API through the library's client: no repeats of its own, so that the outcome of a call stays known. */
import { type RequestData, REST } from "discord.js";
import { ProviderError } from "../runtime/provider.ts";
import { rateLimited, toProviderError } from "./errors.ts";
import type { Settings } from "./settings.ts";

export type Method = "get" | "post" | "put" | "patch" | "delete";
export type Route = `/${string}`;
type CallOptions = Pick<RequestData, "body" | "files" | "auth" | "query">;

/** Longest call that is not an upload; below main's deadline for a send. */
const CALL_MS = 25_000;
const UPLOAD_MS = 110_000;
/** A bucket that frees itself within this time is waited for here; main is told of longer waits. */
const SHORT_WAIT_MS = 2_000;
/** Marks a call, so that its way to the network is seen; never leaves this host. */
const CALL_HEADER = "x-openclaw-call";

export interface Api {
  /** Rejects with ProviderError. `auth: false` for routes whose address is the secret. */
  call(method: Method, route: Route, signal: AbortSignal, options?: CallOptions): Promise<unknown>;
  /** For the library's own gateway. */
  readonly rest: REST;
  close(): void;
}

export function createApi(settings: Pick<Settings, "apiRoot" | "token">): Api {
  /** Calls whose request has begun. */
  const begun = new Set<string>();
  /** 429 answers that the library is about to judge. */
  const limited = new Map<string, number>();
  let calls = 0;

  const rest = new REST({
    api: settings.apiRoot,
    version: "10",
    retries: 0,
    timeout: UPLOAD_MS,
    async makeRequest(url, init) {
      const { [CALL_HEADER]: id, ...headers } = recordOf(init.headers);
      if (id !== undefined) begun.add(id);
      // The API never redirects, and the token stands in a header or in the address.
      const response = await fetch(url, {
        method: init.method ?? "GET",
        headers,
        redirect: "error",
        signal: init.signal instanceof AbortSignal ? init.signal : null,
        body: bodyOf(init.body),
      });
      const whole = await wholeAnswer(response);
      if (response.status === 429) limited.set(`${init.method} ${url}`, waitOf(response, whole.body));
      return whole.answer;
    },
    // A real 429 goes to main, which leaves the account alone for that time.
    rejectOnRateLimit({ method, url, timeToReset, global }) {
      const wait = limited.get(`${method} ${url}`);
      limited.delete(`${method} ${url}`);
      if (wait !== undefined) throw new ProviderError(rateLimited(wait, global));
      return timeToReset > SHORT_WAIT_MS;
    },
  });
  rest.setToken(settings.token);

  return {
    rest,
    async call(method, route, signal, options = {}) {
      const id = String(++calls);
      const deadline = AbortSignal.timeout(options.files === undefined ? CALL_MS : UPLOAD_MS);
      try {
        return await rest.request({
          ...options,
          method: method.toUpperCase() as Parameters<REST["request"]>[0]["method"],
          fullRoute: route,
          headers: { [CALL_HEADER]: id },
          signal: AbortSignal.any([signal, deadline]) as RequestData["signal"] & AbortSignal,
        });
      } catch (error) {
        throw toProviderError(error, begun.has(id));
      } finally {
        begun.delete(id);
      }
    },
    close() {
      rest.clearHashSweeper();
      rest.clearHandlerSweeper();
    },
  };
}

const recordOf = (value: unknown): Record<string, string> =>
  typeof value === "object" && value !== null
    ? Object.fromEntries(Object.entries(value).map(([key, item]) => [key, String(item)]))
    : {};

/**
 * The runtime's fetch sends a text again by itself when the connection that it had used before breaks, even if the first
 * one had arrived. A Blob it does not.
 */
const bodyOf = (value: unknown): Blob | FormData | null =>
  typeof value === "string" ? new Blob([value]) : value instanceof FormData ? value : null;

/** The answer with its body read, so that the deadline holds for the body too and no connection is left half read. */
async function wholeAnswer(response: Response) {
  const body = new Uint8Array(await response.arrayBuffer());
  const text = () => new TextDecoder().decode(body);
  const { ok, status, statusText, headers } = response;
  const answer = {
    ok,
    status,
    statusText,
    headers,
    body: null,
    bodyUsed: false,
    arrayBuffer: () => Promise.resolve(body.buffer),
    text: () => Promise.resolve(text()),
    json: () => new Response(body).json(),
  };
  return { answer, body: text };
}

/** The wait of a 429 in milliseconds: the body is more exact than the header. A proxy's page has the header alone. */
function waitOf(response: Response, body: () => string): number {
  const asked = /"retry_after"\s*:\s*([\d.]+)/u.exec(body())?.[1];
  const seconds = Number(asked ?? response.headers.get("retry-after") ?? 1);
  return Number.isFinite(seconds) ? Math.max(0, seconds * 1000) : 1_000;
}
