/** Tells when something below the canvas root changed. Folders are watched one by one: a link never leads us elsewhere. */
import { join, relative } from "node:path";
import type { Clock } from "../observe/clock.ts";
import { isCounted, takeInventory } from "./inventory.ts";

export interface WatchDeps {
  readonly root: string;
  readonly clock: Clock;
  /** Called at most once a `SETTLE_MS`, after the last of several changes. */
  readonly changed: () => void;
  /** The watcher has ended; nothing is reported any more. */
  readonly failed: (error: unknown) => void;
}

/** canvas facts, section 2. */
const SETTLE_MS = 75;
/** Changes that do not end are reported all the same. */
const LATEST_MS = 1_000;
/** The system's watches are few and shared by all programs. */
const MAX_FOLDERS = 1_000;
/** A folder that goes while it is looked at ends a round; so many in a row, and something else is wrong. */
const MAX_LOST_ROUNDS = 20;
const KINDS: ReadonlySet<string> = new Set(["create", "modify", "rename", "remove"]);

/** Watches until the returned function is called. */
export function watchRoot(deps: WatchDeps): () => void {
  const watcher = new RootWatcher(deps);
  void watcher.run().catch((error) => {
    if (watcher.stop()) deps.failed(error);
  });
  return () => void watcher.stop();
}

class RootWatcher {
  #watcher: Deno.FsWatcher | undefined;
  #stopped = false;
  #cancel: (() => void) | undefined;
  #firstAtMs: number | undefined;
  #newFolders = false;

  constructor(private readonly deps: WatchDeps) {}

  /** One round per set of folders. */
  async run(): Promise<void> {
    let lost = 0;
    while (!this.#stopped) {
      const root = await Deno.realPath(this.deps.root);
      try {
        await this.#round(root);
        lost = 0;
      } catch (error) {
        if (!(error instanceof Deno.errors.NotFound) || ++lost > MAX_LOST_ROUNDS) throw error;
        // What happened meanwhile was seen by nobody.
        this.#newFolders = true;
      }
    }
  }

  async #round(root: string): Promise<void> {
    const { folders } = await takeInventory(root);
    if (folders.length > MAX_FOLDERS) throw new Error(`Cannot watch ${folders.length} folders: too many`);
    if (this.#stopped) return;
    const watcher = this.#watcher = Deno.watchFs(folders.map((each) => join(root, each)), { recursive: false });
    // What was made between the look and the watch went unseen.
    if (this.#newFolders) this.#soon();
    this.#newFolders = false;
    const known = new Set(folders.map((each) => join(root, each)));
    for await (const event of watcher) {
      if (await this.#concerns(event, root, known)) break;
    }
    close(watcher);
  }

  /** Whether it was running. */
  stop(): boolean {
    if (this.#stopped) return false;
    this.#stopped = true;
    this.#cancel?.();
    close(this.#watcher);
    return true;
  }

  /** Whether the set of folders changed, so that they have to be looked at anew. */
  async #concerns(event: Deno.FsEvent, root: string, known: ReadonlySet<string>): Promise<boolean> {
    if (!KINDS.has(event.kind)) return false;
    const paths = event.paths.filter((path) => relative(root, path).split("/").every(isCounted));
    if (paths.length === 0) return false;
    this.#soon();
    for (const path of paths) {
      if (known.has(path) ? event.kind === "remove" || event.kind === "rename" : await isFolder(path)) {
        this.#newFolders = true;
      }
    }
    return this.#newFolders;
  }

  #soon(): void {
    const now = this.deps.clock.now();
    this.#firstAtMs ??= now;
    this.#cancel?.();
    const wait = Math.min(SETTLE_MS, Math.max(0, this.#firstAtMs + LATEST_MS - now));
    this.#cancel = this.deps.clock.after(wait, () => {
      this.#firstAtMs = undefined;
      if (!this.#stopped) this.deps.changed();
    });
  }
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await Deno.lstat(path)).isDirectory;
  } catch {
    return false;
  }
}

function close(watcher: Deno.FsWatcher | undefined): void {
  try {
    watcher?.close();
  } catch {
    // Closed before.
  }
}
