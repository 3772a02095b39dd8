/** A gateway of a few lines for tests of clients: challenge, then whatever the test answers. Loopback, a free port. */
import { createPublicKey, verify } from "node:crypto";
import { Buffer } from "node:buffer";
import { type WebSocket, WebSocketServer } from "ws";

export interface FakeRequest {
  readonly id: string;
  readonly method: string;
  readonly params: Record<string, unknown>;
}

export interface FakeSocket {
  /** Answers a request. */
  answer(request: FakeRequest, payload: unknown): void;
  refuse(request: FakeRequest, error: Record<string, unknown>, payload?: unknown): void;
  event(event: string, payload: unknown): void;
  raw(text: string): void;
  close(code: number, reason: string): void;
  /** Ends the TCP connection without a close frame. */
  drop(): void;
}

export type Handler = (request: FakeRequest, socket: FakeSocket) => void;

export const HELLO = {
  type: "hello-ok",
  protocol: 4,
  server: { version: "1.2.3", connId: "c1" },
  features: { methods: ["health"], events: [] },
  snapshot: { uptimeMs: 5000, configPath: "/s/openclaw.json", sessionDefaults: { mainSessionKey: "agent:main:main" } },
  auth: { method: "token", role: "operator", scopes: ["operator.admin"] },
  policy: { maxPayload: 1, maxBufferedBytes: 1, tickIntervalMs: 30_000 },
};

export const CHALLENGE = { nonce: "nonce-1", ts: 1_763_806_000_000 };

export class FakeGateway implements AsyncDisposable {
  /** Every request of every connection, in order. */
  readonly requests: FakeRequest[] = [];
  readonly sockets: FakeSocket[] = [];
  private constructor(private readonly server: WebSocketServer, readonly port: number) {}

  /** `challenge: false` stays silent; otherwise its value is sent on open. */
  static async start(handler: Handler, challenge: unknown = CHALLENGE): Promise<FakeGateway> {
    const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
    await new Promise<void>((resolve) => server.on("listening", () => resolve()));
    const address = server.address();
    if (typeof address !== "object" || address === null) throw new Error("Cannot start fake gateway: no address");
    const gateway = new FakeGateway(server, address.port);
    server.on("connection", (socket) => gateway.#serve(socket, handler, challenge));
    return gateway;
  }

  get url(): string {
    return `ws://127.0.0.1:${this.port}/`;
  }

  /** The `connect` parameters of the n-th connection. */
  connectParams(n = 0): Record<string, unknown> {
    const found = this.requests.filter(({ method }) => method === "connect")[n];
    if (found === undefined) throw new Error(`Cannot find connect number ${n}`);
    return found.params;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.server.clients) client.terminate();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }

  #serve(socket: WebSocket, handler: Handler, challenge: unknown): void {
    const send = (frame: unknown) => socket.send(JSON.stringify(frame));
    const fake: FakeSocket = {
      answer: ({ id }, payload) => send({ type: "res", id, ok: true, payload }),
      refuse: ({ id }, error, payload) => send({ type: "res", id, ok: false, error, payload }),
      event: (event, payload) => send({ type: "event", event, payload }),
      raw: (text) => socket.send(text),
      close: (code, reason) => socket.close(code, reason),
      drop: () => socket.terminate(),
    };
    this.sockets.push(fake);
    socket.on("error", () => {});
    socket.on("message", (data) => {
      const { id, method, params = {} } = JSON.parse(String(data));
      const request: FakeRequest = { id, method, params };
      this.requests.push(request);
      handler(request, fake);
    });
    if (challenge !== false) fake.event("connect.challenge", challenge);
  }
}

/** Answers `connect` with hello-ok and everything else with `handler`. */
export const welcoming = (handler: Handler = () => {}, hello: unknown = HELLO): Handler => (request, socket) => {
  if (request.method === "connect") socket.answer(request, hello);
  else handler(request, socket);
};

/** Whether `signature` (base64url) over `text` belongs to the raw public key (base64url): Node's view of it, not ours. */
export function verifies(publicKey: string, signature: string, text: string): boolean {
  const key = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x: publicKey }, format: "jwk" });
  return verify(null, Buffer.from(text), key, Buffer.from(signature, "base64url"));
}
