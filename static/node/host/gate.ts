/** Whether a command may run now: the person's switch, the browser's permission, and whether the page is in front. */
import type { Ability, Permission } from "../state/model.ts";
import { type FailureCode, NodeFailure, unavailable } from "./failure.ts";

export interface GateFacts {
  readonly on: boolean;
  readonly permission: Permission;
  readonly hidden: boolean;
}

const OFF: Readonly<Record<Ability, FailureCode>> = {
  canvas: "CANVAS_DISABLED",
  camera: "CAMERA_DISABLED",
  microphone: "MIC_PERMISSION_REQUIRED",
  screen: "SCREEN_PERMISSION_REQUIRED",
  location: "LOCATION_DISABLED",
  notify: "UNAVAILABLE",
};

const REFUSED: Readonly<Record<Ability, FailureCode>> = {
  canvas: "UNAVAILABLE",
  camera: "CAMERA_PERMISSION_REQUIRED",
  microphone: "MIC_PERMISSION_REQUIRED",
  screen: "SCREEN_PERMISSION_REQUIRED",
  location: "LOCATION_PERMISSION_REQUIRED",
  notify: "UNAVAILABLE",
};

const NAME: Readonly<Record<Ability, string>> = {
  canvas: "the canvas",
  camera: "the camera",
  microphone: "the microphone",
  screen: "screen recording",
  location: "the location",
  notify: "showing notifications",
};

/** These need a page that is in front: a browser gives hidden pages no frames and no prompt. */
const FRONT: ReadonlySet<Ability> = new Set(["canvas", "camera", "screen"]);

/** The reason against it, or undefined. Never asks the browser for a permission: only a switch may do that. */
export function refusal(ability: Ability, { on, permission, hidden }: GateFacts): NodeFailure | undefined {
  if (permission === "missing") return unavailable(`this browser does not have ${NAME[ability]}`);
  if (!on) return new NodeFailure(OFF[ability], `${NAME[ability]} is switched off on this device's node page`);
  if (permission === "denied") {
    return new NodeFailure(
      REFUSED[ability],
      `the browser blocks ${NAME[ability]} for this page; its settings allow it`,
    );
  }
  if (permission === "prompt") {
    return new NodeFailure(REFUSED[ability], `the browser asks anew for ${NAME[ability]}: switch it off and on once`);
  }
  if (hidden && FRONT.has(ability)) {
    return new NodeFailure("NODE_BACKGROUND_UNAVAILABLE", `the node page must be in front for ${NAME[ability]}`);
  }
  return undefined;
}

/** Why a call ends whose switch a person turns off while it runs. */
export const switchedOff = (ability: Ability): NodeFailure =>
  new NodeFailure(OFF[ability], `the person switched ${NAME[ability]} off`);
