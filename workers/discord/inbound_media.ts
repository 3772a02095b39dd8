/** Attachments of a message as references, and fetching them: from Discord's media hosts alone. */
import type { MediaRef } from "../../schemas/worker/content.ts";
import type { Static } from "../../schemas/primitives.ts";
import type { ReplyValue } from "../../schemas/worker/channel.ts";
import { ProviderError } from "../runtime/provider.ts";
import { invalid, toProviderError } from "./errors.ts";
import { hostOf, type Settings } from "./settings.ts";
import type { Attachment } from "./wire.ts";

type Ref = Static<typeof MediaRef>;

const MAX_REFS = 32;
const VOICE_MESSAGE = 1 << 13;

export function mediaOf(attachments: readonly Attachment[], flags = 0): Ref[] {
  return attachments.slice(0, MAX_REFS).filter(({ url }) => url !== "").map((attachment) => {
    const { url, filename, size } = attachment;
    const mimeType = (attachment.content_type ?? "").split(";")[0]?.trim() || "application/octet-stream";
    return {
      ref: url,
      kind: (flags & VOICE_MESSAGE) !== 0 ? "voice" : kindOf(mimeType),
      mimeType,
      ...(filename === undefined ? {} : { fileName: filename }),
      ...(size !== undefined && Number.isInteger(size) && size >= 0 ? { bytes: size } : {}),
    };
  });
}

function kindOf(mimeType: string): Ref["kind"] {
  if (/^image\/(?:jpeg|png|webp|gif)$/u.test(mimeType)) return "image";
  if (mimeType.startsWith("audio/")) return "audio";
  return mimeType.startsWith("video/") ? "video" : "document";
}

/** `ref` came from the platform, but through main: it is judged again, so that it can never name another host. */
export async function fetchAttachment(
  ref: string,
  maxBytes: number,
  settings: Pick<Settings, "mediaHosts" | "maxMediaBytes" | "official">,
  signal: AbortSignal,
): Promise<Extract<ReplyValue, { kind: "media" }>> {
  const url = URL.parse(ref);
  const host = hostOf(ref);
  if (url === null || host === undefined || !settings.mediaHosts.has(host)) {
    throw invalid(`Cannot fetch an attachment from "${host ?? "?"}": it is not a host of Discord's attachments`);
  }
  if (settings.official && url.protocol !== "https:") throw invalid("Cannot fetch an attachment without TLS");
  const most = Math.min(maxBytes, settings.maxMediaBytes);
  try {
    const response = await fetch(url, { signal, redirect: "error" });
    if (!response.ok || response.body === null) {
      await response.body?.cancel();
      throw gone(response.status);
    }
    const data = await readAtMost(response.body, Number(response.headers.get("content-length") ?? 0), most);
    const mimeType = response.headers.get("content-type")?.split(";")[0]?.trim() || "application/octet-stream";
    const fileName = decodeURIComponent(url.pathname.split("/").at(-1) ?? "");
    return { kind: "media", data, mimeType, ...(fileName === "" ? {} : { fileName }) };
  } catch (error) {
    throw toProviderError(error, false);
  }
}

async function readAtMost(body: ReadableStream<Uint8Array>, announced: number, most: number) {
  const parts: Uint8Array[] = [];
  let size = 0;
  if (announced > most) {
    await body.cancel();
    throw tooLarge(announced, most);
  }
  // Leaving the loop early cancels the body.
  for await (const part of body) {
    size += part.byteLength;
    if (size > most) throw tooLarge(size, most);
    parts.push(part);
  }
  const data = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    data.set(part, at);
    at += part.byteLength;
  }
  return data;
}

const tooLarge = (size: number, most: number): ProviderError =>
  new ProviderError({
    code: "too_large",
    message: `The attachment has ${size} bytes or more, ${most} are allowed`,
    retryable: false,
    outcome: "not_sent",
  });

/** Addresses of attachments are signed and end after a day. */
const gone = (status: number): ProviderError =>
  new ProviderError({
    code: status >= 500 ? "platform" : "not_found",
    message: `Discord's attachment server answered ${status}`,
    retryable: status >= 500,
    outcome: "not_sent",
    platformCode: String(status),
  });
