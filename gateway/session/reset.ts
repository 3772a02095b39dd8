/** When a session starts afresh by itself: daily at an hour of the gateway's local time, or after idling (sessions facts, section 4). */
import type { Config, ResetPolicy } from "../config/types.ts";
import { resetTypeOf } from "./key.ts";
import type { Session } from "./types.ts";

/** Idle mode without a number. */
const DEFAULT_IDLE_MINUTES = 60;

/** The rule for a session: by its channel, else by its type, else the general one. */
export function resetPolicyFor(
  session: Pick<Session, "key" | "kind" | "entry">,
  rules: Config["session"],
): ResetPolicy {
  const channel = session.entry.lastChannel ?? session.entry.channel;
  const byChannel = channel === undefined ? undefined : rules.resetByChannel[channel];
  const type = resetTypeOf(session.key, session.kind);
  const byType = rules.resetByType[type] ?? (type === "direct" ? rules.resetByType["dm"] : undefined);
  return byChannel ?? byType ?? rules.reset;
}

/**
 * Whether a session last used at `updatedAt` is over at `now` (both ms). A daily policy that also has idle minutes ends
 * at whichever comes first. `zone`: IANA name of the gateway's time zone.
 */
export function isStaleAt(
  updatedAt: number,
  now: number,
  policy: ResetPolicy,
  zone = Temporal.Now.timeZoneId(),
): boolean {
  const idle = policy.mode === "idle" ? policy.idleMinutes ?? DEFAULT_IDLE_MINUTES : policy.idleMinutes;
  if (idle !== undefined && now - updatedAt > idle * 60_000) return true;
  return policy.mode === "daily" && updatedAt < lastBoundary(now, policy.atHour, zone);
}

/** The latest moment at or before `now` (ms) when a wall clock in `zone` showed `hour`:00; right on days of 23 and 25 hours. */
export function lastBoundary(now: number, hour: number, zone: string): number {
  const local = Temporal.Instant.fromEpochMilliseconds(now).toZonedDateTimeISO(zone);
  const atHour = (day: Temporal.PlainDate) =>
    day.toZonedDateTime({ timeZone: zone, plainTime: new Temporal.PlainTime(hour) }).epochMilliseconds;
  const today = atHour(local.toPlainDate());
  return today <= now ? today : atHour(local.toPlainDate().subtract({ days: 1 }));
}
