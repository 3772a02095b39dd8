/** One line of Markdown as styled text: code, emphasis, links written out. What is not closed is text. */
import { joined, plain, type Style, type Styled, styled } from "./styled.ts";

const MAX_DEPTH = 12;
/** Longest text that is searched for an end: no line may cost quadratic time. */
const MAX_SPAN = 4_000;
const PUNCTUATION = /[!-/:-@[-`{-~]/u;

/** Longer marks first. */
const MARKS: readonly { readonly mark: string; readonly styles: readonly Style[] }[] = [
  { mark: "***", styles: ["BOLD", "ITALIC"] },
  { mark: "___", styles: ["BOLD", "ITALIC"] },
  { mark: "**", styles: ["BOLD"] },
  { mark: "__", styles: ["BOLD"] },
  { mark: "~~", styles: ["STRIKETHROUGH"] },
  { mark: "||", styles: ["SPOILER"] },
  { mark: "*", styles: ["ITALIC"] },
  { mark: "_", styles: ["ITALIC"] },
];

export function inline(text: string, depth = 0): Styled {
  if (depth > MAX_DEPTH) return plain(text);
  const pieces: Styled[] = [];
  let literal = "";
  let at = 0;
  while (at < text.length) {
    const found = span(text, at, depth);
    if (!found) {
      literal += text[at++];
      continue;
    }
    pieces.push(plain(literal), found.piece);
    literal = "";
    at = found.end;
  }
  return joined([...pieces, plain(literal)]);
}

interface Found {
  readonly piece: Styled;
  readonly end: number;
}

function span(text: string, at: number, depth: number): Found | undefined {
  switch (text[at]) {
    case "\\": {
      const next = text[at + 1];
      return next !== undefined && PUNCTUATION.test(next) ? { piece: plain(next), end: at + 2 } : undefined;
    }
    case "`":
      return codeSpan(text, at);
    case "!":
      return text[at + 1] === "[" ? linkSpan(text, at + 1, depth) : undefined;
    case "[":
      return linkSpan(text, at, depth);
    case "<":
    case "h":
      return bareUrl(text, at);
    default:
      return emphasis(text, at, depth);
  }
}

function codeSpan(text: string, at: number): Found {
  const run = runLength(text, at, "`");
  const fence = "`".repeat(run);
  for (let close = text.indexOf(fence, at + run); close !== -1;) {
    const closing = runLength(text, close, "`");
    if (closing !== run) {
      close = text.indexOf(fence, close + closing);
      continue;
    }
    const body = text.slice(at + run, close);
    const padded = body.length > 2 && body.startsWith(" ") && body.endsWith(" ") && body.trim() !== "";
    return { piece: styled("MONOSPACE", plain(padded ? body.slice(1, -1) : body)), end: close + run };
  }
  return { piece: plain(fence), end: at + run };
}

function runLength(text: string, at: number, char: string): number {
  let end = at;
  while (text[end] === char) end++;
  return end - at;
}

/** `[label](url "title")` as `label (url)`; the address alone where both say the same. */
function linkSpan(text: string, at: number, depth: number): Found | undefined {
  const labelEnd = closing(text, at, "[", "]");
  if (labelEnd === -1 || text[labelEnd + 1] !== "(") return undefined;
  const urlEnd = closing(text, labelEnd + 1, "(", ")");
  if (urlEnd === -1) return undefined;
  const url = text.slice(labelEnd + 2, urlEnd).trim()
    .replace(/\s+(?:"[^"]*"|'[^']*')$/u, "").replace(/^<(.*)>$/u, "$1");
  const written = text.slice(at + 1, labelEnd).trim();
  const label = written === url || written === "" ? plain("") : inline(written, depth + 1);
  const address = url === "" ? "" : label.text === "" ? url : ` (${url})`;
  return { piece: joined([label, plain(address)]), end: urlEnd + 1 };
}

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

/** Signal links it by itself; its underscores are no emphasis. */
function bareUrl(text: string, at: number): Found | undefined {
  const near = text.slice(at, at + 2_010);
  const marked = /^<(https?:\/\/[^\s<>]{1,2000})>/iu.exec(near);
  if (marked?.[1] !== undefined) return { piece: plain(marked[1]), end: at + marked[0].length };
  const bare = /^https?:\/\/[^\s<>"')\]*`]{1,2000}/iu.exec(near);
  return bare === null ? undefined : { piece: plain(bare[0]), end: at + bare[0].length };
}

function emphasis(text: string, at: number, depth: number): Found | undefined {
  const found = MARKS.find(({ mark }) => text.startsWith(mark, at));
  if (!found) return undefined;
  const { mark, styles } = found;
  const from = at + mark.length;
  const close = opens(text, at, mark) ? closingMark(text, from, mark) : -1;
  // The whole run is text then: "****" must not be read as an empty pair of a shorter mark.
  if (close === -1) return { piece: plain(mark), end: from };
  const body = inline(text.slice(from, close), depth + 1);
  return { piece: styles.reduceRight((piece, style) => styled(style, piece), body), end: close + mark.length };
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
