/** What outlives a reload and is no secret: switches, theme, language. */
import { keepUnder } from "../../page/keep.ts";
import { ABILITIES, type Ability } from "./model.ts";

export const keep = keepUnder("openclaw.node.");

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
