/**
 * A call is made once a caller and key: a repeat shares the running call, and afterwards gets its answer, errors included.
 * What was refused before the node heard of it is not kept: a corrected call may use the same key.
 */
import { createHash } from "node:crypto";
import { invalid } from "../../schemas/error.ts";
import type { Clock } from "../observe/clock.ts";
import { fromText, type NodeResult, PIECES_BYTES } from "./result.ts";
import type { Spool, SpoolFile } from "./spool.ts";

export const KEEP_MS = 10 * 60_000;
export const MAX_KEPT = 1_000;
/** Larger results are kept on disk, and all smaller ones together within `MEMORY_BYTES`. */
export const IN_MEMORY_BYTES = 256 * 1024;
const MEMORY_BYTES = 32 * 1024 * 1024;

export interface RepeatKey {
  readonly caller: string;
  readonly key: string;
  /** What is called: node, command and parameters. */
  readonly call: readonly unknown[];
}

interface Kept {
  readonly fingerprint: string;
  /** Undefined until the call ended. */
  endedAt: number | undefined;
  result: Promise<NodeResult>;
  bytes: number;
  file: SpoolFile | undefined;
}

export class Repeats {
  readonly #kept = new Map<string, Kept>();
  constructor(private readonly clock: Clock, private readonly spool: Spool) {}

  /** `start` may throw at once; then nothing is kept. Throws INVALID_REQUEST when the key names another call. */
  once({ caller, key, call }: RepeatKey, start: () => Promise<NodeResult>): Promise<NodeResult> {
    this.sweep();
    const id = JSON.stringify([caller, key]);
    const fingerprint = createHash("sha256").update(JSON.stringify(call)).digest("base64");
    const before = this.#kept.get(id);
    if (before && before.fingerprint !== fingerprint) {
      throw invalid(`Cannot use idempotencyKey "${key.slice(0, 64)}": it belongs to another call`);
    }
    if (before) return this.#again(before);
    const result = start();
    const kept: Kept = { fingerprint, endedAt: undefined, result, bytes: 0, file: undefined };
    this.#kept.set(id, kept);
    result.then((value) => this.#ended(kept, value), () => this.#ended(kept, undefined));
    return result;
  }

  /** Drops answers past their time, then the oldest beyond the caps; running calls stay. */
  sweep(): void {
    const oldest = this.clock.now() - KEEP_MS;
    let bytes = 0;
    for (const kept of this.#kept.values()) bytes += kept.bytes;
    for (const [id, kept] of this.#kept) {
      if (kept.endedAt === undefined) continue;
      if (kept.endedAt > oldest && this.#kept.size <= MAX_KEPT && bytes <= MEMORY_BYTES) continue;
      bytes -= kept.bytes;
      kept.file?.remove();
      this.#kept.delete(id);
    }
  }

  async #again({ file, result }: Kept): Promise<NodeResult> {
    const kept = await result;
    return file ? { ...fromText(await file.read(), PIECES_BYTES), asText: kept.asText } : kept;
  }

  #ended(kept: Kept, value: NodeResult | undefined): void {
    kept.endedAt = this.clock.now();
    if (value === undefined) return;
    if (value.bytes <= IN_MEMORY_BYTES) kept.bytes = value.bytes;
    else this.#toDisk(kept, value);
  }

  /** Without room on disk the answer is given once and a repeat hears so: better than calling the node again. */
  #toDisk(kept: Kept, { json, asText }: NodeResult): void {
    let file: SpoolFile | undefined;
    try {
      file = this.spool.create();
      file.append(json);
      kept.file = file;
      kept.result = Promise.resolve({ payload: null, json: "null", asText, bytes: 0 });
    } catch (error) {
      file?.remove();
      kept.result = Promise.reject(error);
      kept.result.catch(() => {});
    }
  }
}
