/** Changes the text of the configuration: comments and formatting of everything else stay as they are. */
import { isDeepStrictEqual } from "node:util";
import { quoteReservedKeys } from "./reserved_keys.ts";

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type JsonMap = { readonly [key: string]: Json };

/**
 * `raw` with a JSON merge patch (RFC 7396) applied: null deletes, objects merge, everything else replaces. `raw`
 * undefined or blank: a new file. Throws when the result would not say what the patch asks for.
 */
export async function editText(raw: string | undefined, patch: JsonMap): Promise<string> {
  if (raw === undefined || raw.trim() === "") return `${JSON.stringify(mergePatch({}, patch), null, 2)}\n`;
  const { default: json5 } = await import("json5");
  const before: unknown = json5.parse(raw);
  const goal = mergePatch(before, patch);
  const text = await editNodes(raw, patch);
  // A key that is given twice, for example: the editor changes one of them, and a reader takes the other.
  if (isDeepStrictEqual(attempt(() => json5.parse(text)), goal)) return text;
  // Plain JSON holds no comments, so that writing it anew loses nothing.
  if (attempt((): unknown => JSON.parse(raw)) !== undefined) return `${JSON.stringify(goal, null, 2)}\n`;
  throw new Error("Cannot change the file and keep its comments: change it by hand (is a key given twice?)");
}

function attempt<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch {
    return undefined;
  }
}

async function editNodes(raw: string, patch: JsonMap): Promise<string> {
  const { JsonObjectNode, JsonParser } = await import("@croct/json5-parser");
  type ObjectNode = InstanceType<typeof JsonObjectNode>;
  const isJson = attempt((): unknown => JSON.parse(raw)) !== undefined;

  const apply = (node: ObjectNode, changes: JsonMap, depth: number): void => {
    for (const [key, value] of Object.entries(changes)) {
      const old = node.has(key) ? node.get(key) : undefined;
      if (value === null) {
        if (old !== undefined) node.delete(key);
      } else if (isMap(value) && old instanceof JsonObjectNode) apply(old, value, depth + 1);
      else if (old === undefined || !isDeepStrictEqual(old.toJSON(), value)) node.set(key, made(value, depth));
    }
  };
  const root = JsonParser.parse(quoteReservedKeys(raw), JsonObjectNode);
  apply(root, patch, 1);
  return root.toString();

  /** The value as a node. A new object goes over several lines, whatever style its neighbours have. */
  function made(value: Json, depth: number) {
    const node = JsonObjectNode.of(JSON.parse(JSON.stringify(mergePatch({}, { value })))).get("value");
    if (!isMap(value) || isJson) return node;
    const block = { indentationSize: 2, leadingIndentation: true, trailingIndentation: true, entryIndentation: true };
    const spaces = { colonSpacing: true, commaSpacing: true, trailingComma: true };
    node.reformat({ indentationLevel: depth, object: { ...block, ...spaces }, property: { unquoted: true } });
    return node;
  }
}

/** RFC 7396. Neither argument is changed. */
export function mergePatch(target: unknown, patch: Json): unknown {
  if (!isMap(patch)) return patch;
  const result: Record<string, unknown> = isMap(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = mergePatch(result[key], value);
  }
  return result;
}

export const isMap = (value: unknown): value is JsonMap =>
  typeof value === "object" && value !== null && !Array.isArray(value);
