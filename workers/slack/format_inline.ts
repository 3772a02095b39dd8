/** One line of Markdown as mrkdwn: code, emphasis, links. What is not closed is text. */
import { code, escapeText, isMention, JOINER, link } from "./mrkdwn.ts";

const MAX_DEPTH = 8;
/** Longest text that is searched for the end of an emphasis: no line may cost quadratic time. */
const MAX_SPAN = 4_000;

interface Mark {
  readonly mark: string;
  readonly slack: string;
}

/** Longer marks first. */
const MARKS: readonly Mark[] = [
  { mark: "***", slack: "*_" },
  { mark: "___", slack: "*_" },
  { mark: "**", slack: "*" },
  { mark: "__", slack: "*" },
  { mark: "~~", slack: "~" },
  { mark: "*", slack: "_" },
  { mark: "_", slack: "_" },
];
const PUNCTUATION = /[!-/:-@[-`{-~]/u;

/** `outer`: marks that are open already; a second one inside would close the first. */
export function inline(text: string, depth = 0, outer = "", links = true): string {
  if (depth > MAX_DEPTH) return escapeText(text);
  let out = "";
  let at = 0;
  while (at < text.length) {
    const found = span(text, at, depth, outer, links);
    if (found === undefined) out += escapeText(text[at++] ?? "");
    else {
      out += found.mrkdwn;
      at = found.end;
    }
  }
  return out;
}

interface Found {
  readonly mrkdwn: string;
  readonly end: number;
}

function span(text: string, at: number, depth: number, outer: string, links: boolean): Found | undefined {
  switch (text[at]) {
    case "\\": {
      const next = text[at + 1];
      return next !== undefined && PUNCTUATION.test(next) ? { mrkdwn: escapeText(next), end: at + 2 } : undefined;
    }
    case "`":
      return codeSpan(text, at);
    case "!":
      return text[at + 1] === "[" ? linkSpan(text, at + 1, depth, outer, links) : undefined;
    case "[":
      return linkSpan(text, at, depth, outer, links);
    case "<":
      return token(text, at);
    case "h":
      return bareUrl(text, at);
    default:
      return emphasis(text, at, depth, outer, links);
  }
}

function codeSpan(text: string, at: number): Found {
  const run = runLength(text, at, "`");
  const fence = "`".repeat(run);
  for (let close = text.indexOf(fence, at + run); close !== -1; close = text.indexOf(fence, close + 1)) {
    const length = runLength(text, close, "`");
    if (length !== run) {
      close += length;
      continue;
    }
    const body = text.slice(at + run, close).trim();
    return { mrkdwn: body === "" ? fence + fence : code(body), end: close + run };
  }
  return { mrkdwn: fence, end: at + run };
}

function runLength(text: string, at: number, char: string): number {
  let end = at;
  while (text[end] === char) end++;
  return end - at;
}

/** `[label](url "title")`. Other schemes than http(s) and mailto are shown, not linked. */
function linkSpan(text: string, at: number, depth: number, outer: string, links: boolean): Found | undefined {
  const labelEnd = closing(text, at, "[", "]");
  if (labelEnd === -1 || text[labelEnd + 1] !== "(") return undefined;
  const urlEnd = closing(text, labelEnd + 1, "(", ")");
  if (urlEnd === -1) return undefined;
  const label = text.slice(at + 1, labelEnd);
  const url = text.slice(labelEnd + 2, urlEnd).trim().replace(/\s+(?:"[^"]*"|'[^']*')$/u, "").replace(
    /^<(.*)>$/u,
    "$1",
  );
  const end = urlEnd + 1;
  const shown = inline(label, depth + 1, outer, false);
  if (isWebUrl(url) && links) return { mrkdwn: link(url, shown), end };
  return { mrkdwn: url === "" ? shown : `${shown} (${escapeText(url)})`, end };
}

const isWebUrl = (url: string): boolean => /^(?:https?:\/\/|mailto:)[^\s]+$/iu.test(url) && URL.canParse(url);

/** The bracket that closes the one at `at`; -1 when there is none in reach. */
function closing(text: string, at: number, open: string, close: string): number {
  let depth = 0;
  const last = Math.min(text.length, at + MAX_SPAN);
  for (let index = at; index < last; index++) {
    const char = text[index];
    if (char === "\\") index++;
    else if (char === open) depth++;
    else if (char === close && --depth === 0) return index;
  }
  return -1;
}

/** `<https://…>` and Slack's own mentions; every other bracket is text. */
function token(text: string, at: number): Found | undefined {
  const match = /^<([^<>\s]{1,2000}|[#@!][^<>]{1,120})>/u.exec(text.slice(at, at + 2010));
  if (!match) return undefined;
  const [whole, inside = ""] = match;
  if (isMention(whole)) return { mrkdwn: whole, end: at + whole.length };
  return isWebUrl(inside) && !inside.includes("|") ? { mrkdwn: link(inside, ""), end: at + whole.length } : undefined;
}

/** Slack links it by itself; its underscores are no emphasis. */
function bareUrl(text: string, at: number): Found | undefined {
  const match = /^https?:\/\/[^\s<>"')\]*`|]{1,2000}/iu.exec(text.slice(at, at + 2010));
  return match === null ? undefined : { mrkdwn: escapeText(match[0]), end: at + match[0].length };
}

function emphasis(text: string, at: number, depth: number, outer: string, links: boolean): Found | undefined {
  const found = MARKS.find(({ mark }) => text.startsWith(mark, at));
  if (!found) return undefined;
  const { mark, slack } = found;
  const from = at + mark.length;
  const close = opens(text, at, mark) ? closingMark(text, from, mark) : -1;
  // The whole run is text then: "****" must not be read as an empty pair of a shorter mark.
  if (close === -1) return { mrkdwn: mark, end: from };
  const fresh = [...slack].filter((char) => !outer.includes(char)).join("");
  const body = inline(text.slice(from, close), depth + 1, outer + fresh, links);
  const end = close + mark.length;
  if (fresh === "" || body.trim() === "") return { mrkdwn: body, end };
  const before = isWord(text[at - 1]) ? JOINER : "";
  const after = isWord(text[end]) ? JOINER : "";
  return { mrkdwn: `${before}${fresh}${body}${[...fresh].reverse().join("")}${after}`, end };
}

const isSpace = (char: string | undefined): boolean => char === undefined || /\s/u.test(char);
const isWord = (char: string | undefined): boolean => char !== undefined && /[\p{L}\p{N}]/u.test(char);

/** `snake_case` is no emphasis. */
function opens(text: string, at: number, mark: string): boolean {
  if (isSpace(text[at + mark.length])) return false;
  return mark[0] !== "_" || !isWord(text[at - 1]);
}

/** Where the mark closes: outside code, behind a word. */
function closingMark(text: string, from: number, mark: string): number {
  const char = mark[0] ?? "";
  const last = Math.min(text.length, from + MAX_SPAN);
  for (let at = from; at < last;) {
    if (text[at] === "\\") at += 2;
    else if (text[at] === "`") at = codeSpan(text, at).end;
    else if (text[at] !== char) at++;
    else {
      const run = runLength(text, at, char);
      const isClose = run >= mark.length && at > from && !isSpace(text[at - 1]);
      // A single mark does not close at a double one, which belongs to an emphasis inside.
      const fits = mark.length > 1 || run !== 2;
      if (isClose && fits && !(char === "_" && isWord(text[at + run]))) return at + run - mark.length;
      at += run;
    }
  }
  return -1;
}
