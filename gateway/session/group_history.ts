/**
 * What was said in a group while the agent was not addressed: inbox rows in state `history`, given to the next prompt once
 * and then used up. Reading and using up are two steps, so that the second joins the transaction that accepts the run.
 */
import { Inbound } from "../../schemas/worker/content.ts";
import { checker } from "../../schemas/validate.ts";
import type { Clock } from "../observe/clock.ts";
import type { Db } from "../storage/db.ts";

export const DEFAULT_HISTORY_LIMIT = 50;
const MAX_LINE_CHARS = 1_000;
const MAX_CONTEXT_CHARS = 20_000;

export interface GroupPlace {
  readonly channel: string;
  readonly accountId: string;
  readonly chatId: string;
  readonly threadId: string | undefined;
}

export interface PendingHistory {
  readonly ids: readonly string[];
  /** For the prompt; empty when nothing is pending. */
  readonly text: string;
}

export interface GroupHistory {
  /** What is pending, oldest first, at most `limit` messages. */
  pending(place: GroupPlace, limit: number): PendingHistory;
  /** Marks rows as used. Joins the caller's transaction. */
  use(ids: readonly string[]): void;
  /** Ends what is beyond the newest `limit` messages of the chat. Joins the caller's transaction. */
  trim(place: GroupPlace, limit: number): void;
}

const checkEvent = checker(Inbound, { first: true });

export function createGroupHistory({ db, clock }: { readonly db: Db; readonly clock: Clock }): GroupHistory {
  const rowsOf = ({ channel, accountId, chatId, threadId }: GroupPlace) =>
    db.all(SELECT, channel, accountId, chatId).flatMap((row) => {
      const event: unknown = JSON.parse(String(row["event"]));
      if (!checkEvent.is(event) || event.kind !== "message" || event.chat.threadId !== threadId) return [];
      return [{ id: String(row["id"]), event }];
    });
  const end = (id: string, reason: string) => db.run(END, reason, clock.now(), id);
  return {
    pending(place, limit) {
      if (limit <= 0) return { ids: [], text: "" };
      const rows = rowsOf(place);
      return { ids: rows.map(({ id }) => id), text: contextText(rows.slice(-limit).map(({ event }) => lineOf(event))) };
    },
    use: (ids) => ids.forEach((id) => end(id, "used_as_context")),
    trim(place, limit) {
      const rows = rowsOf(place);
      for (const { id } of rows.slice(0, Math.max(0, rows.length - limit))) end(id, "context_full");
    },
  };
}

const SELECT = "SELECT id, event FROM inbox WHERE channel = ? AND account = ? AND chat_id = ? AND state = 'history' " +
  "ORDER BY received_at, rowid";
const END = "UPDATE inbox SET state = 'done', reason = ?, updated_at = ? WHERE id = ? AND state = 'history'";

/** `Ada: see you at nine [2 attachments]` */
function lineOf({ sender, text, media }: Extract<Inbound, { kind: "message" }>): string {
  const files = media.length === 0 ? "" : ` [${media.length} attachment${media.length === 1 ? "" : "s"}]`;
  const said = text.replaceAll(/\s+/gu, " ").trim().slice(0, MAX_LINE_CHARS);
  return `${speaker(sender)}: ${said}${files}`.trim();
}

/** A sender's name as one line: names are strangers' input and stand in prompts. */
export const speaker = ({ id, name }: { readonly id: string; readonly name?: string | undefined }): string =>
  (name ?? "").replaceAll(/[\s\p{Cc}]+/gu, " ").trim().slice(0, 64) || id;

/** The newest lines that fit. */
function contextText(lines: readonly string[]): string {
  const kept: string[] = [];
  let left = MAX_CONTEXT_CHARS;
  for (const line of lines.toReversed()) {
    left -= line.length + 1;
    if (left < 0) break;
    kept.unshift(line);
  }
  if (kept.length === 0) return "";
  return ["[Messages in this group since your last answer, for context]", ...kept].join("\n");
}
