/** Large results on disk: `<state>/node-results`, files only this user reads, bounded in all and swept by age. */
import { join } from "node:path";
import { unavailable } from "../../schemas/error.ts";
import { type Clock, uuid } from "../observe/clock.ts";

/** Bytes of all files together. */
export const SPOOL_BYTES = 256 * 1024 * 1024;
/** Nothing is needed longer: repeats of a call get its answer for ten minutes, a call takes ten at most. */
export const SPOOL_TTL_MS = 20 * 60_000;

export interface SpoolFile {
  readonly bytes: number;
  /**
   * Adds text. Written at once, so that pieces stay in order and none waits in memory. Throws UNAVAILABLE when all files
   * together would pass the limit, or the disk refuses.
   */
  append(text: string): void;
  read(): Promise<string>;
  remove(): void;
}

export class Spool {
  readonly #files = new Set<File>();
  readonly #dir: string;

  constructor(stateDir: string, private readonly clock: Clock, private readonly limit = SPOOL_BYTES) {
    this.#dir = join(stateDir, "node-results");
    // What an earlier process left belongs to nobody.
    removeQuietly(this.#dir);
  }

  get bytes(): number {
    let sum = 0;
    for (const { bytes } of this.#files) sum += bytes;
    return sum;
  }

  /** Throws UNAVAILABLE when the disk refuses. */
  create(): SpoolFile {
    this.#prepare();
    const file = new File(join(this.#dir, uuid()), this.clock.now(), (more) => {
      if (this.bytes + more <= this.limit) return;
      throw unavailable("Cannot keep the result: the space for results of nodes is used up", { retryable: true });
    }, () => this.#files.delete(file));
    this.#files.add(file);
    return file;
  }

  /** Drops what is past its time. */
  sweep(): void {
    const oldest = this.clock.now() - SPOOL_TTL_MS;
    for (const file of this.#files) if (file.createdAt < oldest) file.remove();
  }

  clear(): void {
    for (const file of this.#files) file.remove();
  }

  #prepare(): void {
    // Each time: somebody who tidies up may have taken the folder away.
    onDisk(() => Deno.mkdirSync(this.#dir, { recursive: true, mode: 0o700 }));
  }
}

class File implements SpoolFile {
  #bytes = 0;
  /** A piece may end between the two halves of a character; the half waits for the next piece. */
  #half = "";
  constructor(
    private readonly path: string,
    readonly createdAt: number,
    private readonly claim: (bytes: number) => void,
    private readonly removed: () => void,
  ) {}

  get bytes(): number {
    return this.#bytes;
  }

  append(piece: string): void {
    const text = this.#half + piece;
    const cut = isHighSurrogate(text.charCodeAt(text.length - 1)) ? 1 : 0;
    const bytes = new TextEncoder().encode(text.slice(0, text.length - cut));
    this.claim(bytes.length);
    this.#half = text.slice(text.length - cut);
    onDisk(() => Deno.writeFileSync(this.path, bytes, { append: true, create: true, mode: 0o600 }));
    this.#bytes += bytes.length;
  }

  async read(): Promise<string> {
    return this.#bytes === 0 ? "" : await Deno.readTextFile(this.path);
  }

  remove(): void {
    this.removed();
    removeQuietly(this.path);
  }
}

function onDisk(action: () => void): void {
  try {
    action();
  } catch (error) {
    const reason = error instanceof Error ? error.message.split("\n")[0] : String(error);
    throw unavailable(`Cannot keep the result on disk: ${reason}`, { retryable: true });
  }
}

const isHighSurrogate = (code: number): boolean => code >= 0xd800 && code <= 0xdbff;

function removeQuietly(path: string): void {
  try {
    Deno.removeSync(path, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
