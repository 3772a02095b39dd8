/** Files below the canvas root, for the agent: limits, safe paths, changes in one step, and the way back. */
import { invalid, unavailable } from "../../schemas/error.ts";
import type { Clock } from "../observe/clock.ts";
import { digestBytes } from "./digest.ts";
import { type ChangeKind, History, HISTORY_LIMITS } from "./history.ts";
import { takeInventory } from "./inventory.ts";
import { removeCanvasFile, replaceCanvasFile } from "./replace_file.ts";
import { lookUp, openFile, parsePath } from "./resolve.ts";
import type { CanvasEntry, CanvasFiles } from "./types.ts";

export interface CanvasFilesDeps {
  readonly root: string;
  readonly clock: Clock;
  /** Where what was before a change is kept. */
  readonly historyDir: string;
  readonly limits?: CanvasLimits;
}

export interface CanvasLimits {
  readonly fileBytes: number;
  readonly files: number;
  readonly totalBytes: number;
  readonly depth: number;
  readonly readBytes: number;
  readonly history: { readonly changes: number; readonly bytes: number };
}

const MIB = 1024 * 1024;
export const CANVAS_LIMITS: CanvasLimits = {
  fileBytes: 5 * MIB,
  files: 2_000,
  totalBytes: 100 * MIB,
  depth: 8,
  readBytes: 256 * 1024,
  history: HISTORY_LIMITS,
};

type Bytes = Uint8Array<ArrayBuffer>;

/** The folders are made at the first use. */
export const createCanvasFiles = (deps: CanvasFilesDeps): CanvasFiles => new Files(deps);

class Files implements CanvasFiles {
  readonly root: string;
  readonly #clock: Clock;
  readonly #limits: CanvasLimits;
  readonly #store: Store;
  readonly #history: History;
  readonly #inTurn = turns();

  constructor({ root, clock, historyDir, limits = CANVAS_LIMITS }: CanvasFilesDeps) {
    this.root = root;
    this.#clock = clock;
    this.#limits = limits;
    this.#store = new Store(root, limits);
    this.#history = new History(historyDir, limits.history);
  }

  list(folder = ""): Promise<readonly CanvasEntry[]> {
    return this.#store.list(folder);
  }

  async read(path: string, maxBytes = this.#limits.readBytes): Promise<string> {
    const { segments } = this.#store.parse("read", path);
    const bytes = await this.#store.content("read", segments, maxBytes);
    if (bytes === undefined) throw invalid(`Cannot read "${path}": there is no such file`);
    return textOf("read", path, bytes);
  }

  async write(path: string, content: string | Bytes): Promise<CanvasEntry> {
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    return await this.#replace("write", path, () => bytes);
  }

  async patch(path: string, find: string, replace: string): Promise<CanvasEntry> {
    return await this.#replace("patch", path, (before) => patched(path, before, find, replace));
  }

  remove(path: string): Promise<void> {
    return this.#inTurn(async () => {
      const { segments, name } = this.#store.parse("remove", path);
      const before = await this.#store.content("remove", segments, this.#limits.fileBytes);
      if (before === undefined) throw invalid(`Cannot remove "${path}": there is no such file`);
      await this.#history.add({ path: name, change: "remove", atMs: this.#clock.now(), before, after: undefined });
      await removeCanvasFile(this.root, segments);
    });
  }

  undo(path?: string): Promise<{ readonly path: string; readonly change: ChangeKind } | undefined> {
    return this.#inTurn(async () => {
      const name = path === undefined ? undefined : this.#store.parse("undo", path).name;
      return await undo(this.#store, this.#history, name);
    });
  }

  /** The record comes before the change: a change that nobody can take back must not happen. */
  #replace(change: ChangeKind, path: string, make: (before: Bytes | undefined) => Bytes): Promise<CanvasEntry> {
    return this.#inTurn(async () => {
      const { segments, name } = this.#store.parse(change, path);
      const before = await this.#store.content(change, segments, this.#limits.fileBytes);
      const after = make(before);
      await this.#store.mustFit(change, segments, after, before);
      await this.#history.add({ path: name, change, atMs: this.#clock.now(), before, after });
      await replaceCanvasFile(this.root, segments, after);
      return await this.#store.entry(path);
    });
  }
}

/** What the rules of paths and limits make of the root. */
class Store {
  constructor(readonly root: string, private readonly limits: CanvasLimits) {}

  parse(action: string, path: string): { readonly segments: readonly string[]; readonly name: string } {
    const parsed = parsePath(path, this.limits.depth);
    if (!parsed.ok) throw invalid(`Cannot ${action} "${shown(path)}": ${parsed.reason}`);
    if (parsed.segments.length === 0) throw invalid(`Cannot ${action} "": name a file below the canvas root`);
    return { segments: parsed.segments, name: parsed.segments.join("/") };
  }

