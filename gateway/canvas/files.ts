/** Skeleton; engineer B builds it. */
import type { Clock } from "../observe/clock.ts";
import type { CanvasFiles } from "./types.ts";

export interface CanvasFilesDeps {
  readonly root: string;
  readonly clock: Clock;
  /** Where what was before a change is kept. */
  readonly historyDir: string;
}

export function createCanvasFiles(_deps: CanvasFilesDeps): CanvasFiles {
  const quiet = new Set<string>();
  return new Proxy(Object.create(null), {
    get: (_target, name) => () => {
      if (!quiet.has(String(name))) throw new Error(`Cannot use canvasFiles.${String(name)}: not built`);
    },
  });
}
