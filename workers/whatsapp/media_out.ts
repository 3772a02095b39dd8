/** Attachments that go out: encrypted in memory and uploaded by ourselves, because the library would write them to disk. */
import { createCipheriv, createHash, createHmac, randomBytes } from "node:crypto";
import type { MediaConnInfo, MediaType, proto } from "@whiskeysockets/baileys";
import type { Outbound } from "../../schemas/worker/content.ts";
import { ProviderError } from "../runtime/provider.ts";
import type { Baileys } from "./library.ts";

export type Media = NonNullable<Outbound["media"]>;

interface Sealed {
  readonly body: Uint8Array<ArrayBuffer>;
  readonly mediaKey: Uint8Array;
  readonly fileSha256: Uint8Array;
  readonly fileEncSha256: Uint8Array;
}

/** What the server answered to an upload. */
interface Uploaded {
  readonly url: string;
  readonly directPath: string;
}

const MAC_BYTES = 10;
const UPLOAD_MS = 100_000;

const TYPES: Readonly<Record<Media["kind"], MediaType>> = {
  image: "image",
  video: "video",
  audio: "audio",
  voice: "audio",
  document: "document",
  sticker: "sticker",
};

export async function sealMedia(library: Baileys, data: Uint8Array, type: MediaType): Promise<Sealed> {
  const mediaKey = randomBytes(32);
  const { iv, cipherKey, macKey } = await library.getMediaKeys(mediaKey, type);
  if (!macKey) throw new Error("Cannot encrypt the attachment: the library gave no key for its code");
  const cipher = createCipheriv("aes-256-cbc", cipherKey, iv);
  const sealed = Buffer.concat([cipher.update(data), cipher.final()]);
  const mac = createHmac("sha256", macKey).update(iv).update(sealed).digest().subarray(0, MAC_BYTES);
  const body = new Uint8Array(Buffer.concat([sealed, mac]));
  return {
    body,
    mediaKey,
    fileSha256: createHash("sha256").update(data).digest(),
    fileEncSha256: createHash("sha256").update(body).digest(),
  };
}

/** Uploads and returns the message that refers to the file; `caption` is left out where the kind has none. */
export async function uploadMedia(
  library: Baileys,
  media: Media,
  options: {
    readonly caption: string;
    readonly connection: (fresh: boolean) => Promise<MediaConnInfo>;
    readonly signal: AbortSignal;
  },
): Promise<proto.IMessage> {
  const type = TYPES[media.kind];
  const sealed = await sealMedia(library, media.data, type);
  const { url, directPath } = await upload(library, sealed, type, options);
  const file = {
    url,
    directPath,
    mediaKey: sealed.mediaKey,
    fileSha256: sealed.fileSha256,
    fileEncSha256: sealed.fileEncSha256,
    fileLength: media.data.byteLength,
    mediaKeyTimestamp: Math.floor(Date.now() / 1000),
    mimetype: media.mimeType,
  };
  const caption = options.caption === "" ? {} : { caption: options.caption };
  switch (media.kind) {
    case "image":
      return { imageMessage: { ...file, ...caption } };
    case "video":
      return { videoMessage: { ...file, ...caption, gifPlayback: media.mimeType === "image/gif" } };
    case "audio":
    case "voice":
      return { audioMessage: { ...file, ptt: media.kind === "voice", ...await duration(library, media.data) } };
    case "sticker":
      return { stickerMessage: file };
    case "document": {
      const fileName = media.fileName ?? "file";
      return { documentMessage: { ...file, ...caption, fileName, title: fileName } };
    }
  }
}

/** Kinds that carry a text of their own. */
export const hasCaption = (kind: Media["kind"]): boolean => kind === "image" || kind === "video" || kind === "document";

/** Phones show a voice note without its length as broken; a file that cannot be read has none. */
async function duration(library: Baileys, data: Uint8Array): Promise<{ seconds?: number }> {
  try {
    const seconds = await library.getAudioDuration(Buffer.from(data));
    return seconds === undefined ? {} : { seconds: Math.max(1, Math.round(seconds)) };
  } catch {
    return {};
  }
}

async function upload(
  library: Baileys,
  sealed: Sealed,
  type: MediaType,
  options: { readonly connection: (fresh: boolean) => Promise<MediaConnInfo>; readonly signal: AbortSignal },
): Promise<Uploaded> {
  const path = library.MEDIA_PATH_MAP[type as keyof typeof library.MEDIA_PATH_MAP];
  const token = library.encodeBase64EncodedStringForUpload(Buffer.from(sealed.fileEncSha256).toString("base64"));
  let reason = "the server named no host for attachments";
  for (const fresh of [false, true]) {
    const { hosts, auth } = await options.connection(fresh);
    for (const { hostname } of hosts) {
      const answer = await post(hostname, `${path}/${token}?auth=${encodeURIComponent(auth)}&token=${token}`, {
        body: sealed.body,
        signal: AbortSignal.any([options.signal, AbortSignal.timeout(UPLOAD_MS)]),
      });
      if (typeof answer !== "string") return answer;
      reason = answer;
    }
  }
  throw new ProviderError({
    code: "unreachable",
    message: `Cannot upload the attachment: ${reason}`,
    retryable: true,
    // Nothing was said in the chat yet.
    outcome: "not_sent",
  });
}

/** The reason as text when the host did not take it. Never the URL: it holds a secret of the session. */
async function post(
  host: string,
  path: string,
  { body, signal }: { readonly body: Uint8Array<ArrayBuffer>; readonly signal: AbortSignal },
): Promise<Uploaded | string> {
  try {
    const headers = { "content-type": "application/octet-stream", origin: "https://web.whatsapp.com" };
    const response = await fetch(`https://${host}${path}`, {
      method: "POST",
      body,
      headers,
      signal,
      redirect: "error",
    });
    const text = await response.text();
    if (!response.ok) return `${host} answered ${response.status}`;
    const answer: unknown = JSON.parse(text);
    if (typeof answer !== "object" || answer === null) return `${host} answered nonsense`;
    const url: unknown = Reflect.get(answer, "url");
    const directPath: unknown = Reflect.get(answer, "direct_path");
    if (typeof url === "string" && typeof directPath === "string") return { url, directPath };
    return `${host} did not say where the file is`;
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) return `this channel may not reach ${host}`;
    return signal.aborted ? `${host} took too long` : `${host} could not be reached`;
  }
}
