/** One-line texts made of messages: session titles and previews. */
import type { Message } from "../../schemas/message.ts";
import type { Db } from "../storage/db.ts";

const TITLE_CHARS = 60;
/** Titles kept in memory; the oldest goes first. A title never changes, because the first user message does not. */
const MAX_CACHED = 2000;
/** The stamp that the gateway puts before a prompt, such as `[Sun 2026-11-22 11:03 UTC] `. */
const STAMP = /^\[[A-Z][a-z]{2} \d{4}-\d{2}-\d{2} \d{2}:\d{2} [^\]]{1,16}\]\s*/u;

/** The text parts of a message, joined by line breaks. */
export function messageText(message: Message): string {
  return message.content.flatMap((part) => part.type === "text" ? [part.text] : []).join("\n");
}

/** One line of at most `max` characters, cut at a space where there is one near the end. */
export function oneLine(text: string, max: number): string {
  // Only the start can show; a whole message may be megabytes.
  const line = text.slice(0, max * 8).replace(STAMP, "").replaceAll(/\s+/gu, " ").trim();
  const chars = [...line];
  if (chars.length <= max) return line;
  const cut = chars.slice(0, max - 1).join("");
  const space = cut.lastIndexOf(" ");
  return `${space > max * 0.6 ? cut.slice(0, space) : cut}…`;
}

/** The session titles, made of the first user message of a session id. */
export function createTitles(db: Db): (sessionId: string) => string | undefined {
  const cache = new Map<string, string>();
  return (sessionId) => {
    const known = cache.get(sessionId);
    if (known !== undefined) return known;
    const title = readTitle(db, sessionId);
    if (title === undefined) return undefined;
    const oldest = cache.size >= MAX_CACHED ? cache.keys().next() : undefined;
    if (oldest && !oldest.done) cache.delete(oldest.value);
    cache.set(sessionId, title);
    return title;
  };
}

/** The text is cut inside SQLite, so that a message with pictures is not parsed for its title. */
function readTitle(db: Db, sessionId: string): string | undefined {
  const row = db.get(
    `SELECT substr(json_extract(part.value, '$.text'), 1, 480) AS text
       FROM (SELECT message FROM transcript WHERE session_id = ? AND role = 'user' ORDER BY seq LIMIT 1) AS first,
            json_each(first.message, '$.content') AS part
      WHERE json_extract(part.value, '$.type') = 'text' LIMIT 1`,
    sessionId,
  );
  return row === undefined ? undefined : oneLine(String(row["text"]), TITLE_CHARS) || undefined;
}
