/** How deeply JSON text is nested, found out before it is parsed: parsing some MB of brackets takes many seconds. */

/** Levels that a large text may have; ours have fewer than twenty. */
export const MAX_LEVELS = 200;
/** Texts up to this length are parsed as they are: their worst case costs some milliseconds. */
const SMALL = 64 * 1024;

const QUOTE = 34;
const BACKSLASH = 92;

/** Whether `text` is long and nested deeper than `MAX_LEVELS`. Never throws; text that is no JSON gets some answer. */
export function isTooDeep(text: string): boolean {
  if (text.length <= SMALL) return false;
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case QUOTE:
        at = endOfString(text, at);
        break;
      case 91:
      case 123:
        if (++depth > MAX_LEVELS) return true;
        break;
      case 93:
      case 125:
        depth--;
    }
  }
  return false;
}

/** The closing quote of the string that opens at `start`; the end of the text when there is none. */
function endOfString(text: string, start: number): number {
  for (let at = text.indexOf('"', start + 1); at >= 0; at = text.indexOf('"', at + 1)) {
    let slashes = 0;
    while (text.charCodeAt(at - 1 - slashes) === BACKSLASH) slashes++;
    if (slashes % 2 === 0) return at;
  }
  return text.length;
}
