/** Turns a schema into a checker. Borders take `unknown`, check it here, then trust it. */
import { Ajv, type ErrorObject, type ValidateFunction } from "ajv";
import type { Static, TSchema } from "./primitives.ts";

/** Our schemas are our own: checking them against the meta-schema costs every thread 10 ms and 3 MB at its first use. */
const OPTIONS = { strict: false, useDefaults: false, validateFormats: false, meta: false, validateSchema: false };
const ajv = new Ajv({ ...OPTIONS, allErrors: true });
/** Stops at the first error: for borders where a stranger could make the full list expensive. */
const ajvFirst = new Ajv({ ...OPTIONS, allErrors: false });

/** `x-bytes: <most>`: a Uint8Array of at most so many bytes. */
const bytes = {
  keyword: "x-bytes",
  schemaType: "number",
  error: { message: "must be bytes within the limit" },
  validate: (most: number, data: unknown) => data instanceof Uint8Array && data.byteLength <= most,
} as const;
ajv.addKeyword(bytes);
ajvFirst.addKeyword(bytes);

/** `value` checked and typed, or the sentence that says what is wrong. */
export type Checked<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: string };

export interface Checker<T> {
  (value: unknown): Checked<T>;
  /** Type guard without an error text, for hot paths. */
  is(value: unknown): value is T;
}

/**
 * A checker for `schema`. Compiled at its first use: compiling every schema at start costs 150 ms that most runs
 * never need. `first` stops at the first error.
 */
export function checker<S extends TSchema>(schema: S, options: { first?: boolean } = {}): Checker<Static<S>> {
  let compiled: ValidateFunction | undefined;
  const get = (): ValidateFunction => compiled ??= (options.first ? ajvFirst : ajv).compile(schema);
  const is = (value: unknown): value is Static<S> => get()(value) === true;
  const check = (value: unknown): Checked<Static<S>> => {
    const validate = get();
    if (is(value)) return { ok: true, value };
    return { ok: false, error: errorText(validate.errors ?? []) };
  };
  return Object.assign(check, { is });
}

/** Most errors that one message lists; the rest are counted. */
const MAX_ERRORS = 8;

/** `at <json pointer>: <reason>` joined by `; `, the form that clients of both generations show to people. */
export function errorText(errors: readonly ErrorObject[]): string {
  const lines = errors.slice(0, MAX_ERRORS).map((error) => {
    if (error.keyword === "additionalProperties") {
      return `at ${error.instancePath || "root"}: unexpected property '${String(error.params["additionalProperty"])}'`;
    }
    return `at ${error.instancePath || "root"}: ${error.message ?? error.keyword}`;
  });
  if (errors.length > MAX_ERRORS) lines.push(`and ${errors.length - MAX_ERRORS} more`);
  return lines.join("; ") || "value does not match";
}
