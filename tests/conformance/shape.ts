/** The structure that recorded values have in common: keys that all of them hold, and the types seen at each. */

export interface Shape {
  readonly types: ReadonlySet<string>;
  /** Members that every recorded object holds. */
  readonly members: ReadonlyMap<string, Shape>;
  /** The structure of array items, when any were recorded. */
  readonly items: Shape | undefined;
}

export function shapeOf(values: readonly unknown[]): Shape {
  const objects = values.filter(isObject);
  const [first, ...rest] = objects;
  const common = first === undefined ? [] : Object.keys(first).filter((key) => rest.every((object) => key in object));
  const items = values.filter(Array.isArray).flat();
  return {
    types: new Set(values.map(typeName)),
    members: new Map(common.map((key) => [key, shapeOf(objects.map((object) => object[key]))])),
    items: items.length === 0 ? undefined : shapeOf(items),
  };
}

/** What `value` lacks of the structure, as `path: reason`. */
export function missing(value: unknown, shape: Shape, path = ""): string[] {
  const type = typeName(value);
  if (!shape.types.has(type)) return [`${path || "root"}: is ${type}, recorded ${[...shape.types].join(" or ")}`];
  if (Array.isArray(value)) {
    return shape.items === undefined
      ? []
      : value.flatMap((item, index) => missing(item, shape.items ?? shape, `${path}/${index}`));
  }
  if (!isObject(value)) return [];
  return [...shape.members].flatMap(([key, member]) =>
    key in value ? missing(value[key], member, `${path}/${key}`) : [`${path}/${key}: is missing`]
  );
}

function typeName(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
