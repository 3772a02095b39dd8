/** Walks the canvas root: what is there, as the agent and the limits see it. Links, dot files and node_modules are not. */
import { lstat } from "node:fs/promises";
import { join } from "node:path";
import { parsePath } from "./resolve.ts";
import type { CanvasEntry } from "./types.ts";

/** More names than this in one root are not looked at: somebody pointed the root at something that is no canvas. */
export const MAX_NAMES = 20_000;

export interface Inventory {
  /** Sorted by path. */
  readonly files: readonly CanvasEntry[];
  /** Folders below the start, with `/`; the start itself is the empty text. */
  readonly folders: readonly string[];
  /** Whether there were more names than are looked at. */
  readonly cut: boolean;
}

/** Whether a name is part of the canvas at all: one that nobody can ask for is not, nor would it stay in its line. */
export const isCounted = (name: string): boolean => parsePath(name).ok && name !== "node_modules";

/** `start`: absolute; paths in the result are prefixed with `prefix`. */
export async function takeInventory(start: string, prefix = ""): Promise<Inventory> {
  const files: CanvasEntry[] = [];
  const folders: string[] = [];
  const open = [prefix];
  let names = 0;
  for (let folder = open.shift(); folder !== undefined; folder = open.shift()) {
    folders.push(folder);
    for (const entry of await namesIn(join(start, folder.slice(prefix.length)))) {
      if (++names > MAX_NAMES) return { files: sorted(files), folders, cut: true };
      const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory) open.push(path);
      else if (entry.isFile) files.push(...await describe(join(start, path.slice(prefix.length)), path));
    }
  }
  return { files: sorted(files), folders, cut: false };
}

async function namesIn(dir: string): Promise<Deno.DirEntry[]> {
  try {
    const names: Deno.DirEntry[] = [];
    for await (const entry of Deno.readDir(dir)) {
      if (names.length >= MAX_NAMES) break;
      if (isCounted(entry.name) && !entry.isSymlink) names.push(entry);
    }
    return names;
  } catch (error) {
    // It was there a moment ago.
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return [];
    throw error;
  }
}

async function describe(absolute: string, path: string): Promise<CanvasEntry[]> {
  try {
    const info = await lstat(absolute);
    if (!info.isFile() || info.nlink > 1) return [];
    return [{ path, bytes: info.size, modifiedAtMs: Math.floor(info.mtimeMs) }];
  } catch {
    return [];
  }
}

const sorted = (files: CanvasEntry[]): CanvasEntry[] => files.sort((a, b) => a.path < b.path ? -1 : 1);
