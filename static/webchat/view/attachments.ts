/** Images on their way into a message: what may go in, and their bytes as base64. */
import type { Words } from "../i18n/mod.ts";
import type { ImagePart } from "../state/model.ts";
import { IMAGE_TYPES } from "./picture.tsx";

export const MAX_IMAGES = 4;
/** All images of one message; one frame of the protocol carries them. */
export const MAX_TOTAL_BYTES = 15_000_000;

export interface Attached extends ImagePart {
  readonly id: string;
  readonly name: string;
  readonly bytes: number;
}

export const megabytes = (bytes: number): string => String(Math.round(bytes / 100_000) / 10);

/** Why a file may not go in, in the person's words; undefined when it may. */
export function refuse(t: Words, file: File, have: readonly Attached[], maxBytes: number): string | undefined {
  if (!IMAGE_TYPES.includes(file.type)) return t.notImage(file.name);
  if (file.size > maxBytes) return t.tooBig(file.name, megabytes(maxBytes));
  if (have.length >= MAX_IMAGES) return t.tooMany;
  const total = have.reduce((sum, one) => sum + one.bytes, file.size);
  return total > MAX_TOTAL_BYTES ? t.tooMuch : undefined;
}

export async function attach(file: File): Promise<Attached> {
  const url = await new Promise<string>((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(typeof reader.result === "string" ? reader.result : "");
    reader.onerror = () => reject(reader.error ?? new Error(`Cannot read ${file.name}`));
    reader.readAsDataURL(file);
  });
  const data = url.slice(url.indexOf(",") + 1);
  return {
    type: "image",
    id: crypto.randomUUID(),
    name: file.name || "image",
    bytes: file.size,
    mimeType: file.type,
    data,
  };
}
