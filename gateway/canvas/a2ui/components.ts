/** Components of one message: ids, their number, and the addresses in them. */
import { LIMITS, Problem, step } from "./problem.ts";
import type { JsonObject } from "./problem.ts";

/** An id of a surface or a component. Throws Problem. */
export function checkId(path: string, id: unknown): void {
  if (typeof id !== "string" || id.trim() === "" || id.length > LIMITS.idChars) {
    throw new Problem(path, `must be a text of 1 to ${LIMITS.idChars} characters`);
  }
}

/** No id twice in one message. Throws Problem. */
export function checkIds(path: string, components: readonly JsonObject[]): void {
  const seen = new Map<unknown, number>();
  for (const [index, { id }] of components.entries()) {
    const at = `${path}/${index}${step("id")}`;
    checkId(at, id);
    const first = seen.get(id);
    if (first !== undefined) throw new Problem(at, `is "${String(id)}" again, as ${path}/${first}; ids must be unique`);
    seen.set(id, index);
  }
}

/** `old` with these components in place of those with the same ids. Throws Problem when there are too many. */
export function withComponents(
  path: string,
  old: ReadonlyMap<string, JsonObject>,
  components: readonly JsonObject[],
): ReadonlyMap<string, JsonObject> {
  const all = new Map(old);
  for (const component of components) all.set(String(component["id"]), component);
  if (all.size > LIMITS.components) {
    throw new Problem(path, `would give the surface ${all.size} components; the limit is ${LIMITS.components}`);
  }
  return all;
}
