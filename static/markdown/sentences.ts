/** Cuts a growing text into sentences, so that a screen reader hears each one once and none half. */

/** Removes the marks that would be read aloud as punctuation. */
export function spoken(markdown: string): string {
  return markdown
    .replace(/```[^\n]*\n?/g, " ")
    .replace(/!?\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replace(/^\s{0,3}(#{1,6}|>|[-*+])\s+/gm, "")
    .replace(/(\*\*|__|~~|`)/g, "")
    .replace(/\s+/g, " ")
    .trim();
}

/** How far `text` holds whole sentences, counted from `from`. */
export function sentenceEnd(text: string, from: number): number {
  const ends = /[.!?…](?=\s)|[。！？]|\n/g;
  ends.lastIndex = from;
  let end = from;
  for (let match = ends.exec(text); match; match = ends.exec(text)) end = match.index + match[0].length;
  return end;
}
