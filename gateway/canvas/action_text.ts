/** What a person did on a surface, as the message that an agent gets (canvas facts, section 3). */
import { invalid } from "../../schemas/error.ts";
import type { UserAction } from "../../schemas/method/canvas.ts";

const MAX_CONTEXT_BYTES = 8 << 10;

export interface ActionPlace {
  readonly sessionKey: string;
  /** What the person holds in their hand, by name, and which one of several it is. */
  readonly host: string;
  readonly instance: string;
}

/**
 * `CANVAS_A2UI action=… session=… surface=… component=… host=… instance=…[ ctx=<json>] default=update_canvas`, one line.
 * Surfaces are made by models and may be hostile: a value can neither end its field nor begin another one.
 * Throws INVALID_REQUEST when the context is larger than 8 KiB.
 */
export function actionText({ name, surfaceId, sourceComponentId, context }: UserAction, place: ActionPlace): string {
  const fields: readonly (readonly [string, string | undefined])[] = [
    ["action", name],
    ["session", place.sessionKey],
    ["surface", surfaceId],
    ["component", sourceComponentId],
    ["host", place.host],
    ["instance", place.instance],
  ];
  const words = fields.map(([key, value]) => `${key}=${field(value ?? "")}`);
  return ["CANVAS_A2UI", ...words, ...contextOf(context), "default=update_canvas"].join(" ");
}

/** Without blanks, control characters and what steers the direction of text. */
function field(value: string): string {
  const plain = value.replaceAll(/[\s=]+/gu, "_").replaceAll(/[\p{Cc}\p{Cf}]/gu, "").slice(0, 256);
  return plain === "" ? "-" : plain;
}

function contextOf(context: UserAction["context"]): readonly string[] {
  if (context === undefined || Object.keys(context).length === 0) return [];
  const json = JSON.stringify(context).replaceAll(/[\u2028\u2029]/gu, (end) => `\\u${end.charCodeAt(0).toString(16)}`);
  if (new TextEncoder().encode(json).length > MAX_CONTEXT_BYTES) {
    throw invalid(`Cannot send the action: its context is larger than ${MAX_CONTEXT_BYTES} bytes of JSON`);
  }
  return [`ctx=${json}`];
}
