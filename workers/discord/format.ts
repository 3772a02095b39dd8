/** Markdown as Discord takes it: it is its own form but for tables, which become aligned code. */

export const MAX_TEXT = 2000;

const SEPARATOR = /^\s*\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)+\|?\s*$/u;
/** Wider columns would wrap on a phone and be harder to read than without padding. */
const MAX_WIDTH = 40;

/** Never longer than Discord takes, as far as the text itself is not: a table that grows too much stays as written. */
export function toDiscordMarkdown(markdown: string, most: number = MAX_TEXT): string {
  const lines = markdown.replaceAll("\r\n", "\n").replaceAll("\0", "").split("\n");
  for (const form of [aligned, asWritten]) {
    const text = withTables(lines, form);
    if (text.length <= most) return text;
  }
  return lines.join("\n");
}

type Form = (rows: readonly string[]) => string;

function withTables(lines: readonly string[], form: Form): string {
  const out: string[] = [];
  let fence: string | undefined;
  for (let at = 0; at < lines.length;) {
    const line = lines[at] ?? "";
    const end = fence === undefined ? tableEnd(lines, at) : at;
    if (end > at) {
      out.push("```", form(lines.slice(at, end)), "```");
      at = end;
      continue;
    }
    fence = fenceAfter(line, fence);
    out.push(line);
    at++;
  }
  return out.join("\n");
}

/** The fence that is open after this line. */
function fenceAfter(line: string, open: string | undefined): string | undefined {
  const mark = /^\s{0,3}(`{3,}|~{3,})(.*)$/u.exec(line);
  const [, sign, rest = ""] = mark ?? [];
  if (sign === undefined) return open;
  if (open === undefined) return sign.startsWith("`") && rest.includes("`") ? undefined : sign;
  return sign[0] === open[0] && sign.length >= open.length && rest.trim() === "" ? undefined : open;
}

/** Where the table that begins here ends; `at` when none does. */
function tableEnd(lines: readonly string[], at: number): number {
  const [head = "", below = ""] = [lines[at], lines[at + 1]];
  if (!head.includes("|") || !below.includes("|") || !SEPARATOR.test(below)) return at;
  let end = at + 2;
  while (end < lines.length && (lines[end] ?? "").includes("|")) end++;
  return end;
}

const asWritten: Form = (rows) => rows.map(harmless).join("\n");

const aligned: Form = (rows) => {
  const cells = rows.filter((_, index) => index !== 1).map(cellsOf);
  const columns = Math.max(...cells.map((row) => row.length));
  const widths = Array.from(
    { length: columns },
    (_, column) => Math.min(MAX_WIDTH, Math.max(...cells.map((row) => row[column]?.length ?? 0))),
  );
  const written = cells.map((row) =>
    widths.map((width, column) => (row[column] ?? "").padEnd(width)).join(" | ").trimEnd()
  );
  return [written[0] ?? "", widths.map((width) => "-".repeat(width)).join("-|-"), ...written.slice(1)].join("\n");
};

/** Marks of emphasis and code would stand as they are inside a block of code. */
const cellsOf = (row: string): string[] =>
  row.trim().replace(/^\|/u, "").replace(/\|$/u, "").split(/(?<!\\)\|/u)
    .map((cell) => harmless(cell.trim().replaceAll("\\|", "|").replaceAll(/\*\*|`/gu, "")));

/** Three back-ticks in a cell would end the block. */
const harmless = (text: string): string => text.replaceAll("```", "'''");
