/** Counts failed logins per purpose and address: strangers are locked out, loopback is slowed down. */
import type { Clock } from "../observe/clock.ts";

/**
 * Counted apart, so that guessing one does not lock the other out: a device with a good token still gets in while its
 * address is locked for the shared secret, and a web page cannot use up the tries of the CLI beside it.
 */
export type LimitPurpose = "shared-secret" | "browser-secret" | "device-token" | "bootstrap-code";

/** Who failed. `exempt`: on loopback, delayed but never locked out. */
export interface LimitedPeer {
  readonly limitKey: string;
  readonly exempt: boolean;
}

export interface LimitOptions {
  readonly failures: number;
  readonly windowMs: number;
  readonly lockMs: number;
  readonly minDelayMs: number;
  readonly maxDelayMs: number;
  /** Counters kept; when full, the one that failed longest ago goes. */
  readonly maxEntries: number;
}

/** handshake facts, 6.1. */
export const LIMIT_DEFAULTS: LimitOptions = {
  failures: 10,
  windowMs: 60_000,
  lockMs: 5 * 60_000,
  minDelayMs: 250,
  maxDelayMs: 5_000,
  maxEntries: 2_048,
};

interface Entry {
  /** When each failure within the window happened; never more than `failures`. */
  readonly at: number[];
  lockedUntil: number;
}

export class RateLimiter {
  readonly #entries = new Map<string, Entry>();
  readonly #clock: Clock;
  readonly #options: LimitOptions;

  constructor({ clock, options = LIMIT_DEFAULTS }: { readonly clock: Clock; readonly options?: LimitOptions }) {
    this.#clock = clock;
    this.#options = options;
  }

  /** Milliseconds until the peer may try again; 0 when it may try now. */
  lockedForMs(purpose: LimitPurpose, peer: LimitedPeer): number {
    if (peer.exempt) return 0;
    const entry = this.#entries.get(keyOf(purpose, peer));
    return entry === undefined ? 0 : Math.max(0, entry.lockedUntil - this.#clock.now());
  }

  /** Counts a failure. Returns how long the answer is to be held back; strangers are not delayed but locked out. */
  failed(purpose: LimitPurpose, peer: LimitedPeer): number {
    const now = this.#clock.now();
    const { failures, windowMs, lockMs, minDelayMs, maxDelayMs } = this.#options;
    const key = keyOf(purpose, peer);
    const before = this.#entries.get(key);
    const at = [...(before?.at ?? []).filter((time) => now - time < windowMs), now].slice(-failures);
    const lockedUntil = !peer.exempt && at.length >= failures ? now + lockMs : 0;
    this.#put(key, { at: lockedUntil > 0 ? [] : at, lockedUntil });
    return peer.exempt ? Math.min(maxDelayMs, minDelayMs * 2 ** (at.length - 1)) : 0;
  }

  /** Forgets the failures of a peer that has proved itself. */
  succeeded(purpose: LimitPurpose, peer: LimitedPeer): void {
    this.#entries.delete(keyOf(purpose, peer));
  }

  get size(): number {
    return this.#entries.size;
  }

  #put(key: string, entry: Entry): void {
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    if (this.#entries.size <= this.#options.maxEntries) return;
    const oldest = this.#entries.keys().next();
    if (!oldest.done) this.#entries.delete(oldest.value);
  }
}

const keyOf = (purpose: LimitPurpose, peer: LimitedPeer): string => `${purpose} ${peer.limitKey}`;
