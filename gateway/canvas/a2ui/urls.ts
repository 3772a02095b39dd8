/** Which addresses a surface may name. Pages check again what they get by data or functions. */
import { Problem } from "./problem.ts";

const IMAGE_DATA = /^data:image\/[a-z0-9.+-]+[;,]/iu;
/** Only there so that an address without a scheme can be parsed. */
const BASE = "https://here.invalid/";

/** The scheme as a browser reads it: `java\nscript:` has one too. Undefined for what is no address. */
function schemeOf(url: string): string | undefined {
  try {
    return new URL(url, BASE).protocol;
  } catch {
    return undefined;
  }
}

const isWeb = (url: string): boolean => /^https?:$/u.test(schemeOf(url) ?? "");

/** Of `openUrl`: a whole http(s) address. Throws Problem. */
export function checkLink(path: string, url: unknown): void {
  if (typeof url !== "string" || !/^\s*https?:/iu.test(url) || !isWeb(url)) {
    throw new Problem(path, "must be an http or https address");
  }
}

/**
 * Of an image, a video or a sound: http(s), a picture as `data:image/…`, or a path relative to the page such as
 * `../canvas/photo.jpg`. Throws Problem.
 */
export function checkMedia(path: string, url: string): void {
  if (!isWeb(url) && !IMAGE_DATA.test(url.trim())) {
    throw new Problem(path, "must be an http or https address, or a picture as data:image/…");
  }
}
