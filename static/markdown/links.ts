/** Which addresses a model may make clickable. */

const SCHEMES = new Set(["http:", "https:", "mailto:"]);

/**
 * The address as the browser would read it, or undefined when it may not be a link. Parsing first is what makes
 * `java\nscript:` and its friends visible: the URL parser removes what hides them.
 */
export function safeHref(raw: string): string | undefined {
  const text = raw.trim();
  if (!/^[a-z][a-z0-9+.-]*:/i.test(text)) return undefined;
  try {
    const url = new URL(text);
    return SCHEMES.has(url.protocol) ? url.href : undefined;
  } catch {
    return undefined;
  }
}

/** A bare address in a sentence ends before the punctuation that follows it. */
export const bareUrl = (raw: string): string =>
  raw.replace(/[.,;:!?'"*_]+$/, "").replace(/\)+$/, (end) => raw.includes("(") ? end : "");
