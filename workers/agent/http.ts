/** The `fetch` that the SDK gets: bounded answers, a limit on silence, and faults instead of raw errors. */
import type { ModelTarget } from "../../schemas/worker/agent.ts";
import { bodyDetail, httpFault, networkFault, silenceFault } from "./errors.ts";
import { ModelFault } from "./errors.ts";

export interface HttpLimits {
  /** Without a byte for this long the call fails with `timeout`. A local model may load for minutes first. */
  readonly silenceMs: number;
  /** Bytes of one streamed answer. */
  readonly maxBytes: number;
  /** Bytes of an error answer that are read. */
  readonly maxErrorBytes: number;
}

const READ_BYTES = 16 << 10;

export const HTTP_LIMITS: HttpLimits = { silenceMs: 300_000, maxBytes: 64 << 20, maxErrorBytes: 64 << 10 };

/**
 * Redirects are not followed: a model endpoint has no reason to send one, a followed POST becomes a GET, and the key
 * must not travel to an address that the owner did not write down.
 */
export function modelFetch(target: ModelTarget, limits: HttpLimits): typeof fetch {
  return async (input, init) => {
    const watch = watchSilence(target, limits.silenceMs, init?.signal ?? undefined);
    try {
      const response = await fetch(input, { ...init, ...once(init), redirect: "manual", signal: watch.signal });
      watch.sign();
      if (response.status >= 300) throw await refusal(response, target, limits.maxErrorBytes);
      if (response.body === null) {
        watch.stop();
        return response;
      }
      const body = bounded(response.body, target, limits, watch);
      return new Response(body, { status: response.status, headers: response.headers });
    } catch (error) {
      watch.stop();
      // The caller's own abort must stay an abort.
      if (init?.signal?.aborted) throw error;
      throw networkFault(watch.fault() ?? error, target, false);
    }
  };
}

/**
 * The body as a Blob: the runtime sends a POST with a string body again by itself when a kept connection breaks after the
 * server has read it, and a model call made twice is paid twice. The type stays what the SDK's header says.
 */
const once = (init: RequestInit | undefined): RequestInit =>
  typeof init?.body === "string" ? { body: new Blob([init.body]) } : {};

interface Watch {
  readonly signal: AbortSignal;
  /** A byte came. */
  sign(): void;
  stop(): void;
  /** The fault, once the silence was too long. */
  fault(): ModelFault | undefined;
}

/** One timer for the whole call, set anew when it fires early: setting one per chunk would cost more than the chunk. */
function watchSilence(target: ModelTarget, silenceMs: number, outer: AbortSignal | undefined): Watch {
  const controller = new AbortController();
  let last = performance.now();
  let fault: ModelFault | undefined;
  const fire = (): void => {
    const left = last + silenceMs - performance.now();
    if (left > 0) {
      timer = setTimeout(fire, left);
    } else {
      fault = silenceFault(target, silenceMs);
      controller.abort(fault);
    }
  };
  let timer = setTimeout(fire, silenceMs);
  const onOuter = (): void => {
    clearTimeout(timer);
    controller.abort(outer?.reason);
  };
  if (outer?.aborted) onOuter();
  outer?.addEventListener("abort", onOuter, { once: true });
  return {
    signal: controller.signal,
    sign: () => {
      last = performance.now();
    },
    stop: () => {
      clearTimeout(timer);
      outer?.removeEventListener("abort", onOuter);
    },
    fault: () => fault,
  };
}

async function refusal(response: Response, target: ModelTarget, maxBytes: number): Promise<ModelFault> {
  return httpFault(response.status, bodyDetail(await readSome(response, maxBytes)), response.headers, target);
}

/** At most `maxBytes` of the body as text; the rest is thrown away with the connection. */
async function readSome(response: Response, maxBytes: number): Promise<string> {
  const reader = response.body?.getReader();
  if (!reader) return "";
  const decoder = new TextDecoder();
  let text = "";
  let left = maxBytes;
  while (left > 0) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    text += decoder.decode(value.subarray(0, left), { stream: true });
    left -= value.length;
  }
  await reader.cancel();
  return text;
}

function bounded(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  target: ModelTarget,
  limits: HttpLimits,
  watch: Watch,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const reader = body.getReader({ mode: "byob" });
  // One buffer for the whole answer: left to itself the runtime allocates 64 KiB for every read of a few bytes, which
  // grew the worker by 100 MB under load.
  let buffer = new ArrayBuffer(READ_BYTES);
  let bytes = 0;
  return new ReadableStream({
    async pull(controller) {
      try {
        const { done, value } = await reader.read(new Uint8Array(buffer));
        if (done || value === undefined) {
          watch.stop();
          return controller.close();
        }
        watch.sign();
        bytes += value.length;
        if (bytes > limits.maxBytes) {
          await reader.cancel();
          const limit = `${limits.maxBytes >> 20} MiB`;
          throw new ModelFault("unknown", `${target.provider} sent more than ${limit} in one answer; it was cut off`);
        }
        const chunk = value.slice();
        buffer = value.buffer;
        controller.enqueue(chunk);
      } catch (error) {
        watch.stop();
        controller.error(watch.fault() ?? (watch.signal.aborted ? error : networkFault(error, target, true)));
      }
    },
    async cancel(reason) {
      watch.stop();
      await reader.cancel(reason);
    },
  }, { highWaterMark: 0 });
}
