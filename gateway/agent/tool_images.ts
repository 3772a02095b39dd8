/** Pictures of a tool's result: real ones, few, and together small enough for one row of the transcript. */
import type { ImagePart } from "../../schemas/message.ts";
import { MAX_TOOL_IMAGE_CHARS, MAX_TOOL_IMAGES } from "../../schemas/worker/agent.ts";
import { sniffImage } from "./attachments.ts";

/**
 * The pictures that the model and the transcript get, with the type that their bytes say, and a line for each that is left
 * out. A device may send anything under the name of a picture, and an endpoint refuses the whole prompt for one bad part.
 */
export function pickImages(images: readonly ImagePart[]): { readonly kept: ImagePart[]; readonly notes: string[] } {
  const kept: ImagePart[] = [];
  const notes: string[] = [];
  let left = MAX_TOOL_IMAGE_CHARS;
  for (const [index, { data }] of images.entries()) {
    const mimeType = isBase64(data) ? sniffImage(data) : undefined;
    const reason = mimeType === undefined
      ? "it is no PNG, JPEG, GIF or WebP picture"
      : kept.length >= MAX_TOOL_IMAGES
      ? `one result holds ${MAX_TOOL_IMAGES} pictures`
      : data.length > left
      ? "the pictures are too large; ask for a smaller maxWidth"
      : undefined;
    if (mimeType === undefined || reason !== undefined) notes.push(`[picture ${index + 1} was left out: ${reason}]`);
    else {
      kept.push({ type: "image", data, mimeType });
      left -= data.length;
    }
  }
  return { kept, notes };
}

const isBase64 = (data: string): boolean => data.length % 4 === 0 && /^[A-Za-z0-9+/]+={0,2}$/u.test(data);
