/** Still pictures: scaled, encoded, made smaller until they fit. */
import { unavailable } from "../host/failure.ts";

/** Longest base64 text of a picture (canvas facts, section 6). */
export const MAX_PICTURE_CHARS = 5_000_000;
const WORST_QUALITY = 0.4;
const TRIES = 16;

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** The size with `maxWidth` kept, in whole pixels; never larger than the source. */
export function fit(source: Size, maxWidth: number): Size {
  const scale = Math.min(1, maxWidth / source.width);
  return {
    width: Math.max(1, Math.round(source.width * scale)),
    height: Math.max(1, Math.round(source.height * scale)),
  };
}

/** What to try after a picture that was too large: first worse quality, then a smaller size. */
export function smaller(size: Size, quality: number): { readonly size: Size; readonly quality: number } {
  if (quality > WORST_QUALITY) return { size, quality: Math.max(WORST_QUALITY, quality - 0.15) };
  return { size: fit(size, size.width * 0.75), quality };
}

export interface Picture extends Size {
  readonly base64: string;
}

/** A JPEG of at most `maxChars` base64 characters. `quality` is from 0 to 1. */
export async function encodeJpeg(
  source: CanvasImageSource & Partial<Record<"videoWidth" | "videoHeight", number>>,
  natural: Size,
  wish: { readonly maxWidth: number; readonly quality: number; readonly maxChars?: number },
): Promise<Picture> {
  let next = { size: fit(natural, wish.maxWidth), quality: wish.quality };
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const { width, height } = next.size;
    const canvas = new OffscreenCanvas(width, height);
    const context = canvas.getContext("2d");
    if (!context) throw unavailable("this browser gives no drawing surface");
    context.drawImage(source, 0, 0, width, height);
    const base64 = await toBase64(await canvas.convertToBlob({ type: "image/jpeg", quality: next.quality }));
    if (base64.length <= (wish.maxChars ?? MAX_PICTURE_CHARS)) return { base64, width, height };
    next = smaller(next.size, next.quality);
  }
  throw unavailable("the picture cannot be made small enough");
}

/** Base64 of a blob without blocking the page. */
export function toBase64(blob: Blob): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    // Not behind the first comma: the type of a clip names its codecs, and has commas of its own.
    reader.onload = () => resolve(String(reader.result).split(";base64,")[1] ?? "");
    reader.onerror = () => reject(reader.error ?? new Error("Cannot read blob: unknown reason"));
    reader.readAsDataURL(blob);
  });
}
