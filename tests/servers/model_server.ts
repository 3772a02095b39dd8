/** The common part of the fake model endpoints: a loopback HTTP server that streams what a test tells it to. */

/** What the model is to answer, before a server puts it into its format. */
export interface Answer {
  readonly thinking?: readonly string[];
  readonly text?: readonly string[];
  readonly toolCalls?: readonly { readonly id: string; readonly name: string; readonly args: unknown }[];
  readonly usage?: { readonly input: number; readonly output: number };
  readonly finish?: "stop" | "length" | "filter";
  /** Between two pieces. */
  readonly delayMs?: number;
  /** After the pieces: `hang` sends nothing more, `cut` breaks the connection. */
  readonly then?: "hang" | "cut";
}

/** An answer that is no stream. */
export interface Refusal {
  readonly status: number;
  readonly body: string;
  readonly headers?: Record<string, string>;
}

export interface Seen {
  readonly path: string;
  readonly headers: Headers;
  readonly body: unknown;
}

export interface ModelServer {
  /** `http://127.0.0.1:<port>`. */
  readonly origin: string;
  readonly requests: readonly Seen[];
  /** Streams that the client closed before their end. */
  readonly closedByClient: () => number;
  stop(): Promise<void>;
}

export type Script = (request: Seen, index: number) => Answer | Refusal;

/** The frames of an answer: the pieces first, `end` only when the stream ends well. */
export interface Frames {
  readonly pieces: readonly string[];
  readonly end: readonly string[];
}

/** Starts a server on a free loopback port. `format` makes the stream of one provider. */
export function startModelServer(script: Script, format: (answer: Answer) => Frames): ModelServer {
  const requests: Seen[] = [];
  let closed = 0;
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    const url = new URL(request.url);
    const seen = { path: url.pathname + url.search, headers: request.headers, body: await readBody(request) };
    requests.push(seen);
    const answer = script(seen, requests.length - 1);
    if ("status" in answer) {
      return new Response(answer.body, { status: answer.status, headers: answer.headers ?? {} });
    }
    return new Response(streamOf(answer, format(answer), () => closed++), {
      headers: { "content-type": "text/event-stream" },
    });
  });
  return {
    origin: `http://127.0.0.1:${server.addr.port}`,
    requests,
    closedByClient: () => closed,
    stop: () => server.shutdown(),
  };
}

async function readBody(request: Request): Promise<unknown> {
  const text = await request.text();
  return text === "" ? undefined : JSON.parse(text);
}

function streamOf(answer: Answer, frames: Frames, onClosed: () => void): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  const all = answer.then === undefined ? [...frames.pieces, ...frames.end] : [...frames.pieces];
  let open = true;
  let timer: ReturnType<typeof setTimeout> | undefined;
  return new ReadableStream({
    async start(controller) {
      for (const frame of all) {
        if (!open) return;
        controller.enqueue(encoder.encode(frame));
        if (answer.delayMs !== undefined) {
          await new Promise((resolve) => {
            timer = setTimeout(resolve, answer.delayMs);
          });
        }
      }
      if (!open || answer.then === "hang") return;
      open = false;
      if (answer.then === "cut") controller.error(new Error("connection cut by the test"));
      else controller.close();
    },
    cancel() {
      open = false;
      clearTimeout(timer);
      onClosed();
    },
  });
}

/** One server-sent event. */
export const sse = (data: unknown, event?: string): string =>
  `${event === undefined ? "" : `event: ${event}\n`}data: ${JSON.stringify(data)}\n\n`;
