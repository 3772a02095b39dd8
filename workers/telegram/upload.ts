/** Which of Telegram's kinds of file an attachment is sent as. */
import type { Outbound } from "../../schemas/worker/content.ts";
import { ProviderError } from "../runtime/provider.ts";

export type Media = NonNullable<Outbound["media"]>;
export type UploadKind = "photo" | "animation" | "voice" | "audio" | "video" | "sticker" | "document";

const MB = 1024 * 1024;
/** What the Bot API takes: photos of 10 MB, everything else of 50. */
const MAX_PHOTO = 10 * MB;
const MAX_FILE = 50 * MB;

const EXTENSIONS: Readonly<Record<string, string>> = {
  "image/jpeg": "jpg",
  "image/png": "png",
  "image/webp": "webp",
  "image/gif": "gif",
  "audio/ogg": "ogg",
  "audio/opus": "ogg",
  "audio/mpeg": "mp3",
  "audio/mp4": "m4a",
  "audio/x-m4a": "m4a",
  "video/mp4": "mp4",
  "application/pdf": "pdf",
  "text/plain": "txt",
};

const typeOf = ({ mimeType }: Pick<Media, "mimeType">): string => (mimeType.split(";")[0] ?? "").trim().toLowerCase();

/** Throws when Telegram would not take so many bytes. What a kind does not take goes as a document. */
export function uploadKind(media: Media): UploadKind {
  const bytes = media.data.byteLength;
  if (bytes > MAX_FILE) {
    const message = `Cannot send the file: it has ${bytes} bytes, and Telegram takes ${MAX_FILE}`;
    throw new ProviderError({ code: "too_large", message, retryable: false, outcome: "not_sent" });
  }
  const type = typeOf(media);
  if (media.kind === "sticker" && type === "image/webp") return "sticker";
  if (media.kind === "voice" && ["audio/ogg", "audio/opus", "audio/mpeg", "audio/mp4"].includes(type)) return "voice";
  if (media.kind === "document") return "document";
  if (type === "image/gif") return "animation";
  if (["image/jpeg", "image/png", "image/webp"].includes(type)) return bytes <= MAX_PHOTO ? "photo" : "document";
  if (["audio/mpeg", "audio/mp4", "audio/x-m4a"].includes(type)) return "audio";
  return type === "video/mp4" ? "video" : "document";
}

/** A name that can stand in a multipart header: the library writes it there as it is. */
export function uploadName({ fileName, mimeType, kind }: Media): string {
  const given = (fileName ?? "").replaceAll(/[\p{Cc}"\\/;]/gu, "_").trim().slice(0, 120);
  const name = given === "" ? `${kind}.${EXTENSIONS[typeOf({ mimeType })] ?? "bin"}` : given;
  // A blank would end an unquoted value, and some servers end a quoted one at a semicolon.
  return /^[\w.-]+$/u.test(name) ? name : `"${name}"`;
}

/** Whether Telegram refused the kind and not the file: then it goes as a document. */
export const wantsDocument = (description: string): boolean =>
  /photo_(?:invalid_dimensions|save_file_invalid|ext_invalid)|image_process_failed|voice_messages_forbidden/u
    .test(description);
