/** Reads and writes what components of v0.8 are bound to. */
import type { Root } from "@a2ui/lit/ui";
import { isFields } from "./v0_8_messages.ts";

/** What `{literalString}`, `{literalNumber}`, … or `{path}` stands for; undefined when there is nothing yet. */
export function valueOf({ component, processor, surfaceId }: Root, bound: unknown): unknown {
  if (!isFields(bound)) return bound;
  const { path } = bound;
  if (typeof path === "string" && component && processor) {
    const value: unknown = processor.getData(component, path, surfaceId ?? undefined);
    if (value !== undefined && value !== null) return value;
  }
  return bound["literalString"] ?? bound["literalNumber"] ?? bound["literalBoolean"] ?? bound["literalArray"] ??
    bound["literal"];
}

export const textOf = (element: Root, bound: unknown): string => {
  const value = valueOf(element, bound);
  return value === undefined || value === null ? "" : String(value);
};

/** Lists are arrays or, as entries, maps; a text that is JSON was read by the processor. */
export function listOf(element: Root, bound: unknown): string[] {
  const value = valueOf(element, bound);
  if (value instanceof Map) return [...value.values()].map(String);
  if (Array.isArray(value)) return value.map(String);
  return typeof value === "string" && value !== "" ? [value] : [];
}

/** Changes the data model; a literal cannot be changed. */
export function write(
  { component, processor, surfaceId }: Root,
  bound: unknown,
  value: string | number | boolean | string[],
): void {
  const path = isFields(bound) ? bound["path"] : undefined;
  if (typeof path === "string" && component && processor) {
    processor.setData(component, path, value, surfaceId ?? undefined);
  }
}
