/** What a connection may do. Built here and nowhere else: a client's wish can only narrow what the server grants. */
import { type Access, type Role, scopeCovers } from "../../schemas/scope.ts";

declare const granted: unique symbol;

/** A role and its scopes, granted by the server. Only `grant()` makes one. */
export interface Grant {
  readonly [granted]: true;
  readonly role: Role;
  readonly scopes: ReadonlySet<string>;
}

/** Grants `scopes` for `role`. Call it only after authentication; the caller has already narrowed the scopes. */
export function grant(role: Role, scopes: Iterable<string>): Grant {
  const value: Omit<Grant, typeof granted> = { role, scopes: new Set(scopes) };
  return value as Grant;
}

/** Whether the grant passes an access rule. Nodes pass `node` and `any`; operators pass `any` and covered scopes. */
export function permits(held: Grant, access: Access): boolean {
  if (access === "any") return true;
  if (access === "node") return held.role === "node";
  return held.role === "operator" && scopeCovers(held.scopes, access);
}
