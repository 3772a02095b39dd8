/** canvas.eval: runs a text as the page's own script and gives the result as text. */

const MAX_CHARS = 1 << 20;

/** Throws what the script throws, and where the page's policy allows no eval. */
export async function evaluate(javaScript: string): Promise<string> {
  // Not by its name: the text runs in the page, not in this function.
  const run = globalThis.eval;
  const text = asText(await run(javaScript));
  if (text.length > MAX_CHARS) throw new Error(`the result has more than ${MAX_CHARS} characters`);
  return text;
}

function asText(value: unknown): string {
  if (typeof value === "string") return value;
  if (value === undefined) return "";
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return String(value);
  }
}
