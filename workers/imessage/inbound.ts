/** A message of imsg as the neutral event, or the reason for which it is none. */
import type { Inbound } from "../../schemas/worker/content.ts";
import { handleOf } from "./target.ts";
import type { Attachment, Message } from "./wire.ts";
import type { Static } from "../../schemas/primitives.ts";

export type Reading =
  | { readonly event: Extract<Inbound, { kind: "message" }>; readonly names: readonly string[] }
  | { readonly dropped: "own_message" | "reaction" | "no_sender" | "no_chat" | "empty" | "stale" };

export interface ReadingRules {
  readonly groups: ReadonlySet<string>;
  readonly maxAgeMs: number;
  readonly now: number;
}

const present = (value: string | null | undefined): value is string => typeof value === "string" && value.trim() !== "";

export function readMessage(message: Message, { groups, maxAgeMs, now }: ReadingRules): Reading {
  if (message.is_from_me === true) return { dropped: "own_message" };
  if (message.is_reaction === true) return { dropped: "reaction" };
  if (!present(message.sender)) return { dropped: "no_sender" };
  const timestamp = timeOf(message.created_at, now);
  if (now - timestamp > maxAgeMs) return { dropped: "stale" };
  const text = textOf(message);
  if (text === "") return { dropped: "empty" };
  const sender = handleOf(message.sender);
  const names = chatNames(message);
  const isGroup = message.is_group === true || names.some((name) => groups.has(name) || groups.has(bare(name)));
  const chatId = isGroup ? groupId(message) : sender;
  if (chatId === undefined || sender === "") return { dropped: "no_chat" };
  const guid = present(message.guid) ? message.guid : `row:${message.chat_id ?? "?"}:${message.id ?? timestamp}`;
  return {
    names: [sender, ...names.map(bare)],
    event: {
      kind: "message",
      dedupeKey: guid,
      messageId: guid,
      timestamp,
      chat: {
        id: chatId,
        kind: isGroup ? "group" : "direct",
        ...(isGroup && present(message.chat_name) ? { title: message.chat_name } : {}),
      },
      sender: { id: sender, aliases: [...new Set([message.sender, ...names])].slice(0, 8) },
      text,
      ...(present(message.reply_to_guid) ? { replyTo: { messageId: message.reply_to_guid } } : {}),
      media: [],
    },
  };
}

/** `chat_id:7` and so on: allow lists may name the chat instead of the person. */
function chatNames({ chat_id, chat_guid, chat_identifier }: Message): string[] {
  return [
    ...(typeof chat_id === "number" ? [`chat_id:${chat_id}`] : []),
    ...(present(chat_guid) ? [`chat_guid:${chat_guid}`] : []),
    ...(present(chat_identifier) ? [`chat_identifier:${chat_identifier}`] : []),
  ];
}

const bare = (name: string): string => name.slice(name.indexOf(":") + 1);

/** The chat's number is what people see in `imsg chats` and write into `groups`. */
function groupId({ chat_id, chat_guid, chat_identifier }: Message): string | undefined {
  if (typeof chat_id === "number") return String(chat_id);
  if (present(chat_guid)) return `chat_guid:${chat_guid}`;
  return present(chat_identifier) ? `chat_identifier:${chat_identifier}` : undefined;
}

/** Files lie in the message store, which this worker may not read: they are named. */
function textOf({ text, attachments }: Message): string {
  // The object replacement character stands in the text where an attachment was.
  const said = (text ?? "").replaceAll("\uFFFC", "").trim();
  const lines = (attachments ?? []).slice(0, 32).map(describe);
  return [said, ...lines].filter((line) => line !== "").join("\n").slice(0, 100_000);
}

function describe({ transfer_name, filename, original_path, mime_type }: Static<typeof Attachment>): string {
  const path = [transfer_name, filename, original_path].find(present);
  const name = path?.split("/").at(-1)?.replaceAll(/[\s\p{Cc}"]+/gu, " ").slice(0, 120);
  const type = present(mime_type) ? mime_type.slice(0, 60) : "file";
  return `[attachment${name ? ` "${name}"` : ""}, ${type}: this channel cannot open attachments]`;
}

/** ISO text, or seconds or milliseconds; what cannot be read was now. */
function timeOf(value: Message["created_at"], now: number): number {
  const at = typeof value === "number" ? (value < 1e11 ? value * 1000 : value) : Date.parse(value ?? "");
  return Number.isFinite(at) && at >= 0 ? Math.round(at) : now;
}
