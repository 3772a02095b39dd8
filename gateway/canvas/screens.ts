/** Skeleton; engineer C builds it. */
import type { Bus } from "../bus.ts";
import type { Clock } from "../observe/clock.ts";
import type { Db } from "../storage/db.ts";
import type { Screens } from "./types.ts";

export interface ScreensDeps {
  readonly db: Db;
  readonly clock: Clock;
  /** Pages that show a chat hear of its canvas. */
  readonly bus: Bus;
}

export function createScreens(_deps: ScreensDeps): Screens {
  const quiet = new Set(["onChange"]);
  return new Proxy(Object.create(null), {
    get: (_target, name) => () => {
      if (!quiet.has(String(name))) throw new Error(`Cannot use screens.${String(name)}: not built`);
    },
  });
}
