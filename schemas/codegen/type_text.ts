/** Writes a schema as a short type for people, such as `string`, `"a" | "b"`, `{ key: string, limit?: integer ≥ 1 }[]`. */

export interface Field {
  readonly name: string;
  readonly required: boolean;
  readonly type: string;
  readonly note: string;
}

type Schema = Readonly<Record<string, unknown>>;

/** Deeper objects are written as `object`: a type that fills the screen explains nothing. */
const MAX_DEPTH = 3;

export class TypeText {
  readonly #names: ReadonlyMap<string, string>;
  /** `shared`: schemas that are written by their name. */
  constructor(shared: ReadonlyMap<string, unknown>) {
    this.#names = new Map([...shared].map(([name, schema]) => [JSON.stringify(schema), name]));
  }

  of(value: unknown, depth = 0): string {
    const schema = asSchema(value);
    return this.#names.get(JSON.stringify(schema)) ?? this.#structure(schema, depth);
  }

  /** The members of an object schema; undefined when it is no object with known members. */
  fields(value: unknown): Field[] | undefined {
    const schema = asSchema(value);
    const properties = schema["properties"];
    if (typeof properties !== "object" || properties === null) return undefined;
    const required = new Set(list(schema["required"]).map(String));
    return Object.entries(properties).map(([name, member]) => ({
      name,
      required: required.has(name),
      type: this.of(member),
      note: String(asSchema(member)["description"] ?? ""),
    }));
  }

  /** The alternatives of a union; undefined when it is none. */
  alternatives(value: unknown): unknown[] | undefined {
    const options = asSchema(value)["anyOf"];
    return Array.isArray(options) ? options : undefined;
  }

  /** The type itself, even when it has a name. */
  #structure(schema: Schema, depth: number): string {
    if ("const" in schema) return JSON.stringify(schema["const"]);
    if (Array.isArray(schema["enum"])) return schema["enum"].map((item) => JSON.stringify(item)).join(" | ");
    if (Array.isArray(schema["anyOf"])) return schema["anyOf"].map((item) => this.of(item, depth)).join(" | ");
    switch (schema["type"]) {
      case "string":
        return depth > 0 ? "string" : bounds("string", schema, "minLength", "maxLength");
      case "integer":
      case "number":
        return bounds(schema["type"], schema, "minimum", "maximum");
      case "array":
        return this.#array(schema, depth);
      case "object":
        return this.#object(schema, depth);
      case undefined:
        return "x-bytes" in schema ? withMax("bytes", schema["x-bytes"]) : "any";
      default:
        return String(schema["type"]);
    }
  }

  #array(schema: Schema, depth: number): string {
    const item = this.of(schema["items"] ?? {}, depth).replace(/ \(not empty\)$/u, "");
    return item.includes(" | ") && !item.startsWith("{") ? `(${item})[]` : `${item}[]`;
  }

  #object(schema: Schema, depth: number): string {
    const fields = this.fields(schema);
    if (!fields) {
      const patterns = Object.values(asSchema(schema["patternProperties"] ?? {}));
      return patterns.length === 0 ? "object" : `{ [key]: ${this.of(patterns[0], depth + 1)} }`;
    }
    if (depth >= MAX_DEPTH) return "object";
    const properties = asSchema(schema["properties"]);
    const inner = fields.map((f) => `${f.name}${f.required ? "" : "?"}: ${this.of(properties[f.name], depth + 1)}`);
    return inner.length === 0 ? "{}" : `{ ${inner.join(", ")} }`;
  }
}

function bounds(type: string, schema: Schema, low: string, high: string): string {
  const min = schema[low];
  const max = schema[high];
  if (type === "string") return min === 1 && max === undefined ? "string (not empty)" : withMax("string", max);
  if (min !== undefined && max !== undefined) return `${type} ${min}..${max}`;
  return min === undefined ? withMax(type, max) : `${type} ≥ ${min}`;
}

const withMax = (type: string, max: unknown): string => max === undefined ? type : `${type} (at most ${max})`;
const list = (value: unknown): unknown[] => Array.isArray(value) ? value : [];

function asSchema(value: unknown): Schema {
  return typeof value === "object" && value !== null ? value as Schema : {};
}
