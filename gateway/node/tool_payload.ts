/** What a node answered, for a model: text that is short, and bytes as pictures and files instead of base64. */
import type { ImagePart } from "../../schemas/message.ts";
import type { ToolMedia, ToolOutput } from "../agent/types.ts";
import { sniffImage } from "../agent/attachments.ts";

/** UTF-16 units of JSON that the model reads of one answer. */
const MAX_TEXT = 16 << 10;
/** A string above this that is base64 counts as bytes; keys that hold base64 by their name do so at any length. */
const MIN_HIDDEN = 2 << 10;
const BYTE_KEYS = new Set(["base64", "data", "bytes", "imageBase64", "content"]);
const MAX_FILES = 8;
const MAX_FILE_CHARS = 28 << 20;
const MAX_DEPTH = 32;

/** `text` begins with `head`, a line that says what this is. `name` is the beginning of the files' names. */
export function payloadOutput(head: string, payload: unknown, name: string): ToolOutput {
  const found: Found = { images: [], media: [], name };
  const plain = payload === undefined || payload === null ? "" : JSON.stringify(withoutBytes(payload, found, {}, 0));
  const shown = plain.length > MAX_TEXT
    ? `${plain.slice(0, MAX_TEXT).toWellFormed()}\n[cut at 16 KiB of ${Math.ceil(plain.length / 1024)} KiB]`
    : plain;
  const text = [head, shown === "" || shown === "{}" ? "" : shown].filter((part) => part !== "").join("\n");
  return { text, images: found.images, media: found.media };
}

/** One file of bytes by its base64. Throws a sentence when it is none or too large. */
export function fileOf(base64: string, format: string | undefined, name: string): {
  readonly media: ToolMedia;
  readonly image: ImagePart | undefined;
} {
  if (base64.length > MAX_FILE_CHARS) throw new Error("Cannot take the file: it is larger than 20 MB");
  const data = decode(base64);
  if (!data) throw new Error("Cannot read what the node sent: it is not base64");
  const image = sniffImage(base64.slice(0, 64));
  const mimeType = image ?? typeOf(format);
  const extension = mimeType === "application/octet-stream" ? "bin" : mimeType.split("/")[1]?.replace("jpeg", "jpg");
  const kind = mimeType.startsWith("image/") ? "image" : mimeType.startsWith("video/") ? "video" : "document";
  return {
    media: { kind, mimeType, fileName: name.includes(".") ? name : `${name}.${extension}`, data },
    image: image === undefined ? undefined : { type: "image", data: base64, mimeType: image },
  };
}

export const sizeOf = ({ length }: { readonly length: number }): string =>
  length < 1 << 20 ? `${Math.ceil(length / 1024)} KB` : `${(length / (1 << 20)).toFixed(1)} MB`;

interface Found {
  readonly images: ImagePart[];
  readonly media: ToolMedia[];
  readonly name: string;
}

/** The value with a note in the place of every base64 text. `around`: the object that holds it, which may name its type. */
function withoutBytes(value: unknown, found: Found, around: object, depth: number, key = ""): unknown {
  if (depth > MAX_DEPTH) return "[too deep to show]";
  if (typeof value === "string") return isBytes(key, value) ? taken(value, found, around) : value;
  if (Array.isArray(value)) return value.map((each) => withoutBytes(each, found, around, depth + 1));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [name, withoutBytes(each, found, value, depth + 1, name)]),
  );
}

const BASE64 = /^(?:data:[\w/+.;=-]{0,100},)?[A-Za-z0-9+/_-]+={0,2}$/u;
const isBytes = (key: string, text: string): boolean =>
  (key === "base64" && text !== "") ||
  ((text.length >= MIN_HIDDEN || (BYTE_KEYS.has(key) && text.length >= 256)) && BASE64.test(text));

function taken(text: string, found: Found, around: object): string {
  const base64 = text.startsWith("data:") ? text.slice(text.indexOf(",") + 1) : text;
  const word = (key: string): string | undefined => {
    const value: unknown = Reflect.get(around, key);
    return typeof value === "string" ? value : undefined;
  };
  if (found.media.length >= MAX_FILES) return "[a file that was left out: too many in one answer]";
  try {
    const path = word("fileName") ?? word("name") ?? word("path");
    const name = path?.split(/[/\\]/u).at(-1) || `${found.name}-${found.media.length + 1}`;
    const { media, image } = fileOf(base64, word("mimeType") ?? word("format"), name);
    found.media.push(media);
    if (image) found.images.push(image);
    return `[${media.fileName}, ${sizeOf(media.data)}: ${image ? "shown as a picture" : "a file for the chat"}]`;
  } catch (error) {
    return `[bytes that cannot be shown: ${error instanceof Error ? error.message : String(error)}]`;
  }
}

function decode(base64: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    return Uint8Array.fromBase64(base64);
  } catch {
    return undefined;
  }
}

const TYPES: Readonly<Record<string, string>> = {
  jpg: "image/jpeg",
  jpeg: "image/jpeg",
  png: "image/png",
  webp: "image/webp",
  gif: "image/gif",
  mp4: "video/mp4",
  webm: "video/webm",
  mov: "video/quicktime",
  pdf: "application/pdf",
};

/** A format word or MIME type as a node says it; anything else is only bytes. */
function typeOf(format: string | undefined): string {
  const word = format?.trim().toLowerCase() ?? "";
  const named = TYPES[word];
  if (named !== undefined) return named;
  return /^(?:image|video|audio|application|text)\/[\w.+-]{1,64}$/u.test(word) ? word : "application/octet-stream";
}
