/**
 * An OpenAI-compatible chat model on loopback, for tests: streams a fixed number of words, calls tools by script,
 * fails on demand. A prompt that holds `bench:COUNT:DELAY_MS` gets COUNT words, DELAY_MS apart; one that holds `echo:NAME`
 * gets `re NAME`, slowly when NAME holds "slow"; any other gets 8 words. The last such mark counts.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setImmediate } from "node:timers";
import { inspectOpenAi, type ShownPicture } from "../servers/model_pictures.ts";

/** What the model does with the next request. */
export type Script =
  /** Says these pieces of text, `delayMs` apart. */
  | { readonly kind: "text"; readonly pieces: readonly string[]; readonly delayMs?: number }
  /** Thinks first (`reasoning_content`), then answers. */
  | { readonly kind: "thinking"; readonly thoughts: readonly string[]; readonly pieces: readonly string[] }
  /** Calls a tool; the request that follows carries its result. */
  | { readonly kind: "tool"; readonly name: string; readonly args: unknown; readonly text?: string }
  /** Says what the last tool answered, as models do: so a test sees that the answer really came back. */
  | { readonly kind: "relay" }
  /** Answers with an HTTP error. */
  | { readonly kind: "error"; readonly status: number; readonly message: string; readonly retryAfter?: string }
  /** Streams some words, then cuts the connection. */
  | { readonly kind: "cut"; readonly pieces: readonly string[] }
  /** Answers nothing until the client goes away. */
  | { readonly kind: "hang" };

export interface ModelRequest {
  readonly path: string;
  readonly authorization: string | undefined;
  readonly body: Record<string, unknown>;
  /** The pictures of the whole prompt, oldest first. */
  readonly pictures: readonly ShownPicture[];
}

export interface FakeModelOptions {
  /** Writes every byte of the stream by itself, so that a parser sees every possible split. */
  readonly byteWise?: boolean;
  readonly port?: number;
}

export class FakeModel implements AsyncDisposable {
  readonly requests: ModelRequest[] = [];
  /** Requests that are being answered now. */
  open = 0;
  readonly #script: Script[] = [];
  private constructor(readonly server: Server, readonly port: number, private readonly byteWise: boolean) {}

  static async start(options: FakeModelOptions = {}): Promise<FakeModel> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(options.port ?? 0, "127.0.0.1", () => resolve()));
    const model = new FakeModel(server, (server.address() as AddressInfo).port, options.byteWise ?? false);
    server.on("request", (req, res) => void model.#answer(req, res).catch(() => res.destroy()));
    return model;
  }

  /** Base URL for `models.providers.<id>.baseUrl`. */
  get url(): string {
    return `http://127.0.0.1:${this.port}/v1`;
  }

  /** What the next requests get, in order; then the prompt decides again. */
  script(...steps: Script[]): void {
    this.#script.push(...steps);
  }

  /** The parts of a gateway configuration that make this model the default one. */
  config(): Record<string, unknown> {
    return {
      agents: { defaults: { model: { primary: "fake/bench-model" } } },
      models: {
        providers: {
          fake: {
            baseUrl: this.url,
            apiKey: "sk-test-0000",
            api: "openai-completions",
            models: [{ id: "bench-model", name: "Bench", contextWindow: 128_000, input: ["text", "image"] }],
          },
        },
      },
    };
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
    if (req.method === "GET") {
      return sendJson(res, 200, { object: "list", data: [{ id: "bench-model", object: "model" }] });
    }
    const body: Record<string, unknown> = JSON.parse(await text(req));
    const seen = { path: req.url ?? "", authorization: req.headers.authorization, body };
    const pictures = judged(body);
    if (typeof pictures === "string") return sendJson(res, 400, { error: { message: pictures, type: "error" } });
    this.requests.push({ ...seen, pictures });
    const next = this.#script.shift() ?? fromPrompt(body);
    const step = next.kind === "relay" ? relayed(body) : next;
    this.open++;
    try {
      await this.#perform(step, res, body["stream"] === true);
    } finally {
      this.open--;
    }
  }

  async #perform(step: Exclude<Script, { kind: "relay" }>, res: ServerResponse, stream: boolean): Promise<void> {
    if (step.kind === "hang") return await gone(res);
    if (step.kind === "error") {
      if (step.retryAfter !== undefined) res.setHeader("retry-after", step.retryAfter);
      return sendJson(res, step.status, { error: { message: step.message, type: "error", code: String(step.status) } });
    }
    if (!stream) return sendJson(res, 200, whole(step));
    res.writeHead(200, { "content-type": "text/event-stream" });
    const write = (event: unknown) => this.#write(res, `data: ${JSON.stringify(event)}\n\n`);
    await write(chunk({ role: "assistant", content: "" }));
    let words = 0;
    for (const delta of deltas(step)) {
      if (res.destroyed) return;
      await write(chunk(delta));
      words++;
      const delay = step.kind === "text" ? step.delayMs ?? 0 : 0;
      if (delay > 0) await pauseOrGone(res, delay);
    }
    if (step.kind === "cut") {
      // Let the words leave first: destroyed in the same turn they would be lost and the end would look orderly.
      await pauseOrGone(res, 20);
      return void res.socket?.destroy();
    }
    await write(chunk({}, step.kind === "tool" ? "tool_calls" : "stop"));
    await write({
      ...BASE,
      choices: [],
      usage: { prompt_tokens: 7, completion_tokens: words, total_tokens: words + 7 },
    });
    await this.#write(res, "data: [DONE]\n\n");
    res.end();
  }

  async #write(res: ServerResponse, line: string): Promise<void> {
    if (!this.byteWise) return void res.write(line);
    for (const byte of new TextEncoder().encode(line)) {
      if (res.destroyed) return;
      res.write(Uint8Array.of(byte));
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
  }
}

