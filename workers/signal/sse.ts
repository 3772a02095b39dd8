/** Server-sent events out of a byte stream: pure, bounded, and indifferent to where the chunks are cut. */

/** Longest line and longest event in UTF-16 units; a longer one is skipped as a whole. */
export const MAX_LINE = 1024 * 1024;
export const MAX_EVENT = 2 * 1024 * 1024;

export type SseItem =
  | { readonly kind: "event"; readonly event: string; readonly data: string; readonly id: string | undefined }
  /** A keep-alive: the sender lives. */
  | { readonly kind: "comment" }
  /** An event that was too long; it is gone. */
  | { readonly kind: "oversized"; readonly id: string | undefined };

export interface SseReader {
  /** What the bytes complete. */
  push(bytes: Uint8Array): SseItem[];
}

export function createSseReader(limits = { line: MAX_LINE, event: MAX_EVENT }): SseReader {
  const decoder = new TextDecoder();
  let line = "";
  /** The line is longer than allowed: the rest of it is not kept. */
  let cut = false;
  let afterReturn = false;
  let data: string[] = [];
  let size = 0;
  let event = "";
  let id: string | undefined;
  let broken = false;

  function reset(): void {
    data = [];
    size = 0;
    event = "";
    broken = false;
  }

  function dispatch(): SseItem | undefined {
    const item: SseItem | undefined = broken
      ? { kind: "oversized", id }
      : data.length > 0
      ? { kind: "event", event: event || "message", data: data.join("\n"), id }
      : undefined;
    reset();
    return item;
  }

  function field(text: string): SseItem | undefined {
    if (text === "") return dispatch();
    if (text.startsWith(":")) return { kind: "comment" };
    const colon = text.indexOf(":");
    const name = colon === -1 ? text : text.slice(0, colon);
    const value = colon === -1 ? "" : text.slice(text[colon + 1] === " " ? colon + 2 : colon + 1);
    if (name === "event") event = value;
    else if (name === "id" && !value.includes("\0")) id = value;
    else if (name === "data") {
      size += value.length + 1;
      if (size > limits.event) [broken, data] = [true, []];
      else if (!broken) data.push(value);
    }
    return undefined;
  }

  function endLine(): SseItem | undefined {
    const text = line;
    const wasCut = cut;
    line = "";
    cut = false;
    if (!wasCut) return field(text);
    if (text.startsWith(":")) return { kind: "comment" };
    broken = true;
    data = [];
    return undefined;
  }

  function append(text: string): void {
    if (cut) return;
    line += text;
    if (line.length <= limits.line) return;
    // Its beginning stays: a comment may be as long as it likes.
    line = line.slice(0, 16);
    cut = true;
  }

  return {
    push(bytes) {
      const text = decoder.decode(bytes, { stream: true });
      const items: SseItem[] = [];
      let from = 0;
      for (const { index, 0: end } of text.matchAll(/\r\n|\r|\n/gu)) {
        // The second half of a line end that the chunks cut in two.
        const halves = afterReturn && index === 0 && end === "\n";
        append(text.slice(from, index));
        from = index + end.length;
        afterReturn = false;
        if (halves) continue;
        const item = endLine();
        if (item) items.push(item);
      }
      if (text !== "") afterReturn = text.endsWith("\r");
      append(text.slice(from));
      return items;
    },
  };
}
