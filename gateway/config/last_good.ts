/** Keeps the last configuration that could be used beside the file, for a person who has to undo an edit. */
import { replaceFile } from "./atomic_write.ts";

export const lastGoodPath = (path: string): string => `${path}.last-good`;

/** Writes the copy unless it holds the same already. Throws when the folder cannot be written. */
export async function keepLastGood(path: string, text: string): Promise<void> {
  const copy = lastGoodPath(path);
  const before = await Deno.readTextFile(copy).catch(() => undefined);
  if (before !== text) await replaceFile(copy, text);
}