  async list(folder: string): Promise<readonly CanvasEntry[]> {
    const path = folder.replace(/\/$/u, "");
    const segments = path === "" ? [] : this.parse("list", path).segments;
    const place = await lookUp(this.root, segments);
    if (place.kind !== "directory") {
      if (segments.length === 0) return [];
      throw invalid(`Cannot list "${shown(folder)}": there is no such folder`);
    }
    const { files } = await takeInventory(place.path, segments.join("/"));
    return files.slice(0, this.limits.files);
  }

  async entry(path: string): Promise<CanvasEntry> {
    const { segments, name } = this.parse("write", path);
    const place = await lookUp(this.root, segments);
    if (place.kind !== "file") throw invalid(`Cannot write "${shown(path)}": it changed meanwhile`);
    return { path: name, bytes: place.bytes, modifiedAtMs: Math.floor(place.modifiedAtMs) };
  }

  /** Undefined when there is no file; throws for what is no regular file, or larger than `maxBytes`. */
  async content(action: string, segments: readonly string[], maxBytes: number): Promise<Bytes | undefined> {
    const refuse = (reason: string) => invalid(`Cannot ${action} "${segments.join("/")}": ${reason}`);
    const place = await lookUp(this.root, segments);
    if (place.kind === "missing") return undefined;
    if (place.kind === "directory") throw refuse("it is a folder");
    if (place.kind === "refused") throw refuse("links and special files are not for the canvas");
    const opened = await openFile(this.root, segments);
    if (opened === undefined) throw refuse("it changes all the time; try again");
    try {
      if (opened.bytes > maxBytes) {
        throw refuse(`it has ${opened.bytes} bytes, and at most ${maxBytes} are taken at once`);
      }
      return new Uint8Array(await opened.handle.readFile());
    } finally {
      await opened.handle.close();
    }
  }

  async mustFit(action: string, segments: readonly string[], after: Bytes, before: Bytes | undefined): Promise<void> {
    const { fileBytes, files: maxFiles, totalBytes } = this.limits;
    const refuse = (reason: string) => invalid(`Cannot ${action} "${segments.join("/")}": ${reason}`);
    if (after.length > fileBytes) {
      throw refuse(`it would have ${after.length} bytes, and a file has at most ${fileBytes}`);
    }
    const { files, cut } = await takeInventory(this.root);
    if (before === undefined && (cut || files.length >= maxFiles)) {
      throw refuse(`the canvas has ${maxFiles} files already; remove some first`);
    }
    const total = files.reduce((sum, { bytes }) => sum + bytes, 0) - (before?.length ?? 0) + after.length;
    if (total > totalBytes) throw refuse(`the canvas would have ${total} bytes, and at most ${totalBytes} are kept`);
  }
}

/**
 * Takes back the newest change. One that never came to be (the process ended between its record and the change) counts
 * as undone already. A file that somebody else has changed since is left alone.
 */
async function undo(store: Store, history: History, path: string | undefined) {
  for (let change = await history.newest(path); change !== undefined; change = await history.newest(path)) {
    const segments = change.path.split("/");
    const now = await store.content("undo", segments, Number.MAX_SAFE_INTEGER);
    const digest = now === undefined ? null : await digestBytes(now);
    if (digest === change.before && digest !== change.after) {
      await history.drop(change);
      continue;
    }
    if (digest !== change.after) {
      throw invalid(`Cannot undo the change of "${change.path}": somebody else has changed the file since`);
    }
    const before = await history.contentOf(change);
    if (before !== undefined) await replaceCanvasFile(store.root, segments, before);
    else if (now !== undefined) await removeCanvasFile(store.root, segments);
    await history.drop(change);
    return { path: change.path, change: change.change };
  }
  return undefined;
}

function patched(path: string, before: Bytes | undefined, find: string, replace: string): Bytes {
  const refuse = (reason: string) => invalid(`Cannot patch "${shown(path)}": ${reason}`);
  if (before === undefined) throw refuse("there is no such file");
  if (find === "") throw refuse("the text to find is empty");
  const text = textOf("patch", path, before);
  const at = text.indexOf(find);
  if (at === -1) throw refuse("the text to find is not in the file");
  if (text.indexOf(find, at + 1) !== -1) throw refuse("the text to find is there more than once; give more of it");
  return new TextEncoder().encode(text.slice(0, at) + replace + text.slice(at + find.length));
}

function textOf(action: string, path: string, bytes: Bytes): string {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    if (!text.includes("\0")) return text;
  } catch {
    // Said below.
  }
  throw invalid(`Cannot ${action} "${shown(path)}": it is no text`);
}

/** What somebody wrote, short enough for a sentence. */
const shown = (path: string): string => path.length > 120 ? `${path.slice(0, 120)}…` : path;

/** Changes that may wait for their turn; agents make a few at a time. */
const MAX_WAITING = 64;

/** Changes go one after the other: two at once would both find room, and record the same content as what was before. */
function turns(): <T>(action: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  let waiting = 0;
  return (action) => {
    if (waiting >= MAX_WAITING) return Promise.reject(unavailable("Cannot change the canvas: too many changes wait"));
    waiting++;
    const result = last.then(action);
    last = result.catch(() => {}).finally(() => waiting--);
    return result;
  };
}
