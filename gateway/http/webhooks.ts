/** Requests of platforms on the gateway's port: bounded, handed to the account's worker, and never to anything else. */
import type { Channels } from "../supervisor/types.ts";
import type { Log } from "../observe/log.ts";

export interface WebhookDeps {
  readonly channels: Pick<Channels, "webhookOf" | "request">;
  readonly log: Log;
}

export interface Webhooks {
  /** Undefined: no account claims the path, and the request goes on as any other. */
  serve(request: Request): Promise<Response> | undefined;
}

/** The limit of the worker's contract; platforms send some hundred kilobytes at most. */
export const MAX_WEBHOOK_BYTES = 4 * 1024 * 1024;
export const WEBHOOK_MS = 10_000;
/** Requests under way; a platform that is told to come back later does so. */
const MAX_AT_ONCE = 32;
/** What a platform's answer may set: its body is text or JSON, never a page of our origin. */
const ANSWER_HEADERS = ["content-type", "retry-after"];
const PLAIN_TYPES = /^(?:text\/plain|application\/json)(?:;|$)/iu;

export function createWebhooks({ channels, log }: WebhookDeps): Webhooks {
  let underWay = 0;

  async function hand(request: Request, url: URL, account: { channel: string; accountId: string }): Promise<Response> {
    const deadline = AbortSignal.timeout(WEBHOOK_MS);
    try {
      const body = await readBody(request, deadline);
      if (body === undefined) return answer(413, "Payload Too Large");
      const reply = await channels.request(account.channel, account.accountId, {
        type: "webhook",
        path: url.pathname,
        query: Object.fromEntries(url.searchParams),
        headers: headersOf(request),
        body,
      }, WEBHOOK_MS);
      if (reply.kind !== "http") return answer(502, "Bad Gateway");
      return new Response(reply.body, { status: reply.status, headers: answerHeaders(reply.headers) });
    } catch (error) {
      // The error may repeat parts of the request, which holds secrets of the platform's: only its kind is kept.
      log.warn("webhook.failed", { ...account, error: error instanceof Error ? error.name : "unknown" });
      return answer(503, "Service Unavailable", { "Retry-After": "5" });
    }
  }

  return {
    serve(request) {
      const url = new URL(request.url);
      const account = channels.webhookOf(url.pathname);
      if (account === undefined) return undefined;
      // Pages of the same path, if there are any, are still served: platforms only ever post.
      if (request.method !== "POST") return undefined;
      if (underWay >= MAX_AT_ONCE) return Promise.resolve(answer(503, "Service Unavailable", { "Retry-After": "5" }));
      underWay++;
      return hand(request, url, account).finally(() => underWay--);
    },
  };
}

/** Undefined when it is too large. Rejects at the deadline. */
async function readBody(request: Request, deadline: AbortSignal): Promise<Uint8Array<ArrayBuffer> | undefined> {
  if (Number(request.headers.get("content-length") ?? 0) > MAX_WEBHOOK_BYTES) return undefined;
  if (request.body === null) return new Uint8Array(0);
  const parts: Uint8Array[] = [];
  let size = 0;
  const reader = request.body.getReader();
  const late = Promise.withResolvers<never>();
  deadline.addEventListener("abort", () => late.reject(deadline.reason), { once: true });
  try {
    while (true) {
      const { done, value } = await Promise.race([reader.read(), late.promise]);
      if (done) break;
      size += value.byteLength;
      if (size > MAX_WEBHOOK_BYTES) return undefined;
      parts.push(value);
    }
  } finally {
    reader.cancel().catch(() => {});
  }
  const body = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    body.set(part, at);
    at += part.byteLength;
  }
  return body;
}

/** Lower case, as the worker's contract says; cookies belong to pages of this origin and to nobody else. */
function headersOf(request: Request): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of request.headers) if (name.toLowerCase() !== "cookie") headers[name.toLowerCase()] = value;
  return headers;
}

function answerHeaders(given: Readonly<Record<string, string>>): Headers {
  const headers = new Headers({ "X-Content-Type-Options": "nosniff", "Cache-Control": "no-store" });
  for (const [name, value] of Object.entries(given)) {
    if (ANSWER_HEADERS.includes(name.toLowerCase())) headers.set(name, value);
  }
  if (!PLAIN_TYPES.test(headers.get("content-type") ?? "")) headers.set("content-type", "text/plain; charset=utf-8");
  return headers;
}

const answer = (status: number, text: string, headers: Record<string, string> = {}): Response =>
  new Response(`${text}\n`, { status, headers: answerHeaders({ ...headers, "content-type": "text/plain" }) });
