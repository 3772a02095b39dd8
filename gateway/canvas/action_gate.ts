/** How often people, or pages that click by themselves, may act in one session. */
import type { Clock } from "../observe/clock.ts";

const BURST = 5;
const REFILL_MS = 1_000;

export interface ActionGate {
  /** Takes one action; false: too many, try again in a second. */
  take(sessionKey: string): boolean;
}

export function createActionGate(clock: Clock): ActionGate {
  const gates = new Map<string, { left: number; at: number }>();
  return {
    take(sessionKey) {
      const now = clock.now();
      // A gate that is full again says nothing: without this the map would grow with every session.
      for (const [key, { at }] of gates) if (now - at > BURST * REFILL_MS) gates.delete(key);
      const gate = gates.get(sessionKey) ?? { left: BURST, at: now };
      const left = Math.min(BURST, gate.left + Math.max(0, now - gate.at) / REFILL_MS);
      if (left < 1) return false;
      gates.set(sessionKey, { left: left - 1, at: now });
      return true;
    },
  };
}
