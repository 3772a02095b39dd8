/** Calls of the server's REST interface: to its one host, the password in the query as it demands, answers bounded. */
import { checker } from "../../schemas/validate.ts";
import { networkError, oddAnswer, refused, tooLarge } from "./errors.ts";
import type { Settings } from "./settings.ts";
import { Envelope } from "./wire.ts";

const checkEnvelope = checker(Envelope);
const MAX_JSON = 8 * 1024 * 1024;
const CALL_MS = 30_000;
/** Sending waits for the Messages app; attachments take their time on the way. */
export const SEND_MS = 100_000;

export interface CallOptions {
  readonly body?: Readonly<Record<string, unknown>> | FormData;
  readonly deadlineMs?: number;
}

export interface Rest {
  /** The answer's `data`. Rejects with ProviderError. */
  call(method: "GET" | "POST", path: string, signal: AbortSignal, options?: CallOptions): Promise<unknown>;
  /** Rejects as soon as there are more than `maxBytes`. */
  download(
    path: string,
    maxBytes: number,
    signal: AbortSignal,
  ): Promise<{ readonly data: Uint8Array<ArrayBuffer>; readonly mimeType: string | undefined }>;
}

export function createRest({ serverUrl, password }: Pick<Settings, "serverUrl" | "password">): Rest {
  // On a connection that was used before, the runtime repeats a request by itself when the connection breaks before the
  // answer, whatever the request does: a message would be sent twice. A new connection for each request is never repeated.
  const client = Deno.createHttpClient({ poolMaxIdlePerHost: 0 });

  async function ask(method: string, path: string, signal: AbortSignal, init: RequestInit): Promise<Response> {
    const url = new URL(`${serverUrl}/api/v1${path}`);
    url.searchParams.set("password", password);
    // A redirect would carry the password to another place.
    const parts: RequestInit & { client: Deno.HttpClient } = { ...init, method, redirect: "manual", signal, client };
    return await fetch(url, parts);
  }

  async function failed(response: Response, what: string): Promise<never> {
    const envelope = checkEnvelope(parse(await bounded(response, 64 * 1024).catch(() => new Uint8Array(0))));
    const { error, message } = envelope.ok ? envelope.value : {};
    const seconds = Number(response.headers.get("retry-after") ?? NaN);
    throw refused({
      what,
      status: response.status,
      reason: [error?.message, message].find((each) => typeof each === "string" && each !== "") ?? "",
      retryAfterMs: Number.isFinite(seconds) && seconds >= 0 ? Math.ceil(seconds * 1000) : undefined,
    });
  }

  return {
    async call(method, path, signal, { body, deadlineMs = CALL_MS } = {}) {
      const what = path.replace(/\/[^/]*[;:%-][^/]*/gu, "/…");
      try {
        const init: RequestInit = body === undefined
          ? {}
          : body instanceof FormData
          ? { body }
          : { body: JSON.stringify(body), headers: { "content-type": "application/json" } };
        const response = await ask(method, path, AbortSignal.any([signal, AbortSignal.timeout(deadlineMs)]), init);
        if (!response.ok) return await failed(response, what);
        const envelope = checkEnvelope(parse(await bounded(response, MAX_JSON)));
        if (!envelope.ok) throw oddAnswer(what);
        return envelope.value.data;
      } catch (error) {
        throw networkError(error);
      }
    },
    async download(path, maxBytes, signal) {
      try {
        const deadline = AbortSignal.any([signal, AbortSignal.timeout(SEND_MS)]);
        const response = await ask("GET", path, deadline, {});
        if (!response.ok) return await failed(response, "an attachment");
        const data = await bounded(response, maxBytes);
        const mimeType = response.headers.get("content-type")?.split(";")[0]?.trim();
        return { data, mimeType: mimeType === "" ? undefined : mimeType };
      } catch (error) {
        throw networkError(error);
      }
    },
  };
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}

/** The whole body, or an error as soon as it is too large; the rest is not read. */
async function bounded(response: Response, most: number): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  for await (const part of response.body ?? []) {
    size += part.byteLength;
    if (size > most) throw tooLarge(`The BlueBubbles server sent more than ${most} bytes`);
    parts.push(part);
  }
  return await new Blob(parts).bytes();
}
