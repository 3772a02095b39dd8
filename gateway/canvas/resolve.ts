/**
 * From a path that a stranger wrote to a file below the canvas root: one set of rules for HTTP and for the agent's tools.
 * Links are never followed, and a folder or file that is swapped while we look is noticed.
 */
import { constants } from "node:fs";
import { type FileHandle, lstat, open, realpath } from "node:fs/promises";
import { join, sep } from "node:path";

/** Folders deeper than this are not looked at; tools have a lower limit of their own. */
export const MAX_DEPTH = 32;
const MAX_PATH_CHARS = 1_024;
const MAX_NAME_BYTES = 255;

export type ParsedPath =
  | { readonly ok: true; readonly segments: readonly string[] }
  | { readonly ok: false; readonly reason: string };

/** Percent-decodes once. Undefined for what is no UTF-8, such as an overlong form of `/`. */
export function decodeOnce(raw: string): string | undefined {
  try {
    return decodeURIComponent(raw);
  } catch {
    return undefined;
  }
}

/** Splits a decoded path with `/` into names, each of which is safe on every system. An empty path is the root itself. */
export function parsePath(text: string, maxDepth = MAX_DEPTH): ParsedPath {
  if (text.length > MAX_PATH_CHARS) return { ok: false, reason: `it is longer than ${MAX_PATH_CHARS} characters` };
  if (text === "") return { ok: true, segments: [] };
  const segments = text.normalize("NFC").split("/");
  if (segments.length > maxDepth) return { ok: false, reason: `it is more than ${maxDepth} folders deep` };
  for (const name of segments) {
    const reason = whyBadName(name);
    if (reason !== undefined) return { ok: false, reason };
  }
  return { ok: true, segments };
}

function whyBadName(name: string): string | undefined {
  if (name === "") return "a path is relative to the canvas root and has no empty parts";
  if (!name.isWellFormed()) return "it is no well-formed text";
  // Also in forms that some systems fold to a dot or a slash, such as the full-width ones.
  const folded = name.normalize("NFKC");
  if (name.startsWith(".") || folded.startsWith(".")) return "names that begin with a dot are not for the canvas";
  if (/[/\\:]/u.test(folded) || /[\\:]/u.test(name)) return "a name has no backslash and no colon";
  // deno-lint-ignore no-control-regex -- control characters are what is looked for
  if (/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/u.test(name)) {
    return "a name has no control characters and nothing that turns text around";
  }
  if (/[. ]$/u.test(name)) return "a name does not end with a dot or a space";
  if (new TextEncoder().encode(name).length > MAX_NAME_BYTES) return `a name is longer than ${MAX_NAME_BYTES} bytes`;
  return undefined;
}

/** What tells one folder or file from another that took its name. */
interface Identity {
  readonly path: string;
  readonly dev: bigint;
  readonly ino: bigint;
  /** Of a folder: changes whenever a name in it does. Milliseconds, while this Deno gives `ctime` in seconds. */
  readonly mtimeMs: number;
  readonly ctimeMs: number;
}

export interface FoundFile {
  readonly kind: "file";
  readonly path: string;
  readonly folders: readonly Identity[];
  readonly identity: Identity;
  readonly bytes: number;
  readonly modifiedAtMs: number;
}

/** `refused`: something stands there that is never served or overwritten: a link, a pipe, a file with a second name. */
export type Place =
  | FoundFile
  | { readonly kind: "directory"; readonly path: string; readonly folders: readonly Identity[] }
  | { readonly kind: "missing" }
  | { readonly kind: "refused" };

