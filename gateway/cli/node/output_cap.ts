/** Keeps the beginning and the end of a program's output: a log's reason stands at its end, a listing's at its beginning. */

export class CappedOutput {
  #head: Uint8Array[] = [];
  #headBytes = 0;
  #tail: Uint8Array[] = [];
  #tailBytes = 0;
  #total = 0;

  /** `limit`: bytes that are kept, half at each end. */
  constructor(private readonly limit: number) {}

  add(part: Uint8Array): void {
    this.#total += part.length;
    const room = Math.min(part.length, this.limit / 2 - this.#headBytes);
    if (room > 0) {
      this.#head.push(part.slice(0, room));
      this.#headBytes += room;
    }
    const rest = part.subarray(Math.max(0, room));
    if (rest.length === 0) return;
    this.#tail.push(rest.slice(-this.limit / 2));
    this.#tailBytes += Math.min(rest.length, this.limit / 2);
    for (let first = this.#tail[0]; first !== undefined; first = this.#tail[0]) {
      if (this.#tailBytes - first.length < this.limit / 2) break;
      this.#tail.shift();
      this.#tailBytes -= first.length;
    }
  }

  get truncated(): boolean {
    return this.#total > this.limit;
  }

  text(): string {
    const tail = concat(this.#tail).slice(-this.limit / 2);
    if (!this.truncated) return decode(concat([...this.#head, tail]));
    const left = this.#total - this.#headBytes - tail.length;
    return `${decode(concat(this.#head))}\n[… ${left} bytes left out …]\n${decode(tail)}`;
  }
}

const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
