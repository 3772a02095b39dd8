/** The schemas of A2UI v0.8 with its standard catalog, taken apart for `compileSpec`. */
import { isObject, type JsonObject } from "./problem.ts";
import { part, type Parts, readSchema } from "./spec.ts";

export function partsOfV08(dir?: string): Parts {
  const whole = readSchema("v0_8_messages.json", dir);
  const kinds = part(whole, "properties");
  const item = part(kinds, "surfaceUpdate", "properties", "components", "items", "properties");
  const components = part(item, "component", "properties");
  item["component"] = { type: "object", minProperties: 1, maxProperties: 1 };
  for (const schema of Object.values(components)) oneSource(schema);
  const entries = part(kinds, "dataModelUpdate", "properties", "contents");
  nestMaps(part(entries, "items"));
  return {
    messages: Object.fromEntries(
      Object.entries(kinds).map(([kind, schema]) => [kind, {
        type: "object",
        properties: { [kind]: schema },
        required: [kind],
        additionalProperties: false,
      }]),
    ),
    components: Object.fromEntries(
      Object.entries(components).flatMap(([name, schema]) => isObject(schema) ? [[name, schema]] : []),
    ),
    shared: [],
  };
}

/** A bound value has a literal or a path; the schema lets it be empty, the renderer does not. */
function oneSource(schema: unknown): void {
  if (!isObject(schema)) return;
  const { properties } = schema;
  if (isObject(properties) && isObject(properties["path"]) && schema["required"] === undefined) {
    schema["minProperties"] = 1;
  }
  for (const value of Object.values(schema)) oneSource(value);
}

/**
 * An entry is a key and one value. Maps hold maps: the schema writes out one level, the specification's own examples
 * and every renderer use more, since lists of objects need them.
 */
function nestMaps(entry: JsonObject): void {
  entry["$id"] = "https://openclaw.invalid/a2ui/v0_8/entry.json";
  entry["minProperties"] = 2;
  entry["maxProperties"] = 2;
  part(entry, "properties", "valueMap")["items"] = { $ref: entry["$id"] };
}