/** Looks at each step from the real root on, without following links. The root itself may be a link: it is the owner's. */
export async function lookUp(root: string, segments: readonly string[]): Promise<Place> {
  const top = await ifThere(() => realpath(root));
  if (top === undefined) return { kind: "missing" };
  const folders: Identity[] = [];
  let path = top;
  for (const name of ["", ...segments]) {
    path = join(path, name);
    const info = await ifThere(() => lstat(path, { bigint: true }));
    if (info === undefined) return { kind: "missing" };
    const identity = {
      path,
      dev: info.dev,
      ino: info.ino,
      mtimeMs: Number(info.mtimeMs),
      ctimeMs: Number(info.ctimeMs),
    };
    if (info.isDirectory()) {
      folders.push(identity);
      continue;
    }
    const last = folders.length > 0 && folders.length === segments.length;
    // A second name (hard link) may stand for a file outside the root.
    if (!info.isFile() || info.nlink > 1n) return { kind: "refused" };
    if (!last) return { kind: "missing" };
    return { kind: "file", path, folders, identity, bytes: Number(info.size), modifiedAtMs: identity.mtimeMs };
  }
  return { kind: "directory", path, folders };
}

/** A file that was opened and is the one that was checked. The caller closes `handle`. */
export interface OpenedFile {
  readonly handle: FileHandle;
  readonly bytes: number;
}

/** A folder's time tells swaps apart only when it is older than the coarsest tick of a file system's clock. */
const SETTLE_MS = 12;
const ATTEMPTS = 25;

/**
 * Opens a regular file below the root; undefined when there is none that may be read. The folders' change times work as
 * a lock that is only read: they must be a tick old before the check and the same after the opening, so that whatever was
 * swapped in between, and swapped back, is noticed. (Who also sets the times back runs as our own user and can read the
 * file without us.) A folder in which somebody writes is waited for, 300 ms at most.
 */
export async function openFile(root: string, segments: readonly string[]): Promise<OpenedFile | undefined> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const opened = await tryOpen(root, segments);
    if (opened !== "unsettled") return opened;
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  }
  return undefined;
}

async function tryOpen(root: string, segments: readonly string[]): Promise<OpenedFile | undefined | "unsettled"> {
  const place = await lookUp(root, segments);
  if (place.kind !== "file") return undefined;
  // The file system's clock, not ours: an injected clock would say nothing about it.
  const now = Date.now();
  if (place.folders.some(({ mtimeMs }) => mtimeMs <= now && now - mtimeMs < SETTLE_MS)) return "unsettled";
  // Not blocking: a pipe that took the file's place would else wait for a writer for ever.
  const flags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);
  const handle = await ifThere(() => open(place.path, flags));
  if (handle === undefined) return "unsettled";
  const bytes = await verify(handle, place, root).catch(() => undefined);
  if (bytes !== undefined) return { handle, bytes };
  await handle.close();
  return "unsettled";
}

/** The size of the opened file when it is the one that was checked and nothing on the way to it has changed. */
async function verify(handle: FileHandle, place: FoundFile, root: string): Promise<number | undefined> {
  const info = await handle.stat({ bigint: true });
  if (!info.isFile() || info.ino !== place.identity.ino || info.dev !== place.identity.dev) return undefined;
  if (!(await unchanged(place.folders, true))) return undefined;
  const inside = `${await realpath(root)}${sep}`;
  return (await realpath(place.path)).startsWith(inside) ? Number(info.size) : undefined;
}

/** Whether the folders are still the same ones; `names`: and no name in them was made, moved or removed. */
export async function unchanged(folders: readonly Identity[], names: boolean): Promise<boolean> {
  for (const { path, dev, ino, mtimeMs, ctimeMs } of folders) {
    const now = await ifThere(() => lstat(path, { bigint: true }));
    if (now === undefined || !now.isDirectory() || now.dev !== dev || now.ino !== ino) return false;
    if (names && (Number(now.mtimeMs) !== mtimeMs || Number(now.ctimeMs) !== ctimeMs)) return false;
  }
  return true;
}

const ABSENT = new Set(["ENOENT", "ENOTDIR", "ELOOP", "ENAMETOOLONG", "EACCES", "EPERM", "ENXIO"]);

/** The answer of the file system, or undefined when it says that there is nothing for us at that path. */
async function ifThere<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    // NotCapable: a link to where this process may not look.
    if (error instanceof Deno.errors.NotCapable) return undefined;
    if (error instanceof Error && "code" in error && ABSENT.has(String(error.code))) return undefined;
    throw error;
  }
}
