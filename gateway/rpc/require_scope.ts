/** Refuses a call whose parameters need more than the method itself does. */
import { GatewayError } from "../../schemas/error.ts";
import type { Scope } from "../../schemas/scope.ts";
import { permits } from "../auth/grant.ts";
import type { Client } from "../connection/client.ts";

/** Throws `missing scope: <scope>`; protocol 3 knows no FORBIDDEN and gets the same text as INVALID_REQUEST. */
export function requireScope(client: Client, scope: Scope): void {
  if (!permits(client.grant, scope)) throw missingScope(client, scope);
}

/** The error itself, for scopes that come from a device's wish. */
export function missingScope(client: Client, scope: string): GatewayError {
  return new GatewayError(client.protocol === 3 ? "INVALID_REQUEST" : "FORBIDDEN", `missing scope: ${scope}`, {
    details: { code: "MISSING_SCOPE", missingScope: scope, requiredScopes: [scope] },
  });
}
