/** What is wrong with a message, where, and the limits that messages keep to. */

export type JsonObject = Record<string, unknown>;

export const LIMITS = {
  /** Messages of one push, and the size of their JSON. */
  messages: 500,
  pushBytes: 1 << 20,
  depth: 32,
  /** Of one surface. */
  components: 1000,
  /** Components that a surface shows once its lists are filled; beyond it a page would freeze. */
  shown: 5000,
  /** Components inside each other. */
  nesting: 50,
  /** Of one screen. */
  surfaces: 32,
  stateBytes: 2 << 20,
  idChars: 128,
  /** Functions inside functions, and of one push. */
  callDepth: 8,
  calls: 2000,
  patternChars: 256,
  /** Of a binding, and the steps that one key of v0.8 may have. */
  pathChars: 512,
  keySteps: 8,
} as const;

/** Thrown while one message is checked; `path` is a JSON pointer into it, `reason` continues it as a sentence. */
export class Problem extends Error {
  readonly path: string;
  readonly reason: string;
  constructor(path: string, reason: string) {
    super(`${path} ${reason}`);
    this.path = path;
    this.reason = reason;
  }
}

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** `["a", "b"]` as `"a", "b"`; for error texts. */
export const quoted = (names: Iterable<string>): string => [...names].map((name) => `"${name}"`).join(", ");

/** Names that reach behind an object when code copies it. */
const TRAPS = new Set(["__proto__", "constructor", "prototype"]);
export const isTrap = (name: string): boolean => TRAPS.has(name);

/** Steps of a path into a data model, of reasonable number and without traps. Throws Problem. */
export function checkSteps(path: string, steps: readonly string[], most: number = LIMITS.depth): void {
  if (steps.length > most) throw new Problem(path, `leads deeper than ${most} steps`);
  const trap = steps.find(isTrap);
  if (trap !== undefined) throw new Problem(path, `must not lead through "${trap}"`);
}

/** A step of a JSON pointer. */
export const step = (name: string | number): string =>
  `/${String(name).replaceAll("~", "~0").replaceAll("/", "~1").slice(0, 64)}`;
