/** Markdown as plain text, for platforms that show no formatting: signs away, links and code kept, tables as bullets. */

const FENCE = /^\s*(`{3,}|~{3,})/u;
const ESCAPED = 0xe100;

export function toPlainText(markdown: string): string {
  const lines = markdown.replaceAll("\r\n", "\n").split("\n");
  const out: string[] = [];
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? "";
    const fence = FENCE.exec(line)?.[1];
    if (fence !== undefined) {
      const end = closing(lines, at + 1, fence);
      out.push(...lines.slice(at + 1, end));
      at = end;
    } else if (isTable(lines, at)) {
      const end = tableEnd(lines, at);
      out.push(...bullets(lines.slice(at, end)));
      at = end - 1;
    } else out.push(block(line));
  }
  return out.join("\n").trimEnd();
}

function closing(lines: readonly string[], from: number, fence: string): number {
  const found = lines.findIndex((line, index) => index >= from && line.trim().startsWith(fence));
  return found === -1 ? lines.length : found;
}

function block(line: string): string {
  const heading = /^\s{0,3}#{1,6}\s+(.*?)\s*#*$/u.exec(line)?.[1];
  if (heading !== undefined) return inline(heading);
  const bullet = /^(\s*)[*+-]\s+(?:\[([ xX])\]\s+)?(.*)$/u.exec(line);
  if (!bullet) return inline(line);
  const [, indent = "", box, text = ""] = bullet;
  const mark = box === undefined ? "" : box === " " ? "☐ " : "☑ ";
  return `${indent}- ${mark}${inline(text)}`;
}

/** Text between code spans loses its signs; what is in a span stays as it is. */
const inline = (text: string): string =>
  text.split(/(`+[^`]+`+)/u).map((part, index) => index % 2 === 1 ? part.replaceAll("`", "") : unstyled(part)).join("");

/** Escaped signs go through private characters, or they would be read as formatting. */
function unstyled(text: string): string {
  return text
    .replaceAll(/\\([\\`*_~#[\]().!>|-])/gu, (_, sign: string) => String.fromCodePoint(ESCAPED + sign.charCodeAt(0)))
    .replaceAll(
      /!?\[([^\]]*)\]\(([^)\s]+)[^)]*\)/gu,
      (_, label: string, url: string) => label === "" || label === url ? url : `${label} (${url})`,
    )
    .replaceAll(/(\*\*|__)(?=\S)(.+?)(?<=\S)\1/gu, "$2")
    .replaceAll(/(?<![\w*])\*(?=[^\s*])([^*]+?)(?<=\S)\*(?![\w*])/gu, "$1")
    .replaceAll(/(?<![\w_])_(?=[^\s_])([^_]+?)(?<=\S)_(?![\w_])/gu, "$1")
    .replaceAll(/~~(?=\S)(.+?)(?<=\S)~~/gu, "$1")
    .replaceAll(/[\uE100-\uE17F]/gu, (sign) => String.fromCodePoint(sign.charCodeAt(0) - ESCAPED));
}

const isTable = (lines: readonly string[], at: number): boolean => {
  const rule = lines[at + 1] ?? "";
  return (lines[at] ?? "").includes("|") && rule.includes("|") &&
    /^\s*\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?\s*$/u.test(rule);
};

function tableEnd(lines: readonly string[], at: number): number {
  let end = at + 2;
  while (end < lines.length && (lines[end] ?? "").includes("|")) end++;
  return end;
}

const cells = (row: string): string[] =>
  row.trim().replace(/^\|/u, "").replace(/\|$/u, "").split(/(?<!\\)\|/u).map((cell) => inline(cell.trim()));

/** `- first cell: Header: cell, …` */
function bullets(rows: readonly string[]): string[] {
  const [header = "", , ...body] = rows;
  const names = cells(header);
  return body.map((row) => {
    const [first = "", ...rest] = cells(row);
    const facts = rest.flatMap((cell, index) => {
      const name = names[index + 1] ?? "";
      return cell === "" ? [] : [name === "" ? cell : `${name}: ${cell}`];
    });
    return `- ${[first, facts.join(", ")].filter((part) => part !== "").join(" – ")}`;
  });
}
