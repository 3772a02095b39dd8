/** How long to wait before the next try. */

export const FIRST_MS = 500;
export const CEILING_MS = 15_000;

/**
 * Doubles from 0.5 s to 15 s. Jitter takes up to half of it off, so that many pages do not return to a restarted
 * gateway in one instant. `random` is in [0, 1).
 */
export function backoffMs(attempt: number, random: number): number {
  const full = Math.min(CEILING_MS, FIRST_MS * 2 ** Math.min(attempt, 10));
  return Math.round(full * (1 - random / 2));
}
