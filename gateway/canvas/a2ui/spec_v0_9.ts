/** The schemas of A2UI v0.9 with its basic catalog, taken apart for `compileSpec`. */
import { isObject, type JsonObject } from "./problem.ts";
import { part, type Parts, readSchema } from "./spec.ts";

const CATALOG = "https://a2ui.org/specification/v0_9/catalog.json";
const MESSAGES = {
  createSurface: "CreateSurfaceMessage",
  updateComponents: "UpdateComponentsMessage",
  updateDataModel: "UpdateDataModelMessage",
  deleteSurface: "DeleteSurfaceMessage",
};

export function partsOfV09(dir?: string): Parts {
  const messages = readSchema("v0_9_messages.json", dir);
  const common = readSchema("v0_9_common_types.json", dir);
  const catalog: JsonObject = { ...readSchema("v0_9_catalog.json", dir), $id: CATALOG };
  useDiscriminator(catalog);
  // Each function's own schema says what its arguments are. Checking them twice at every level is how nested calls
  // become exponential.
  delete part(common, "$defs", "FunctionCall", "properties")["args"];
  // Components are checked one by one, by their own schema: the list of all of them explains nothing.
  part(
    messages,
    "$defs",
    MESSAGES.updateComponents,
    "properties",
    "updateComponents",
    "properties",
    "components",
  )["items"] = { type: "object" };
  const defs = part(messages, "$defs");
  const absolute = (schema: JsonObject): JsonObject =>
    JSON.parse(
      JSON.stringify(schema).replaceAll('"#/$defs/', `"${CATALOG}#/$defs/`).replaceAll(
        '"catalog.json#',
        `"${CATALOG}#`,
      ),
    );
  return {
    messages: Object.fromEntries(
      Object.entries(MESSAGES).map(([kind, name]) => [kind, absolute(part(defs, name))]),
    ),
    components: Object.fromEntries(
      Object.entries(part(catalog, "components")).map((
        [name, schema],
      ) => [name, absolute(flat(schema, common, catalog))]),
    ),
    shared: [common, catalog],
  };
}

/** Functions are told apart by their name, so that an error is about the one that was meant. */
function useDiscriminator(catalog: JsonObject): void {
  const any = part(catalog, "$defs", "anyFunction");
  any["type"] = "object";
  any["discriminator"] = { propertyName: "call" };
  any["required"] = ["call"];
  for (const schema of Object.values(part(catalog, "functions"))) {
    if (isObject(schema)) closed(schema);
  }
}

/** `allOf` of a component as one object that has no other properties: quick, and it names what is too much. */
function flat(schema: unknown, common: JsonObject, catalog: JsonObject): JsonObject {
  const properties: JsonObject = {};
  const required: unknown[] = [];
  const add = (item: unknown): void => {
    if (!isObject(item)) return;
    const name = typeof item["$ref"] === "string" ? item["$ref"].split("/").at(-1) ?? "" : "";
    if (name !== "") return add(part(item["$ref"] === `#/$defs/${name}` ? catalog : common, "$defs", name));
    // References inside the common types are relative to their own file.
    const own = item === common || Object.values(part(common, "$defs")).includes(item);
    Object.assign(properties, own ? relative(item["properties"], String(common["$id"])) : item["properties"]);
    if (Array.isArray(item["required"])) required.push(...item["required"]);
    if (Array.isArray(item["allOf"])) item["allOf"].forEach(add);
  };
  add(schema);
  return { type: "object", properties, required: [...new Set(required)], additionalProperties: false };
}

const relative = (value: unknown, file: string): JsonObject =>
  JSON.parse(JSON.stringify(value ?? {}).replaceAll('"#/$defs/', `"${file}#/$defs/`));

/** `unevaluatedProperties` says the same as `additionalProperties` where nothing is composed, in an older draft's words. */
function closed(schema: JsonObject): void {
  if (schema["unevaluatedProperties"] === false && schema["allOf"] === undefined) {
    delete schema["unevaluatedProperties"];
    schema["additionalProperties"] = false;
  }
  for (const value of Object.values(schema)) {
    if (isObject(value)) closed(value);
    if (Array.isArray(value)) value.filter(isObject).forEach(closed);
  }
}
