/** Text with style ranges. Offsets and lengths count UTF-16 units, which is what Signal counts too. */

export type Style = "BOLD" | "ITALIC" | "STRIKETHROUGH" | "MONOSPACE" | "SPOILER";

export interface Range {
  readonly start: number;
  readonly length: number;
  readonly style: Style;
}

export interface Styled {
  readonly text: string;
  readonly styles: readonly Range[];
}

export const plain = (text: string): Styled => ({ text, styles: [] });

/** Nothing to show is nothing to style: the daemon refuses empty ranges. */
export const styled = (style: Style, { text, styles }: Styled): Styled => ({
  text,
  styles: text === "" ? [] : [{ start: 0, length: text.length, style }, ...styles],
});

export function joined(pieces: readonly Styled[], separator = ""): Styled {
  const texts: string[] = [];
  const styles: Range[] = [];
  let at = 0;
  for (const piece of pieces) {
    for (const range of piece.styles) styles.push({ ...range, start: range.start + at });
    texts.push(piece.text);
    at += piece.text.length + separator.length;
  }
  return { text: texts.join(separator), styles };
}

/** Without blanks at both ends; ranges are cut to what is left. */
export function trimmed({ text, styles }: Styled): Styled {
  const left = text.length - text.trimStart().length;
  const kept = text.trim();
  const cut = styles.flatMap(({ start, length, style }) => {
    const from = Math.max(0, start - left);
    const to = Math.min(kept.length, start + length - left);
    return to > from ? [{ start: from, length: to - from, style }] : [];
  });
  return { text: kept, styles: cut };
}
