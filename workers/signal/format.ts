/** Markdown as Signal shows it: plain text with style ranges in UTF-16 units. Blocks here, lines in `format_inline.ts`. */
import { inline } from "./format_inline.ts";
import type { TableStyle } from "./settings.ts";
import { joined, plain, type Styled, styled, trimmed } from "./styled.ts";
import { bulletTable, isTableHead } from "./format_table.ts";

export function toSignal(markdown: string, tables: TableStyle = "bullets"): Styled {
  const lines = markdown.replaceAll("\r\n", "\n").replaceAll("\0", "").split("\n");
  const out: Styled[] = [];
  for (let at = 0; at < lines.length;) {
    const block = fenced(lines, at) ?? table(lines, at, tables) ?? { piece: line(lines[at] ?? ""), next: at + 1 };
    out.push(block.piece);
    at = block.next;
  }
  return trimmed(joined(withoutGaps(out), "\n"));
}

/** `start:length:STYLE`, as the daemon wants them. */
export const stylesOf = ({ styles }: Styled): string[] =>
  styles.map(({ start, length, style }) => `${start}:${length}:${style}`);

interface Block {
  readonly piece: Styled;
  readonly next: number;
}

/** Several blank lines say no more than one. */
const withoutGaps = (pieces: readonly Styled[]): Styled[] =>
  pieces.filter(({ text }, index) => text !== "" || (pieces[index - 1]?.text ?? "") !== "");

function fenced(lines: readonly string[], at: number): Block | undefined {
  const fence = /^ {0,3}(`{3,}|~{3,})/u.exec(lines[at] ?? "")?.[1];
  if (fence === undefined) return undefined;
  const close = new RegExp(`^ {0,3}${fence[0] === "~" ? "~" : "`"}{${fence.length},}\\s*$`, "u");
  let end = at + 1;
  while (end < lines.length && !close.test(lines[end] ?? "")) end++;
  const body = lines.slice(at + 1, end).join("\n");
  return { piece: body.trim() === "" ? plain("") : styled("MONOSPACE", plain(body)), next: end + 1 };
}

function table(lines: readonly string[], at: number, tables: TableStyle): Block | undefined {
  if (tables === "off" || !isTableHead(lines[at], lines[at + 1])) return undefined;
  let end = at + 2;
  while (end < lines.length && (lines[end] ?? "").includes("|")) end++;
  const rows = lines.slice(at, end);
  const piece = tables === "code" ? styled("MONOSPACE", plain(rows.join("\n"))) : bulletTable(rows);
  return { piece, next: end };
}

function line(text: string): Styled {
  if (text.trim() === "") return plain("");
  const heading = /^ {0,3}#{1,6}\s+(.+?)(?:\s+#+)?\s*$/u.exec(text)?.[1];
  if (heading !== undefined) return styled("BOLD", inline(heading.replaceAll(/\*\*|__/gu, "")));
  if (/^ {0,3}(?:-\s*){3,}$|^ {0,3}(?:\*\s*){3,}$|^ {0,3}(?:_\s*){3,}$/u.test(text)) return plain("———");
  const item = /^(\s*)[-*+]\s+(?:\[([ xX])\]\s+)?(.*)$/u.exec(text);
  if (!item) return inline(text.trimEnd());
  const [, indent = "", box, rest = ""] = item;
  const bullet = box === undefined ? "•" : box === " " ? "☐" : "☑";
  return joined([plain(`${indent}${bullet} `), inline(rest)]);
}
