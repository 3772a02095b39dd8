/** Transcripts: append-only rows, read in pages from the end. */
import { Message } from "../../schemas/message.ts";
import { checker } from "../../schemas/validate.ts";
import type { Clock } from "../observe/clock.ts";
import type { Db, Row } from "../storage/db.ts";
import type { StoredMessage, Transcript } from "./types.ts";

/** Most rows that one page reads. */
const MAX_PAGE = 1000;

const checkMessage = checker(Message, { first: true });

/** Keeps transcripts in the `transcript` table. Every call is one or two statements; nothing is held in memory. */
export function createTranscript({ db, clock }: { readonly db: Db; readonly clock: Clock }): Transcript {
  const page: Transcript["page"] = (sessionId, { limit, beforeSeq, maxBytes, plain = false }) => {
    const end = beforeSeq ?? Number.MAX_SAFE_INTEGER;
    const rows = Math.min(Math.max(Math.trunc(limit), 0), MAX_PAGE);
    const from = firstSeq(db.all(plain ? SIZES_PLAIN : SIZES, sessionId, end, rows), maxBytes ?? Infinity);
    if (from === undefined) return [];
    return plain ? plainPage(db, sessionId, from, end) : db.all(SELECT_PAGE, sessionId, from, end).map(toStored);
  };
  return {
    append: (sessionId, message) =>
      db.transaction(() => {
        const seq = lastSeq(db, sessionId) + 1;
        const id = entryId(sessionId, seq);
        db.run(INSERT, sessionId, seq, id, message.role, JSON.stringify(message), clock.now());
        return { id, seq, message };
      }),
    page,
    last: (sessionId) => page(sessionId, { limit: 1 })[0],
    // Appending is the only change, so the last number is the count.
    count: (sessionId) => lastSeq(db, sessionId),
  };
}

const INSERT =
  "INSERT INTO transcript (session_id, seq, entry_id, role, message, created_at) VALUES (?, ?, ?, ?, ?, ?)";
const SELECT_PAGE =
  "SELECT seq, entry_id, message, created_at FROM transcript WHERE session_id = ? AND seq >= ? AND seq < ? ORDER BY seq";
const SIZES =
  "SELECT seq, octet_length(message) AS bytes FROM transcript WHERE session_id = ? AND seq < ? ORDER BY seq DESC LIMIT ?";

/** Entries above this that hold a picture are mostly picture: texts of tools are cut at half of it. */
const HEAVY_CHARS = 65_536;
/** They count as an eighth: what is thrown away has to be read and parsed all the same. */
const SIZES_PLAIN = SIZES.replace(
  "octet_length(message)",
  `CASE WHEN octet_length(message) > ${HEAVY_CHARS} AND instr(message, '"type":"image"') > 0 ` +
    `THEN MAX(${HEAVY_CHARS}, octet_length(message) / 8) ELSE octet_length(message) END`,
);
/** What takes the place of a picture in prompts. */
export const PICTURE_GONE = "[an image that is not shown any more]";

/** One entry after the other, so that the pictures of one at a time are in memory. */
function plainPage(db: Db, sessionId: string, from: number, end: number): StoredMessage[] {
  const seqs = db.all(
    "SELECT seq FROM transcript WHERE session_id = ? AND seq >= ? AND seq < ? ORDER BY seq",
    sessionId,
    from,
    end,
  );
  return seqs.flatMap(({ seq }) => {
    const [row] = db.all(SELECT_PAGE, sessionId, Number(seq), Number(seq) + 1);
    return row ? [withoutPictures(toStored(row), String(row["message"]).length)] : [];
  });
}

function withoutPictures(stored: StoredMessage, chars: number): StoredMessage {
  const { message } = stored;
  if (chars <= HEAVY_CHARS || (message.role !== "user" && message.role !== "toolResult")) return stored;
  const content = message.content.map((part) =>
    part.type === "text" ? part : { type: "text" as const, text: PICTURE_GONE }
  );
  return { ...stored, message: { ...message, content } };
}

function lastSeq(db: Db, sessionId: string): number {
  return Number(db.get("SELECT MAX(seq) AS seq FROM transcript WHERE session_id = ?", sessionId)?.["seq"] ?? 0);
}

/**
 * The first of the entries, newest first, whose sizes together stay within `maxBytes`; the newest one always counts. Only
 * sizes are read, so that a page of pictures costs no more memory than it may return.
 */
function firstSeq(sizes: readonly Row[], maxBytes: number): number | undefined {
  let total = 0;
  let first: number | undefined;
  for (const row of sizes) {
    total += Number(row["bytes"]);
    if (first !== undefined && total > maxBytes) break;
    first = Number(row["seq"]);
  }
  return first;
}

/** A row that no longer matches the schema (disk damage, a newer version's row) is shown as such; the page still opens. */
function toStored(row: Row): StoredMessage {
  const seq = Number(row["seq"]);
  const id = String(row["entry_id"]);
  const message = parse(String(row["message"]));
  if (checkMessage.is(message)) return { id, seq, message };
  const text = "[This entry cannot be read]";
  return {
    id,
    seq,
    message: { role: "system", content: [{ type: "text", text }], timestamp: Number(row["created_at"]) },
  };
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

/**
 * Eight hex digits, the protocol's entry id. Unique within a session id without a lookup: the number is multiplied by an
 * odd constant modulo 2^32, which maps no two numbers to one, and moved by a hash of the session id.
 */
export function entryId(sessionId: string, seq: number): string {
  let hash = 0x811c9dc5;
  for (let i = 0; i < sessionId.length; i++) hash = Math.imul(hash ^ sessionId.charCodeAt(i), 0x01000193);
  return ((hash ^ Math.imul(seq, 0x9e3779b1)) >>> 0).toString(16).padStart(8, "0");
}
