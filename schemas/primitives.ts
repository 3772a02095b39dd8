/** The small types that every other schema is built from. */
import { type Static, type TObject, type TProperties, type TSchema, Type } from "@sinclair/typebox";

/** A string that is not empty. */
export const NonEmpty = Type.String({ minLength: 1 });
/** A whole number from zero up: counters, durations in milliseconds, sequence numbers. */
export const Int0 = Type.Integer({ minimum: 0 });
/** Milliseconds since the Unix epoch. */
export const Timestamp = Type.Integer({ minimum: 0, description: "Milliseconds since the Unix epoch" });
/** Any JSON object. */
export const JsonObject = Type.Record(Type.String(), Type.Unknown());

/**
 * An object that we send. Strict: a protocol 3 client drops a frame that holds a key it does not know,
 * so a key that is not in the schema is our bug and tests fail on it.
 */
export const Closed = <P extends TProperties>(properties: P, options: Record<string, unknown> = {}): TObject<P> =>
  Type.Object(properties, { additionalProperties: false, ...options });

/**
 * An object that clients send. Lenient: protocol 4 clients send more keys than protocol 3 ones,
 * and refusing them would break every newer client.
 */
export const Open = <P extends TProperties>(properties: P, options: Record<string, unknown> = {}): TObject<P> =>
  Type.Object(properties, options);

/** One of a fixed list of strings. */
export const OneOf = <const V extends readonly string[]>(values: V, options: Record<string, unknown> = {}) =>
  Type.Unsafe<V[number]>({ type: "string", enum: [...values], ...options });

/** The schema with what it means, which the reference shows beside it. */
export const noted = <T extends TSchema>(schema: T, description: string): T => ({ ...schema, description });

/**
 * Raw bytes inside a worker message: a `Uint8Array`, moved or copied by the port, never JSON. Checked by the keyword
 * `x-bytes` of schemas/validate.ts.
 */
export const Bytes = (maxBytes: number) => Type.Unsafe<Uint8Array<ArrayBuffer>>({ "x-bytes": maxBytes });

/** The value or null. */
export const Nullable = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()]);

export type { Static, TSchema };
export { Type };
