/** Messages that an action on the canvas became (canvas facts, section 3), as a person reads them. */
import { fields, isFields, parseJson } from "../../client/read.ts";

export interface ActionMessage {
  readonly name: string;
  /** What was filled in or chosen, one line a value. */
  readonly values: readonly (readonly [string, string])[];
}

const FORM = /^CANVAS_A2UI action=(\S+) session=\S+ (?:\w+=\S+ )*?(?:ctx=(\{.*\}) )?default=update_canvas$/s;
const MAX_VALUES = 20;
/** The gateway makes none that are longer. */
const MAX_CHARS = 16_384;

/** Undefined for any other message. */
export function readActionMessage(text: string): ActionMessage | undefined {
  const found = text.length > MAX_CHARS ? undefined : FORM.exec(text.trim());
  const name = found?.[1];
  if (name === undefined) return undefined;
  const context = fields(parseJson(found?.[2] ?? "{}"));
  return { name: name.replaceAll("_", " "), values: Object.entries(context).slice(0, MAX_VALUES).map(plain) };
}

/** One line of text for lists: there the message may be cut off. */
export const withoutActionForm = (text: string): string =>
  /^CANVAS_A2UI action=(\S+)/.exec(text)?.[1]?.replaceAll("_", " ") ?? text;

function plain([key, value]: readonly [string, unknown]): readonly [string, string] {
  if (typeof value === "string") return [key, value];
  return [key, isFields(value) || Array.isArray(value) ? JSON.stringify(value) : String(value)];
}
