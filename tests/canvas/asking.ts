/** Requests to the canvas host exactly as written: no client in between that tidies up the path. */
import { Buffer } from "node:buffer";
import { request } from "node:http";
import { WebSocket } from "ws";
import type { TestClient } from "../helpers/client.ts";
import type { TestGateway } from "../helpers/gateway.ts";
import { within } from "../helpers/wait.ts";

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly bytes: Uint8Array;
  readonly text: string;
}

export interface AskOptions {
  readonly method?: string;
  readonly headers?: Record<string, string>;
}

/** `target` goes into the request line as it is. */
export function ask(port: number, target: string, { method = "GET", headers = {} }: AskOptions = {}): Promise<Answer> {
  const answer = new Promise<Answer>((resolve, reject) => {
    const asked = request({ host: "127.0.0.1", port, path: target, method, headers, agent: false }, (response) => {
      const parts: Uint8Array[] = [];
      response.on("data", (part) => parts.push(part));
      response.on("error", reject);
      response.on("end", () => {
        const bytes = new Uint8Array(Buffer.concat(parts));
        const flat = Object.entries(response.headers).map(([name, value]) => [name, String(value)]);
        resolve({
          status: response.statusCode ?? 0,
          headers: Object.fromEntries(flat),
          bytes,
          text: new TextDecoder().decode(bytes),
        });
      });
    });
    asked.on("error", reject);
    asked.end();
  });
  return within(`the answer to ${target.slice(0, 80)}`, answer, 10_000);
}

export interface Place {
  readonly client: TestClient;
  /** `http://127.0.0.1:port/__openclaw__/cap/<token>`. */
  readonly url: string;
  readonly cap: string;
  readonly canvasPort: number;
}

/** A client and its canvas address. Close the client. */
export async function placeOf(gateway: TestGateway): Promise<Place> {
  const client = await gateway.connect();
  const answer = await client.request("plugin.surface.refresh", { surface: "canvas" });
  const url = String(Object(Object(answer)["pluginSurfaceUrls"])["canvas"]);
  const { port, pathname } = new URL(url);
  return { client, url, cap: pathname, canvasPort: Number(port) };
}

export const rootOf = (gateway: TestGateway): string => `${gateway.stateDir}/canvas`;

/** What became of an upgrade: the open socket, or the status of the refusal. */
export function dial(url: string, headers: Record<string, string> = {}): Promise<WebSocket | number> {
  const { promise, resolve, reject } = Promise.withResolvers<WebSocket | number>();
  const socket = new WebSocket(url, { headers });
  socket.on("open", () => resolve(socket));
  socket.on("unexpected-response", (request, response) => {
    request.destroy();
    resolve(response.statusCode ?? 0);
  });
  socket.on("error", reject);
  return within(`an answer of ${url}`, promise, 10_000);
}

/** An upgrade that has to be let in. */
export async function listen(url: string, headers: Record<string, string> = {}): Promise<WebSocket> {
  const socket = await dial(url, headers);
  if (typeof socket === "number") throw new Error(`Cannot listen at ${url}: ${socket}`);
  return socket;
}

export async function hangUp(socket: WebSocket): Promise<void> {
  const closed = new Promise((resolve) => socket.once("close", resolve));
  socket.terminate();
  await closed;
}
