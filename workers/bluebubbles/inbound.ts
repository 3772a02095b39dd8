/** A message of the server as neutral events, or the reason for which it is none. */
import type { Static } from "../../schemas/primitives.ts";
import type { Inbound, MediaRef } from "../../schemas/worker/content.ts";
import { handleOf, readChatGuid } from "./chat_guid.ts";
import { readTapback } from "./tapbacks.ts";
import type { Attachment, Message } from "./wire.ts";

type Media = Static<typeof MediaRef>;
export type Dropped = "own_message" | "stale" | "no_sender" | "no_chat" | "empty" | "unknown_reaction" | "group_change";
export type Reading = { readonly event: Inbound } | { readonly dropped: Dropped };

export interface ReadingRules {
  readonly now: number;
  readonly maxAgeMs: number;
  /** Whether we wrote the message with this id; undefined: nobody knows. */
  isOwn(guid: string): boolean | undefined;
}

const present = (value: string | null | undefined): value is string => typeof value === "string" && value.trim() !== "";

/** The chat's name, wherever this version puts it. */
export function chatGuidOf({ chatGuid, chats }: Message): string | undefined {
  return present(chatGuid) ? chatGuid : chats?.[0]?.guid;
}

/** `1`, `p:0/GUID` and `bp:GUID` are the message GUID. */
export const targetGuid = (written: string): string => written.replace(/^(?:p:\d+\/|bp:)/u, "");

export function readMessage(message: Message, rules: ReadingRules): Reading {
  const { now, maxAgeMs } = rules;
  if (message.isFromMe === true) return { dropped: "own_message" };
  const at = Math.round(message.dateEdited || message.dateCreated || now);
  if (now - at > maxAgeMs) return { dropped: "stale" };
  const address = message.handle?.address;
  const sender = present(address) ? handleOf(address) : "";
  const guid = chatGuidOf(message);
  const form = guid === undefined ? undefined : readChatGuid(guid);
  if (guid === undefined || form === undefined) return { dropped: "no_chat" };
  if ((message.itemType ?? 0) !== 0) return { dropped: "group_change" };
  if (sender === "") return { dropped: "no_sender" };
  const title = message.chats?.[0]?.displayName;
  const origin: Origin = {
    chat: { id: guid, kind: form.kind, ...(form.kind === "group" && present(title) ? { title } : {}) },
    sender: {
      id: sender,
      aliases: [...new Set([String(address), `chat_guid:${guid}`, `chat_identifier:${form.identifier}`])],
    },
    timestamp: Math.max(0, at),
  };
  return isReaction(message) ? reaction(message, origin, rules) : said(message, origin);
}

type Origin = Pick<Inbound, "chat" | "sender" | "timestamp">;

const isReaction = ({ associatedMessageGuid, associatedMessageType }: Message): boolean =>
  present(associatedMessageGuid) && associatedMessageType !== null && associatedMessageType !== undefined;

function reaction(message: Message, origin: Origin, { isOwn }: ReadingRules): Reading {
  const about = targetGuid(message.associatedMessageGuid ?? "");
  const tapback = readTapback(message.associatedMessageType ?? "", message.associatedMessageEmoji ?? undefined);
  if (tapback === undefined || about === "") return { dropped: "unknown_reaction" };
  const own = isOwn(about);
  return {
    event: {
      ...origin,
      kind: "reaction",
      dedupeKey: message.guid,
      messageId: about,
      ...tapback,
      ...(own === undefined ? {} : { onOwnMessage: own }),
    },
  };
}

/**
 * One message may come several times: as it is, edited, and with attachments that took longer. Each form has a key of its
 * own that is the same after a restart, so that main's inbox knows which of them it has.
 */
function said(message: Message, origin: Origin): Reading {
  const { guid, dateRetracted, dateEdited, threadOriginatorGuid } = message;
  if (dateRetracted) {
    const text = `The message ${guid} was taken back by its writer`;
    return { event: { ...origin, kind: "note", dedupeKey: `${guid}:unsent`, text } };
  }
  const media = (message.attachments ?? []).filter(({ hideAttachment }) => hideAttachment !== true).slice(0, 32)
    .map(mediaOf);
  // The object replacement character stands in the text where an attachment is or will be.
  const text = (message.text ?? "").replaceAll("\uFFFC", "").trim().slice(0, 100_000);
  if (text === "" && media.length === 0) return { dropped: "empty" };
  const key = dateEdited ? `${guid}:edit:${Math.round(dateEdited)}` : media.length > 0 ? `${guid}:media` : guid;
  return {
    event: {
      ...origin,
      kind: "message",
      dedupeKey: key,
      messageId: guid,
      text,
      media,
      ...(present(threadOriginatorGuid) ? { replyTo: { messageId: threadOriginatorGuid } } : {}),
      ...(dateEdited ? { edited: true } : {}),
    },
  };
}

function mediaOf({ guid, transferName, mimeType, totalBytes, isSticker }: Attachment): Media {
  const type = present(mimeType) ? mimeType : "application/octet-stream";
  const name = transferName?.replaceAll(/[\p{Cc}/\\]+/gu, " ").trim().slice(0, 200);
  return {
    ref: guid,
    kind: isSticker === true ? "sticker" : kindOf(type, name ?? ""),
    mimeType: type,
    ...(name ? { fileName: name } : {}),
    ...(typeof totalBytes === "number" && totalBytes >= 0 ? { bytes: Math.round(totalBytes) } : {}),
  };
}

function kindOf(type: string, name: string): Media["kind"] {
  if (/\.caf$/iu.test(name) || type === "audio/x-caf") return "voice";
  const [family] = type.split("/");
  return family === "image" || family === "audio" || family === "video" ? family : "document";
}
