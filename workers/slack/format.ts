/** Markdown as Slack's mrkdwn: blocks here, lines in `format_inline.ts`. */
import { inline } from "./format_inline.ts";
import { pre } from "./mrkdwn.ts";
import { alignedTable, isTableHead } from "../runtime/format_table.ts";

/** Slack's limit of `chat.update`, and what it recommends for every message. */
export const MAX_MESSAGE = 4000;

/** The mrkdwn of a Markdown text. Tables are aligned where that fits into `most` characters, else left as written. */
export function toMrkdwn(markdown: string, most: number = MAX_MESSAGE): string {
  const lines = markdown.replaceAll("\r\n", "\n").replaceAll("\0", "").split("\n");
  const aligned = blocks(lines, true);
  return aligned.length <= most ? aligned : blocks(lines, false);
}

function blocks(lines: readonly string[], align: boolean): string {
  const out: string[] = [];
  for (let at = 0; at < lines.length;) {
    const block = fenced(lines, at) ?? quote(lines, at, align) ?? table(lines, at, align) ??
      { text: line(lines[at] ?? ""), next: at + 1 };
    out.push(block.text);
    at = block.next;
  }
  return out.join("\n").replaceAll(/\n{3,}/gu, "\n\n").replace(/^\n+|\s+$/gu, "");
}

interface Block {
  readonly text: string;
  readonly next: number;
}

function fenced(lines: readonly string[], at: number): Block | undefined {
  const fence = /^ {0,3}(`{3,}|~{3,})/u.exec(lines[at] ?? "")?.[1];
  if (fence === undefined) return undefined;
  const close = new RegExp(`^ {0,3}${fence[0] === "~" ? "~" : "`"}{${fence.length},}\\s*$`, "u");
  let end = at + 1;
  while (end < lines.length && !close.test(lines[end] ?? "")) end++;
  const body = lines.slice(at + 1, end).join("\n");
  // A block that is still growing has no closing fence yet; an empty one would show its marks.
  return { text: body.trim() === "" ? "" : pre(body), next: end + 1 };
}

function quote(lines: readonly string[], at: number, align: boolean): Block | undefined {
  if (!/^ {0,3}>/u.test(lines[at] ?? "")) return undefined;
  let end = at;
  while (end < lines.length && /^ {0,3}>/u.test(lines[end] ?? "")) end++;
  const inner = lines.slice(at, end).map((text) => text.replace(/^ {0,3}(?:> ?)+/u, ""));
  return { text: blocks(inner, align).split("\n").map((text) => `> ${text}`.trimEnd()).join("\n"), next: end };
}

function table(lines: readonly string[], at: number, align: boolean): Block | undefined {
  if (!isTableHead(lines[at], lines[at + 1])) return undefined;
  let end = at + 2;
  while (end < lines.length && (lines[end] ?? "").includes("|")) end++;
  const rows = lines.slice(at, end);
  return { text: pre(align ? alignedTable(rows) : rows.join("\n")), next: end };
}

function line(text: string): string {
  if (text.trim() === "") return "";
  const heading = /^ {0,3}#{1,6}\s+(.+?)(?:\s+#+)?\s*$/u.exec(text);
  if (heading?.[1] !== undefined) return `*${inline(heading[1].replaceAll(/\*\*|__|\*/gu, "").trim())}*`;
  if (/^ {0,3}(?:-\s*){3,}$|^ {0,3}(?:\*\s*){3,}$|^ {0,3}(?:_\s*){3,}$/u.test(text)) return "———";
  const item = /^(\s*)[-*+]\s+(?:\[([ xX])\]\s+)?(.*)$/u.exec(text);
  if (item) {
    const [, indent = "", box, rest = ""] = item;
    const bullet = box === undefined ? "•" : box === " " ? "☐" : "☑";
    return `${indent}${bullet} ${inline(rest)}`.trimEnd();
  }
  return inline(text.trimEnd());
}
