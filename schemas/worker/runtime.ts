/** What every worker says about its own life, whatever it works on, and the checker both ends of a port use. */
import { Closed, Int0, JsonObject, NonEmpty, OneOf, type Static, type TSchema, Type } from "../primitives.ts";
import { type Checked, type Checker, checker } from "../validate.ts";

/** The event name of the last `log` report of a worker that closes itself after an error nobody caught. */
export const WORKER_CRASH = "worker.crash";

/** Reports that every worker kind sends beside its own. */
export const LifeReport = Type.Union([
  /** The bootstrap is loaded and commands are taken. */
  Closed({ type: Type.Literal("ready") }),
  Closed({ type: Type.Literal("pong"), id: Int0 }),
  Closed({
    type: Type.Literal("log"),
    level: OneOf(["debug", "info", "warn", "error"]),
    event: NonEmpty,
    fields: JsonObject,
  }),
]);
export type LifeReport = Static<typeof LifeReport>;

/** A union of objects told apart by a literal `type`. */
interface TypedUnion extends TSchema {
  readonly anyOf: readonly TSchema[];
}

/**
 * A checker for a union of `{ type: "<name>", … }` messages. Each variant is compiled when its first message comes:
 * compiling a whole message contract at once costs 70 ms, one variant 1 to 2 ms, and the first run pays it.
 * Errors name the fault of the one variant meant, not of all.
 */
export function messageChecker<U extends TypedUnion>(union: U): Checker<Static<U>> {
  const variants = new Map<unknown, Checker<unknown>>();
  for (const variant of union.anyOf) {
    const properties: unknown = variant["properties"];
    const literal = isRecord(properties) ? properties["type"] : undefined;
    variants.set(isRecord(literal) ? literal["const"] : undefined, checker(variant));
  }
  const variantOf = (value: unknown): Checker<unknown> | undefined =>
    isRecord(value) && typeof value["type"] === "string" ? variants.get(value["type"]) : undefined;
  const is = (value: unknown): value is Static<U> => variantOf(value)?.is(value) ?? false;
  const check = (value: unknown): Checked<Static<U>> => {
    if (is(value)) return { ok: true, value };
    const result = variantOf(value)?.(value);
    return { ok: false, error: result && !result.ok ? result.error : "at /type: not a known message type" };
  };
  return Object.assign(check, { is });
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
