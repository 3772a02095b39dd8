/** The close-code table: when the gateway closes a socket, with what reason, and what the client should do. */

interface CloseRow {
  readonly code: number;
  readonly reason: string;
  /** Whether a client should come back by itself. */
  readonly reconnect: boolean;
  readonly when: string;
}

export const CLOSE = {
  handshakeEnded: {
    code: 1000,
    reason: "",
    reconnect: true,
    when: "No connect within the handshake time, or a first frame that is not JSON",
  },
  protocolMismatch: {
    code: 1002,
    reason: "protocol mismatch",
    reconnect: false,
    when: "The client's protocol range does not include 3 or 4",
  },
  invalidFrame: {
    code: 1008,
    reason: "invalid request frame",
    reconnect: false,
    when: "The first frame is JSON but no request",
  },
  refused: {
    code: 1008,
    reason: "",
    reconnect: false,
    when: "The handshake was refused; the reason repeats the error text, cut to 120 bytes",
  },
  tooManyFrames: {
    code: 1008,
    reason: "too many pending handshake frames",
    reconnect: false,
    when: "More than 16 frames before hello-ok",
  },
  slowConsumer: {
    code: 1008,
    reason: "slow consumer",
    reconnect: true,
    when: "The client does not read and its buffer passed policy.maxBufferedBytes",
  },
  unauthorizedCalls: {
    code: 1008,
    reason: "repeated unauthorized calls",
    reconnect: false,
    when: "More than 10 calls that the role may not make",
  },
  tooLarge: {
    code: 1009,
    reason: "",
    reconnect: true,
    when: "A frame larger than policy.maxPayload, or 64 KiB before hello-ok",
  },
  serviceRestart: {
    code: 1012,
    reason: "service restart",
    reconnect: true,
    when: "The gateway stops or restarts, after the shutdown event",
  },
  authChanged: {
    code: 4001,
    reason: "gateway auth changed",
    reconnect: true,
    when: "The device's token was rotated or revoked, or the device removed",
  },
} as const satisfies Record<string, CloseRow>;

export type CloseName = keyof typeof CLOSE;

/** Cuts a close reason to 120 UTF-8 bytes at a character border; RFC 6455 allows 123 and clients match on 120. */
export function closeReason(text: string): string {
  const bytes = new TextEncoder().encode(text);
  if (bytes.length <= 120) return text;
  return new TextDecoder().decode(bytes.subarray(0, 120)).replace(/\uFFFD+$/u, "");
}
