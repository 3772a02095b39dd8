/** How a method is declared: once. Dispatch, `features.methods`, the reference and JSON Schema all read this table. */
import type { Static, TSchema } from "@sinclair/typebox";
import type { Access } from "../../schemas/scope.ts";
import type { Client } from "../connection/client.ts";
import type { RawJson } from "../raw_json.ts";
import type { Services } from "./services.ts";

/**
 * `none`: safe to repeat, or guarded by its own id. `shared`: the key is required; a repeat while it runs shares the
 * answer, a repeat afterwards gets the stored one, also after a restart. `run`: the key is required and becomes the run
 * id; the run ledger answers repeats (idempotency facts, section 2).
 */
export type Idempotency = "none" | "shared" | "run";

/** One call of a method. */
export interface Call<P> {
  readonly params: P;
  readonly client: Client;
  /** Aborted at the deadline and when the gateway stops; a socket that closes does not abort what it started. */
  readonly signal: AbortSignal;
  /** Sends a first response now; the handler's result then goes out as a second one with the same id (`agent` only). */
  respond(payload: unknown): void;
}

export interface MethodDef<P extends TSchema = TSchema, R extends TSchema = TSchema> {
  readonly name: string;
  readonly access: Access;
  readonly params: P;
  readonly result: R;
  readonly idempotency: Idempotency;
  /** Milliseconds until the call fails with UNAVAILABLE; 0: the handler bounds its own time (waits, runs). */
  readonly deadlineMs: number;
  /** False for methods that the official gateways answer without announcing. */
  readonly advertised?: boolean;
  readonly description: string;
  handle(call: Call<Static<P>>, services: Services): Promise<Static<R> | RawJson> | Static<R> | RawJson;
}

export const defineMethod = <P extends TSchema, R extends TSchema>(def: MethodDef<P, R>): MethodDef<P, R> => def;
