/** Attachments of a message: fetched from the worker while it has them, images for the model, the rest named in the text. */
import { LIMITS } from "../../schemas/frame.ts";
import type { AttachmentInput } from "../../schemas/message.ts";
import type { MediaRef } from "../../schemas/worker/content.ts";
import type { Clock } from "../observe/clock.ts";
import type { Log } from "../observe/log.ts";
import type { Channels } from "../supervisor/types.ts";

const FETCH_MS = 30_000;
/** All attachments of one message together: the chat behind it waits no longer. */
const TOTAL_MS = 60_000;
/** Images of one message that the model sees. */
const MAX_IMAGES = 10;
const MB = 1024 * 1024;

export interface FetchedMedia {
  readonly attachments: readonly AttachmentInput[];
  /** One line for each attachment that the model does not see. */
  readonly lines: readonly string[];
}

export interface MediaDeps {
  readonly channels: Pick<Channels, "request">;
  readonly clock: Clock;
  readonly log: Log;
}

export interface MediaSource {
  readonly channel: string;
  readonly accountId: string;
  readonly maxMb: number;
}

/** Never rejects: an attachment that cannot be had is named, and the message goes on without it. */
export async function fetchInboundMedia(
  deps: MediaDeps,
  source: MediaSource,
  media: readonly MediaRef[],
): Promise<FetchedMedia> {
  const attachments: AttachmentInput[] = [];
  const lines: string[] = [];
  const end = deps.clock.now() + TOTAL_MS;
  for (const ref of media) {
    const left = Math.min(FETCH_MS, end - deps.clock.now());
    const wanted = isImage(ref) && attachments.length < MAX_IMAGES && left > 0;
    const got = wanted ? await fetchOne(deps, source, ref, left) : undefined;
    if (got?.attachment) attachments.push(got.attachment);
    else lines.push(`[${describe(ref)}${got ? `: ${got.why}` : ""}]`);
  }
  return { attachments, lines };
}

const isImage = ({ kind, mimeType }: MediaRef): boolean =>
  kind === "image" || (kind === "sticker" && mimeType.startsWith("image/"));

interface Got {
  readonly attachment?: AttachmentInput;
  readonly why: string;
}

async function fetchOne(
  { channels, log }: MediaDeps,
  { channel, accountId, maxMb }: MediaSource,
  ref: MediaRef,
  deadlineMs: number,
): Promise<Got> {
  const maxBytes = Math.min(Math.floor(maxMb * MB), LIMITS.attachmentBytes);
  if (ref.bytes !== undefined && ref.bytes > maxBytes) return { why: `too large, at most ${megabytes(maxBytes)}` };
  try {
    const request = { type: "media.fetch", ref: ref.ref, maxBytes } as const;
    const value = await channels.request(channel, accountId, request, deadlineMs);
    if (value.kind !== "media") return { why: "not available" };
    if (value.data.byteLength > maxBytes) return { why: `too large, at most ${megabytes(maxBytes)}` };
    const fileName = value.fileName ?? ref.fileName ?? `${ref.kind} ${ref.ref.slice(-8)}`;
    const content = value.data.toBase64();
    return { attachment: { type: "image", mimeType: value.mimeType, fileName, content }, why: "" };
  } catch (error) {
    log.warn("intake.media_failed", { channel, account: accountId, error });
    return { why: "could not be fetched" };
  }
}

const megabytes = (bytes: number): string => `${(bytes / MB).toFixed(1)} MB`;

/** `document "report.pdf", 120 kB` */
function describe({ kind, fileName, bytes }: MediaRef): string {
  const name = fileName?.replaceAll(/[\s\p{Cc}"]+/gu, " ").trim().slice(0, 120);
  const size = bytes === undefined ? "" : `, ${bytes < MB ? `${Math.ceil(bytes / 1024)} kB` : megabytes(bytes)}`;
  return `${kind}${name ? ` "${name}"` : ""}${size}`;
}
