/** Skeleton; engineer B builds it. */
import type { Clock } from "../observe/clock.ts";
import type { CanvasSurfaces } from "./types.ts";

export interface SurfacesDeps {
  readonly clock: Clock;
  readonly publicUrl: URL | undefined;
  /** Ports that are open now; `canvas` undefined when the canvas port could not be opened or is off. */
  readonly ports: () => { readonly gateway: number; readonly canvas: number | undefined } | undefined;
}

export interface CapabilityCheck {
  /** Whether the token of a path is valid now; using it does not prolong it. */
  allows(token: string): boolean;
}

export function createCanvasSurfaces(_deps: SurfacesDeps): CanvasSurfaces & CapabilityCheck {
  const quiet = new Set(["urlFor", "release"]);
  return new Proxy(Object.create(null), {
    get: (_target, name) => () => {
      if (!quiet.has(String(name))) throw new Error(`Cannot use surfaces.${String(name)}: not built`);
    },
  });
}
