/** Markdown as WhatsApp shows it: *bold*, _italic_, ~struck~, `code`, fences without a language, tables as bullets. */

const FENCE = /^(\s*)(`{3,}|~{3,})/u;

export function toWhatsApp(markdown: string): string {
  const lines = markdown.replaceAll("\r\n", "\n").split("\n");
  const out: string[] = [];
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? "";
    const fence = FENCE.exec(line)?.[2];
    if (fence !== undefined) {
      const end = closingFence(lines, at + 1, fence);
      out.push("```", ...lines.slice(at + 1, end), "```");
      at = end;
    } else if (isTable(lines, at)) {
      const end = tableEnd(lines, at);
      out.push(...bullets(lines.slice(at, end)));
      at = end - 1;
    } else out.push(block(line));
  }
  return out.join("\n").trimEnd();
}

function closingFence(lines: readonly string[], from: number, fence: string): number {
  const close = lines.findIndex((line, index) => index >= from && line.trim().startsWith(fence));
  return close === -1 ? lines.length : close;
}

function block(line: string): string {
  const heading = /^\s{0,3}#{1,6}\s+(.*?)\s*#*$/u.exec(line)?.[1];
  if (heading !== undefined) return `*${inline(heading).replaceAll("*", "")}*`;
  const bullet = /^(\s*)[*+-]\s+(?:\[([ xX])\]\s+)?(.*)$/u.exec(line);
  if (bullet) {
    const [, indent = "", box, text = ""] = bullet;
    const mark = box === undefined ? "" : box === " " ? "☐ " : "☑ ";
    return `${indent}- ${mark}${inline(text)}`;
  }
  return inline(line);
}

/** Text between code spans is converted; spans stay as they are. */
function inline(text: string): string {
  return text.split(/(`+[^`]+`+)/u).map((part, index) => index % 2 === 1 ? part.replaceAll(/`+/gu, "`") : styles(part))
    .join("");
}

/** Bold and escaped signs go through private characters, or they would be read as something else. */
const BOLD = "\uE000";
const ESCAPED = 0xe100;

function styles(text: string): string {
  return text
    .replaceAll(/\\([\\`*_~#[\]().!>-])/gu, (_, sign: string) => String.fromCodePoint(ESCAPED + sign.charCodeAt(0)))
    .replaceAll(
      /!\[([^\]]*)\]\(([^)\s]+)[^)]*\)/gu,
      (_, alt: string, url: string) => alt === "" ? url : `${alt} (${url})`,
    )
    .replaceAll(
      /\[([^\]]+)\]\(([^)\s]+)[^)]*\)/gu,
      (_, label: string, url: string) => label === url ? url : `${label} (${url})`,
    )
    .replaceAll(/(\*\*|__)(?=\S)(.+?)(?<=\S)\1/gu, `${BOLD}$2${BOLD}`)
    .replaceAll(/(?<![\w*])\*(?=[^\s*])([^*]+?)(?<=\S)\*(?![\w*])/gu, "_$1_")
    .replaceAll(/~~(?=\S)(.+?)(?<=\S)~~/gu, "~$1~")
    .replaceAll(BOLD, "*")
    .replaceAll(/[\uE100-\uE17F]/gu, (sign) => String.fromCodePoint(sign.charCodeAt(0) - ESCAPED));
}

const isTable = (lines: readonly string[], at: number): boolean =>
  (lines[at] ?? "").includes("|") && /^\s*\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?\s*$/u.test(lines[at + 1] ?? "") &&
  (lines[at + 1] ?? "").includes("|");

function tableEnd(lines: readonly string[], at: number): number {
  let end = at + 2;
  while (end < lines.length && (lines[end] ?? "").includes("|")) end++;
  return end;
}

const cells = (row: string): string[] =>
  row.trim().replace(/^\|/u, "").replace(/\|$/u, "").split(/(?<!\\)\|/u).map((cell) => inline(cell.trim()));

/** `- *first cell* – Header: cell, …`, because WhatsApp has no tables. */
function bullets(rows: readonly string[]): string[] {
  const [header = "", , ...body] = rows;
  const names = cells(header);
  return body.map((row) => {
    const [first = "", ...rest] = cells(row);
    const facts = rest.flatMap((cell, index) => {
      const name = names[index + 1] ?? "";
      return cell === "" ? [] : [name === "" ? cell : `${name}: ${cell}`];
    });
    const title = first === "" ? "" : `*${first.replaceAll("*", "")}*`;
    return `- ${[title, facts.join(", ")].filter((part) => part !== "").join(" – ")}`;
  });
}
