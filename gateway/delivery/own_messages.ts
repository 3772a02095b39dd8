/** Whether something on a platform is ours: a button that was pressed, an answer of ours that comes back as a message. */
import type { Db } from "../storage/db.ts";

/** How long an answer may take to come back as an echo. */
const ECHO_MS = 2 * 60_000;

export interface ChatPlace {
  readonly channel: string;
  readonly accountId: string;
  readonly chatId: string;
}

export interface OwnMessages {
  /** The delivery with which we put a button with this data on the message; undefined: the button is not ours. */
  buttonGroup(place: ChatPlace, messageId: string, data: string): string | undefined;
  /** Whether we sent this message, or are sending this very text, lately. */
  isEcho(place: ChatPlace, messageId: string, text: string, now: number): boolean;
}

export function createOwnMessages(db: Db): OwnMessages {
  return {
    buttonGroup({ channel, accountId, chatId }, messageId, data) {
      const row = db.all(WITH_ID, channel, accountId, messageId, chatId, chatId)
        .find((each) => buttonData(JSON.parse(String(each["message"]))).includes(data));
      return row && String(row["group_id"]);
    },
    isEcho({ channel, accountId, chatId }, messageId, text, now) {
      return db.all(LATELY, channel, accountId, chatId, now - ECHO_MS).some((row) =>
        (row["receipt"] !== null && String(row["receipt"]).includes(JSON.stringify(messageId))) ||
        textOf(JSON.parse(String(row["message"]))) === text.trim()
      );
    },
  };
}

/** The chat is named as the sender of the message named it, or as the platform answered: `user:12` is some direct chat. */
const WITH_ID = "SELECT message, group_id FROM outbox WHERE channel = ? AND account = ? AND receipt IS NOT NULL " +
  "AND EXISTS (SELECT 1 FROM json_each(receipt, '$.messageIds') WHERE value = ?) " +
  "AND (chat_id = ? OR json_extract(receipt, '$.chatId') = ?) LIMIT 20";
const LATELY = "SELECT message, receipt FROM outbox WHERE channel = ? AND account = ? AND chat_id = ? " +
  "AND state IN ('attempting', 'sent', 'unknown') AND updated_at > ? ORDER BY updated_at DESC LIMIT 50";

function textOf(message: unknown): string {
  const text = isRecord(message) ? message["text"] : undefined;
  return typeof text === "string" ? text.trim() : "";
}

function buttonData(message: unknown): string[] {
  const rows = isRecord(message) ? message["buttons"] : undefined;
  if (!Array.isArray(rows)) return [];
  return rows.flat().flatMap((button: unknown) => {
    const data = isRecord(button) ? button["data"] : undefined;
    return typeof data === "string" ? [data] : [];
  });
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
