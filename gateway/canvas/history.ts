/** What was in canvas files before each change, on disk, so that an agent's mistake can be taken back after a restart too. */
import { join } from "node:path";
import { Nullable, OneOf, type Static, Type } from "../../schemas/primitives.ts";
import { checker } from "../../schemas/validate.ts";
import { digestBytes } from "./digest.ts";

export const HISTORY_LIMITS = { changes: 50, bytes: 50 * 1024 * 1024 } as const;

const ChangeFile = Type.Object({
  path: Type.String({ minLength: 1 }),
  change: OneOf(["write", "patch", "remove"]),
  atMs: Type.Number(),
  /** SHA-256 of the content before and after, null where there was no file. */
  before: Nullable(Type.String()),
  after: Nullable(Type.String()),
});
const checkChange = checker(ChangeFile);

export type ChangeKind = "write" | "patch" | "remove";
export interface Change extends Static<typeof ChangeFile> {
  /** Counts up; names the two files of the change. */
  readonly seq: number;
  readonly bytes: number;
}

export interface NewChange {
  readonly path: string;
  readonly change: ChangeKind;
  readonly atMs: number;
  /** Undefined where there was, or will be, no file. */
  readonly before: Uint8Array<ArrayBuffer> | undefined;
  readonly after: Uint8Array<ArrayBuffer> | undefined;
}

/** A change is two files: `<seq>.before` with the content, written first, and `<seq>.json`, which makes it count. */
export class History {
  #changes: Change[] | undefined;

  constructor(private readonly dir: string, private readonly limits: { changes: number; bytes: number }) {}

  /** Keeps what is about to be replaced. The oldest changes go when there is no room. */
  async add(change: NewChange): Promise<void> {
    const changes = await this.#load();
    const { path, change: kind, atMs, before, after } = change;
    const seq = (changes.at(-1)?.seq ?? 0) + 1;
    const row = { path, change: kind, atMs, before: await digestOf(before), after: await digestOf(after) };
    if (before !== undefined) await writeNew(this.#file(seq, "before"), before);
    await writeNew(this.#file(seq, "json"), new TextEncoder().encode(JSON.stringify(row)));
    changes.push({ ...row, seq, bytes: before?.length ?? 0 });
    const tooMuch = () =>
      changes.length > this.limits.changes || changes.reduce((sum, { bytes }) => sum + bytes, 0) > this.limits.bytes;
    for (let oldest = changes[0]; oldest !== undefined && tooMuch(); oldest = changes[0]) await this.drop(oldest);
  }

  /** The newest change, of `path` when it is given. */
  async newest(path?: string): Promise<Change | undefined> {
    return (await this.#load()).findLast((change) => path === undefined || change.path === path);
  }

  /** What was there before; undefined when there was no file. Throws when the kept content is gone or damaged. */
  async contentOf({ seq, before }: Change): Promise<Uint8Array<ArrayBuffer> | undefined> {
    if (before === null) return undefined;
    const bytes = await Deno.readFile(this.#file(seq, "before"));
    if (await digestBytes(bytes) !== before) throw new Error("the kept content is damaged");
    return bytes;
  }

  async drop({ seq }: Change): Promise<void> {
    const changes = await this.#load();
    // The row first: a content without one is nothing, a row without its content would be a promise that cannot be kept.
    await remove(this.#file(seq, "json"));
    await remove(this.#file(seq, "before"));
    const at = changes.findIndex((change) => change.seq === seq);
    if (at !== -1) changes.splice(at, 1);
  }

  #file(seq: number, kind: "json" | "before"): string {
    return join(this.dir, `${String(seq).padStart(10, "0")}.${kind}`);
  }

  /** Reads the folder once; what a crash left half written is removed. */
  async #load(): Promise<Change[]> {
    if (this.#changes !== undefined) return this.#changes;
    await Deno.mkdir(this.dir, { recursive: true, mode: 0o700 });
    const changes: Change[] = [];
    const loose = new Set<string>();
    for await (const { name, isFile } of Deno.readDir(this.dir)) {
      if (!isFile || !/^\d{10}\.(json|before)$/u.test(name)) continue;
      const seq = Number(name.slice(0, 10));
      const row = name.endsWith(".json") ? await this.#read(seq) : undefined;
      if (row !== undefined) changes.push(row);
      else loose.add(name);
    }
    for (const { seq } of changes) loose.delete(`${String(seq).padStart(10, "0")}.before`);
    for (const name of loose) await remove(join(this.dir, name));
    return this.#changes = changes.sort((a, b) => a.seq - b.seq);
  }

  async #read(seq: number): Promise<Change | undefined> {
    try {
      const value = checkChange(JSON.parse(await Deno.readTextFile(this.#file(seq, "json"))));
      if (!value.ok) return undefined;
      const bytes = value.value.before === null ? 0 : (await Deno.stat(this.#file(seq, "before"))).size;
      return { ...value.value, seq, bytes };
    } catch (error) {
      if (error instanceof SyntaxError || error instanceof Deno.errors.NotFound) return undefined;
      throw error;
    }
  }
}

const digestOf = async (bytes: Uint8Array<ArrayBuffer> | undefined): Promise<string | null> =>
  bytes === undefined ? null : await digestBytes(bytes);

async function writeNew(path: string, bytes: Uint8Array): Promise<void> {
  using file = await Deno.open(path, { create: true, truncate: true, write: true, mode: 0o600 });
  for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
}

async function remove(path: string): Promise<void> {
  try {
    await Deno.remove(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
