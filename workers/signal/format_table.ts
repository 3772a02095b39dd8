/** Tables: a phone has no room for columns, so each row becomes a bullet with its cells named. */
import { inline } from "./format_inline.ts";
import { joined, plain, type Styled, styled } from "./styled.ts";

const SEPARATOR = /^\s*\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?\s*$/u;

/** Whether two lines begin a table. */
export const isTableHead = (head: string | undefined, below: string | undefined): boolean =>
  head !== undefined && below !== undefined && head.includes("|") && below.includes("|") && SEPARATOR.test(below);

/** `rows`: head, separator, body, as written. A table without a body is its head. */
export function bulletTable(rows: readonly string[]): Styled {
  const [head = [], ...body] = rows.filter((_, index) => index !== 1).map(cellsOf);
  if (body.length === 0) return styled("BOLD", inline(head.join(", ")));
  return joined(body.map((cells) => bullet(head, cells)), "\n");
}

/** `• first: second column's head second cell, …`: the first cell names the row. */
function bullet(head: readonly string[], [first = "", ...rest]: readonly string[]): Styled {
  const cells = rest.flatMap((cell, index) => {
    if (cell === "") return [];
    const name = head[index + 1] ?? "";
    return [joined([plain(name === "" ? "" : `${name}: `), inline(cell)])];
  });
  const title = [plain("• "), styled("BOLD", inline(first))];
  return joined(cells.length === 0 ? title : [...title, plain(first === "" ? "" : " — "), joined(cells, ", ")]);
}

const cellsOf = (row: string): string[] =>
  row.trim().replace(/^\|/u, "").replace(/\|$/u, "").split(/(?<!\\)\|/u)
    .map((cell) => cell.trim().replaceAll("\\|", "|"));
