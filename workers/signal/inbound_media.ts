/** Attachments: references that hold all that is needed to ask the daemon for the bytes, also after a restart. */
import { checker } from "../../schemas/validate.ts";
import { Closed, NonEmpty, type Static, Type } from "../../schemas/primitives.ts";
import type { Chat, MediaRef } from "../../schemas/worker/content.ts";
import { invalid } from "./errors.ts";
import type { Attachment } from "./wire.ts";

type Media = Static<typeof MediaRef>;
const MAX_MEDIA = 32;

const Ref = Closed({
  id: NonEmpty,
  /** The chat's person or its group; the daemon asks for one of them. */
  chat: NonEmpty,
  group: Type.Boolean(),
  mime: NonEmpty,
  name: Type.Optional(Type.String()),
});
export type Ref = Static<typeof Ref>;
const checkRef = checker(Ref);

export function mediaOf(attachments: readonly Attachment[], chat: Chat): Media[] {
  return attachments.flatMap((attachment) => {
    const { id, contentType, filename, size } = attachment;
    if (id === undefined || id === "") return [];
    const mimeType = (contentType ?? "").split(";")[0]?.trim() || "application/octet-stream";
    const ref: Ref = {
      id,
      chat: chat.id,
      group: chat.kind === "group",
      mime: mimeType,
      ...(filename === undefined || filename === "" ? {} : { name: filename }),
    };
    return [{
      ref: JSON.stringify(ref),
      kind: kindOf(mimeType, attachment),
      mimeType,
      ...(ref.name === undefined ? {} : { fileName: ref.name }),
      ...(size !== undefined && Number.isInteger(size) && size >= 0 ? { bytes: size } : {}),
    }];
  }).slice(0, MAX_MEDIA);
}

/** Signal's own voice messages are AAC without a name; newer daemons say so. */
function kindOf(mime: string, { filename, voiceNote }: Attachment): Media["kind"] {
  const [type] = mime.split("/", 1);
  if (type === "image" || type === "video") return type;
  if (type !== "audio") return "document";
  return voiceNote === true || (mime === "audio/aac" && (filename ?? "") === "") ? "voice" : "audio";
}

export function readRef(written: string): Ref {
  let value: unknown;
  try {
    value = JSON.parse(written);
  } catch {
    value = undefined;
  }
  const checked = checkRef(value);
  if (!checked.ok) throw invalid("Cannot fetch the attachment: its reference is not one of Signal's");
  return checked.value;
}