/** The pictures, or what an endpoint would say to a prompt that it refuses. */
function judged(body: Record<string, unknown>): readonly ShownPicture[] | string {
  try {
    return inspectOpenAi(body);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

const BASE = { id: "chatcmpl-test", object: "chat.completion.chunk", created: 1, model: "bench-model" };
const chunk = (delta: unknown, finish: string | null = null) => ({
  ...BASE,
  choices: [{ index: 0, delta, finish_reason: finish }],
});

/** What the last `bench:COUNT:DELAY` or `echo:NAME` asks for. */
function fromPrompt(body: Record<string, unknown>): Extract<Script, { kind: "text" }> {
  const messages = JSON.stringify(body["messages"] ?? "");
  const name = [...messages.matchAll(/echo:([\w-]+)/gu)].pop()?.[1];
  if (name !== undefined) return { kind: "text", pieces: ["re ", name], delayMs: name.includes("slow") ? 900 : 10 };
  const found = [...messages.matchAll(/bench:(\d+):(\d+)/gu)].pop();
  const count = found ? Number(found[1]) : 8;
  return {
    kind: "text",
    pieces: Array.from({ length: count }, (_, index) => `w${index} `),
    delayMs: found ? Number(found[2]) : 0,
  };
}

/** The text of the last tool's answer. */
function relayed({ messages }: Record<string, unknown>): Extract<Script, { kind: "text" }> {
  const last: unknown = Array.isArray(messages) ? messages.findLast((each) => Object(each).role === "tool") : undefined;
  return { kind: "text", pieces: [String(Object(last).content ?? "no tool has answered")] };
}

function* deltas(step: Exclude<Script, { kind: "hang" | "error" | "relay" }>): Generator<Record<string, unknown>> {
  if (step.kind === "tool") {
    if (step.text !== undefined) yield { content: step.text };
    const call = { index: 0, id: `call_${step.name}`, type: "function" };
    const json = JSON.stringify(step.args);
    const half = Math.ceil(json.length / 2);
    yield { tool_calls: [{ ...call, function: { name: step.name, arguments: json.slice(0, half) } }] };
    yield { tool_calls: [{ index: 0, function: { arguments: json.slice(half) } }] };
    return;
  }
  if (step.kind === "thinking") { for (const thought of step.thoughts) yield { reasoning_content: thought }; }
  for (const piece of step.pieces) yield { content: piece };
}

function whole(step: Exclude<Script, { kind: "hang" | "error" | "relay" }>): unknown {
  const message = step.kind === "tool"
    ? {
      role: "assistant",
      content: step.text ?? "",
      tool_calls: [{
        id: `call_${step.name}`,
        type: "function",
        function: { name: step.name, arguments: JSON.stringify(step.args) },
      }],
    }
    : { role: "assistant", content: step.pieces.join("") };
  return {
    ...BASE,
    object: "chat.completion",
    choices: [{ index: 0, message, finish_reason: step.kind === "tool" ? "tool_calls" : "stop" }],
    usage: { prompt_tokens: 7, completion_tokens: 8, total_tokens: 15 },
  };
}

async function text(req: IncomingMessage): Promise<string> {
  const decoder = new TextDecoder();
  let out = "";
  for await (const part of req) out += decoder.decode(part, { stream: true });
  return out + decoder.decode();
}

function sendJson(res: ServerResponse, status: number, body: unknown): void {
  res.writeHead(status, { "content-type": "application/json" });
  res.end(JSON.stringify(body));
}

const gone = (res: ServerResponse): Promise<void> =>
  new Promise((resolve) => (res.destroyed ? resolve() : res.once("close", () => resolve())));

/** Resolves after `ms`, or when the client went away. Leaves neither timer nor listener behind. */
function pauseOrGone(res: ServerResponse, ms: number): Promise<void> {
  return new Promise((resolve) => {
    if (res.destroyed) return resolve();
    const end = () => {
      clearTimeout(timer);
      res.off("close", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    res.once("close", end);
  });
}
