/** One WebSocket as frames: parses and checks what comes in, and says how it ended. */
import { type Static, Type } from "../../schemas/primitives.ts";
import { checker } from "../../schemas/validate.ts";

/** Looser than what we send (schemas/frame.ts): a newer gateway may add keys, and an older one may lack some. */
export const WireError = Type.Object({
  code: Type.String(),
  message: Type.String(),
  details: Type.Optional(Type.Unknown()),
  retryable: Type.Optional(Type.Boolean()),
  retryAfterMs: Type.Optional(Type.Number()),
});
export type WireError = Static<typeof WireError>;

const Inbound = Type.Union([
  Type.Object({
    type: Type.Literal("res"),
    id: Type.String(),
    ok: Type.Boolean(),
    payload: Type.Optional(Type.Unknown()),
    error: Type.Optional(WireError),
  }),
  Type.Object({ type: Type.Literal("event"), event: Type.String(), payload: Type.Optional(Type.Unknown()) }),
]);
export type Inbound = Static<typeof Inbound>;
export type WireEvent = Extract<Inbound, { type: "event" }>;
const checkInbound = checker(Inbound);

export interface WireEnd {
  readonly code: number;
  readonly reason: string;
  /** Why no connection came about or why it broke; undefined after an orderly close. */
  readonly failure: string | undefined;
  /** The process lacks the right to connect there. */
  readonly denied: boolean;
}

export interface Wire {
  /** Resolves once, when the socket has ended; never rejects. */
  readonly ended: Promise<WireEnd>;
  send(frame: unknown): void;
  close(code: number, reason: string): void;
}

/** How long a peer may take to answer a close frame; afterwards the process ends without it. */
const CLOSE_GRACE_MS = 1000;

/**
 * Opens `url`. `onFrame` is called in order for every frame that is well formed; others are dropped. `trusted`: certificates
 * in PEM that count beside those of the system, such as the one that the gateway of this host made itself.
 */
export function openWire(url: string, onFrame: (frame: Inbound) => void, trusted: readonly string[] = []): Wire {
  const { promise: ended, resolve } = Promise.withResolvers<WireEnd>();
  let failure: string | undefined;
  let socket: WebSocket;
  try {
    socket = openSocket(url, trusted);
  } catch (error) {
    const denied = error instanceof Deno.errors.NotCapable;
    resolve({ code: 1006, reason: "", failure: failureText(error), denied });
    return { ended, send: () => {}, close: () => {} };
  }
  socket.binaryType = "arraybuffer";
  socket.onmessage = (event) => {
    const frame = parseFrame(event.data);
    if (frame !== undefined) onFrame(frame);
  };
  socket.onerror = (event) => {
    failure = failureText(event instanceof ErrorEvent ? event.message : "connection failed");
  };
  socket.onclose = (event) => resolve({ code: event.code, reason: event.reason, failure, denied: false });
  return {
    ended,
    send: (frame) => {
      if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(frame));
    },
    close: (code, reason) => {
      if (socket.readyState >= WebSocket.CLOSING) return;
      socket.close(code, reason);
      const timer = setTimeout(
        () => resolve({ code: 1006, reason: "", failure: "no answer to close", denied: false }),
        CLOSE_GRACE_MS,
      );
      void ended.then(() => clearTimeout(timer));
    },
  };
}

function openSocket(url: string, trusted: readonly string[]): WebSocket {
  if (trusted.length === 0 || !url.startsWith("wss:")) return new WebSocket(url);
  const client = Deno.createHttpClient({ caCerts: [...trusted] });
  // The type of the browser's constructor has no room for Deno's options.
  const socket: unknown = Reflect.construct(WebSocket, [url, { client }]);
  if (!(socket instanceof WebSocket)) throw new Error("Cannot open a socket: the runtime gave none");
  socket.addEventListener("close", () => client.close());
  return socket;
}

function parseFrame(data: unknown): Inbound | undefined {
  const text = data instanceof ArrayBuffer ? new TextDecoder().decode(data) : data;
  if (typeof text !== "string") return undefined;
  try {
    const checked = checkInbound(JSON.parse(text));
    return checked.ok ? checked.value : undefined;
  } catch {
    return undefined;
  }
}

/** The reason in words, without the layers that Deno puts before it. */
function failureText(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const reason = text.replace(/^NetworkError: /u, "").replace(/^failed to connect to WebSocket: /u, "");
  return REASONS.find(([pattern]) => pattern.test(reason))?.[1] ?? reason;
}

const REASONS: readonly (readonly [pattern: RegExp, words: string])[] = [
  [/tcp connect error|connection refused/iu, "nothing listens there"],
  [/InvalidContentType/u, "it answered without TLS; a gateway whose gateway.tls changed speaks HTTPS after a restart"],
  [/dns error/iu, "the host name is not known"],
  [/invalid HTTP version/iu, "it does not answer in plain HTTP; a gateway with gateway.tls needs wss://"],
  [
    /invalid peer certificate|UnknownIssuer|certificate/iu,
    "its certificate is not one that this host trusts; for a gateway's own copy its <state>/tls/cert.pem here and set DENO_CERT",
  ],
  [/connection closed before message completed/iu, "it closed the connection without an answer"],
];
