/** What a request to the canvas host asks for, read from the request target as it was sent: nothing has cleaned it up. */
import { CAPABILITY_PATH, CAPABILITY_TOKEN } from "./surfaces.ts";
import { decodeOnce, parsePath } from "./resolve.ts";

/** Everything of the canvas host lies below it, on both ports. */
export const CANVAS_PREFIX = "/__openclaw__/";

interface Names {
  readonly segments: readonly string[];
  /** Whether the path ends in a slash. */
  readonly folder: boolean;
}

interface Base {
  /** The path before `/__openclaw__/<area>`: empty, or `/__openclaw__/cap/<token>`. */
  readonly prefix: string;
  /** The capability of the path, valid or not. */
  readonly token: string | undefined;
  readonly search: string;
}

export type CanvasTarget =
  & Base
  & (
    | ({ readonly area: "canvas" } & Names)
    | ({ readonly area: "a2ui" } & Names)
    | { readonly area: "bridge"; readonly file: string }
    | { readonly area: "ws" }
    /** Nothing there, or a path that is not looked up at all. */
    | { readonly area: "none" }
  );

/** Longest request target that is read. */
const MAX_TARGET_CHARS = 4_096;
const BRIDGE_FILES = new Set(["bridge.js", "snapshot.js"]);

/** Undefined: the target is not the canvas host's. `target`: path and query as in the request line. */
export function readTarget(target: string): CanvasTarget | undefined {
  if (target !== CANVAS_PREFIX.slice(0, -1) && !target.startsWith(CANVAS_PREFIX)) return undefined;
  const [path = "", ...query] = target.split("?");
  const search = query.length === 0 ? "" : `?${query.join("?")}`;
  if (target.length > MAX_TARGET_CHARS) return { area: "none", prefix: "", token: undefined, search: "" };
  if (!path.startsWith(CAPABILITY_PATH)) return readArea(path, { prefix: "", token: undefined, search });
  const token = path.slice(CAPABILITY_PATH.length).split("/", 1)[0] ?? "";
  const prefix = `${CAPABILITY_PATH}${token}`;
  const base = { prefix: CAPABILITY_TOKEN.test(token) ? prefix : "", token, search };
  return readArea(path.slice(prefix.length), base);
}

function readArea(path: string, base: Base): CanvasTarget {
  const none = { ...base, area: "none" } as const;
  if (!path.startsWith(CANVAS_PREFIX)) return none;
  const rest = path.slice(CANVAS_PREFIX.length);
  if (rest === "ws") return { ...base, area: "ws" };
  if (BRIDGE_FILES.has(rest)) return { ...base, area: "bridge", file: rest };
  const area = (["canvas", "a2ui"] as const).find((name) => rest === name || rest.startsWith(`${name}/`));
  if (area === undefined) return none;
  const written = rest.slice(area.length + 1);
  const decoded = decodeOnce(written);
  if (decoded === undefined) return none;
  // Only the last slash: one more is an empty name.
  const parsed = parsePath(decoded.replace(/\/$/u, ""));
  // A slash that was hidden in a name would be a second way to say the same path.
  if (!parsed.ok || /%2f/iu.test(written)) return none;
  return { ...base, area, segments: parsed.segments, folder: rest.endsWith("/") };
}
