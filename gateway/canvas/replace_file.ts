/** Writes one file below the canvas root in one step: it is the old one or the new one, and never outside the root. */
import { join } from "node:path";
import { invalid } from "../../schemas/error.ts";
import { lookUp, type Place, unchanged } from "./resolve.ts";

type Folder = Extract<Place, { kind: "directory" }>;

/**
 * Makes the missing folders, writes under a hidden name (never served or listed) and renames. Folders that somebody
 * swaps for links meanwhile are noticed before any content is written.
 */
export async function replaceCanvasFile(root: string, segments: readonly string[], bytes: Uint8Array): Promise<void> {
  const folder = await makeFolders(root, segments.slice(0, -1));
  const target = join(folder.path, segments.at(-1) ?? "");
  const temporary = join(folder.path, `.openclaw-${crypto.randomUUID()}.tmp`);
  try {
    {
      using file = await Deno.open(temporary, { createNew: true, write: true, mode: 0o600 });
      await mustBeTheSame(folder);
      for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
      await file.sync();
    }
    await mustBeTheSame(folder);
    await Deno.rename(temporary, target);
  } catch (error) {
    await Deno.remove(temporary).catch(() => {});
    throw error;
  }
}

/** Removes a file, and the folders that are empty without it. */
export async function removeCanvasFile(root: string, segments: readonly string[]): Promise<void> {
  const place = await lookUp(root, segments);
  if (place.kind !== "file") throw invalid(`Cannot remove "${segments.join("/")}": it changed meanwhile`);
  await Deno.remove(place.path);
  for (const { path } of place.folders.slice(1).reverse()) {
    // Not recursive: a folder that holds anything stays.
    if (!await Deno.remove(path).then(() => true, () => false)) return;
  }
}

async function makeFolders(root: string, segments: readonly string[]): Promise<Folder> {
  await Deno.mkdir(root, { recursive: true, mode: 0o700 });
  for (let depth = 0;; depth++) {
    const here = segments.slice(0, depth);
    let place = await lookUp(root, here);
    if (place.kind === "missing" && depth > 0) {
      const above = await lookUp(root, here.slice(0, -1));
      if (above.kind === "directory") await Deno.mkdir(join(above.path, here.at(-1) ?? ""), { mode: 0o700 });
      place = await lookUp(root, here);
    }
    if (place.kind !== "directory") throw invalid(`Cannot write into "${here.join("/")}": it is no folder`);
    if (depth === segments.length) return place;
  }
}

async function mustBeTheSame({ path, folders }: Folder): Promise<void> {
  if (!await unchanged(folders, false)) throw invalid(`Cannot write into "${path}": a folder changed meanwhile`);
}
