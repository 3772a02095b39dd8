/** Finds keys that a schema does not know, and the known key that was probably meant. */
import { closest, distance } from "fastest-levenshtein";
import type { Issue } from "./types.ts";

/** Warnings at most: a file for another program should not fill the screen. */
const MAX_WARNINGS = 50;

/** The JSON Schema words that the configuration schemas use. */
interface Node {
  /** Every TypeBox schema has it; without a shared key the compiler refuses those that hold nothing else. */
  readonly params?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Node>>;
  readonly patternProperties?: Readonly<Record<string, Node>>;
  readonly items?: Node;
  readonly anyOf?: readonly Node[];
}

/** One warning for each unknown key below `path`. `value` need not match the schema. */
export function unknownKeys(schema: Node, value: unknown, path: string): Issue[] {
  const found: Issue[] = [];
  walk(schema, value, path, found);
  return found.slice(0, MAX_WARNINGS);
}

function walk(schema: Node, value: unknown, path: string, found: Issue[]): void {
  if (found.length >= MAX_WARNINGS || typeof value !== "object" || value === null) return;
  if (Array.isArray(value)) {
    const { items } = schema;
    if (items) value.forEach((item, index) => walk(items, item, `${path}[${index}]`, found));
    return;
  }
  const branch = schema.anyOf?.find((node) => node.properties !== undefined) ?? schema;
  const { properties } = branch;
  const rest = branch.patternProperties && Object.values(branch.patternProperties)[0];
  for (const [key, item] of Object.entries(value)) {
    const known = properties && Object.hasOwn(properties, key) ? properties[key] : rest;
    const at = path === "" ? key : `${path}.${key}`;
    if (known) walk(known, item, at, found);
    else if (properties) found.push({ path: at, message: unknownKeyText(key, Object.keys(properties)) });
  }
}

/** `Unknown key "prot": did you mean "port"?`, or without a guess when nothing is near. */
export function unknownKeyText(key: string, known: readonly string[]): string {
  const guess = known.length > 0 ? closest(key.toLowerCase(), [...known]) : undefined;
  const near = guess !== undefined &&
    distance(key.toLowerCase(), guess.toLowerCase()) <=
      Math.min(key.length - 1, Math.max(2, Math.floor(key.length / 3)));
  return near ? `Unknown key "${key}": did you mean "${guess}"?` : `Unknown key "${key}": this gateway does not use it`;
}
