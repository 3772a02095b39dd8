/** Attachments of a request: images that are what they claim to be and small enough; everything else is named as left out. */
import { invalid } from "../../schemas/error.ts";
import { LIMITS } from "../../schemas/frame.ts";
import type { AttachmentInput, ImagePart } from "../../schemas/message.ts";

/** Attachments that one request may carry. */
const MAX_ATTACHMENTS = 20;

export interface Attachments {
  readonly images: ImagePart[];
  /** Names of attachments that are no PNG, JPEG, GIF or WebP image. */
  readonly leftOut: string[];
}

/**
 * Reads base64 or data URLs. The bytes decide the type, not the client's claim: a mislabelled file would be refused by the
 * model's endpoint with an error that nobody understands. Throws INVALID_REQUEST on broken base64 and on images that decode
 * to more than 5,000,000 bytes.
 */
export function readAttachments(inputs: readonly AttachmentInput[]): Attachments {
  if (inputs.length > MAX_ATTACHMENTS) {
    throw invalid(`Cannot take the attachments: ${inputs.length} are more than ${MAX_ATTACHMENTS}`);
  }
  const images: ImagePart[] = [];
  const leftOut: string[] = [];
  for (const [index, input] of inputs.entries()) {
    const name = input.fileName ?? `attachment ${index + 1}`;
    const data = base64Of(input.content, name);
    const bytes = decodedLength(data);
    if (bytes > LIMITS.attachmentBytes) {
      throw invalid(`Cannot take attachment "${name}": ${bytes} bytes are more than ${LIMITS.attachmentBytes}`);
    }
    const mimeType = sniffImage(data);
    if (mimeType === undefined) leftOut.push(name);
    else images.push({ type: "image", data, mimeType });
  }
  return { images, leftOut };
}

function base64Of(content: unknown, name: string): string {
  if (typeof content !== "string" || content === "") {
    throw invalid(`Cannot take attachment "${name}": content must be a base64 string`);
  }
  const comma = content.startsWith("data:") ? content.indexOf(",") : -1;
  const data = comma < 0 ? content : content.slice(comma + 1);
  if (data.length % 4 !== 0 || !/^[A-Za-z0-9+/]+={0,2}$/u.test(data)) {
    throw invalid(`Cannot take attachment "${name}": content is not base64`);
  }
  return data;
}

const decodedLength = (base64: string): number =>
  (base64.length / 4) * 3 - (base64.endsWith("==") ? 2 : base64.endsWith("=") ? 1 : 0);

/** The image type that models take, by its first bytes; undefined for anything else. */
export function sniffImage(base64: string): string | undefined {
  const head = atob(base64.slice(0, 16));
  if (head.startsWith("\x89PNG\r\n\x1a\n")) return "image/png";
  if (head.startsWith("\xff\xd8\xff")) return "image/jpeg";
  if (head.startsWith("GIF87a") || head.startsWith("GIF89a")) return "image/gif";
  if (head.startsWith("RIFF") && head.slice(8, 12) === "WEBP") return "image/webp";
  return undefined;
}
