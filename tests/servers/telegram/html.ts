/** Telegram's HTML parse mode: what it refuses, and what text and entities are left. Written from its documentation. */
import { Refusal } from "./refusal.ts";

export interface ParsedEntity {
  readonly type: string;
  readonly offset: number;
  readonly length: number;
  readonly url?: string;
  readonly language?: string;
}

const TYPES: Readonly<Record<string, string>> = {
  b: "bold",
  strong: "bold",
  i: "italic",
  em: "italic",
  u: "underline",
  ins: "underline",
  s: "strikethrough",
  strike: "strikethrough",
  del: "strikethrough",
  "tg-spoiler": "spoiler",
  code: "code",
  pre: "pre",
  a: "text_link",
  blockquote: "blockquote",
};
const NAMED: Readonly<Record<string, string>> = { lt: "<", gt: ">", amp: "&", quot: '"' };

interface OpenTag {
  readonly tag: string;
  readonly offset: number;
  readonly url: string | undefined;
  language: string | undefined;
}

const broken = (reason: string): Refusal => new Refusal(400, `Bad Request: can't parse entities: ${reason}`);

/** Throws a Refusal as Telegram words it. Blank ends are cut, as Telegram does. */
export function parseHtml(html: string): { readonly text: string; readonly entities: readonly ParsedEntity[] } {
  const open: OpenTag[] = [];
  const entities: ParsedEntity[] = [];
  let text = "";
  let at = 0;
  while (at < html.length) {
    const char = html[at] ?? "";
    if (char === "&") {
      const match = /^&(?:(lt|gt|amp|quot)|#(\d{1,7}));/u.exec(html.slice(at, at + 12));
      text += match === null ? "&" : match[1] === undefined ? String.fromCodePoint(Number(match[2])) : NAMED[match[1]];
      at += match === null ? 1 : match[0].length;
    } else if (char === "<") {
      const end = html.indexOf(">", at);
      if (end === -1) throw broken(`Unclosed start tag at byte offset ${at}`);
      applyTag(html.slice(at + 1, end), at, text.length, open, entities);
      at = end + 1;
    } else {
      text += char;
      at++;
    }
  }
  const left = open.at(-1);
  if (left) throw broken(`Can't find end tag corresponding to start tag "${left.tag}"`);
  return { text: text.trim(), entities };
}

function applyTag(inside: string, at: number, offset: number, open: OpenTag[], entities: ParsedEntity[]): void {
  if (inside.startsWith("/")) {
    const tag = inside.slice(1).trim().toLowerCase();
    const top = open.pop();
    if (!top) throw broken(`Unexpected end tag at byte offset ${at}`);
    if (top.tag !== tag) {
      throw broken(`Unmatched end tag at byte offset ${at}, expected "</${top.tag}>", found "</${tag}>"`);
    }
    const length = offset - top.offset;
    const isLanguageOnly = tag === "code" && open.at(-1)?.tag === "pre";
    if (length > 0 && !isLanguageOnly) {
      entities.push({
        type: TYPES[tag] ?? tag,
        offset: top.offset,
        length,
        ...(top.url === undefined ? {} : { url: top.url }),
        ...(top.language === undefined ? {} : { language: top.language }),
      });
    }
    return;
  }
  const match = /^([a-z-]+)((?:\s+[a-z-]+(?:="[^"<>]*")?)*)\s*$/iu.exec(inside);
  const tag = match?.[1]?.toLowerCase() ?? "";
  if (TYPES[tag] === undefined) {
    throw broken(`Unsupported start tag "${tag || inside.slice(0, 20)}" at byte offset ${at}`);
  }
  const parent = open.at(-1);
  if (open.some((each) => each.tag === tag && tag === "blockquote")) throw broken("Blockquotes can't be nested");
  if (open.some((each) => each.tag === "code" || (each.tag === "pre" && tag !== "code"))) {
    throw broken(`Tag "${tag}" can't stand inside of code at byte offset ${at}`);
  }
  const attributes = match?.[2] ?? "";
  const language = /class="language-([^"]+)"/u.exec(attributes)?.[1];
  if (tag === "code" && parent?.tag === "pre" && language !== undefined) parent.language = language;
  const href = /href="([^"]*)"/u.exec(attributes)?.[1]?.replaceAll("&amp;", "&").replaceAll("&quot;", '"');
  open.push({ tag, offset, url: tag === "a" ? href : undefined, language: undefined });
}
