/** Numbers and times as people read them. */

/** `45 s`, `3 min`, `2 h`, `5 d`: the largest unit that fits, for ages and durations in milliseconds. */
export function duration(ms: number): string {
  const seconds = Math.round(Math.max(0, ms) / 1000);
  if (ms > 0 && ms < 1000) return `${Math.round(ms)} ms`;
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}

/** `3 min ago`, or `-` when unknown. */
export const ago = (at: number | null | undefined, now: number): string =>
  at === undefined || at === null ? "-" : now - at < 1000 ? "now" : `${duration(now - at)} ago`;

/** `1 session`, `2 sessions`. */
export const count = (n: number, noun: string): string => `${n} ${noun}${n === 1 ? "" : "s"}`;

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, min: 60_000, h: 3_600_000 };

/**
 * Milliseconds of `10s`, `500ms`, `2m`, `1h`; a bare number counts in `bareUnit` (`gateway call` of the official client
 * takes milliseconds, its `agent` seconds). Undefined when the text is no duration.
 */
export function parseDuration(text: string, bareUnit: "ms" | "s"): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|min|h)?$/u.exec(text.trim());
  if (match === null) return undefined;
  const ms = Math.round(Number(match[1]) * (UNITS[match[2] ?? bareUnit] ?? 1));
  return ms <= 7 * 86_400_000 ? ms : undefined;
}
