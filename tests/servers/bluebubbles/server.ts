/**
 * A strict BlueBubbles server for tests, written for this gateway from the published REST calls: password in the query,
 * envelopes, unknown fields refused, webhooks posted once, old ones again on order, and faults.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type Mac, Refusal, ROUTES } from "./routes.ts";
import { type BubbleChat, type BubbleFile, type BubbleMessage, createWorld, shown, type World } from "./world.ts";

export const OTHER_SIDE = "our strict BlueBubbles server (tests/servers/bluebubbles)";

/** `lose`: carried out, and the connection is cut before the answer. `drop`: cut before anything is done. */
export type Fault =
  | { readonly kind: "refuse"; readonly status: number; readonly headers?: Readonly<Record<string, string>> }
  | { readonly kind: "drop" | "lose" | "hang" | "html" }
  | { readonly kind: "redirect"; readonly to: string };

export interface Call {
  readonly method: string;
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
  readonly at: number;
  readonly outcome: string;
}

/** Takes one webhook; what it resolves with is the status of the answer. */
export type Hook = (body: Readonly<Record<string, unknown>>) => Promise<number>;

export interface BubblesServer extends AsyncDisposable {
  readonly url: string;
  readonly world: World;
  readonly mac: Mac;
  readonly calls: readonly Call[];
  /** Every webhook goes to all of these. */
  readonly hooks: Set<Hook>;
  /** The next `times` calls whose path begins so meet the fault. */
  fail(path: string, fault: Fault, times?: number): void;
  changePassword(password: string): void;
  /** Somebody writes: a webhook is posted. Resolves with the message after it was answered. */
  say(chat: BubbleChat, sender: string, text: string, options?: SayOptions): Promise<BubbleMessage>;
  /** Posts any webhook; resolves with the statuses of the answers. */
  post(type: string, data: unknown): Promise<number[]>;
  written(chat: BubbleChat): readonly BubbleMessage[];
}

export interface SayOptions {
  readonly files?: readonly BubbleFile[];
  /** Where the chat's name stands in the webhook. */
  readonly where?: "top" | "chats" | "none";
  readonly dateCreated?: number;
  readonly extra?: Readonly<Record<string, unknown>>;
}

export const PASSWORD = "bubbles-password-77";

export async function startBubbles(): Promise<BubblesServer> {
  const world = createWorld();
  const mac: Mac = {
    world,
    settings: { privateApi: true, macOS: "15.1", maxAttachmentBytes: 100 * 1024 * 1024 },
    sending: new Set(),
    signs: [],
    reactions: [],
  };
  const calls: Call[] = [];
  const faults: { readonly path: string; readonly fault: Fault }[] = [];
  const hooks = new Set<Hook>();
  let password = PASSWORD;

  const server = createServer((request, response) => {
    serve(request, response).catch(() => request.socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", "http://x");
    const path = url.pathname.replace(/^\/api\/v1/u, "");
    const { body, file } = await readBody(request, url);
    const record = (outcome: string) =>
      calls.push({ method: request.method ?? "", path: decodeURIComponent(path), body, at: Date.now(), outcome });
    const index = faults.findIndex((each) => path.startsWith(each.path));
    const fault = index === -1 ? undefined : faults.splice(index, 1)[0]?.fault;
    if (fault && fault.kind !== "lose") {
      record(fault.kind);
      return misbehave(fault, request, response);
    }
    try {
      if (!url.pathname.startsWith("/api/v1/")) throw new Refusal(404, "Not Found", "Not Found");
      if (url.searchParams.get("password") !== password) {
        throw new Refusal(401, "Authentication Error", "You are not authorized to access this resource");
      }
      const download = /^\/attachment\/([^/]+)\/download$/u.exec(path)?.[1];
      if (request.method === "GET" && download !== undefined) return sendBytes(decodeURIComponent(download), response);
      const data = route(request.method ?? "", path, body, file);
      record(fault ? "lose" : "ok");
      if (fault) request.socket.destroy();
      else json(response, 200, { status: 200, message: "Success", data });
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      record(String(error.status));
      const { status, type, message } = error;
      json(response, status, { status, message: "An error occurred", error: { type, message } });
    }
  }

  function route(method: string, path: string, body: Call["body"], file: File | undefined): unknown {
    for (const [verb, pattern, handle] of ROUTES) {
      const match = verb === method ? pattern.exec(path) : null;
      if (match) return handle({ mac, parts: match.slice(1).map(decodeURIComponent), body, file });
    }
    throw new Refusal(404, "Not Found", "Not Found");
  }

  function sendBytes(guid: string, response: ServerResponse): void {
    const file = world.file(guid);
    calls.push({ method: "GET", path: "/attachment", body: { guid }, at: Date.now(), outcome: file ? "ok" : "404" });
    if (!file) throw new Refusal(404, "Not Found", "Attachment does not exist!");
    response.writeHead(200, { "content-type": file.mimeType });
    response.end(file.bytes);
  }

  const bubbles: BubblesServer = {
    url: `http://127.0.0.1:${port}`,
    world,
    mac,
    calls,
    hooks,
    fail: (path, fault, times = 1) => faults.push(...Array.from({ length: times }, () => ({ path, fault }))),
    changePassword: (next) => void (password = next),
    async say(chat, sender, text, { files = [], where, dateCreated = Date.now(), extra = {} } = {}) {
      const message = world.add({ chat, sender, text, files, dateCreated, extra });
      await bubbles.post("new-message", shown(message, where));
      return message;
    },
    post: (type, data) => Promise.all([...hooks].map((hook) => hook({ type, data }))),
    written: (chat) => world.messages.filter((each) => each.chat === chat && each.sender === undefined),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
  return bubbles;
}

async function readBody(request: IncomingMessage, url: URL) {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  for await (const part of request) parts.push(new Uint8Array(part));
  const type = request.headers["content-type"] ?? "";
  const whole = new Blob(parts);
  if (!type.startsWith("multipart/form-data")) {
    return { body: whole.size === 0 ? {} : Object(JSON.parse(await whole.text())), file: undefined };
  }
  const form = await new Request(url, { method: "POST", body: whole, headers: { "content-type": type } }).formData();
  const file = form.get("attachment");
  const fields = [...form].filter(([key]) => key !== "attachment");
  return { body: Object.fromEntries(fields), file: file instanceof File ? file : undefined };
}

function json(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(JSON.stringify(body));
}

function misbehave(fault: Exclude<Fault, { kind: "lose" }>, request: IncomingMessage, response: ServerResponse): void {
  switch (fault.kind) {
    case "refuse": {
      const error = { type: "Server Error", message: `refused with ${fault.status}` };
      return json(response, fault.status, { status: fault.status, message: "An error occurred", error }, {
        ...fault.headers,
      });
    }
    case "html":
      response.writeHead(502, { "content-type": "text/html" });
      return void response.end("<html><body>Bad gateway</body></html>");
    case "redirect":
      response.writeHead(307, { location: fault.to });
      return void response.end();
    case "drop":
      return void request.socket.destroy();
    case "hang":
      return;
  }
}
