/** One line of Markdown as Telegram HTML: code, emphasis, links. Tags are always closed and never cross. */
import { code, joined, link, type Piece, plain, type Tag, tagged } from "./html.ts";

const MAX_DEPTH = 12;
/** Longest text that is searched for the end of an emphasis: no line may cost quadratic time. */
const MAX_SPAN = 4_000;

interface Mark {
  readonly mark: string;
  readonly tags: readonly Tag[];
}

/** Longer marks first. */
const MARKS: readonly Mark[] = [
  { mark: "***", tags: ["b", "i"] },
  { mark: "___", tags: ["b", "i"] },
  { mark: "**", tags: ["b"] },
  { mark: "__", tags: ["b"] },
  { mark: "~~", tags: ["s"] },
  { mark: "||", tags: ["tg-spoiler"] },
  { mark: "*", tags: ["i"] },
  { mark: "_", tags: ["i"] },
];
const PUNCTUATION = /[!-/:-@[-`{-~]/u;

/** `text`: Markdown without blocks. What is not closed is text. */
export function inline(text: string, depth = 0, links = true): Piece {
  if (depth > MAX_DEPTH) return plain(text);
  const pieces: Piece[] = [];
  let literal = "";
  let at = 0;
  const flush = () => {
    if (literal !== "") pieces.push(plain(literal));
    literal = "";
  };
  while (at < text.length) {
    const found = span(text, at, depth, links);
    if (found === undefined) {
      literal += text[at++];
      continue;
    }
    if (typeof found.piece === "string") literal += found.piece;
    else {
      flush();
      pieces.push(found.piece);
    }
    at = found.end;
  }
  flush();
  return joined(pieces);
}

interface Found {
  /** A string is text that must not be read again. */
  readonly piece: Piece | string;
  readonly end: number;
}

function span(text: string, at: number, depth: number, links: boolean): Found | undefined {
  switch (text[at]) {
    case "\\": {
      const next = text[at + 1];
      return next !== undefined && PUNCTUATION.test(next) ? { piece: next, end: at + 2 } : undefined;
    }
    case "`":
      return codeSpan(text, at);
    case "!":
      return text[at + 1] === "[" ? linkSpan(text, at + 1, depth, links) : undefined;
    case "[":
      return linkSpan(text, at, depth, links);
    case "<":
      return autoLink(text, at);
    case "h":
      return bareUrl(text, at);
    default:
      return emphasis(text, at, depth, links);
  }
}

function codeSpan(text: string, at: number): Found {
  const run = runLength(text, at, "`");
  const fence = "`".repeat(run);
  for (let close = text.indexOf(fence, at + run); close !== -1;) {
    const closing = runLength(text, close, "`");
    if (closing === run) {
      const body = text.slice(at + run, close);
      const padded = body.length > 2 && body.startsWith(" ") && body.endsWith(" ") && body.trim() !== "";
      return { piece: code(padded ? body.slice(1, -1) : body), end: close + run };
    }
    close = text.indexOf(fence, close + closing);
  }
  return { piece: fence, end: at + run };
}

function runLength(text: string, at: number, char: string): number {
  let end = at;
  while (text[end] === char) end++;
  return end - at;
}

/** `[label](url "title")`. Other schemes than http(s) are shown, not linked. */
function linkSpan(text: string, at: number, depth: number, links: boolean): Found | undefined {
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
  if (isWebUrl(url) && links) {
    const shown = label.trim() === "" ? plain(url) : inline(label, depth + 1, false);
    return { piece: link(url, shown), end };
  }
  return { piece: joined([inline(label, depth + 1, links), plain(url === "" ? "" : ` (${url})`)]), end };
}

export const isWebUrl = (url: string): boolean => /^https?:\/\/[^\s]+$/iu.test(url) && URL.canParse(url);

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

function autoLink(text: string, at: number): Found | undefined {
  const match = /^<(https?:\/\/[^\s<>]{1,2000})>/iu.exec(text.slice(at, at + 2010));
  return match?.[1] === undefined ? undefined : { piece: match[1], end: at + match[0].length };
}

/** Telegram links it by itself; its underscores are no emphasis. */
function bareUrl(text: string, at: number): Found | undefined {
  if (!text.startsWith("http", at)) return undefined;
  const match = /^https?:\/\/[^\s<>"')\]*`]{1,2000}/iu.exec(text.slice(at, at + 2010));
  return match === null ? undefined : { piece: match[0], end: at + match[0].length };
}

function emphasis(text: string, at: number, depth: number, links: boolean): Found | undefined {
  const found = MARKS.find(({ mark }) => text.startsWith(mark, at));
  if (!found) return undefined;
  const { mark, tags } = found;
  const from = at + mark.length;
  const close = opens(text, at, mark) ? closingMark(text, from, mark) : -1;
  // The whole run is text then: "****" must not be read as an empty pair of a shorter mark.
  if (close === -1) return { piece: mark, end: from };
  const body = inline(text.slice(from, close), depth + 1, links);
  return { piece: tags.reduceRight((piece, tag) => tagged(tag, piece), body), end: close + mark.length };
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
