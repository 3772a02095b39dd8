/** Takes an account's secrets out of text before it leaves the worker: libraries put them into errors and URLs. */

/** Shorter values are not cut: they would tear holes into innocent text. */
const MIN_LENGTH = 6;

const known = new Set<string>();

/** Adds values that no log line, sentence or error of this worker may hold; also in their URL-encoded form. */
export function hideSecrets(values: Iterable<string>): void {
  for (const value of values) {
    if (value.length < MIN_LENGTH) continue;
    known.add(value);
    known.add(encodeURIComponent(value));
  }
}

/** `text` with every known secret replaced. */
export function scrub(text: string): string {
  let out = text;
  for (const secret of known) if (out.includes(secret)) out = out.replaceAll(secret, "[secret]");
  return out;
}

/** A copy of a JSON-like value with every string in it scrubbed. */
export function scrubAll(value: unknown, depth = 0): unknown {
  if (typeof value === "string") return scrub(value);
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return value;
  if (depth > 16) return "[too deep]";
  if (value instanceof Error) return scrub(`${value.name}: ${value.message}`);
  if (Array.isArray(value)) return value.map((item) => scrubAll(item, depth + 1));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, scrubAll(item, depth + 1)]));
}
