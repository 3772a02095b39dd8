/** The attachments of a Telegram message. */
import type { MediaRef } from "../../schemas/worker/content.ts";
import type { Static } from "../../schemas/primitives.ts";
import type { TelegramBody } from "./wire.ts";

type Ref = Static<typeof MediaRef>;
interface File {
  readonly file_id: string;
  readonly file_size?: number | undefined;
  readonly mime_type?: string | undefined;
  readonly file_name?: string | undefined;
}

/** At most one by Telegram's rules; an album comes as several messages. */
export function mediaOf(message: TelegramBody): Ref[] {
  const { photo, voice, audio, video, video_note: note, animation, document, sticker } = message;
  const largest = photo?.toSorted((a, b) => b.width * b.height - a.width * a.height)[0];
  if (largest) return [refOf(largest, "image", "image/jpeg")];
  if (voice) return [refOf(voice, "voice", "audio/ogg")];
  if (audio) return [refOf(audio, "audio", "audio/mpeg")];
  if (video) return [refOf(video, "video", "video/mp4")];
  if (note) return [refOf(note, "video", "video/mp4")];
  // An animation also stands as a document in the message; it is one file.
  if (animation) return [refOf(animation, "video", "video/mp4")];
  if (document) return [refOf(document, kindOf(document), "application/octet-stream")];
  if (sticker && !sticker.is_animated && !sticker.is_video) return [refOf(sticker, "sticker", "image/webp")];
  return [];
}

/** A picture that was sent as a file is still a picture. */
const kindOf = ({ mime_type: type }: File): Ref["kind"] =>
  /^image\/(?:jpeg|png|webp|gif)$/u.test(type ?? "") ? "image" : "document";

function refOf(file: File, kind: Ref["kind"], mimeType: string): Ref {
  const bytes = file.file_size;
  return {
    ref: file.file_id,
    kind,
    mimeType: file.mime_type || mimeType,
    ...(file.file_name === undefined ? {} : { fileName: file.file_name }),
    ...(bytes !== undefined && Number.isInteger(bytes) && bytes >= 0 ? { bytes } : {}),
  };
}
