/** The daemon's event stream: opened, read with a deadline for silence, one item at a time. */
import { ProviderError } from "../runtime/provider.ts";
import { httpError, networkError } from "./errors.ts";
import { createSseReader, type SseItem } from "./sse.ts";

/** Why a stream is over. `silent`: open, but without any sign of life. */
export class StreamOver extends Error {
  constructor(readonly why: "silent" | "ended" | "broke") {
    super(
      why === "silent"
        ? "The daemon answers, but its event stream has been silent for too long"
        : why === "ended"
        ? "The daemon has closed its event stream"
        : "The connection to the daemon's event stream broke",
    );
    this.name = "StreamOver";
  }
}

export interface EventStream {
  readonly baseUrl: string;
  readonly account: string;
  readonly idleMs: number;
  /** The last event that main has: a daemon that keeps events goes on behind it, others pass it over. */
  readonly lastEventId: string | undefined;
  readonly signal: AbortSignal;
  /** The daemon has opened the stream. */
  onOpen(): Promise<void>;
  /** Bytes came. */
  onLife(): void;
  /** Awaited before the next item is taken, so that a slow inbox slows the stream down. */
  take(item: SseItem): Promise<void>;
}

/** Reads until the stream is over, which is an error: StreamOver or ProviderError. Resolves only when `signal` is aborted. */
export async function readEvents(stream: EventStream): Promise<void> {
  const { signal } = stream;
  const cut = new AbortController();
  const deadline = createDeadline(stream.idleMs, () => cut.abort());
  const both = AbortSignal.any([signal, cut.signal]);
  try {
    const reader = await open(stream, both);
    deadline.pause();
    await stream.onOpen();
    const sse = createSseReader();
    while (!signal.aborted) {
      deadline.start();
      const { done, value } = await reader.read();
      deadline.pause();
      if (done) throw new StreamOver("ended");
      stream.onLife();
      for (const item of sse.push(value)) await stream.take(item);
    }
  } catch (error) {
    if (signal.aborted) return;
    if (cut.signal.aborted) throw new StreamOver("silent");
    throw error instanceof ProviderError || error instanceof StreamOver ? error : asTrouble(error);
  } finally {
    deadline.pause();
    cut.abort();
  }
}

async function open(stream: EventStream, signal: AbortSignal): Promise<ReadableStreamDefaultReader<Uint8Array>> {
  const query = new URLSearchParams({ account: stream.account });
  const response = await fetch(`${stream.baseUrl}/api/v1/events?${query}`, {
    headers: {
      accept: "text/event-stream",
      ...(stream.lastEventId === undefined ? {} : { "last-event-id": stream.lastEventId }),
    },
    redirect: "manual",
    signal,
  });
  const isStream = (response.headers.get("content-type") ?? "").startsWith("text/event-stream");
  if (response.ok && isStream && response.body) return response.body.getReader();
  await response.body?.cancel();
  throw httpError("events", response.ok ? 404 : response.status);
}

/** A connection that never stood is the daemon's absence; one that broke is the stream's end. */
function asTrouble(error: unknown): Error {
  const known = networkError(error, "events");
  const { code, outcome } = known.error;
  return code === "forbidden" || (code === "unreachable" && outcome === "not_sent") ? known : new StreamOver("broke");
}

function createDeadline(ms: number, onOver: () => void) {
  let timer: ReturnType<typeof setTimeout> | undefined = setTimeout(onOver, ms);
  const pause = (): void => {
    clearTimeout(timer);
    timer = undefined;
  };
  return {
    start() {
      pause();
      timer = setTimeout(onOver, ms);
    },
    pause,
  };
}
