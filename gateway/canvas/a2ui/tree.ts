/** How a surface unfolds: no circles, and not more components on the screen than a page can carry. */
import { valueAt } from "./data.ts";
import type { Dialect, Surface } from "./dialect.ts";
import { LIMITS, Problem } from "./problem.ts";
import { checkMedia } from "./urls.ts";

/** Throws Problem. Children that are not there yet may come later. */
export function checkTree(dialect: Dialect, surface: Surface): void {
  noCircles(dialect, surface);
  const root = dialect.root(surface);
  if (root !== undefined) unfold({ dialect, surface, data: dialect.view(surface.data), shown: 0 }, root, [], 1);
}

interface Unfolding {
  readonly dialect: Dialect;
  readonly surface: Surface;
  /** Made ready once: to read it anew for each of its items would be a bomb. */
  readonly data: unknown;
  shown: number;
}

/** Also among components that nothing shows yet. Each is entered once, so the cost is that of the surface. */
function noCircles({ children }: Dialect, { id: surfaceId, components }: Surface): void {
  const done = new Set<string>();
  const trail: string[] = [];
  const enter = (id: string): void => {
    const component = components.get(id);
    if (!component || done.has(id)) return;
    if (trail.includes(id)) {
      const circle = [...trail.slice(trail.indexOf(id)), id].map((name) => `"${name}"`).join(" → ");
      throw new Problem("", `makes a circle in surface "${surfaceId}": ${circle}`);
    }
    if (trail.length >= LIMITS.nesting) {
      throw new Problem(
        "",
        `nests components deeper than ${LIMITS.nesting} levels in surface "${surfaceId}", at "${id}"`,
      );
    }
    trail.push(id);
    for (const child of children(component)) enter(child.id);
    trail.pop();
    done.add(id);
  };
  for (const id of components.keys()) enter(id);
}

/** Walks what a page would draw, lists filled from the data, and stops at the limit: the walk is no bomb itself. */
function unfold(state: Unfolding, id: string, base: readonly string[], depth: number): void {
  const { dialect, surface } = state;
  const component = surface.components.get(id);
  if (!component) return;
  state.shown += 1;
  if (state.shown > LIMITS.shown || depth > LIMITS.nesting) {
    throw new Problem(
      "",
      `makes surface "${surface.id}" show more than ${LIMITS.shown} components once its lists are filled`,
    );
  }
  for (const path of dialect.boundMedia(component)) {
    const steps = resolved(state, path, base);
    const url = valueAt(state.data, steps);
    if (typeof url === "string") {
      checkMedia(`leaves an address at /${steps.join("/")} of surface "${surface.id}" that`, url);
    }
  }
  for (const child of dialect.children(component)) {
    if (child.each === undefined) {
      unfold(state, child.id, base, depth + 1);
      continue;
    }
    const steps = resolved(state, child.each, base);
    for (const key of keysOf(valueAt(state.data, steps))) unfold(state, child.id, [...steps, key], depth + 1);
  }
}

/** A long path costs its length for every item of every list around it. */
function resolved({ dialect, surface }: Unfolding, path: string, base: readonly string[]): string[] {
  if (path.length <= LIMITS.pathChars) return dialect.resolve(path, base);
  throw new Problem("", `has a binding longer than ${LIMITS.pathChars} characters in surface "${surface.id}"`);
}

const keysOf = (value: unknown): readonly string[] =>
  typeof value === "object" && value !== null ? Object.keys(value) : [];
