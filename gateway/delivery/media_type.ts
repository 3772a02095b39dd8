/** What a file really is: its first bytes count more than what a server says. */
import type { MediaOut } from "./types.ts";

/** [MIME type, offset, bytes as text (latin-1)] */
const SIGNATURES: readonly (readonly [string, number, string])[] = [
  ["image/png", 0, "\x89PNG\r\n\x1a\n"],
  ["image/jpeg", 0, "\xff\xd8\xff"],
  ["image/gif", 0, "GIF8"],
  ["image/webp", 8, "WEBP"],
  ["audio/wav", 8, "WAVE"],
  ["audio/mpeg", 0, "ID3"],
  ["audio/mpeg", 0, "\xff\xfb"],
  ["audio/flac", 0, "fLaC"],
  ["audio/ogg", 0, "OggS"],
  ["video/webm", 0, "\x1a\x45\xdf\xa3"],
  ["application/pdf", 0, "%PDF-"],
  ["application/zip", 0, "PK\x03\x04"],
];

const MP4_BRANDS: Readonly<Record<string, string>> = {
  "M4A ": "audio/mp4",
  "avif": "image/avif",
  "heic": "image/heic",
  "heix": "image/heic",
  "qt  ": "video/quicktime",
};

/** The MIME type by content; `said` where the content tells nothing. Office files are zip files: there `said` counts. */
export function sniffMimeType(data: Uint8Array, said: string | undefined): string {
  const head = String.fromCharCode(...data.subarray(0, 16));
  const named = /^[\w.+-]+\/[\w.+-]+$/u.test(said ?? "") ? said : undefined;
  const found = head.slice(4, 8) === "ftyp"
    ? MP4_BRANDS[head.slice(8, 12)] ?? "video/mp4"
    : SIGNATURES.find(([, offset, bytes]) => head.startsWith(bytes, offset))?.[0];
  if (found === "application/zip" && named?.startsWith("application/") === true) return named;
  // A page that calls itself a picture is sent as a document, never shown as a picture.
  const claims = named !== undefined && /^(?:image|audio|video)\//u.test(named);
  return found ??
    (claims && named !== "image/svg+xml" ? "application/octet-stream" : named ?? "application/octet-stream");
}

/** How platforms show it. */
export function mediaKind(mimeType: string): MediaOut["kind"] {
  const [family] = mimeType.split("/");
  return family === "image" || family === "audio" || family === "video" ? family : "document";
}

/** A name without folders and control characters; undefined when nothing is left. */
export function cleanFileName(name: string | undefined): string | undefined {
  const last = name?.split(/[/\\]/u).at(-1)?.replaceAll(/[\p{Cc}"<>|:*?]/gu, "").trim().slice(-120);
  return last === "" || last === "." || last === ".." ? undefined : last;
}
