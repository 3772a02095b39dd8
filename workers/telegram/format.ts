/** Markdown as Telegram HTML: blocks here, lines in `format_inline.ts`. */
import { inline } from "./format_inline.ts";
import { joined, type Piece, plain, pre, tagged } from "./html.ts";
import { alignedTable, isTableHead } from "../runtime/format_table.ts";

/** Most visible UTF-16 units of a message, and of the words under a file. */
export const MAX_MESSAGE = 4096;
export const MAX_CAPTION = 1024;

/**
 * The HTML of a Markdown text. Tables are aligned as code where that fits into `most` visible characters; as written they
 * always do, because nothing else here is longer than its Markdown.
 */
export function toTelegramHtml(markdown: string, most: number = MAX_MESSAGE): Piece {
  const lines = markdown.replaceAll("\r\n", "\n").replaceAll("\0", "").split("\n");
  const aligned = blocks(lines, true, false);
  return aligned.visible <= most ? aligned : blocks(lines, false, false);
}

/** `align`: whether tables are padded. `quoted`: inside a quote, which cannot hold another one. */
function blocks(lines: readonly string[], align: boolean, quoted: boolean): Piece {
  const out: Piece[] = [];
  for (let at = 0; at < lines.length;) {
    const block = fenced(lines, at) ?? quote(lines, at, align, quoted) ?? table(lines, at, align) ??
      { piece: line(lines[at] ?? ""), next: at + 1 };
    out.push(block.piece);
    at = block.next;
  }
  return trimmed(out);
}

interface Block {
  readonly piece: Piece;
  readonly next: number;
}

/** Telegram cuts blank lines at both ends; several in a row say no more than one. */
function trimmed(pieces: readonly Piece[]): Piece {
  const kept = pieces.filter((piece, index) => piece.visible > 0 || (pieces[index - 1]?.visible ?? 0) > 0);
  if (kept.at(-1)?.visible === 0) kept.pop();
  return joined(kept, "\n");
}

function fenced(lines: readonly string[], at: number): Block | undefined {
  const open = /^ {0,3}(`{3,}|~{3,})\s*([^\s`]*)/u.exec(lines[at] ?? "");
  const fence = open?.[1];
  if (fence === undefined) return undefined;
  const close = new RegExp(`^ {0,3}${fence[0] === "~" ? "~" : "`"}{${fence.length},}\\s*$`, "u");
  let end = at + 1;
  while (end < lines.length && !close.test(lines[end] ?? "")) end++;
  const body = lines.slice(at + 1, end).join("\n");
  // An answer that is still growing has no closing fence yet; an empty block would be refused as empty.
  return { piece: body.trim() === "" ? plain("") : pre(body, open?.[2]), next: end + 1 };
}

function quote(lines: readonly string[], at: number, align: boolean, quoted: boolean): Block | undefined {
  if (!/^ {0,3}>/u.test(lines[at] ?? "")) return undefined;
  let end = at;
  while (end < lines.length && /^ {0,3}>/u.test(lines[end] ?? "")) end++;
  const inner = lines.slice(at, end).map((text) => text.replace(/^ {0,3}> ?/u, ""));
  const body = blocks(inner, align, true);
  return { piece: quoted ? body : tagged("blockquote", body), next: end };
}

function table(lines: readonly string[], at: number, align: boolean): Block | undefined {
  if (!isTableHead(lines[at], lines[at + 1])) return undefined;
  let end = at + 2;
  while (end < lines.length && (lines[end] ?? "").includes("|")) end++;
  const rows = lines.slice(at, end);
  return { piece: pre(align ? alignedTable(rows) : rows.join("\n")), next: end };
}

function line(text: string): Piece {
  if (text.trim() === "") return plain("");
  const heading = /^ {0,3}#{1,6}\s+(.+?)(?:\s+#+)?\s*$/u.exec(text);
  if (heading?.[1] !== undefined) return tagged("b", inline(heading[1].replaceAll(/\*\*|__/gu, "")));
  if (/^ {0,3}(?:-\s*){3,}$|^ {0,3}(?:\*\s*){3,}$|^ {0,3}(?:_\s*){3,}$/u.test(text)) return plain("———");
  const item = /^(\s*)[-*+]\s+(?:\[([ xX])\]\s+)?(.*)$/u.exec(text);
  if (item) {
    const [, indent = "", box, rest = ""] = item;
    const bullet = box === undefined ? "•" : box === " " ? "☐" : "☑";
    return joined([plain(`${indent}${bullet} `), inline(rest)]);
  }
  return inline(text.trimEnd());
}
