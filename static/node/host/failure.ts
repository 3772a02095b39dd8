/** Why a call cannot be done, in the words that nodes use (canvas facts, section 6). */

export type FailureCode =
  | "INVALID_REQUEST"
  | "UNAVAILABLE"
  | "NODE_BACKGROUND_UNAVAILABLE"
  | "CANVAS_DISABLED"
  | "CAMERA_DISABLED"
  | "CAMERA_PERMISSION_REQUIRED"
  | "MIC_PERMISSION_REQUIRED"
  | "SCREEN_PERMISSION_REQUIRED"
  | "LOCATION_DISABLED"
  | "LOCATION_PERMISSION_REQUIRED"
  | "LOCATION_TIMEOUT"
  | "LOCATION_UNAVAILABLE"
  | "A2UI_HOST_NOT_CONFIGURED"
  | "A2UI_HOST_UNAVAILABLE";

/** A call that ends without a result. The message on the wire is `CODE: sentence`. */
export class NodeFailure extends Error {
  constructor(readonly code: FailureCode, readonly sentence: string) {
    super(`${code}: ${sentence}`);
    this.name = "NodeFailure";
  }
}

/** What goes back for anything that was thrown. */
export function asFailure(error: unknown): NodeFailure {
  if (error instanceof NodeFailure) return error;
  return new NodeFailure("UNAVAILABLE", error instanceof Error ? `${error.name}: ${error.message}` : String(error));
}

export const invalid = (sentence: string): NodeFailure => new NodeFailure("INVALID_REQUEST", sentence);
export const unavailable = (sentence: string): NodeFailure => new NodeFailure("UNAVAILABLE", sentence);

/** The person at the device pressed Stop. */
export const stoppedHere = (): NodeFailure => unavailable("stopped by the person at this device");
