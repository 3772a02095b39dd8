/** Files of the folders that the owner named, and of nothing else: real paths, no links out, nothing of our own state. */
import { isAbsolute, join, relative, resolve } from "node:path";
import { invalid, unavailable } from "./error.ts";

const MAX_ENTRIES = 2000;
const MAX_PATH = 4096;
export const DEFAULT_READ_BYTES = 1024 * 1024;
/** Fits a frame of 8 MiB as base64, which is what the oldest gateway takes. */
export const MAX_READ_BYTES = 4 * 1024 * 1024;

export interface FileEntry {
  readonly name: string;
  readonly type: "file" | "directory" | "link" | "other";
  readonly size?: number;
  readonly modifiedAtMs?: number;
}
export interface FileList {
  readonly path: string;
  readonly entries: readonly FileEntry[];
  /** There are more entries than are listed. */
  readonly truncated?: true;
}
export interface FileContent {
  readonly path: string;
  /** Bytes of the whole file. */
  readonly size: number;
  /** Bytes of it that are in this answer, from its beginning. */
  readonly bytes: number;
  readonly truncated: boolean;
  readonly modifiedAtMs?: number;
  readonly text?: string;
  readonly base64?: string;
}

export class Folders {
  /** `roots`: absolute. `hidden`: folders that are never shown, also when a root holds them. */
  constructor(private readonly roots: readonly string[], private readonly hidden: readonly string[]) {}

  /** The entries of a folder by name; the roots themselves when `path` is absent. Throws NodeError. */
  async list(path: string | undefined): Promise<FileList> {
    if (path === undefined || path === "") {
      return { path: "", entries: this.roots.map((name) => ({ name, type: "directory" })) };
    }
    const real = await this.#inside(path);
    const { isDirectory } = await stat(real, path);
    if (!isDirectory) throw invalid(`Cannot list ${quoted(path)}: it is no folder`);
    const entries: FileEntry[] = [];
    let truncated = false;
    for await (const entry of Deno.readDir(real)) {
      if (this.#isHidden(join(real, entry.name))) continue;
      truncated = entries.length >= MAX_ENTRIES;
      if (truncated) break;
      entries.push(await this.#entry(real, entry));
    }
    entries.sort((a, b) => a.name < b.name ? -1 : 1);
    return { path: real, entries, ...(truncated ? { truncated: true } : {}) };
  }

  /** The first `maxBytes` of a file. Throws NodeError, also when `encoding` is utf8 and the file is no text. */
  async read(path: string, options: { readonly maxBytes: number; readonly encoding: "utf8" | "base64" }) {
    const real = await this.#inside(path);
    const { isFile } = await stat(real, path);
    if (!isFile) throw invalid(`Cannot read ${quoted(path)}: it is no file`);
    using file = await open(real, path);
    const before = await file.stat();
    await sameFile(real, path, before);
    const bytes = await readUpTo(file, Math.min(options.maxBytes, MAX_READ_BYTES));
    const truncated = before.size > bytes.length;
    const content: FileContent = {
      path: real,
      size: before.size,
      bytes: bytes.length,
      truncated,
      ...(before.mtime === null ? {} : { modifiedAtMs: before.mtime.getTime() }),
      ...(options.encoding === "base64" ? { base64: bytes.toBase64() } : { text: textOf(bytes, path, truncated) }),
    };
    return content;
  }

  /** The real path of `path` when it lies in a root. A path that is not there says so only when it would lie inside. */
  async #inside(path: string): Promise<string> {
    if (path.length > MAX_PATH || path.includes("\0")) throw invalid("Cannot use the path: it is too long or damaged");
    if (this.roots.length === 0) {
      throw unavailable("FILE_DISABLED: this node shows no folder; start it with --allow-dir <folder>");
    }
    const [only] = this.roots;
    if (!isAbsolute(path) && this.roots.length > 1) {
      throw invalid(`Cannot use ${quoted(path)}: the path is relative and this node shows several folders`);
    }
    const full = isAbsolute(path) ? resolve(path) : resolve(only ?? "/", path);
    const outside = invalid(`Cannot use ${quoted(path)}: it is outside the folders that this node shows`);
    if (!this.roots.some((root) => isWithin(full, root))) throw outside;
    const real = await realPath(full, path);
    const roots = await Promise.all(this.roots.map((root) => realPath(root, root).catch(() => undefined)));
    if (!roots.some((root) => root !== undefined && isWithin(real, root)) || this.#isHidden(real)) throw outside;
    return real;
  }

  #isHidden(real: string): boolean {
    return this.hidden.some((folder) => isWithin(real, folder));
  }

  async #entry(folder: string, { name, isFile, isDirectory, isSymlink }: Deno.DirEntry): Promise<FileEntry> {
    if (isSymlink) return { name, type: "link" };
    if (isDirectory) return { name, type: "directory" };
    const info = await Deno.lstat(join(folder, name)).catch(() => undefined);
    return {
      name,
      type: isFile ? "file" : "other",
      ...(info === undefined || !isFile ? {} : { size: info.size }),
      ...(info?.mtime === undefined || info.mtime === null ? {} : { modifiedAtMs: info.mtime.getTime() }),
    };
  }
}

