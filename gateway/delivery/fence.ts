/** Where code fences of a Markdown text are open. */

export interface Fence {
  readonly indent: string;
  /** The back-ticks or tildes. */
  readonly marker: string;
  /** The whole opening line. */
  readonly line: string;
}

interface Span {
  readonly fence: Fence;
  /** The end of the opening line, and the start of the closing one. */
  readonly from: number;
  readonly to: number;
}

const OPENING = /^([ \t]*)(`{3,}(?=[^`]*$)|~{3,})[^\n]*$/u;

/** Reads the text once; `at(position)` then says which fence a cut at that place would tear. */
export function createFenceScan(text: string): { at(position: number): Fence | undefined } {
  const spans = spansOf(text);
  return {
    at(position) {
      let low = 0;
      let high = spans.length;
      while (low < high) {
        const middle = (low + high) >> 1;
        if ((spans[middle]?.from ?? Infinity) <= position) low = middle + 1;
        else high = middle;
      }
      const span = spans[low - 1];
      return span !== undefined && position <= span.to ? span.fence : undefined;
    },
  };
}

function spansOf(text: string): Span[] {
  const spans: Span[] = [];
  let open: { readonly fence: Fence; readonly from: number } | undefined;
  let start = 0;
  for (const line of text.split("\n")) {
    const end = start + line.length;
    if (open === undefined) {
      const [, indent = "", marker = ""] = OPENING.exec(line) ?? [];
      if (marker !== "") open = { fence: { indent, marker, line: line.trimEnd() }, from: end };
    } else if (closes(line, open.fence)) {
      spans.push({ ...open, to: start });
      open = undefined;
    }
    start = end + 1;
  }
  if (open !== undefined) spans.push({ ...open, to: Infinity });
  return spans;
}

function closes(line: string, { marker }: Fence): boolean {
  const text = line.trim();
  return text.length >= marker.length && text === marker.charAt(0).repeat(text.length);
}
