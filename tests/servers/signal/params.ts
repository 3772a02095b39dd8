/** Parameters, checked more strictly than by signal-cli, which passes over what it does not know. */
import { INTERNAL, INVALID_PARAMS, Refusal, USER_ERROR } from "./refusal.ts";

export type Params = Readonly<Record<string, unknown>>;

const STYLES = ["BOLD", "ITALIC", "SPOILER", "STRIKETHROUGH", "MONOSPACE"];
export const UUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/u;
export const NUMBER = /^\+[1-9]\d{4,14}$/u;

export interface Attachment {
  readonly mime: string;
  readonly name: string | undefined;
  readonly data: Uint8Array;
}

export const bad = (reason: string): Refusal => new Refusal(INVALID_PARAMS, reason);

export function onlyKnown(params: Params, known: readonly string[]): void {
  for (const key of Object.keys(params)) {
    if (!known.includes(key)) throw bad(`Unknown parameter "${key}"`);
  }
}

export function text(params: Params, key: string): string | undefined {
  const value = params[key];
  if (value === undefined) return undefined;
  if (typeof value !== "string") throw bad(`"${key}" is no string`);
  return value;
}

export function whole(params: Params, key: string): number | undefined {
  const value = params[key];
  if (value === undefined) return undefined;
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value <= 0) throw bad(`"${key}" is no long`);
  return value;
}

export function flag(params: Params, key: string): boolean {
  const value = params[key];
  if (value !== undefined && typeof value !== "boolean") throw bad(`"${key}" is no boolean`);
  return value === true;
}

/** One value or several, as signal-cli allows. */
export function list(params: Params, key: string): string[] {
  const value = params[key];
  if (value === undefined) return [];
  const values: unknown[] = Array.isArray(value) ? value : [value];
  return values.map((each) => {
    if (typeof each !== "string" || each === "") throw bad(`"${key}" holds something that is no string`);
    return each;
  });
}

export interface TextStyle {
  readonly start: number;
  readonly length: number;
  readonly style: string;
}

/** Ranges count UTF-16 units, lie within the text and cut no character in two. */
export function textStyles(written: readonly string[], message: string): TextStyle[] {
  return written.map((each) => {
    const match = /^(\d+):(\d+):(.+)$/u.exec(each);
    if (!match) throw new Refusal(USER_ERROR, `Invalid textStyle syntax (${each}) expected 'start:length:STYLE'`);
    const [start, length, style] = [Number(match[1]), Number(match[2]), match[3] ?? ""];
    if (!STYLES.includes(style)) throw new Refusal(USER_ERROR, `Invalid style: ${style}`);
    if (length === 0 || start + length > message.length) {
      throw new Refusal(USER_ERROR, `Style out of the text: ${each}`);
    }
    for (const edge of [start, start + length]) {
      if (/^[\uDC00-\uDFFF]/.test(message.slice(edge)) && /[\uD800-\uDBFF]$/.test(message.slice(0, edge))) {
        throw new Refusal(USER_ERROR, `Style cuts a character in two: ${each}`);
      }
    }
    return { start, length, style };
  });
}

/** `data:<mime>;filename=<name>;base64,<data>`. There is no directory that both sides could see. */
export function attachments(written: readonly string[]): Attachment[] {
  return written.map((uri) => {
    const comma = uri.indexOf(",");
    const match = /^data:([\w.+-]+\/[\w.+-]+)(?:;filename=([^;,=]+))?;base64$/u.exec(uri.slice(0, comma));
    if (comma === -1 || !match) {
      const shown = uri.slice(0, 60);
      throw new Refusal(INTERNAL, `Failed to send message: ${shown}: No such file (AttachmentInvalidException)`);
    }
    try {
      return { mime: match[1] ?? "", name: match[2], data: Uint8Array.fromBase64(uri.slice(comma + 1)) };
    } catch {
      throw new Refusal(INTERNAL, "Failed to send message: not base64 (AttachmentInvalidException)");
    }
  });
}

/** One sign that a person sees as one. */
export function emoji(params: Params): string {
  const value = text(params, "emoji") ?? "";
  const clusters = [...new Intl.Segmenter("en", { granularity: "grapheme" }).segment(value)];
  if (clusters.length !== 1 || !/\p{Extended_Pictographic}|\p{Regional_Indicator}|[#*\d]\uFE0F?\u20E3/u.test(value)) {
    throw new Refusal(USER_ERROR, "The emoji is not a single grapheme cluster");
  }
  return value;
}
