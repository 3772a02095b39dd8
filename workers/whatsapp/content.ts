/** What a WhatsApp message says: its text, its attachment, whom it names and what it answers. */
import type { proto } from "@whiskeysockets/baileys";
import { MAX_TEXT } from "../../schemas/worker/content.ts";
import type { Static } from "../../schemas/primitives.ts";
import type { MediaKind } from "../../schemas/worker/content.ts";
import type { Attachment } from "./media_in.ts";

export type Content = proto.IMessage;

export interface File {
  readonly kind: Static<typeof MediaKind>;
  readonly type: Attachment["type"];
  readonly mimeType: string;
  readonly fileName: string | undefined;
  readonly bytes: number | undefined;
  readonly mediaKey: Uint8Array | undefined;
  readonly url: string | undefined;
  readonly directPath: string | undefined;
  readonly sha256: Uint8Array | undefined;
}

const clip = (text: string): string => text.length > MAX_TEXT ? text.slice(0, MAX_TEXT) : text;

/** `content` is already unwrapped. Empty when it says nothing in words. */
export function textOf(content: Content): string {
  const text = content.conversation ?? content.extendedTextMessage?.text ?? content.imageMessage?.caption ??
    content.videoMessage?.caption ?? content.ptvMessage?.caption ?? content.documentMessage?.caption ??
    choiceOf(content) ?? placeOf(content) ?? contactsOf(content) ?? pollOf(content) ?? otherOf(content) ?? "";
  return clip(text);
}

/** What somebody chose from a list or a row of buttons. */
const choiceOf = (content: Content): string | undefined =>
  content.buttonsResponseMessage?.selectedDisplayText ?? content.templateButtonReplyMessage?.selectedDisplayText ??
    content.listResponseMessage?.title ?? content.interactiveResponseMessage?.body?.text ?? undefined;

function placeOf({ locationMessage: fixed, liveLocationMessage: live }: Content): string | undefined {
  const place = fixed ?? live;
  if (!place) return undefined;
  const coordinates = `${place.degreesLatitude ?? 0}, ${place.degreesLongitude ?? 0}`;
  const words = fixed ? [fixed.name, fixed.address, fixed.comment] : [live?.caption];
  const names = words.filter((word): word is string => typeof word === "string" && word !== "");
  return `${live ? "Live location" : "Location"}: ${[...names, `(${coordinates})`].join(", ")}`;
}

function contactsOf({ contactMessage, contactsArrayMessage }: Content): string | undefined {
  const cards = contactMessage ? [contactMessage] : contactsArrayMessage?.contacts ?? [];
  if (cards.length === 0) return undefined;
  return cards.slice(0, 50).map(({ displayName, vcard }) => {
    const numbers = [...(vcard ?? "").matchAll(/^(?:item\d+\.)?TEL[^:\n]*:([^\r\n]+)/gimu)].map(([, number]) => number);
    return `Contact: ${[displayName || "unnamed", ...numbers].join(", ")}`;
  }).join("\n");
}

function pollOf(content: Content): string | undefined {
  const poll = content.pollCreationMessage ?? content.pollCreationMessageV2 ?? content.pollCreationMessageV3;
  if (!poll) return undefined;
  const options = (poll.options ?? []).map(({ optionName }) => `- ${optionName ?? ""}`);
  return [`Poll: ${poll.name ?? ""}`, ...options].join("\n");
}

function otherOf({ groupInviteMessage: invite, eventMessage: event }: Content): string | undefined {
  if (invite) return `Invitation to the group ${invite.groupName ?? ""}: ${invite.caption ?? ""}`;
  if (event) return `Event: ${event.name ?? ""} ${event.description ?? ""}`.trimEnd();
  return undefined;
}

/** The part that says whom a message names and what it answers. */
export function contextOf(content: Content): proto.IContextInfo | undefined {
  for (const part of Object.values(content)) {
    if (typeof part !== "object" || part === null || !("contextInfo" in part)) continue;
    const info: proto.IContextInfo | null | undefined = part.contextInfo;
    if (info) return info;
  }
  return undefined;
}

interface MediaPart {
  mediaKey?: Uint8Array | null;
  url?: string | null;
  directPath?: string | null;
  fileSha256?: Uint8Array | null;
  mimetype?: string | null;
  fileName?: string | null;
  fileLength?: number | { toNumber(): number } | null;
}

export function fileOf(content: Content): File | undefined {
  const { imageMessage, videoMessage, ptvMessage, audioMessage, documentMessage, stickerMessage } = content;
  if (imageMessage) return file("image", "image", imageMessage, "image/jpeg");
  if (videoMessage) return file("video", "video", videoMessage, "video/mp4");
  if (ptvMessage) return file("video", "video", ptvMessage, "video/mp4");
  if (audioMessage) return file(audioMessage.ptt ? "voice" : "audio", "audio", audioMessage, "audio/ogg");
  if (documentMessage) return file("document", "document", documentMessage, "application/octet-stream");
  if (stickerMessage) return file("sticker", "sticker", stickerMessage, "image/webp");
  return undefined;
}

function file(kind: File["kind"], type: File["type"], part: MediaPart, mime: string): File {
  const { fileLength } = part;
  const bytes = typeof fileLength === "number" ? fileLength : fileLength?.toNumber();
  return {
    kind,
    type,
    mimeType: part.mimetype || mime,
    fileName: part.fileName || undefined,
    bytes: bytes !== undefined && Number.isSafeInteger(bytes) && bytes >= 0 ? bytes : undefined,
    mediaKey: part.mediaKey ?? undefined,
    url: part.url || undefined,
    directPath: part.directPath || undefined,
    sha256: part.fileSha256 ?? undefined,
  };
}
