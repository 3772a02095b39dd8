/** Looks into pictures and clips that came over the wire: what they are, by their own bytes. */
import { Buffer } from "node:buffer";

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** Width and height of a JPEG by its frame header; throws when it is none. */
export function jpegSize(base64: unknown): Size {
  const bytes = bytesOf(base64);
  if (bytes.readUInt16BE(0) !== 0xffd8 || bytes.readUInt16BE(bytes.length - 2) !== 0xffd9) throw new Error("no JPEG");
  let at = 2;
  while (at < bytes.length) {
    const marker = bytes.readUInt16BE(at);
    if (marker >= 0xffc0 && marker <= 0xffc2) {
      return { height: bytes.readUInt16BE(at + 5), width: bytes.readUInt16BE(at + 7) };
    }
    at += 2 + bytes.readUInt16BE(at + 2);
  }
  throw new Error("a JPEG without a frame header");
}

/** Width and height of a PNG; throws when it is none. */
export function pngSize(base64: unknown): Size {
  const bytes = bytesOf(base64);
  if (bytes.toString("latin1", 1, 4) !== "PNG") throw new Error("no PNG");
  return { width: bytes.readUInt32BE(16), height: bytes.readUInt32BE(20) };
}

/** `mp4` or `webm` by the first bytes. */
export function clipFormat(base64: unknown): "mp4" | "webm" | "neither" {
  const bytes = bytesOf(base64);
  if (bytes.toString("latin1", 4, 8) === "ftyp") return "mp4";
  return bytes.readUInt32BE(0) === 0x1a45dfa3 ? "webm" : "neither";
}

export const bytesOf = (base64: unknown): Buffer => Buffer.from(String(base64), "base64");