/** Whether `path` is `folder` or lies below it; both absolute and normal. */
export function isWithin(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return !isAbsolute(way) && !/^\.\.(?:[\\/]|$)/u.test(way);
}

const quoted = (path: string): string => JSON.stringify(path.slice(0, 200));

async function realPath(path: string, shown: string): Promise<string> {
  try {
    return await Deno.realPath(path);
  } catch (error) {
    throw fileError(error, shown);
  }
}

async function stat(path: string, shown: string): Promise<Deno.FileInfo> {
  try {
    return await Deno.lstat(path);
  } catch (error) {
    throw fileError(error, shown);
  }
}

async function open(path: string, shown: string): Promise<Deno.FsFile> {
  try {
    return await Deno.open(path, { read: true });
  } catch (error) {
    throw fileError(error, shown);
  }
}

/** What was opened must still be what was checked: between the two, somebody could have put a link in its place. */
async function sameFile(path: string, shown: string, opened: Deno.FileInfo): Promise<void> {
  const now = await stat(path, shown);
  if (!now.isSymlink && opened.isFile && now.ino === opened.ino && now.dev === opened.dev) return;
  throw unavailable(`Cannot read ${quoted(shown)}: it changed while it was opened`);
}

function fileError(error: unknown, shown: string): Error {
  if (error instanceof Deno.errors.NotFound) return invalid(`Cannot use ${quoted(shown)}: it does not exist`);
  if (error instanceof Deno.errors.PermissionDenied) {
    return unavailable(`Cannot use ${quoted(shown)}: the node's user may not read it`);
  }
  if (error instanceof Deno.errors.NotCapable) {
    return unavailable(`Cannot use ${quoted(shown)}: the node was started without the right to read it`);
  }
  return unavailable(
    `Cannot use ${quoted(shown)}: ${error instanceof Error ? error.message.split("\n")[0] : "it failed"}`,
  );
}

async function readUpTo(file: Deno.FsFile, limit: number): Promise<Uint8Array> {
  const { size } = await file.stat();
  const bytes = new Uint8Array(Math.min(size, limit));
  let at = 0;
  while (at < bytes.length) {
    const read = await file.read(bytes.subarray(at));
    if (read === null) break;
    at += read;
  }
  return bytes.subarray(0, at);
}

/** A text that was cut may end inside a character; that one is left out. */
function textOf(bytes: Uint8Array, shown: string, truncated: boolean): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: truncated });
  } catch {
    throw invalid(`Cannot read ${quoted(shown)} as text: it is not UTF-8; ask for the encoding base64`);
  }
}
