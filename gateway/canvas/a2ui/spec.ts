/**
 * A2UI's own JSON Schemas as checkers. They lie beside the built pages, are read at the first message, and each
 * component's schema is compiled when it is first met: a gateway that shows nothing pays nothing for them.
 */
import { Ajv, type ValidateFunction } from "ajv";
import { join } from "node:path";
import { PROJECT_DIR } from "../../config/paths.ts";
import { explain } from "./explain.ts";
import { isObject, type JsonObject, Problem, quoted } from "./problem.ts";

export const SCHEMA_DIR = join(PROJECT_DIR, "static", "dist", "a2ui_schemas");

/** A version's schemas, taken apart: one per kind of message and one per component. */
export interface Parts {
  readonly messages: Readonly<Record<string, JsonObject>>;
  readonly components: Readonly<Record<string, JsonObject>>;
  /** What the others refer to, by its `$id`. */
  readonly shared: readonly JsonObject[];
}

export interface Spec {
  /** Throws Problem. `kind` is a key of the message, such as `createSurface`. */
  checkMessage(kind: string, message: JsonObject): void;
  /** Throws Problem. `at` is where `component` stands, `named` where its type is named. */
  checkComponent(type: unknown, component: unknown, at: string, named: string): void;
}

/** Throws a sentence when the web parts were not built. */
export function readSchema(name: string, dir = SCHEMA_DIR): JsonObject {
  try {
    const schema: unknown = JSON.parse(Deno.readTextFileSync(join(dir, name)));
    if (isObject(schema)) return schema;
    throw new Error("it is no object");
  } catch (error) {
    const reason = error instanceof Deno.errors.NotFound ? "it was not built: deno task bundle" : String(error);
    throw new Error(`Cannot read A2UI's schema "${name}": ${reason}`);
  }
}

export function compileSpec({ messages, components, shared }: Parts): Spec {
  const ajv = new Ajv({
    strict: false,
    allErrors: false,
    meta: false,
    validateSchema: false,
    validateFormats: false,
    discriminator: true,
  });
  for (const schema of shared) ajv.addSchema(schema);
  const compiled = new Map<JsonObject, ValidateFunction>();
  const check = (schema: JsonObject, value: unknown, at: string) => {
    let validate = compiled.get(schema);
    if (!validate) compiled.set(schema, validate = ajv.compile(schema));
    if (!validate(value)) throw explain(validate.errors ?? [], at);
  };
  return {
    checkMessage(kind, message) {
      const schema = messages[kind];
      if (schema) check(schema, message, "");
    },
    checkComponent(type, component, at, named) {
      const schema = typeof type === "string" && Object.hasOwn(components, type) ? components[type] : undefined;
      if (!schema) throw new Problem(named, `must be one of ${quoted(Object.keys(components))}`);
      check(schema, component, at);
    },
  };
}

/** A member that the schemas are known to have; a package that changed its shape must not pass silently. */
export function part(schema: JsonObject, ...names: readonly string[]): JsonObject {
  let current: unknown = schema;
  for (const name of names) current = isObject(current) ? current[name] : undefined;
  if (!isObject(current)) throw new Error(`Cannot use A2UI's schemas: "${names.join("/")}" is missing`);
  return current;
}
