/** Skeleton; engineer E builds it. */
import type { Bus } from "../bus.ts";
import type { Clock } from "../observe/clock.ts";
import type { Log } from "../observe/log.ts";
import type { ExecApprovals } from "./types.ts";

export interface ApprovalsDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly bus: Bus;
  readonly stateDir: string;
}

export function createExecApprovals(_deps: ApprovalsDeps): ExecApprovals {
  const quiet = new Set(["onAsk", "onEnd", "stop"]);
  return new Proxy(Object.create(null), {
    get: (_target, name) => () => {
      if (!quiet.has(String(name))) throw new Error(`Cannot use approvals.${String(name)}: not built`);
    },
  });
}
