/**
 * The data model of v0.8: entries of a key and one typed value. Kept as plain objects of texts, numbers, booleans and
 * such objects; a text that is JSON stands for what it says, as in the pages.
 */
import { checkSteps, isObject, type JsonObject, LIMITS, Problem } from "./problem.ts";

/** `/a/b`, `a.b` and `a[0].b` are the same kind of path. */
export const stepsOf = (path: string): string[] =>
  path.replaceAll(/\[(\d+)\]/gu, ".$1").split(/[./]/u).filter((part) => part !== "");

/** `data` with the entries of one dataModelUpdate. Throws Problem. */
export function withEntries(data: JsonObject, path: string, contents: unknown, at: string): JsonObject {
  const entries = entriesOf(contents);
  const [only] = entries;
  // One entry "." sets the value at the path itself.
  const value = entries.length === 1 && only?.["key"] === "." ? valueOf(only, at) : mapOf(entries, at);
  const steps = stepsOf(path);
  checkSteps(at, steps);
  if (steps.length > 0) return put(data, steps, value, at);
  if (!isObject(value)) throw new Problem(at, "must be entries: the top of a data model is a map");
  return value;
}

/** A map of its own, filled in place: a copy for each of twenty thousand entries would take minutes. */
function mapOf(entries: readonly JsonObject[], at: string): JsonObject {
  const map: JsonObject = {};
  for (const entry of entries) {
    const steps = stepsOf(String(entry["key"]));
    checkSteps(at, steps, LIMITS.keySteps);
    const name = steps.pop();
    if (name === undefined) throw new Problem(at, "has an entry with an empty key");
    let inner = map;
    for (const step of steps) {
      const old = Object.hasOwn(inner, step) ? inner[step] : undefined;
      const next: JsonObject = isObject(old) ? old : {};
      inner[step] = next;
      inner = next;
    }
    inner[name] = valueOf(entry, at);
  }
  return map;
}

function valueOf(entry: JsonObject, at: string): unknown {
  if (entry["valueMap"] !== undefined) return mapOf(entriesOf(entry["valueMap"]), at);
  return entry["valueString"] ?? entry["valueNumber"] ?? entry["valueBoolean"];
}

/** A copy of `map` along the way to `steps`. */
function put(map: JsonObject, steps: readonly string[], value: unknown, at: string): JsonObject {
  const [name, ...rest] = steps;
  if (name === undefined) return map;
  const old = Object.hasOwn(map, name) ? map[name] : undefined;
  if (rest.length === 0) return { ...map, [name]: value };
  if (typeof old === "string" && typeof parsed(old) === "object") {
    throw new Problem(at, `leads into "${name}", which is JSON in a text; send the whole value anew`);
  }
  return { ...map, [name]: put(isObject(old) ? old : {}, rest, value, at) };
}

/** Entries that make `data` out of nothing. */
export function entriesFor(data: JsonObject): JsonObject[] {
  return Object.entries(data).map(([key, value]) => {
    if (typeof value === "number") return { key, valueNumber: value };
    if (typeof value === "boolean") return { key, valueBoolean: value };
    return isObject(value) ? { key, valueMap: entriesFor(value) } : { key, valueString: String(value) };
  });
}

/** The data model as a page sees it: texts that are JSON stand for what they say. */
export function viewOf(value: unknown): unknown {
  if (isObject(value)) return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, viewOf(item)]));
  return typeof value === "string" ? parsed(value) : value;
}

function parsed(text: string): unknown {
  const trimmed = text.trim();
  const isJson = (trimmed.startsWith("{") && trimmed.endsWith("}")) ||
    (trimmed.startsWith("[") && trimmed.endsWith("]"));
  if (!isJson) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

const entriesOf = (value: unknown): readonly JsonObject[] => Array.isArray(value) ? value.filter(isObject) : [];
