/** What the two versions of A2UI have in common, seen by what keeps and checks surfaces. */
import type { A2uiVersion } from "../../../schemas/event/canvas.ts";
import type { JsonObject } from "./problem.ts";

/** One surface as it stands. Never changed in place: a push that fails leaves the old one. */
export interface Surface {
  readonly id: string;
  /** The payload that began it: `createSurface` or `beginRendering`; undefined in v0.8 before that came. */
  readonly start: JsonObject | undefined;
  readonly components: ReadonlyMap<string, JsonObject>;
  readonly data: unknown;
}

export type Surfaces = Map<string, Surface>;

/** A child of a component: one, or one for each value at a path of the data model. */
export type Child =
  | { readonly id: string; readonly each?: undefined }
  | { readonly id: string; readonly each: string };

/** A version of the specification. */
export interface Dialect {
  readonly version: A2uiVersion;
  readonly kinds: readonly string[];
  /** The message in the form that is kept and shown. Throws Problem when it is not as the specification says. */
  check(kind: string, message: JsonObject): JsonObject;
  /** Carries out a checked message. Returns the id of the surface. Throws Problem. */
  apply(surfaces: Surfaces, kind: string, message: JsonObject): string;
  /** Messages that make this surface out of nothing. */
  compact(surface: Surface): JsonObject[];
  /** The id of the component at the top; undefined while nothing is shown. */
  root(surface: Surface): string | undefined;
  children(component: JsonObject): readonly Child[];
  /** Addresses that a component gets from the data model, as paths. */
  boundMedia(component: JsonObject): readonly string[];
  /** `path` of a component that stands in `base`, as steps from the top of the data model. */
  resolve(path: string, base: readonly string[]): string[];
  /** The data model as a page sees it. */
  view(data: unknown): unknown;
}

export const textAt = (object: unknown, name: string): string | undefined => {
  const value = typeof object === "object" && object !== null ? Reflect.get(object, name) : undefined;
  return typeof value === "string" ? value : undefined;
};
