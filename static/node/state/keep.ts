/** What outlives a reload and is no secret: switches, theme, language. */
import { ABILITIES, type Ability } from "./model.ts";

const PREFIX = "openclaw.node.";

/** Storage can be switched off or full; the page then works without a memory. */
export const keep = {
  get(name: string): string | undefined {
    try {
      return localStorage.getItem(PREFIX + name) ?? undefined;
    } catch {
      return undefined;
    }
  },
  set(name: string, value: string | undefined): void {
    try {
      if (value === undefined) localStorage.removeItem(PREFIX + name);
      else localStorage.setItem(PREFIX + name, value);
    } catch {
      // Nothing to do: see above.
    }
  },
};

/** Only the canvas is on before the person has decided: it uses nothing of the device but the screen of this page. */
export function keptSwitches(): Record<Ability, boolean> {
  const on: Record<Ability, boolean> = {
    canvas: true,
    camera: false,
    microphone: false,
    screen: false,
    location: false,
    notify: false,
  };
  for (const ability of ABILITIES) {
    const kept = keep.get(`switch.${ability}`);
    if (kept !== undefined) on[ability] = kept === "on";
  }
  return on;
}

export const keepSwitch = (ability: Ability, on: boolean): void => keep.set(`switch.${ability}`, on ? "on" : "off");
