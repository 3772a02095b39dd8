/** Readers for values that came over the wire: nothing from the gateway is trusted before it passed one of these. */

export type Fields = Readonly<Record<string, unknown>>;

export const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);
/** The object itself, or an empty one. */
export const fields = (value: unknown): Fields => isFields(value) ? value : {};
export const text = (value: unknown): string | undefined => typeof value === "string" ? value : undefined;
/** A string that is not empty. */
export const word = (value: unknown): string | undefined => typeof value === "string" && value ? value : undefined;
export const number = (value: unknown): number | undefined =>
  typeof value === "number" && Number.isFinite(value) ? value : undefined;
export const list = (value: unknown): readonly unknown[] => Array.isArray(value) ? value : [];
export const words = (value: unknown): string[] =>
  list(value).filter((item): item is string => typeof item === "string");

/** Keeps what a reader could read. */
export function each<T>(value: unknown, reader: (item: unknown) => T | undefined): T[] {
  const out: T[] = [];
  for (const item of list(value)) {
    const read = reader(item);
    if (read !== undefined) out.push(read);
  }
  return out;
}

/** JSON text to a value; undefined when it is not JSON. */
export function parseJson(raw: string): unknown {
  try {
    return JSON.parse(raw);
  } catch {
    return undefined;
  }
}
