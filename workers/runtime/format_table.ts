/** Tables for platforms that have none: aligned text. */

const SEPARATOR = /^\s*\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?\s*$/u;
/** Wider columns would wrap on a phone and be harder to read than without padding. */
const MAX_WIDTH = 40;

/** Whether two lines begin a table. */
export const isTableHead = (head: string | undefined, below: string | undefined): boolean =>
  head !== undefined && below !== undefined && head.includes("|") && below.includes("-") && below.includes("|") &&
  SEPARATOR.test(below);

/** `rows`: head, separator, body, as written. */
export function alignedTable(rows: readonly string[]): string {
  const cells = rows.filter((_, index) => index !== 1).map(cellsOf);
  const count = Math.max(...cells.map((row) => row.length));
  const widths = Array.from(
    { length: count },
    (_, column) => Math.min(MAX_WIDTH, Math.max(...cells.map((row) => row[column]?.length ?? 0))),
  );
  const written = cells.map((row) =>
    widths.map((width, column) => (row[column] ?? "").padEnd(width)).join(" | ").trimEnd()
  );
  const rule = widths.map((width) => "-".repeat(width)).join("-|-");
  return [written[0] ?? "", rule, ...written.slice(1)].join("\n");
}

/** Marks of emphasis and code would stand as they are inside a block of code. */
const cellsOf = (row: string): string[] =>
  row.trim().replace(/^\|/u, "").replace(/\|$/u, "").split(/(?<!\\)\|/u)
    .map((cell) => cell.trim().replaceAll("\\|", "|").replaceAll(/\*\*|`/gu, ""));
