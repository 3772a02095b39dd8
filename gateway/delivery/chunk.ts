/**
 * Cuts Markdown into messages of a platform's size. Greedy: a part depends only on the text up to its end, so the parts
 * of a growing answer stay where they are. A code fence that is cut is closed and opened again with its info string.
 */
import { createFenceScan, type Fence } from "./fence.ts";

export interface ChunkLimits {
  /** UTF-16 units. */
  readonly maxText: number;
  /** 0: no limit. */
  readonly maxLines: number;
  /** `newline` cuts at the last blank line that fits, however early; `length` fills the message. */
  readonly mode: "length" | "newline";
}

export interface Chunk {
  /** With the fences repaired. */
  readonly text: string;
  /** Where in the original this part ends; the next one begins there, white space of the cut skipped. */
  readonly end: number;
}

/** The texts alone. Nothing but white space gives no part. */
export const chunkMarkdown = (text: string, limits: ChunkLimits): string[] =>
  chunksOf(text, limits).map((chunk) => chunk.text);

export function chunksOf(text: string, limits: ChunkLimits): Chunk[] {
  const chunks: Chunk[] = [];
  const scan = createFenceScan(text);
  let from = skipBlank(text, 0);
  while (from < text.length) {
    const open = scan.at(from);
    const { end, next } = cut(text, from, scan, limits);
    const body = text.slice(from, end);
    chunks.push({ text: repaired(body, open, scan.at(end), limits), end: next });
    from = next;
  }
  return chunks.filter((chunk) => chunk.text.trim() !== "");
}

type Scan = ReturnType<typeof createFenceScan>;

/** Where the part that begins at `from` ends, and where the next one begins. */
function cut(text: string, from: number, scan: Scan, limits: ChunkLimits): { end: number; next: number } {
  const most = furthest(text, from, scan, limits);
  if (most >= text.length || text.slice(most).trim() === "" && scan.at(text.length) === undefined) {
    const end = most >= text.length ? text.trimEnd().length : most;
    return { end: Math.max(end, from + 1), next: text.length };
  }
  const opened = openingOf(scan.at(from), limits);
  const outside = (at: number) => scan.at(at) === undefined;
  // A cut inside a block needs room for the closing fence, which the longest part may not have needed.
  const inside = (at: number) => scan.at(at - 1) !== undefined && fits(text, from, at, scan, opened, limits);
  const end = bestBreak({ text, from, most, outside, inside }, limits.mode);
  return trimmed(text, from, end, scan);
}

/** The longest part that fits with its fence repaired. Line ends and lengths only grow, so the search stops at the first misfit. */
function furthest(text: string, from: number, scan: Scan, limits: ChunkLimits): number {
  const opened = openingOf(scan.at(from), limits);
  const lines = limits.maxLines === 0 ? Infinity : limits.maxLines;
  let room = Math.min(text.length, from + limits.maxText - opened.length);
  let count = newlines(opened) + 1;
  for (let at = text.indexOf("\n", from); at !== -1 && at < room; at = text.indexOf("\n", at + 1)) {
    const closing = scan.at(at) === undefined ? 0 : 1;
    if (++count + closing > lines) {
      room = at;
      break;
    }
  }
  if (room >= text.length && fits(text, from, room, scan, opened, limits)) return text.length;
  // The closing fence needs room too; at most a few characters, so few steps.
  room = beforeFenceLine(text, from, room);
  while (room > from + 1 && !fits(text, from, room, scan, opened, limits)) room--;
  return wholeGrapheme(text, from, room);
}

