/**
 * Socket Mode in front of an emulator that strangers wrote (npm emulate 0.12.2), which has none: our bridge adds
 * `apps.connections.open` and the socket, and passes everything else on to it.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createEmulator } from "emulate";
import { createSockets, type Sockets } from "./sockets.ts";

export const OTHER_SIDE = "emulate 0.12.2 (independent, npm) behind our Socket Mode bridge";

export interface Bridge extends AsyncDisposable {
  /** As `channels.slack.apiRoot`. */
  readonly url: string;
  readonly sockets: Sockets;
  /** A call of the emulator's Web API by itself, past the bridge. */
  call(token: string, method: string, args: Record<string, string>): Promise<Record<string, unknown>>;
  /** The event of a message that somebody wrote in the emulator. */
  tell(event: Record<string, unknown>): Promise<unknown>;
}

export interface BridgeOptions {
  readonly botToken: string;
  readonly appToken: string;
  readonly userToken: string;
  readonly scopes: readonly string[];
}

export async function startBridge({ botToken, appToken, userToken, scopes }: BridgeOptions): Promise<Bridge> {
  const server = createServer((request, response) => {
    serve(request, response).catch(() => request.socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const origin = `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`;
  // It writes `baseUrl` into the addresses of uploads, so those too come by the bridge.
  const port = freePort();
  const behind = `http://127.0.0.1:${port}`;
  const emulator = await createEmulator({
    service: "slack",
    port,
    baseUrl: origin,
    seed: {
      slack: {
        team: { name: "The House", domain: "house" },
        users: [{ name: "house_bot", real_name: "House Bot" }, { name: "alice", real_name: "Alice" }],
        channels: [{ name: "general", topic: "all" }],
        tokens: [
          { token: botToken, user: "house_bot", scopes },
          { token: userToken, user: "alice", scopes },
        ],
        strict_scopes: true,
      },
    },
  });
  const sockets = createSockets(() => origin, () => ({ appId: "A0HOUSE" }), { ackMs: 3_000, pingMs: 2_000 });
  let events = 0;

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Uint8Array<ArrayBuffer>[] = [];
    for await (const part of request) parts.push(new Uint8Array(part));
    const { authorization, "content-type": type } = request.headers;
    if (request.url === "/api/apps.connections.open") {
      const answer = authorization === `Bearer ${appToken}`
        ? { ok: true, url: sockets.open() }
        : { ok: false, error: "invalid_auth" };
      response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(answer));
      return;
    }
    const method = request.method ?? "GET";
    const passed = await fetch(new URL(request.url ?? "/", behind), {
      method,
      headers: {
        ...(authorization === undefined ? {} : { authorization }),
        ...(type === undefined ? {} : { "content-type": type }),
      },
      ...(method === "POST" ? { body: new Blob(parts) } : {}),
    });
    response.writeHead(
      passed.status,
      Object.fromEntries([...passed.headers].filter(([name]) => name !== "content-length")),
    );
    response.end(new Uint8Array(await passed.arrayBuffer()));
  }

  server.on("upgrade", (request: IncomingMessage, socket, head) => {
    if (!sockets.upgrade(request, socket, head)) socket.end("HTTP/1.1 408 Request Timeout\r\n\r\n");
  });

  return {
    url: `${origin}/api`,
    sockets,
    async call(token, method, args) {
      const body = new URLSearchParams(args);
      const response = await fetch(`${behind}/api/${method}`, {
        method: "POST",
        headers: { authorization: `Bearer ${token}` },
        body,
      });
      const answer: Record<string, unknown> = await response.json();
      if (answer["ok"] !== true) throw new Error(`Cannot call ${method}: ${JSON.stringify(answer)}`);
      return answer;
    },
    tell: (event) =>
      sockets.deliver("events_api", { type: "event_callback", team_id: "T1", event_id: `Ev${++events}`, event }),
    async [Symbol.asyncDispose]() {
      await sockets.close();
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
      await emulator.close();
    },
  };
}

function freePort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  return port;
}
