/** One-use codes for a first visit: a code stands once for the shared secret and for the approval of one device. */
import type { Role } from "../../schemas/scope.ts";
import { type Clock, randomToken } from "../observe/clock.ts";
import { digest, sameDigest } from "./digest.ts";

/** Ten minutes: long enough to walk to another machine, too short to be worth keeping. */
export const CODE_TTL_MS = 10 * 60_000;
/** Codes that stand at once; issuing one more takes back the oldest. */
export const MAX_CODES = 16;
const CODE_BYTES = 24;

interface Code {
  readonly digest: Uint8Array;
  /** Who shows a phone's code must not thereby hand out the right to operate the gateway. */
  readonly role: Role;
  readonly expiresAt: number;
}

/** Kept in memory as digests: a restart of the gateway ends every code, and nothing on disk can be used as one. */
export class BootstrapCodes {
  #codes: Code[] = [];
  readonly #clock: Clock;

  constructor({ clock }: { readonly clock: Clock }) {
    this.#clock = clock;
  }

  /** A new code (32 characters, base64url) and when it ends. */
  issue(role: Role = "operator"): { readonly code: string; readonly expiresAt: number } {
    const code = randomToken(CODE_BYTES);
    const expiresAt = this.#clock.now() + CODE_TTL_MS;
    this.#codes = [...this.#live(), { digest: digest(code), role, expiresAt }].slice(-MAX_CODES);
    return { code, expiresAt };
  }

  /** Uses a code up. False when it was never issued for this role, was used or has expired. */
  redeem(code: string, role: Role = "operator"): boolean {
    const wanted = digest(code);
    const live = this.#live();
    // Every code is compared, so that the time does not tell which one nearly matched.
    const rest = live.filter((known) => !sameDigest(known.digest, wanted) || known.role !== role);
    this.#codes = rest;
    return rest.length < live.length;
  }

  #live(): Code[] {
    const now = this.#clock.now();
    return this.#codes.filter((code) => code.expiresAt > now);
  }
}
