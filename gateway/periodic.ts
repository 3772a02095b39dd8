/** What happens by the clock: tick, health, sweeps. */
import { TickEvent } from "../schemas/event/system.ts";
import { LIMITS } from "../schemas/frame.ts";
import type { Bus } from "./bus.ts";
import type { Clock } from "./observe/clock.ts";
import type { HealthService } from "./presence/health.ts";

const MINUTE_MS = 60_000;

export interface PeriodicParts {
  readonly clock: Clock;
  readonly hub: Bus;
  readonly health: HealthService;
  /** Called every minute: each drops what is past its time. */
  readonly sweeps: readonly (() => void)[];
}

/** Starts the timers; the returned function ends them. */
export function startPeriodic({ clock, hub, health, sweeps }: PeriodicParts): () => void {
  const cancels = [
    clock.every(LIMITS.tickIntervalMs, () => hub.publish(TickEvent, { ts: clock.now() })),
    clock.every(MINUTE_MS, () => health.refresh()),
    clock.every(MINUTE_MS, () => sweeps.forEach((sweep) => sweep())),
  ];
  return () => cancels.forEach((cancel) => cancel());
}
