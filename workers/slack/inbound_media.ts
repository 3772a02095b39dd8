/** The attachments of a Slack message. */
import type { MediaRef } from "../../schemas/worker/content.ts";
import type { Static } from "../../schemas/primitives.ts";
import type { SlackFile } from "./wire.ts";

type Ref = Static<typeof MediaRef>;
const MAX_FILES = 32;
/** Modes of files that have no bytes to fetch: deleted, above the plan's limit, or linked from elsewhere. */
const WITHOUT_BYTES = new Set(["tombstone", "hidden_by_limit", "external"]);

/** `ref` is the file's id: its address is asked for when the file is fetched, because it is not always in the event. */
export const mediaOf = (files: readonly SlackFile[] = []): Ref[] =>
  files.filter(({ mode }) => mode === undefined || !WITHOUT_BYTES.has(mode)).slice(0, MAX_FILES).map(refOf);

function refOf(file: SlackFile): Ref {
  const { id, name, mimetype, size } = file;
  return {
    ref: id,
    kind: kindOf(file),
    mimeType: mimetype || "application/octet-stream",
    ...(name ? { fileName: name } : {}),
    ...(size !== undefined && Number.isInteger(size) && size >= 0 ? { bytes: size } : {}),
  };
}

function kindOf({ mimetype = "", subtype }: SlackFile): Ref["kind"] {
  if (subtype === "slack_audio") return "voice";
  if (subtype === "slack_video") return "video";
  if (/^image\/(?:jpeg|png|webp|gif)$/u.test(mimetype)) return "image";
  if (mimetype.startsWith("audio/")) return "audio";
  return mimetype.startsWith("video/") ? "video" : "document";
}

/** Files that cannot be fetched, as words, so that nobody wonders what was meant. */
export const unavailable = (files: readonly SlackFile[] = []): string[] =>
  files.filter(({ mode }) => mode !== undefined && WITHOUT_BYTES.has(mode))
    .map(({ name, mode }) => `[File ${name ?? "without a name"}: not available (${mode})]`);
