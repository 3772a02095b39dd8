/** Data models as plain JSON, changed without touching what was there: a push that fails leaves nothing behind. */
import { isObject, type JsonObject, Problem } from "./problem.ts";

/** Steps of a JSON pointer; empty ones count for nothing, as in the pages. */
export const pointerSteps = (pointer: string): string[] =>
  pointer.split("/").filter((part) => part !== "").map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));

const isIndex = (text: string): boolean => /^(0|[1-9]\d{0,8})$/u.test(text);

/** The value at `steps`, undefined when there is none. */
export function valueAt(root: unknown, steps: readonly string[]): unknown {
  let current = root;
  for (const name of steps) {
    if (Array.isArray(current)) current = isIndex(name) ? current[Number(name)] : undefined;
    else if (isObject(current) && Object.hasOwn(current, name)) current = current[name];
    else return undefined;
  }
  return current;
}

/**
 * `root` with `value` at `steps`; `undefined` takes away what was there. Missing containers are made: a list where the
 * next step is a number. Throws Problem at `path` when the way leads through a text, a number or past a list's end.
 */
export function withValueAt(root: unknown, steps: readonly string[], value: unknown, path: string): unknown {
  const [name, ...rest] = steps;
  if (name === undefined) return value;
  const container = root ?? (isIndex(name) ? [] : {});
  if (Array.isArray(container)) return inList(container, name, rest, value, path);
  if (!isObject(container)) throw new Problem(path, `leads through a value that is no object, before "${name}"`);
  const inner = withValueAt(Object.hasOwn(container, name) ? container[name] : undefined, rest, value, path);
  const copy: JsonObject = { ...container, [name]: inner };
  if (inner === undefined) delete copy[name];
  return copy;
}

function inList(list: readonly unknown[], name: string, rest: readonly string[], value: unknown, path: string) {
  if (!isIndex(name)) throw new Problem(path, `has "${name}" where a list wants a number`);
  const index = Number(name);
  // A hole of a million places would be written out by everyone who copies the list.
  if (index > list.length) throw new Problem(path, `names place ${index} of a list that has ${list.length}`);
  const copy: unknown[] = [...list];
  copy[index] = withValueAt(copy[index], rest, value, path) ?? null;
  return copy;
}
