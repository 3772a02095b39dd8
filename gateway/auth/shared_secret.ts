/** The gateway's shared secret: modes none, token and password. */
import type { Config } from "../config/types.ts";
import { digest, sameDigest } from "./digest.ts";

/** Why a shared secret was not accepted (handshake facts, section 5). */
export type SecretReason =
  | "token_missing"
  | "token_mismatch"
  | "token_missing_config"
  | "password_missing"
  | "password_mismatch"
  | "password_missing_config";

export type SecretResult =
  | { readonly ok: true; readonly method: "none" | "token" | "password" }
  | { readonly ok: false; readonly reason: SecretReason };

/** The two fields of `connect.params.auth` that can carry the secret. */
export interface SecretFields {
  readonly token?: string;
  readonly password?: string;
}

export class SharedSecret {
  readonly mode: "none" | "token" | "password";
  readonly #digest: Uint8Array | undefined;

  constructor(auth: Config["gateway"]["auth"]) {
    this.mode = auth.mode;
    const secret = (auth.mode === "token" ? auth.token : auth.password)?.reveal();
    // An empty secret would let in everybody who sends an empty field: it counts as not configured.
    this.#digest = auth.mode === "none" || !secret ? undefined : digest(secret);
  }

  /**
   * Checks what the client sent. Either field may carry the secret: protocol 4 clients send a password in `token` and
   * the Control UI sends the same value in both (handshake facts, section 5).
   */
  check({ token, password }: SecretFields): SecretResult {
    const { mode } = this;
    if (mode === "none") return { ok: true, method: "none" };
    const expected = this.#digest;
    if (!expected) return { ok: false, reason: `${mode}_missing_config` };
    const given = [token, password].flatMap((value) => value === undefined || value === "" ? [] : [value]);
    if (given.length === 0) return { ok: false, reason: `${mode}_missing` };
    // Both are compared even when the first matches: the time must not tell which field was right.
    const matches = given.map((value) => sameDigest(digest(value), expected));
    return matches.includes(true) ? { ok: true, method: mode } : { ok: false, reason: `${mode}_mismatch` };
  }
}
