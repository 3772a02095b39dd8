/** The common part of the fake model endpoints: a loopback HTTP server that streams what a test tells it to. */
import type { Inspect, ShownPicture } from "./model_pictures.ts";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";

/** What the model is to answer, before a server puts it into its format. */
export interface Answer {
  readonly thinking?: readonly string[];
  readonly text?: readonly string[];
  readonly toolCalls?: readonly { readonly id: string; readonly name: string; readonly args: unknown }[];
  readonly usage?: { readonly input: number; readonly output: number };
  readonly finish?: "stop" | "length" | "filter";
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
  /** The pictures of the whole prompt, oldest first. */
  readonly pictures: readonly ShownPicture[];
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

/**
 * Starts a server on a free loopback port. `format` makes the stream of one provider, `inspect` refuses what the provider
 * would refuse.
 */
export async function startModelServer(
  script: Script,
  format: (answer: Answer) => Frames,
  inspect: Inspect,
): Promise<ModelServer> {
  const requests: Seen[] = [];
  let closed = 0;
  const server = createServer();
  server.on("request", async (incoming, response) => {
    const body = await readBody(incoming);
    const { pictures, refusal } = inspected(inspect, body);
    const seen = { path: incoming.url ?? "", headers: headersOf(incoming), body, pictures };
    requests.push(seen);
    if (refusal !== undefined) return void response.writeHead(400).end(JSON.stringify({ error: { message: refusal } }));
    const answer = script(seen, requests.length - 1);
    if ("status" in answer) {
      response.writeHead(answer.status, answer.headers ?? {});
      return response.end(answer.body);
    }
    response.on("close", () => {
      if (!response.writableEnded) closed++;
    });
    send(answer, format(answer), response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("Cannot start the model server: no port");
  return {
    origin: `http://127.0.0.1:${address.port}`,
    requests,
    closedByClient: () => closed,
    stop: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

function inspected(inspect: Inspect, body: unknown) {
  try {
    return { pictures: inspect(body), refusal: undefined };
  } catch (error) {
    return { pictures: [], refusal: error instanceof Error ? error.message : String(error) };
  }
}

function headersOf(incoming: IncomingMessage): Headers {
  return new Headers(
    Object.entries(incoming.headers).map(([name, value]): [string, string] => [name, String(value ?? "")]),
  );
}

async function readBody(incoming: IncomingMessage): Promise<unknown> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const part of incoming) text += decoder.decode(part, { stream: true });
  return text === "" ? undefined : JSON.parse(text);
}

function send(answer: Answer, frames: Frames, response: ServerResponse): void {
  response.writeHead(200, { "content-type": "text/event-stream" });
  for (const frame of frames.pieces) response.write(frame);
  if (answer.then === "hang") return;
  if (answer.then === "cut") {
    // After the pieces have left: destroyed in the same turn they would be lost with the connection.
    return void response.write(": cut\n\n", () => setTimeout(() => response.socket?.destroy(), 20));
  }
  for (const frame of frames.end) response.write(frame);
  response.end();
}

/** One server-sent event. */
export const sse = (data: unknown, event?: string): string =>
  `${event === undefined ? "" : `event: ${event}\n`}data: ${JSON.stringify(data)}\n\n`;