/** A cut within a line that opens or closes a fence would leave its back-ticks to be read as text. */
function beforeFenceLine(text: string, from: number, end: number): number {
  const start = text.lastIndexOf("\n", end - 1) + 1;
  const isFence = /^[ \t]*(?:```|~~~)/u.test(text.slice(start, start + 64));
  return isFence && end > start && start - 1 > from && text[end] !== "\n" ? start - 1 : end;
}

function fits(text: string, from: number, end: number, scan: Scan, opened: string, limits: ChunkLimits): boolean {
  const closed = closingOf(text[end - 1] === "\n", scan.at(end), limits);
  return opened.length + (end - from) + closed.length <= limits.maxText;
}

interface Window {
  readonly text: string;
  readonly from: number;
  readonly most: number;
  /** Whether a cut here tears no fence. */
  readonly outside: (at: number) => boolean;
  /** Whether a cut here tears a fence and can be repaired; not right after its opening line, that would leave it empty. */
  readonly inside: (at: number) => boolean;
}

/** The best place to cut in (from, most]: paragraph, line, sentence, space, in that order, unless it wastes the room. */
function bestBreak(window: Window, mode: ChunkLimits["mode"]): number {
  const { from, most, outside, inside } = window;
  const size = most - from;
  const paragraph = lastMatch(window, /\n[ \t]*\n/gu, outside, 0);
  if (paragraph > from && (mode === "newline" || paragraph - from >= size * 0.4)) return paragraph;
  // A cut before a fence opens keeps the whole block together in the next message.
  const line = lastMatch(window, /\n/gu, outside, 0);
  if (line - from >= size * 0.4) return line;
  const code = lastMatch(window, /\n/gu, inside, 0);
  if (code - from >= size * 0.3) return code;
  const sentence = lastMatch(window, /[.!?…]["')\]]?(?=\s)|[。！？]/gu, outside, 1);
  if (sentence - from >= size * 0.3) return sentence;
  const space = lastMatch(window, /[ \t]+/gu, outside, 0);
  if (space - from >= size * 0.1) return space;
  return most;
}

/** The end (`after` 1) or start (0) of the last match whose place `allowed` takes; `from` when there is none. */
function lastMatch(
  { text, from, most }: Window,
  pattern: RegExp,
  allowed: (at: number) => boolean,
  after: 0 | 1,
): number {
  let best = from;
  for (const match of text.slice(from, most + 1).matchAll(pattern)) {
    const at = from + match.index + (after === 1 ? match[0].length : 0);
    if (at > from && at <= most && allowed(at)) best = at;
  }
  return best;
}

/** Drops the white space of the cut: the rest of the line and blank lines; within code only the one line end. */
function trimmed(text: string, from: number, end: number, scan: Scan): { end: number; next: number } {
  if (scan.at(end) !== undefined) return { end, next: text[end] === "\n" ? end + 1 : end };
  const before = text.slice(from, end).trimEnd().length + from;
  return { end: before > from ? before : end, next: Math.max(skipBlank(text, end), end, from + 1) };
}

/** Past blank lines and the spaces of a cut line, but not into the indentation of the next one. */
function skipBlank(text: string, from: number): number {
  const blank = /^\s*/u.exec(text.slice(from))?.[0] ?? "";
  const lines = blank.lastIndexOf("\n") + 1;
  return from + (lines > 0 ? lines : from > 0 ? blank.length : 0);
}

/** Not in the middle of a surrogate pair or, when another place is near, of a joined character. */
function wholeGrapheme(text: string, from: number, end: number): number {
  if (end >= text.length) return end;
  const start = Math.max(from, end - 64);
  let best = start;
  for (const { index, segment } of new Intl.Segmenter().segment(text.slice(start, end + 64))) {
    const stop = start + index + segment.length;
    if (stop > end) break;
    best = stop;
  }
  if (best > start && best > from) return best;
  return end - from > 1 && isLowSurrogate(text, end) ? end - 1 : end;
}

const isLowSurrogate = (text: string, at: number): boolean => (text.charCodeAt(at) & 0xfc00) === 0xdc00;
const newlines = (text: string): number => text.split("\n").length - 1;

function repaired(body: string, open: Fence | undefined, still: Fence | undefined, limits: ChunkLimits): string {
  return openingOf(open, limits) + body + closingOf(body.endsWith("\n"), still, limits);
}

/** The info string is given up when it would eat a quarter of the message. */
function openingOf(fence: Fence | undefined, { maxText }: ChunkLimits): string {
  if (fence === undefined) return "";
  const line = fence.line.length <= maxText / 4 ? fence.line : fence.indent + fence.marker;
  return line.length > maxText / 3 ? "" : `${line}\n`;
}

function closingOf(newLine: boolean, fence: Fence | undefined, { maxText }: ChunkLimits): string {
  if (fence === undefined || fence.indent.length + fence.marker.length > maxText / 4) return "";
  return `${newLine ? "" : "\n"}${fence.indent}${fence.marker}`;
}
