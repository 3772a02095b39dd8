/** A stream of bytes as lines, so long at most: a program that prints without an end must not fill the memory. */

/** Longest line in bytes that is handed on. */
export const MAX_LINE = 4 * 1024 * 1024;

export interface Lines {
  push(chunk: Uint8Array): void;
  /** What stands after the last line feed. */
  end(): void;
}

/** `onTooLong` once for each line that was passed over. UTF-8 that is split between two chunks is kept whole. */
export function createLines(onLine: (line: string) => void, onTooLong: () => void, most = MAX_LINE): Lines {
  let parts: Uint8Array[] = [];
  let size = 0;
  let skipping = false;

  function take(part: Uint8Array): void {
    if (skipping) return;
    size += part.byteLength;
    if (size <= most) return void parts.push(part.slice());
    skipping = true;
    parts = [];
    onTooLong();
  }

  function flush(): void {
    const line = skipping ? "" : new TextDecoder().decode(joined(parts, size)).trim();
    parts = [];
    size = 0;
    skipping = false;
    if (line !== "") onLine(line);
  }

  return {
    push(chunk) {
      let rest = chunk;
      for (let at = rest.indexOf(10); at !== -1; at = rest.indexOf(10)) {
        take(rest.subarray(0, at));
        flush();
        rest = rest.subarray(at + 1);
      }
      if (rest.byteLength > 0) take(rest);
    },
    end: flush,
  };
}

function joined(parts: readonly Uint8Array[], size: number): Uint8Array {
  const [only] = parts;
  if (parts.length === 1 && only) return only;
  const all = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.byteLength;
  }
  return all;
}
