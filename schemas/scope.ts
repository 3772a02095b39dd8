/** Roles and scopes: who may call which method and receive which event. */
import { OneOf, type Static } from "./primitives.ts";

export const ROLES = ["operator", "node"] as const;
export const Role = OneOf(ROLES);
export type Role = Static<typeof Role>;

/** Every operator scope that either client generation asks for. */
export const SCOPES = [
  "operator.admin",
  "operator.read",
  "operator.write",
  "operator.approvals",
  "operator.pairing",
  "operator.talk",
  "operator.questions",
  "operator.sessions.read",
  "operator.sessions.write",
] as const;
export const Scope = OneOf(SCOPES);
export type Scope = Static<typeof Scope>;

/**
 * What a method or event needs.
 * `any`: every authenticated client. `node`: role node only, an admin is refused too.
 */
export type Access = Scope | "any" | "node";

/**
 * Whether `held` covers `needed`. Admin covers every operator scope and write covers read; a client of February 2026
 * asks for admin alone and still expects to read (handshake facts, section 8).
 */
export function scopeCovers(held: ReadonlySet<string>, needed: string): boolean {
  if (held.has(needed)) return true;
  if (needed.startsWith("operator.") && held.has("operator.admin")) return true;
  if (needed === "operator.read") return held.has("operator.write");
  if (needed === "operator.sessions.read") {
    return held.has("operator.sessions.write") || scopeCovers(held, "operator.read");
  }
  if (needed === "operator.sessions.write") return held.has("operator.write");
  return false;
}

/** The requested scopes that `held` does not cover, in the order asked for. */
export function missingScopes(held: ReadonlySet<string>, requested: readonly string[]): string[] {
  return requested.filter((scope) => !scopeCovers(held, scope));
}
