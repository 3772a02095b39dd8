/** Time, ids and randomness, injected so that leases, retries and expiry are tested without sleeping. */

export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
  /** Calls `action` once after `ms`, with 0 right after the code that runs now; the returned function cancels it. */
  after(ms: number, action: () => void): () => void;
  /** Calls `action` every `ms` until cancelled. */
  every(ms: number, action: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  after(ms, action) {
    // A timer of 0 ms costs 2 ms, and every run would pay it before its first token.
    if (ms <= 0) return soon(action);
    const timer = setTimeout(action, ms);
    return () => clearTimeout(timer);
  },
  every(ms, action) {
    const timer = setInterval(action, ms);
    return () => clearInterval(timer);
  },
};

function soon(action: () => void): () => void {
  let live = true;
  queueMicrotask(() => {
    if (live) action();
  });
  return () => live = false;
}

/** A random id: uuid v4. */
export const uuid = (): string => crypto.randomUUID();

/** `bytes` of randomness as base64url without padding. */
export function randomToken(bytes: number): string {
  return toBase64Url(crypto.getRandomValues(new Uint8Array(bytes)));
}

/** base64url without padding. */
export function toBase64Url(bytes: Uint8Array): string {
  return bytes.toBase64({ alphabet: "base64url", omitPadding: true });
}
