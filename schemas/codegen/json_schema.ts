/** The JSON Schema bundle: one definition per frame, params, result, payload, configuration part and worker message. */
import type { Catalog } from "./catalog.ts";

export const BUNDLE_ID = "https://openclaw.invalid/gateway/protocol.schema.json";

/** JSON text of the bundle (draft 7), ending in a newline. Shared types appear once and are referred to. */
export function jsonSchemaBundle(catalog: Catalog): string {
  const names = new Map([...catalog.shared].map(([name, schema]) => [JSON.stringify(schema), name]));
  const definitions = Object.fromEntries(
    [...catalog.schemas].map(([name, schema]) => [name, withRefs(plain(schema), names, catalog.shared.has(name))]),
  );
  const bundle = {
    $schema: "http://json-schema.org/draft-07/schema#",
    $id: BUNDLE_ID,
    title: "OpenClaw-compatible gateway protocol, versions 3 and 4",
    oneOf: ["RequestFrame", "ResponseFrame", "EventFrame"].map(refTo),
    definitions,
  };
  return JSON.stringify(bundle, null, 2) + "\n";
}

const refTo = (name: string): { $ref: string } => ({ $ref: `#/definitions/${name}` });

/** The schema without what TypeBox keeps for itself (symbol keys). */
const plain = (schema: unknown): unknown => JSON.parse(JSON.stringify(schema));

/** Puts a `$ref` in place of every part that is a shared type. `skip`: the value itself is the definition. */
function withRefs(value: unknown, names: ReadonlyMap<string, string>, skip = false): unknown {
  if (Array.isArray(value)) return value.map((item) => withRefs(item, names));
  if (typeof value !== "object" || value === null) return value;
  const name = skip ? undefined : names.get(JSON.stringify(value));
  if (name !== undefined) return refTo(name);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withRefs(item, names)]));
}
