/** The surfaces of one screen, and what a push makes of them. */
import { invalid } from "../../../schemas/error.ts";
import type { A2uiVersion } from "../../../schemas/event/canvas.ts";
import { type Dialect, type Surface, type Surfaces, textAt } from "./dialect.ts";
import { isObject, type JsonObject, LIMITS, Problem, quoted } from "./problem.ts";
import { checkTree } from "./tree.ts";
import { type Counts, walk } from "./walk.ts";

/** What a screen shows by A2UI. A screen holds surfaces of one version only: a page can draw only one. */
export interface Board {
  readonly version: A2uiVersion;
  readonly surfaces: ReadonlyMap<string, Surface>;
}

export interface Pushed {
  readonly board: Board;
  /** The messages as they are shown and kept. */
  readonly messages: readonly JsonObject[];
}

export type DialectOf = (version: A2uiVersion) => Dialect;

/** All messages or none. Throws INVALID_REQUEST with message number, path and sentence. */
export function push(dialectOf: DialectOf, old: Board | undefined, messages: readonly unknown[]): Pushed {
  checkSize(messages);
  // With its last surface deleted, a screen is as free as a new one.
  const board = old && old.surfaces.size > 0 ? old : undefined;
  const version = board?.version ?? numbered(0, () => versionOf(messages[0]));
  const dialect = dialectOf(version);
  const surfaces: Surfaces = new Map(board?.surfaces);
  const counts: Counts = { calls: 0, bytes: 0 };
  const touched = new Map<string, number>();
  const kept = messages.map((message, index) =>
    numbered(index, () => {
      const { kind, checked } = checkOne(dialect, message, counts, board !== undefined);
      touched.set(dialect.apply(surfaces, kind, checked), index);
      return checked;
    })
  );
  for (const [id, index] of touched) {
    const surface = surfaces.get(id);
    if (surface) numbered(index, () => checkTree(dialect, surface));
  }
  return { board: { version, surfaces }, messages: kept };
}

function checkSize(messages: readonly unknown[]): void {
  if (messages.length === 0) throw invalid("Cannot apply messages: there are none");
  if (messages.length > LIMITS.messages) {
    throw invalid(`Cannot apply ${messages.length} messages: the limit is ${LIMITS.messages} a push`);
  }
}

function numbered<T>(index: number, action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    const place = error.path === "" ? "it" : error.path;
    throw invalid(`Cannot apply message ${index + 1}: ${place} ${error.reason}`);
  }
}

function checkOne(dialect: Dialect, message: unknown, counts: Counts, shown: boolean) {
  if (!isObject(message)) throw new Problem("", "must be an object");
  walk(message, counts);
  // After the walk: writing out what is nested without end would break before it could be refused.
  counts.bytes += new TextEncoder().encode(JSON.stringify(message)).length;
  if (counts.bytes > LIMITS.pushBytes) {
    throw new Problem("", `makes the push larger than ${LIMITS.pushBytes} bytes of JSON`);
  }
  const version = versionOf(message);
  if (version !== dialect.version) {
    const holds = shown
      ? `the screen shows A2UI ${dialect.version}`
      : `the messages before it are A2UI ${dialect.version}`;
    throw new Problem("", `is A2UI ${version}, but ${holds}; reset the screen before you change the version`);
  }
  const kinds = Object.keys(message).filter((key) => dialect.kinds.includes(key));
  const [kind] = kinds;
  if (kind === undefined || kinds.length > 1) {
    throw new Problem("", `must have exactly one of ${quoted(dialect.kinds)}`);
  }
  return { kind, checked: dialect.check(kind, message) };
}

const V09 = new Set<unknown>(["v0.9", "v0.9.1"]);
const V09_KINDS = ["createSurface", "updateComponents", "updateDataModel"];

/** v0.9 says its version in each message, v0.8 nowhere. Throws Problem. */
function versionOf(message: unknown): A2uiVersion {
  if (!isObject(message)) return "v0.8";
  const { version } = message;
  if (V09.has(version)) return "v0.9";
  if (version !== undefined) throw new Problem("/version", 'must be "v0.9", or absent for A2UI v0.8');
  const kind = V09_KINDS.find((name) => name in message);
  if (kind !== undefined) throw new Problem("/version", `must be "v0.9": "${kind}" belongs to A2UI v0.9`);
  return "v0.8";
}

/** Messages that show this board from nothing. */
export const compact = (dialectOf: DialectOf, { version, surfaces }: Board): JsonObject[] =>
  [...surfaces.values()].flatMap((surface) => dialectOf(version).compact(surface));

/** A board out of messages that `compact` wrote; they were checked when they came. */
export function restore(dialectOf: DialectOf, version: A2uiVersion, messages: readonly JsonObject[]): Board {
  const dialect = dialectOf(version);
  const surfaces: Surfaces = new Map();
  for (const message of messages) {
    const kind = dialect.kinds.find((name) => name in message);
    if (kind !== undefined) dialect.apply(surfaces, kind, message);
  }
  return { version, surfaces };
}

/** The surfaces that messages are about, each once, in the order of their first message. */
export const surfaceIds = (messages: readonly JsonObject[]): string[] => [
  ...new Set(
    messages.flatMap((message) => Object.values(message)).flatMap((body) => textAt(body, "surfaceId") ?? []),
  ),
];
